//! The canonical sentence: one way to write each meaning, and the parser reads it back.

use std::fmt::{Display, Formatter, Result};

use super::{
    Act, Distance, Fault, FilePath, Link, MarketAct, Node, NodeFault, Order, OrderKind, OrderRef,
    SelfMatch, Sentence, Side, Stop, TimeInForce, Which, Who,
};

impl Display for Sentence {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Sentence::Account { who, act } => write!(f, "{who} {act}"),
            Sentence::Market(act) => act.fmt(f),
            Sentence::Fault(fault) => fault.fmt(f),
        }
    }
}

impl Display for Who {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Who::One(name) => name.fmt(f),
            Who::Each(group) => write!(f, "each {group}"),
        }
    }
}

impl Display for Act {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Act::Place(order) => order.fmt(f),
            Act::Cancel(order) => write!(f, "cancels {order}"),
            Act::CancelAll => f.write_str("cancels all"),
            Act::Amend { order, quantity, price } => {
                write!(f, "amends {order} to {quantity} @ {price}")
            }
            Act::Deposit { amount, asset } => write!(f, "deposits {amount} {asset}"),
            Act::Withdraw { amount, asset } => write!(f, "withdraws {amount} {asset}"),
        }
    }
}

impl Display for OrderRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            OrderRef::Number(number) => number.fmt(f),
            OrderRef::Client(id) => id.fmt(f),
        }
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.side == Side::Buy { "buys " } else { "sells " })?;
        let symbol = &self.symbol;
        match &self.kind {
            OrderKind::Limit { quantity, price } => write!(f, "{quantity} {symbol} @ {price}")?,
            OrderKind::Market { quantity } => write!(f, "{quantity} {symbol} at market")?,
            OrderKind::MarketSpend { amount, asset } => {
                write!(f, "{amount} {asset} of {symbol} at market")?;
            }
        }
        if let Some(time) = self.time_in_force {
            write!(f, " {time}")?;
        }
        if let Some(length) = self.lasts {
            write!(f, " for {length}")?;
        }
        if self.post_only {
            f.write_str(" post-only")?;
        }
        match self.stop {
            Some(Stop::At(price)) => write!(f, " stop {price}")?,
            Some(Stop::Trailing { offset, step }) => {
                write!(f, " trail {offset}")?;
                step.iter().try_for_each(|step| write!(f, " step {step}"))?;
            }
            None => {}
        }
        if let Some(part) = self.show {
            write!(f, " show {part}")?;
        }
        if let Some(mode) = self.self_match {
            write!(f, " self-match {mode}")?;
        }
        self.id.iter().try_for_each(|id| write!(f, " id {id}"))
    }
}

impl Display for Distance {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Distance::Price(amount) => amount.fmt(f),
            Distance::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// The name beside a value in a table of names. Every value stands in its table.
fn named<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("?", |(name, _)| name)
}

impl Display for TimeInForce {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(named(&Self::ALL, self))
    }
}

impl Display for SelfMatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(named(&Self::ALL, self))
    }
}

impl Display for NodeFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(named(&Self::ALL, self))
    }
}

impl Display for MarketAct {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            MarketAct::Halt(which) => write!(f, "halt {which}"),
            MarketAct::Resume(which) => write!(f, "resume {which}"),
            MarketAct::Open => f.write_str("open the market"),
            MarketAct::Close => f.write_str("close the market"),
            MarketAct::Feed { file, symbol } => write!(f, "feed {file} into {symbol}"),
        }
    }
}

impl Display for Which {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Which::Everything => f.write_str(Which::EVERYTHING),
            Which::One(symbol) => symbol.fmt(f),
        }
    }
}

impl Display for FilePath {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = self.as_str();
        let plain = !name.contains(|c: char| c.is_whitespace() || ",@".contains(c));
        if plain { f.write_str(name) } else { write!(f, "'{name}'") }
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Node::Named(name) => name.fmt(f),
            Node::Leading(symbol) => write!(f, "the node that leads {symbol}"),
            Node::Any => f.write_str("any node"),
        }
    }
}

impl Display for Link {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Link(Node::Named(one), Node::Named(other)) => write!(f, "{one}-{other}"),
            Link(one, other) => write!(f, "{one} - {other}"),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Fault::Node { fault, node } => write!(f, "{fault} {node}"),
            Fault::Cut { node, from } => {
                let from: Vec<String> = from.iter().map(Node::to_string).collect();
                write!(f, "cut {node} from {}", from.join(", "))
            }
            Fault::CutOneWay { from, to } => write!(f, "cut {from} to {to} one way"),
            Fault::Heal => f.write_str("heal"),
            Fault::Delay { link, by } => write!(f, "delay {link} by {by}"),
            Fault::Lose { percent, link } => write!(f, "lose {percent}% on {link}"),
            Fault::Reset(link) => write!(f, "reset {link}"),
            Fault::StepClock { node, by } => write!(f, "step the clock of {node} by {by}"),
            Fault::SlowSubscriber => f.write_str("slow a subscriber"),
            Fault::AddNode => f.write_str("add a node"),
        }
    }
}
