//! The sentences of `do`: what accounts, operators and faults do, in plain words.
//!
//! Owns: the grammar, parsed once into [`Sentence`] and printed back in canonical form by
//! `Display` (`parse(print(x)) == x`). Takes: one sentence, or the words after a CLI verb
//! ([`parse_order_tail`]). Emits: typed sentences; no meaning beyond the words is checked here,
//! so that an unknown symbol is the file's or the exchange's business. On failure:
//! [`GrammarError`] names the word, what was expected there and the nearest known verb.
//!
//! ```text
//! WHO buys|sells QTY SYMBOL @ PRICE [TERMS]        WHO = an account, or `each GROUP`
//! WHO buys|sells QTY SYMBOL at market [TERMS]      TERMS = gtc|day|ioc|fok|at-open|at-close,
//! WHO buys AMOUNT ASSET of SYMBOL at market          post-only, self-match MODE, id NAME,
//!                                                    stop PRICE, trail DIST [step DIST], show QTY
//! WHO cancels ID|all     WHO amends ID to QTY @ PRICE     WHO deposits|withdraws AMOUNT ASSET
//! halt|resume SYMBOL|everything     open|close the market     feed FILE into SYMBOL
//! kill|freeze|thaw|restart|wipe|drain|remove NODE         add a node     slow a subscriber
//! cut NODE from NODE, …  cut NODE to NODE one way         heal           reset LINK
//! delay LINK by TIME     lose N% on LINK                  cut the power of NODE
//! fill|stall the disk of NODE    fail the fsync of NODE   step the clock of NODE by TIME
//! NODE = a name | the node that leads SYMBOL | any node   LINK = NODE-NODE
//! ```

mod error;
mod fault;
mod order;
mod parse;
mod print;
mod sentence;
mod words;

pub use error::GrammarError;
pub use fault::{Fault, Link, Node, NodeFault};
pub use order::{Distance, Order, OrderKind, SelfMatch, Side, Stop, TimeInForce};
pub use sentence::{Act, FilePath, MarketAct, OrderRef, Sentence, Which, Who};

use words::Words;

/// Reads any sentence.
///
/// # Errors
/// The first word that does not fit, with its place in `text`.
pub fn parse(text: &str) -> Result<Sentence, GrammarError> {
    parse::sentence(text)
}

/// Reads what follows `hoga buy` or `hoga sell`: `["10", "LPJ-KRW", "@", "777", "ioc"]`.
///
/// # Errors
/// The first word that does not fit; places refer to the words joined by single spaces.
pub fn parse_order_tail<S: AsRef<str>>(side: Side, words: &[S]) -> Result<Order, GrammarError> {
    let text = words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
    let mut words = Words::new(&text)?;
    let order = order::tail(side, &mut words)?;
    words.end()?;
    Ok(order)
}

/// Reads what follows `hoga amend`: `["17", "to", "5", "@", "778"]`.
///
/// # Errors
/// As [`parse_order_tail`].
pub fn parse_amend_tail<S: AsRef<str>>(words: &[S]) -> Result<Act, GrammarError> {
    let text = words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
    let mut words = Words::new(&text)?;
    let act = parse::amend(&mut words)?;
    words.end()?;
    Ok(act)
}

#[cfg(test)]
mod tests;
