//! Money in and out of accounts, and accounts themselves.

use super::desk::{Desk, Reading, shown_at, unexpected};
use super::failure::{Refused, rejected};
use super::identity::{body_hash, identified, request_id};
use super::reasons::refusal;
use super::standing::shown_account;
use super::symbols::Symbols;
use crate::auth::{Caller, Grant};
use hoga_cluster::runtime::{At, Identified};
use hoga_engine::account::Balance;
use hoga_engine::amount::Amount;
use hoga_engine::effect::Answer;
use hoga_engine::ids::AssetId;
use hoga_engine::instrument::Asset;
use hoga_engine::reject::Reject;
use hoga_engine::request::AccountRequest;
use hoga_proto::convert::account::balance;
use hoga_proto::convert::numbers::amount;
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use prost_types::Timestamp;
use serde::Serialize;

/// Names that stand for the exchange itself, besides those of faucets.
const RESERVED: [&str; 3] = [Grant::OPERATOR, "faucet", "house"];

/// An account's balance of one asset, as an answer says it.
pub struct Moved {
    pub balance: v1::Balance,
    pub position: v1::Position,
    /// It is the first answer once more.
    pub repeated_answer: bool,
}

/// What identifies a change besides its body.
pub struct Named<'a> {
    request_id: &'a str,
    sent_at: Option<&'a Timestamp>,
}

impl<'a> Named<'a> {
    #[must_use]
    pub fn of(request_id: &'a str, sent_at: Option<&'a Timestamp>) -> Named<'a> {
        Named { request_id, sent_at }
    }

    /// The change's identity.
    ///
    /// # Errors
    /// The id or the time is malformed.
    pub fn identify(
        &self,
        desk: &Desk,
        caller: &Caller,
        request: &impl Serialize,
    ) -> Result<Identified, Refused> {
        let id = request_id("request_id", self.request_id, &desk.names)?;
        identified(id, body_hash(request), self.sent_at, caller)
    }
}

/// Creates an account: the token's own, one that it may trade for, or, for an operator, any.
///
/// # Errors
/// The name is reserved or another's, or the account exists.
pub async fn create(
    desk: &Desk,
    caller: &Caller,
    message: &v1::CreateAccountRequest,
) -> Result<v1::CreateAccountResponse, Refused> {
    let account = new_name(desk, caller, &message.account_id)?;
    let named = Named::of(&message.request_id, message.sent_at.as_ref());
    let identified = named.identify(desk, caller, &AccountRequest::Open)?;
    match desk.ask(caller, &account, &identified, AccountRequest::Open).await? {
        (Answer::Done, at, repeated_answer) => {
            let (mut shown, _) = standing(desk, &account, at).await?;
            shown.balances.clear();
            let (account, position) = (Some(shown), Some(shown_at(at)));
            Ok(v1::CreateAccountResponse { account, position, repeated_answer })
        }
        (Answer::Rejected { reject, .. }, ..) => Err(rejected(&reject, "")),
        (other, ..) => unexpected(&other),
    }
}

fn new_name(desk: &Desk, caller: &Caller, id: &str) -> Result<AccountName, Refused> {
    let malformed = |rule: String| Box::new(Refusal::malformed("account_id", rule));
    let id = if id.is_empty() { AccountName::ME } else { id };
    let name = AccountName::from_id(id).map_err(|bad| malformed(bad.to_string()))?;
    if caller.is_operator() && !name.is_me() {
        return Ok(name);
    }
    let name = caller.admitted(name)?;
    let symbols = desk.symbols();
    let is_reserved =
        RESERVED.contains(&name.id()) || symbols.catalogue().is_of_exchange(name.id());
    if is_reserved && !caller.is_operator() {
        let message = format!("the name {} is reserved for the exchange itself", name.id());
        return Err(Box::new(refusal("ACCOUNT_NAME_RESERVED", message).field("account_id")));
    }
    Ok(name)
}

/// Puts money in. Of a fixed supply it comes out of the faucet, which the engine sees to; into
/// the faucet itself it would be new supply, which is for operators.
///
/// # Errors
/// The account is another's, the amount is malformed, or the faucet has too little.
pub async fn deposit(
    desk: &Desk,
    caller: &Caller,
    message: &v1::DepositRequest,
) -> Result<Moved, Refused> {
    let account = caller.account("name", &message.name)?;
    let symbols = desk.symbols();
    let (asset, amount) = asset_amount(&symbols, message.amount.as_ref())?;
    if asset.faucet.as_deref() == Some(account.id()) {
        let message = format!(
            "{} has a fixed supply and {account} is its faucet; operators issue it",
            asset.code
        );
        return Err(refusal("PERMISSION_DENIED", message));
    }
    let named = Named::of(&message.request_id, message.sent_at.as_ref());
    let request = AccountRequest::Deposit { asset: asset.id, amount };
    change(desk, caller, &account, &symbols, named, request).await
}

/// Takes money out.
///
/// # Errors
/// The account is another's, the amount is malformed, or too little is available.
pub async fn withdraw(
    desk: &Desk,
    caller: &Caller,
    message: &v1::WithdrawRequest,
) -> Result<Moved, Refused> {
    let account = caller.account("name", &message.name)?;
    let symbols = desk.symbols();
    let (asset, amount) = asset_amount(&symbols, message.amount.as_ref())?;
    let named = Named::of(&message.request_id, message.sent_at.as_ref());
    let request = AccountRequest::Withdraw { asset: asset.id, amount };
    change(desk, caller, &account, &symbols, named, request).await
}

