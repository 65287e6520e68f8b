//! Faults: what breaks, where, and how it is mended.

use super::GrammarError;
use super::words::{Words, unexpected};
use crate::names::{NodeName, Symbol};
use crate::numbers::Amount;
use crate::time::{Millis, Shift};

/// A node, by name or by the part it plays when the fault strikes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    Named(NodeName),
    Leading(Symbol),
    Any,
}

/// A link between two nodes, both directions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link(pub Node, pub Node);

/// What befalls one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeFault {
    Kill,
    Freeze,
    Thaw,
    Restart,
    Wipe,
    Drain,
    Remove,
    FillDisk,
    StallDisk,
    FailFsync,
    CutPower,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Node {
        fault: NodeFault,
        node: Node,
    },
    /// `node` hears none of `from`, nor they it.
    Cut {
        node: Node,
        from: Vec<Node>,
    },
    /// What `from` sends does not reach `to`; the way back stays open.
    CutOneWay {
        from: Node,
        to: Node,
    },
    /// Every cut, delay and loss ends.
    Heal,
    Delay {
        link: Link,
        by: Millis,
    },
    Lose {
        percent: Amount,
        link: Link,
    },
    /// Open connections of the link are reset, new ones may be made.
    Reset(Link),
    StepClock {
        node: Node,
        by: Shift,
    },
    SlowSubscriber,
    AddNode,
}

impl NodeFault {
    /// The words before `NODE`.
    pub const ALL: [(&'static str, NodeFault); 11] = [
        ("kill", Self::Kill),
        ("freeze", Self::Freeze),
        ("thaw", Self::Thaw),
        ("restart", Self::Restart),
        ("wipe", Self::Wipe),
        ("drain", Self::Drain),
        ("remove", Self::Remove),
        ("fill the disk of", Self::FillDisk),
        ("stall the disk of", Self::StallDisk),
        ("fail the fsync of", Self::FailFsync),
        ("cut the power of", Self::CutPower),
    ];
}

/// The most nodes one cut may name.
pub const CUT_NODES_MAX: usize = 64;

pub(super) fn fault(verb: &'static str, words: &mut Words<'_>) -> Result<Fault, GrammarError> {
    let on_node = |fault, words: &mut Words<'_>| Ok(Fault::Node { fault, node: node(words)? });
    match verb {
        "heal" => Ok(Fault::Heal),
        "cut" => cut(words),
        "reset" => link(words).map(Fault::Reset),
        "delay" => {
            let link = link(words)?;
            words.one_of(&["by"])?;
            Ok(Fault::Delay { link, by: words.read("a time, such as 200ms")? })
        }
        "lose" => {
            let percent = percent(words)?;
            words.one_of(&["on"])?;
            Ok(Fault::Lose { percent, link: link(words)? })
        }
        "step" => {
            words.all_of(&["the", "clock", "of"])?;
            let node = node(words)?;
            words.one_of(&["by"])?;
            Ok(Fault::StepClock { node, by: words.read("a time, such as 2s or -2s")? })
        }
        "slow" => words.all_of(&["a", "subscriber"]).map(|()| Fault::SlowSubscriber),
        "add" => words.all_of(&["a", "node"]).map(|()| Fault::AddNode),
        "fill" | "stall" => {
            words.all_of(&["the", "disk", "of"])?;
            let fill = verb == "fill";
            on_node(if fill { NodeFault::FillDisk } else { NodeFault::StallDisk }, words)
        }
        "fail" => {
            words.all_of(&["the", "fsync", "of"])?;
            on_node(NodeFault::FailFsync, words)
        }
        _ => {
            let known = NodeFault::ALL.iter().find(|(name, _)| *name == verb);
            let (_, fault) = known.expect("the caller passes verbs of its own table only");
            on_node(*fault, words)
        }
    }
}

fn cut(words: &mut Words<'_>) -> Result<Fault, GrammarError> {
    let power = words.peek().is_some_and(|word| word.text == "the")
        && words.peek_second().is_some_and(|word| word.text == "power");
    if power {
        words.all_of(&["the", "power", "of"])?;
        return Ok(Fault::Node { fault: NodeFault::CutPower, node: node(words)? });
    }
    let first = node(words)?;
    if words.one_of(&["from", "to"])? == "to" {
        let to = node(words)?;
        words.all_of(&["one", "way"])?;
        return Ok(Fault::CutOneWay { from: first, to });
    }
    let mut from = vec![node(words)?];
    while words.peek().is_some() {
        // Commas and `and` read well between names and mean nothing.
        let comma = words.accept(",");
        if !words.accept("and") && !comma && words.peek().is_none() {
            break;
        }
        from.push(node(words)?);
        if from.len() > CUT_NODES_MAX {
            let why = format!("a cut names at most {CUT_NODES_MAX} nodes");
            return Err(GrammarError::Contradiction { why, place: words.whole() });
        }
    }
    Ok(Fault::Cut { node: first, from })
}

fn percent(words: &mut Words<'_>) -> Result<Amount, GrammarError> {
    let expected = "a percentage, such as 5%";
    let word = words.next(expected)?;
    let number = word.text.strip_suffix('%').and_then(|number| number.parse::<Amount>().ok());
    let inside = number.filter(|number| !number.is_zero() && *number <= Amount::from(100));
    inside.ok_or_else(|| unexpected(&word, expected, &[]))
}

fn node(words: &mut Words<'_>) -> Result<Node, GrammarError> {
    if words.accept("any") {
        words.one_of(&["node"])?;
        return Ok(Node::Any);
    }
    if words.accept("the") {
        words.all_of(&["node", "that", "leads"])?;
        return words.read("a symbol, such as LPJ-KRW").map(Node::Leading);
    }
    words.read("a node: a name, `the node that leads SYMBOL` or `any node`").map(Node::Named)
}

/// `n1-n2`, or with spaces around the hyphen where a node takes several words.
fn link(words: &mut Words<'_>) -> Result<Link, GrammarError> {
    words.split_links();
    let first = node(words)?;
    words.one_of(&["-"])?;
    Ok(Link(first, node(words)?))
}
