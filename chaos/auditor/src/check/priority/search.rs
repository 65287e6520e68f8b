//! Finds between which commands what had no number happened, so that everything else follows.
//!
//! Where it is not known whether a phase or an operator's word came before a command or behind it,
//! behind is tried first, and before as soon as that leads to something that did not happen. That
//! an order's time was over is different: many end within the time in which nothing tells commands
//! apart, and one that is gone too late can only be in the way of the next command that meets it.
//! So orders go as late as they can, and when a command did otherwise those whose time may have
//! been over go first, one after another, until it does what happened.

use super::commands::What;
use super::moments::{Moment, What as Moves};
use super::plan::Plan;
use super::replay::Run;
use std::collections::VecDeque;

/// Open choices that are kept: what is that long ago has proved right.
const OPEN_MAX: usize = 300;
/// Choices that are taken back before it is given up.
const TAKEN_BACK_MAX: usize = 4_000;
/// Clocks of two partitions may be so far apart.
const APART: u64 = 1_000_000_000;
/// No command takes so long from its account to its book.
const UNDER_WAY_MAX: u64 = 30_000_000_000;

/// What comes without a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The time of one order is over.
    Expiry,
    /// A phase begins, and all has ended that ends before.
    Turn,
    Word,
}

/// Something was done before the command with this place.
pub type Choice = (usize, Kind);

/// Where the search could have gone the other way.
struct Branch<'e> {
    run: Run<'e>,
    at: usize,
    kind: Kind,
}

/// How the search ended.
pub struct Found<'e> {
    pub run: Run<'e>,
    /// Why no way leads on, the furthest that any came, and the way there.
    pub fault: Option<(String, usize)>,
}

#[derive(PartialEq, Eq)]
enum May {
    Not,
    Perhaps,
    Must,
}

pub fn explain<'e>(plan: &'e Plan<'e>) -> Found<'e> {
    let mut run = Run::new(plan);
    let mut at = 0;
    let mut open: VecDeque<Branch<'e>> = VecDeque::new();
    let mut furthest: Option<(usize, String, Run<'e>)> = None;
    let mut taken_back = 0;
    loop {
        let before = run.choices.clone();
        let why = match step(plan, &mut run, &mut at, &mut open) {
            Ok(true) => continue,
            Ok(false) => return Found { run, fault: None },
            Err(why) => why,
        };
        run.choices = before;
        if furthest.as_ref().is_none_or(|(reached, ..)| *reached < at) {
            furthest = Some((at, why, run.clone()));
        }
        let mut next = None;
        while let Some(mut branch) = open.pop_back() {
            taken_back += 1;
            if taken_back < TAKEN_BACK_MAX
                && come(plan, &mut branch.run, branch.at, branch.kind).is_ok()
            {
                next = Some(branch);
                break;
            }
        }
        match (next, furthest.take()) {
            (Some(branch), reached) => (run, at, furthest) = (branch.run, branch.at, reached),
            (None, Some((at, why, run))) => return Found { run, fault: Some((why, at)) },
            (None, None) => return Found { run, fault: Some((String::new(), at)) },
        }
    }
}

/// One thing happens; false at the end.
fn step<'e>(
    plan: &'e Plan<'e>,
    run: &mut Run<'e>,
    at: &mut usize,
    open: &mut VecDeque<Branch<'e>>,
) -> Result<bool, String> {
    let is_cut = |number: u64| plan.cut.is_some_and(|cut| cut <= number);
    let Some(command) = plan.commands.get(*at) else {
        let kind = match (next_moment(plan, run), run.word < plan.words.len()) {
            (Some((kind, _)), _) => kind,
            (_, true) => Kind::Word,
            _ if plan.cut.is_some() => return Ok(false),
            _ => return run.finish().map(|()| false),
        };
        return come(plan, run, *at, kind).map(|()| true);
    };
    if is_cut(command.number) {
        return Ok(false);
    }
    if let Some((kind, time)) = next_moment(plan, run)
        && may_pass(plan, run, *at, time) == May::Must
    {
        return come(plan, run, *at, kind).map(|()| true);
    }
    for (kind, may) in [
        (Kind::Turn, may_turn(plan, run, *at)),
        (Kind::Word, may_be_said(plan, run, command.number)),
    ] {
        match may {
            May::Not => {}
            May::Must => return come(plan, run, *at, kind).map(|()| true),
            May::Perhaps => {
                if open.len() == OPEN_MAX {
                    open.pop_front();
                }
                open.push_back(Branch { run: run.clone(), at: *at, kind });
            }
        }
    }
    bring_about(plan, run, *at, |run| run.perform(command))?;
    *at += 1;
    Ok(true)
}

