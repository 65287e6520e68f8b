//! Sentences from words.

use super::words::{Words, bad_word, unexpected};
use super::{Act, GrammarError, MarketAct, OrderRef, Sentence, Side, Who, fault, order};
use crate::document::nearest;
use crate::names::AccountName;

/// What an account can do.
const ACTS: [&str; 6] = ["buys", "sells", "cancels", "amends", "deposits", "withdraws"];

/// What the operator can do.
const MARKET: [&str; 5] = ["halt", "resume", "open", "close", "feed"];

/// What can break or be mended.
const FAULTS: [&str; 18] = [
    "kill", "freeze", "thaw", "restart", "wipe", "cut", "heal", "delay", "lose", "reset", "fill",
    "stall", "fail", "step", "slow", "add", "drain", "remove",
];

pub(super) fn sentence(text: &str) -> Result<Sentence, GrammarError> {
    let mut words = Words::new(text)?;
    let Some(first) = words.peek().cloned() else {
        return Err(empty(text));
    };
    let known = |verbs: &[&'static str]| verbs.iter().copied().find(|verb| *verb == first.text);
    let sentence = if let Some(verb) = known(&MARKET) {
        words.one_of(&[verb])?;
        Sentence::Market(market(verb, &mut words)?)
    } else if let Some(verb) = known(&FAULTS) {
        words.one_of(&[verb])?;
        Sentence::Fault(fault::fault(verb, &mut words)?)
    } else {
        let who = who(&mut words)?;
        Sentence::Account { who, act: act(&mut words)? }
    };
    words.end()?;
    Ok(sentence)
}

fn empty(text: &str) -> GrammarError {
    let expected = "an account and what it does, such as `alice buys 10 LPJ-KRW @ 777`".into();
    GrammarError::EndsEarly { expected, place: 0..text.len() }
}

fn who(words: &mut Words<'_>) -> Result<Who, GrammarError> {
    if words.accept("each") {
        return words.read("the name of a group of accounts").map(Who::Each);
    }
    let first = words.next("an account")?;
    let follows = words.peek().map_or("", |word| word.text);
    // `hal LPJ-KRW` is a slip of `halt`, `alice byes 10` one of `buys`: blame the word whose
    // neighbour does not explain it.
    let verbs: Vec<&str> = MARKET.iter().chain(&FAULTS).copied().collect();
    let explained = nearest(follows, ACTS).is_some();
    if !explained && nearest(first.text, verbs.iter().copied()).is_some() {
        return Err(unexpected(&first, "an account, or what to do", &verbs));
    }
    let name: AccountName = first.text.parse().map_err(|why| bad_word(&first, &why))?;
    Ok(Who::One(name))
}

fn act(words: &mut Words<'_>) -> Result<Act, GrammarError> {
    match words.one_of(&ACTS)? {
        "buys" => order::tail(Side::Buy, words).map(Act::Place),
        "sells" => order::tail(Side::Sell, words).map(Act::Place),
        "cancels" if words.accept("all") => Ok(Act::CancelAll),
        "cancels" => words.read("an order number, its id, or `all`").map(Act::Cancel),
        "amends" => amend(words),
        verb => {
            let amount = words.read("an amount, such as 100000")?;
            let asset = words.read("an asset, such as KRW")?;
            let deposit = verb == "deposits";
            Ok(if deposit {
                Act::Deposit { amount, asset }
            } else {
                Act::Withdraw { amount, asset }
            })
        }
    }
}

pub(super) fn amend(words: &mut Words<'_>) -> Result<Act, GrammarError> {
    let order: OrderRef = words.read("an order number or its id")?;
    words.one_of(&["to"])?;
    let quantity = words.read("the new total quantity")?;
    words.one_of(&["@"])?;
    Ok(Act::Amend { order, quantity, price: words.read("the new price")? })
}

fn market(verb: &str, words: &mut Words<'_>) -> Result<MarketAct, GrammarError> {
    let symbol = "a symbol, such as LPJ-KRW";
    let which = "a symbol, such as LPJ-KRW, or `everything`";
    match verb {
        "halt" => words.read(which).map(MarketAct::Halt),
        "resume" => words.read(which).map(MarketAct::Resume),
        "feed" => {
            let file = words.read("a file")?;
            words.one_of(&["into"])?;
            Ok(MarketAct::Feed { file, symbol: words.read(symbol)? })
        }
        verb => {
            words.all_of(&["the", "market"])?;
            Ok(if verb == "open" { MarketAct::Open } else { MarketAct::Close })
        }
    }
}
