//! Finds between which commands what had no number happened, so that everything else follows.
//!
//! Where it is not known whether something came before a command or behind it, behind is tried
//! first, and before as soon as that leads to something that did not happen.

use super::commands::What;
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
    Moment,
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
        let kind = match (run.moment < plan.moments.len(), run.word < plan.words.len()) {
            (true, _) => Kind::Moment,
            (_, true) => Kind::Word,
            _ if plan.cut.is_some() => return Ok(false),
            _ => return run.finish().map(|()| false),
        };
        return come(plan, run, *at, kind).map(|()| true);
    };
    if is_cut(command.number) {
        return Ok(false);
    }
    for kind in [Kind::Moment, Kind::Word] {
        match may_come(plan, run, *at, kind) {
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
    run.perform(command)?;
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
    run.choices.push((at, kind));
    let following = plan.commands.get(at).map_or(u64::MAX, |command| command.number);
    run.between(following);
    match kind {
        Kind::Moment => {
            run.moment += 1;
            run.pass(&plan.moments[run.moment - 1])
        }
        Kind::Word => {
            run.word += 1;
            run.obey(&plan.words[run.word - 1])
        }
    }
}

fn may_come(plan: &Plan, run: &Run, at: usize, kind: Kind) -> May {
    let command = &plan.commands[at];
    if kind == Kind::Word {
        return match plan.words.get(run.word) {
            None => May::Not,
            Some(word) if command.number <= word.behind => May::Not,
            Some(word) if command.number >= word.before => May::Must,
            Some(_) => May::Perhaps,
        };
    }
    let Some(moment) = plan.moments.get(run.moment) else { return May::Not };
    if run.time >= moment.time {
        return May::Must;
    }
    // A trade that is still to come says how late it can be at most.
    if plan.trades.get(run.next).is_some_and(|trade| trade.time < moment.time) {
        return May::Not;
    }
    let is_entry = matches!(command.what, What::Enter(_) | What::Pair(..) | What::Refuse(..));
    let created = command.order.created;
    if is_entry && created > moment.time + APART {
        return May::Must;
    }
    if is_entry && created + UNDER_WAY_MAX < moment.time {
        return May::Not;
    }
    May::Perhaps
}