/// Does what comes next without a command.
pub fn come<'e>(
    plan: &'e Plan<'e>,
    run: &mut Run<'e>,
    at: usize,
    kind: Kind,
) -> Result<(), String> {
    let following = plan.commands.get(at).map_or(u64::MAX, |command| command.number);
    run.between(following);
    match kind {
        Kind::Expiry => {
            pass(plan, run)?;
        }
        Kind::Turn => while pass(plan, run)? == Kind::Expiry {},
        Kind::Word => {
            let word = &plan.words[run.word];
            run.word += 1;
            bring_about(plan, run, at, |run| run.obey(word))?;
        }
    }
    run.choices.push((at, kind));
    Ok(())
}

/// Time goes on by one moment; says what that was.
fn pass<'e>(plan: &'e Plan<'e>, run: &mut Run<'e>) -> Result<Kind, String> {
    let moment = &plan.moments[run.moment];
    run.moment += 1;
    run.pass(moment)?;
    Ok(kind_of(moment))
}

/// Does it, behind as many ends of orders as that needs.
fn bring_about<'e>(
    plan: &'e Plan<'e>,
    run: &mut Run<'e>,
    at: usize,
    act: impl Fn(&mut Run<'e>) -> Result<(), String>,
) -> Result<(), String> {
    loop {
        let next = next_moment(plan, run).filter(|(kind, _)| *kind == Kind::Expiry);
        let may_end = next.is_some_and(|(_, time)| may_pass(plan, run, at, time) != May::Not);
        let before = may_end.then(|| run.clone());
        match (act(run), before) {
            (Ok(()), _) => return Ok(()),
            (Err(why), None) => return Err(why),
            (Err(_), Some(before)) => {
                *run = before;
                come(plan, run, at, Kind::Expiry)?;
            }
        }
    }
}

fn kind_of(moment: &Moment) -> Kind {
    match moment.what {
        Moves::Expires(_) => Kind::Expiry,
        Moves::Turns { .. } => Kind::Turn,
    }
}

/// What time brings about next, and when.
fn next_moment(plan: &Plan, run: &Run) -> Option<(Kind, u64)> {
    plan.moments.get(run.moment).map(|moment| (kind_of(moment), moment.time))
}

/// Whether the next phase has begun before a command.
fn may_turn(plan: &Plan, run: &Run, at: usize) -> May {
    let mut coming = plan.moments[run.moment..].iter();
    let turn = coming.find(|moment| kind_of(moment) == Kind::Turn);
    turn.map_or(May::Not, |turn| may_pass(plan, run, at, turn.time))
}

/// Whether an operator's next word was said before a command.
fn may_be_said(plan: &Plan, run: &Run, number: u64) -> May {
    match plan.words.get(run.word) {
        None => May::Not,
        Some(word) if number <= word.behind => May::Not,
        Some(word) if number >= word.before => May::Must,
        Some(_) => May::Perhaps,
    }
}

/// Whether it was so late before a command.
fn may_pass(plan: &Plan, run: &Run, at: usize, time: u64) -> May {
    if run.time >= time {
        return May::Must;
    }
    // A trade that is still to come says how late it can be at most.
    if plan.trades.get(run.next).is_some_and(|trade| trade.time < time) {
        return May::Not;
    }
    let Some(command) = plan.commands.get(at) else { return May::Must };
    let is_entry = matches!(command.what, What::Enter(_) | What::Pair(..) | What::Refuse(..));
    let created = command.order.created;
    if is_entry && created > time + APART {
        return May::Must;
    }
    if is_entry && created + UNDER_WAY_MAX < time {
        return May::Not;
    }
    May::Perhaps
}
