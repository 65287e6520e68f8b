//! Accounts: money in and out, what is held, what happened.
//!
//! Owns: nothing. Takes: requests with their caller. Emits: requests to the accounts' partitions,
//! and what they and their history say. On failure: a refusal that says whether anything changed.

use super::account_list::list_accounts;
use super::desk::{Desk, shown_at, told};
use super::failure::Refused;
use super::kill_switch;
use super::money;
use super::rows::{list_fills, list_ledger};
use super::standing::{figures, portfolio, shown_account};
use crate::auth::Caller;
use hoga_proto::v1;
use hoga_proto::v1::account_service_server::AccountService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// `hoga.v1.AccountService`.
pub struct Accounts(pub Arc<Desk>);

impl Accounts {
    async fn get(
        &self,
        caller: &Caller,
        message: v1::GetAccountRequest,
    ) -> Result<v1::GetAccountResponse, Refused> {
        let account = caller.account("name", &message.name)?;
        let reading = self.0.reading(&account, message.min_index.as_ref(), message.after)?;
        let (account, at) = shown_account(&self.0, &account, reading).await?;
        Ok(v1::GetAccountResponse { account: Some(account), position: Some(shown_at(at)) })
    }
}

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn create_account(
        &self,
        request: Request<v1::CreateAccountRequest>,
    ) -> Result<Response<v1::CreateAccountResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, money::create(&self.0, &caller, &message).await)
    }

    async fn get_account(
        &self,
        request: Request<v1::GetAccountRequest>,
    ) -> Result<Response<v1::GetAccountResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.get(&caller, message).await)
    }

    async fn list_accounts(
        &self,
        request: Request<v1::ListAccountsRequest>,
    ) -> Result<Response<v1::ListAccountsResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, list_accounts(&self.0, &message).await)
    }

    async fn deposit(
        &self,
        request: Request<v1::DepositRequest>,
    ) -> Result<Response<v1::DepositResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        let moved = money::deposit(&self.0, &caller, &message).await;
        told(&caller, moved.map(Into::into))
    }

    async fn withdraw(
        &self,
        request: Request<v1::WithdrawRequest>,
    ) -> Result<Response<v1::WithdrawResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        let moved = money::withdraw(&self.0, &caller, &message).await;
        told(&caller, moved.map(Into::into))
    }

    async fn transfer(
        &self,
        request: Request<v1::TransferRequest>,
    ) -> Result<Response<v1::TransferResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        let moved = money::transfer(&self.0, &caller, &message).await;
        told(&caller, moved.map(Into::into))
    }

    async fn set_kill_switch(
        &self,
        request: Request<v1::SetKillSwitchRequest>,
    ) -> Result<Response<v1::SetKillSwitchResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, kill_switch::set(&self.0, &caller, &message).await)
    }

    async fn reset_account(
        &self,
        request: Request<v1::ResetAccountRequest>,
    ) -> Result<Response<v1::ResetAccountResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, money::reset(&self.0, &caller, &message).await)
    }

    async fn get_portfolio(
        &self,
        request: Request<v1::GetPortfolioRequest>,
    ) -> Result<Response<v1::GetPortfolioResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, portfolio(&self.0, &caller, message).await)
    }

    async fn get_performance(
        &self,
        request: Request<v1::GetPerformanceRequest>,
    ) -> Result<Response<v1::GetPerformanceResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, figures(&self.0, &caller, message).await)
    }

    async fn list_ledger_rows(
        &self,
        request: Request<v1::ListLedgerRowsRequest>,
    ) -> Result<Response<v1::ListLedgerRowsResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, list_ledger(&self.0, &caller, message).await)
    }

    async fn list_fills(
        &self,
        request: Request<v1::ListFillsRequest>,
    ) -> Result<Response<v1::ListFillsResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, list_fills(&self.0, &caller, message).await)
    }
}

/// The answers to changes of a balance have the same fields.
macro_rules! answers {
    ($($response:ident),*) => {$(
        impl From<money::Moved> for v1::$response {
            fn from(moved: money::Moved) -> v1::$response {
                let money::Moved { balance, position, repeated_answer } = moved;
                v1::$response { balance: Some(balance), position: Some(position), repeated_answer }
            }
        }
    )*};
}

answers!(DepositResponse, WithdrawResponse, TransferResponse, IssueResponse);