/// Moves money to another account.
///
/// # Errors
/// The account is another's, the amount is malformed, too little is available, or the other
/// account does not exist.
pub async fn transfer(
    desk: &Desk,
    caller: &Caller,
    message: &v1::TransferRequest,
) -> Result<Moved, Refused> {
    let account = caller.account("name", &message.name)?;
    let to =
        AccountName::parse(&message.to).map_err(|bad| Refusal::malformed("to", bad.to_string()))?;
    let to = if to.is_me() { caller.admitted(to)? } else { to };
    let symbols = desk.symbols();
    let (asset, amount) = asset_amount(&symbols, message.amount.as_ref())?;
    let named = Named::of(&message.request_id, message.sent_at.as_ref());
    let request = AccountRequest::Transfer { to: to.id().into(), asset: asset.id, amount };
    change(desk, caller, &account, &symbols, named, request).await
}

/// A fresh start.
///
/// # Errors
/// The account is another's, an amount is malformed or given twice, or orders are open.
pub async fn reset(
    desk: &Desk,
    caller: &Caller,
    message: &v1::ResetAccountRequest,
) -> Result<v1::ResetAccountResponse, Refused> {
    let account = caller.account("name", &message.name)?;
    let symbols = desk.symbols();
    let mut amounts: Vec<(AssetId, Amount)> = Vec::with_capacity(message.amounts.len());
    for given in &message.amounts {
        let (asset, amount) = asset_amount(&symbols, Some(given))?;
        if amounts.iter().any(|(known, _)| *known == asset.id) {
            let rule = format!("{} is given twice", asset.code);
            return Err(Box::new(Refusal::malformed("amounts", rule)));
        }
        amounts.push((asset.id, amount));
    }
    let named = Named::of(&message.request_id, message.sent_at.as_ref());
    desk.pace.admit(&account)?;
    let request = AccountRequest::Reset { amounts };
    let identified = named.identify(desk, caller, &request)?;
    match desk.ask(caller, &account, &identified, request).await? {
        (Answer::Done, at, repeated_answer) => {
            let (account, _) = standing(desk, &account, at).await?;
            let (account, position) = (Some(account), Some(shown_at(at)));
            Ok(v1::ResetAccountResponse { account, position, repeated_answer })
        }
        (Answer::Rejected { reject, .. }, ..) => Err(unpaid(&reject, true)),
        (other, ..) => unexpected(&other),
    }
}

/// Asks for a change of one balance and says what it is afterwards.
///
/// # Errors
/// It was refused, or there is no answer.
pub async fn change(
    desk: &Desk,
    caller: &Caller,
    account: &AccountName,
    symbols: &Symbols,
    named: Named<'_>,
    request: AccountRequest,
) -> Result<Moved, Refused> {
    desk.pace.admit(account)?;
    let identified = named.identify(desk, caller, &request)?;
    let asset = match request {
        AccountRequest::Transfer { asset, .. } => Some(asset),
        _ => None,
    };
    let is_deposit = matches!(request, AccountRequest::Deposit { .. });
    let (answer, at, repeated_answer) = desk.ask(caller, account, &identified, request).await?;
    let moved = |asset, held, at| {
        let asset = symbols.asset_of(asset).expect("it was known a moment ago");
        Moved { balance: balance(held, asset), position: shown_at(at), repeated_answer }
    };
    match (answer, asset) {
        (Answer::Balance { asset, available, held }, _) => {
            Ok(moved(asset, Balance { available, held }, at))
        }
        // A transfer is answered by the receiver's side; the sender's was before it.
        (Answer::Done, Some(asset)) => {
            let looked = desk.look(account, Reading::default(), move |account, _, at| {
                (account.balance(asset), at)
            });
            let (balance, at) = looked.await?;
            Ok(moved(asset, balance, at))
        }
        (Answer::Rejected { reject, .. }, _) => Err(unpaid(&reject, is_deposit)),
        (other, _) => unexpected(&other),
    }
}

/// A refusal to move money. Unlike an order it has no fee, and what is deposited of a fixed supply
/// is paid by a faucet.
fn unpaid(reject: &Reject, by_faucet: bool) -> Refused {
    let mut refusal = rejected(reject, "");
    if let Reject::InsufficientFunds { needed, available, asset } = reject {
        refusal.message = if by_faucet {
            format!("{asset} has a fixed supply, and its faucet has {available} of the {needed}")
        } else {
            format!("this takes {needed} {asset}; {available} {asset} is available")
        };
    }
    refusal
}

/// An asset and an amount of it, in minor units.
///
/// # Errors
/// One of them is missing, the asset is unknown, or the amount has too many decimals.
pub fn asset_amount<'a>(
    symbols: &'a Symbols,
    wire: Option<&v1::AssetAmount>,
) -> Result<(&'a Asset, Amount), Refused> {
    let Some(wire) = wire else {
        return Err(Box::new(Refusal::malformed("amount", "is required and was not given")));
    };
    let asset = symbols.asset("amount.asset", &wire.asset)?;
    let minor = amount("amount.amount", wire.amount.as_ref(), asset.scale);
    let minor = minor.map_err(|bad| {
        // The field is named by its whole path beside the message.
        let mut refusal = Refusal::from(bad);
        refusal.message = refusal.message.replacen("amount.amount", "amount", 1);
        Box::new(refusal)
    })?;
    Ok((asset, minor))
}

/// The account after what happened at a position.
async fn standing(
    desk: &Desk,
    account: &AccountName,
    at: At,
) -> Result<(v1::Account, At), Refused> {
    shown_account(desk, account, Reading { min: Some(at), settles: Vec::new() }).await
}
