//! Accounts as their owners see them: asked through a pit in which messages arrive at once, or,
//! where the order of arrival matters, one by one.

mod amends;
mod answers;
mod calls;
mod fees;
mod halts;
mod holds;
mod icebergs;
mod interruptions;
mod kept;
mod kills;
mod lives;
mod meetings;
mod memory;
mod money;
mod notices;
mod pairs;
mod profit;
mod refusals;
mod stops;
mod supply;
mod told;

use crate::account::{Account, Balance};
use crate::amount::Amount;
use crate::effect::Answer;
use crate::ids::{AssetId, OrderNo};
use crate::order::{OrderRequest, OrderState, Side, TimeInForce};
use crate::pit::check::Checks;
use crate::pit::tests::market::{KRW, LPJ, furnish, limit, prompt, topology};
use crate::pit::{Pit, Record};
use crate::request::{Ack, OrderRef};

const RICH: Amount = 1_000_000;

/// A market in which everything is said at once, with alice, bob and carol, who have money and
/// goods.
fn street() -> Pit {
    people(prompt())
}

/// The same people where messages wait to be delivered.
fn slow_street() -> Pit {
    let mut pit = people(furnish(Pit::delayed(topology(), Record::default(), 1)));
    pit.settle_down();
    pit
}

fn people(mut pit: Pit) -> Pit {
    for name in ["alice", "bob", "carol"] {
        pit.open(name);
        pit.deposit(name, KRW, RICH);
        pit.deposit(name, LPJ, 1000);
    }
    pit
}

fn buy(quantity: Amount, price: Amount) -> OrderRequest {
    limit(Side::Buy, quantity, price)
}

fn sell(quantity: Amount, price: Amount) -> OrderRequest {
    limit(Side::Sell, quantity, price)
}

fn ioc(order: OrderRequest) -> OrderRequest {
    OrderRequest { time_in_force: TimeInForce::Ioc, ..order }
}

fn fok(order: OrderRequest) -> OrderRequest {
    OrderRequest { time_in_force: TimeInForce::Fok, ..order }
}

fn post_only(order: OrderRequest) -> OrderRequest {
    OrderRequest { post_only: true, ..order }
}

fn no(no: u64) -> OrderRef {
    OrderRef::No(OrderNo(no))
}

/// Places an order under an id of its own and returns the request's number.
fn place(pit: &mut Pit, who: &str, id: &str, order: OrderRequest) -> u64 {
    pit.place(who, id, order, Ack::Result)
}

fn account<'a>(pit: &'a Pit, who: &str) -> &'a Account {
    pit.account(pit.find(who).expect("an account that was opened"))
}

fn balance(pit: &Pit, who: &str, asset: AssetId) -> (Amount, Amount) {
    let Balance { available, held } = account(pit, who).balance(asset);
    (available, held)
}

/// What was last said of somebody's order.
fn order(pit: &Pit, who: &str, number: u64) -> OrderState {
    let account = pit.find(who).expect("an account that was opened");
    let key = crate::ids::OrderKey { account, no: OrderNo(number) };
    pit.tap().orders[&key].clone()
}

/// The one answer to a request, however often it was given.
fn answer(pit: &Pit, request: u64) -> Answer {
    let mut answers = pit.tap().answers_to(request);
    let first = answers.next().expect("an answer").clone();
    for again in answers {
        assert_eq!(again, &first, "two answers to one request differ");
    }
    first
}

/// The reason of a refusal; none when it was no refusal.
fn refusal(pit: &Pit, request: u64) -> Option<&'static str> {
    match answer(pit, request) {
        Answer::Rejected { reject, .. } => Some(reject.reason()),
        _ => None,
    }
}

/// Looks at every invariant.
fn sound(pit: &Pit) {
    if let Err(broken) = Checks::default().run(pit) {
        panic!("{broken}");
    }
}
