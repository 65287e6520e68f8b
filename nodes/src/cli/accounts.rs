//! `hoga accounts`: who there is, and how one begins.

use super::actor::OPERATOR;
use super::failure::Failure;
use super::paging::Limit;
use super::portfolio::balances;
use super::table::{Lean, Table};
use super::{Global, actor, json, output, sentences, server, wire};
use clap::{Args, Subcommand};
use hoga_proto::names::AccountName;
use hoga_proto::v1;

/// Accounts: all of them, or `hoga accounts create carol`, `hoga accounts show --as carol`
#[derive(Args, Debug)]
pub struct Accounts {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Create an account
    Create {
        /// 1 to 32 characters of a-z 0-9 _ -, a letter or digit first
        name: String,
        /// Your name for this request; the same name again is done once
        #[arg(long, value_name = "NAME")]
        id: Option<String>,
    },
    /// The account that acts, with its balances
    Show,
    /// All accounts; for operators
    List {
        #[command(flatten)]
        limit: Limit,
    },
}

impl Accounts {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self.what {
            Some(What::Create { name, id }) => create(global, &name, id.as_ref()),
            Some(What::Show) => show(global),
            Some(What::List { limit }) => list(global, &limit),
            None => list(global, &Limit::default()),
        }
    }
}

/// Without a token of its own the new account acts for itself, as development tokens allow.
fn create(global: &Global, name: &str, id: Option<&String>) -> Result<(), Failure> {
    let account_id = actor::named(name)?.id().to_owned();
    if account_id == AccountName::ME {
        let why = "error: `me` stands for whoever acts, so nobody can be called so";
        return Err(Failure::usage(why));
    }
    let global = &actor::acting_as(global, &account_id);
    let id = actor::request_id(id);
    let sent_at = Some(actor::sent_now());
    let request = v1::CreateAccountRequest { account_id, request_id: id.clone(), sent_at };
    let answer = server::talk(global, async |server| {
        let answer = server.accounts().create_account(request).await;
        answer.map_err(|status| Failure::from(status).of_change(&id))
    })?;
    let answer = answer.into_inner();
    sentences::repeated(answer.repeated_answer);
    if global.json {
        return json::print("CreateAccountResponse", &answer);
    }
    let account = answer.account.unwrap_or_default();
    let name = actor::last_part(&account.name);
    output::say(format!("account {name} created; `hoga deposit 100000 KRW --as {name}` funds it"))
}

fn show(global: &Global) -> Result<(), Failure> {
    let name = actor::account(global)?;
    let request = v1::GetAccountRequest { name, ..v1::GetAccountRequest::default() };
    let answer = server::talk(global, async |server| {
        Ok(server.accounts().get_account(request).await?.into_inner())
    })?;
    if global.json {
        return json::print("GetAccountResponse", &answer);
    }
    let account = answer.account.unwrap_or_default();
    let since = wire::time(account.create_time.as_ref());
    let open = account.open_order_count;
    output::say(format!("{} since {since}, {open} open orders", actor::last_part(&account.name)))?;
    output::say(balances(&account.balances))
}

fn list(global: &Global, limit: &Limit) -> Result<(), Failure> {
    let global = &actor::acting_as(global, OPERATOR);
    let mut position = None;
    let (accounts, next_page_token) = server::talk(global, async |server| {
        let page = async |page_size, page_token| {
            let request = v1::ListAccountsRequest { page_size, page_token, ..Default::default() };
            let page = server.accounts().list_accounts(request).await?.into_inner();
            position = page.position;
            Ok((page.accounts, page.next_page_token))
        };
        limit.gather(page).await
    })?;
    if global.json {
        let whole = v1::ListAccountsResponse { accounts, next_page_token, position };
        return json::print("ListAccountsResponse", &whole);
    }
    let columns = [("ACCOUNT", Lean::Left), ("OPEN ORDERS", Lean::Right), ("HAS", Lean::Left)];
    let mut table = Table::new(columns);
    for account in &accounts {
        let has = account.balances.iter().map(|balance| {
            let all = wire::sum(balance.available.as_ref(), balance.held.as_ref());
            format!("{all} {}", balance.asset)
        });
        table.row([
            actor::last_part(&account.name).into(),
            account.open_order_count.to_string(),
            has.collect::<Vec<_>>().join(", "),
        ]);
    }
    output::say(table)
}
