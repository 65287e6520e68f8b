//! Named sessions: clients that open them, leave them and come back elsewhere, and gateways that
//! say once a second that they are there.
//!
//! As in the product (`nodes/src/gateway/sessions.rs`): what could not be told is told again, and
//! an opening that comes too late for its client is lost at once.

use super::client::{Asked, Stream, Trade};
use super::gateway::{Asker, Heard, OPENS_WITHIN, Under};
use super::packet::Packet;
use super::{Event, Phase, World};
use crate::sim::words::{Broken, MS, Nanos, NodeId, SECOND};
use hoga_cluster::partition::{Command, Entry, SessionRef, Trace};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::{Origin, PartitionId};
use hoga_engine::reject::Reject;

/// How often a gateway says that it is there, and how long it waits to hear that it was heard.
const ATTEND_EVERY: Nanos = SECOND;
const ATTEND_WITHIN: Nanos = SECOND;
/// So long after healing no session may lapse that has its client and its gateway.
const ATTENDED_AFTER: Nanos = 7 * SECOND;
/// So long after healing sessions are watched.
const WATCHED: Nanos = 12 * SECOND;
/// A client that vanished is away for so long at most: some longer than sessions wait for them.
const AWAY: Nanos = 9 * SECOND;

/// What a gateway has open in a partition.
#[derive(Default)]
pub struct Held {
    pub open: Vec<SessionRef>,
    /// Without a client, and not told of.
    lost: Vec<SessionRef>,
    /// Counts what it said; what was meant to be said at another turn was said already.
    turn: u64,
    is_telling: bool,
    has_changed: bool,
}

impl Under {
    /// The account and the session that it opens.
    #[must_use]
    pub fn opens(&self) -> Option<(Box<str>, ClientId)> {
        let Packet::Ask { entry, .. } = &self.packet else { return None };
        let Command::OpenSession { account, id, .. } = &entry.command else { return None };
        Some((account.clone(), *id))
    }
}

impl World {
    /// In which session a client sends what it asks: now and then as an older stream would.
    pub(super) fn stream(&mut self, nth: usize) -> Option<SessionRef> {
        if !self.swarm.sessions {
            return None;
        }
        let client = &mut self.clients[nth];
        let stale = client.stale.clone().filter(|_| client.dice.below(8) == 0);
        let session = client.session.clone();
        let current = session.filter(|it| it.node == client.node).map(|it| it.session);
        let used = stale.or(current);
        client.used = used.as_ref().map(|used| used.epoch);
        used
    }

    /// A client without a session opens one, mostly.
    pub(super) fn session_wish(&mut self, nth: usize) -> Option<Asked> {
        let client = &self.clients[nth];
        let may = client.trade == Trade::Trades && client.script.is_empty();
        if !self.swarm.sessions || !may {
            return None;
        }
        let is_there = |it: &Stream| {
            let host = self.hosts.get(&it.node);
            host.is_some_and(|host| host.is_up && host.incarnation == it.incarnation)
        };
        if client.session.as_ref().is_some_and(|it| !is_there(it)) {
            self.leave(nth);
        }
        let client = &mut self.clients[nth];
        if client.session.is_some() || client.dice.below(3) == 0 {
            return None;
        }
        // Clients of one account take it from one another.
        let id = ClientId::parse(["desk", "floor"][client.dice.below(2) as usize]).ok()?;
        Some(Asked::Session(id, client.dice.below(4) > 0))
    }

    /// A client goes away, and comes back through another node: true when it did.
    pub(super) fn vanishes(&mut self, nth: usize) -> bool {
        let client = &mut self.clients[nth];
        if client.session.is_none() || client.dice.below(25) > 0 {
            return false;
        }
        self.leave(nth);
        let client = &mut self.clients[nth];
        client.node = *client.dice.one_of(&self.members);
        let away = client.dice.below(AWAY) + MS;
        self.tally.vanished += 1;
        self.after(away, Event::Wish { client: nth });
        true
    }

    /// A client's stream ends.
    pub(super) fn leave(&mut self, nth: usize) {
        let Some(stream) = self.clients[nth].session.take() else { return };
        let Stream { session, node, incarnation } = stream;
        let partition = self.swarm.topology.account_partition(&session.account);
        self.clients[nth].stale = Some(session.clone());
        if let Some(host) = self.running(node, incarnation)
            && let Some(held) = host.gateway.held.get_mut(&partition)
        {
            held.open.retain(|it| *it != session);
            held.lost.push(session);
            self.has_news((node, incarnation), partition);
        }
    }

    /// A session was refused because it is another's: the client has it no more. True when so.
    pub(super) fn is_fenced(&mut self, nth: usize, op: usize, answer: &Answer) -> bool {
        let Answer::Rejected { reject, .. } = answer else { return false };
        if !matches!(**reject, Reject::SessionFenced { .. }) {
            return false;
        }
        let client = &mut self.clients[nth];
        // Final also for the attempts before: one that was taken would be answered as it was then.
        (client.ops[op].was_unknown, client.ops[op].given_up) = (false, true);
        if client.session.as_ref().map(|it| it.session.epoch) == client.used {
            self.leave(nth);
        }
        true
    }

    /// A gateway heard what it waited for.
    pub(super) fn note_session(
        &mut self,
        node: NodeId,
        origin: Origin,
        under: &Under,
        answer: &Answer,
    ) {
        let (partition, incarnation) = (under.partition, origin.incarnation);
        if let Asker::Itself(told) = under.asker {
            return self.attended((node, incarnation), partition, Some(told));
        }
        let Some((account, id)) = under.opens() else { return };
        let Answer::SessionOpened { epoch } = *answer else { return };
        let session = SessionRef { account, id, epoch };
        let Some(host) = self.running(node, incarnation) else { return };
        let held = host.gateway.held.entry(partition).or_default();
        match under.asker {
            Asker::Client(nth) => {
                held.open.push(session.clone());
                self.clients[nth].session = Some(Stream { session, node, incarnation });
            }
            _ => held.lost.push(session),
        }
        self.has_news((node, incarnation), partition);
    }

    /// A gateway's time for a request is over.
    pub(super) fn gave_up(
        &mut self,
        (node, incarnation): (NodeId, u32),
        request: u64,
        partition: PartitionId,
        asker: Asker,
        heard: Heard,
    ) {
        match asker {
            Asker::Nobody => {}
            Asker::Itself(_) => self.attended((node, incarnation), partition, None),
            Asker::Client(nth) => {
                let gateway = self.hosts.get(&node).map(|host| &host.gateway);
                if gateway.is_some_and(|it| it.under.contains_key(&request)) {
                    self.after(OPENS_WITHIN, Event::GiveUp { node, incarnation, request });
                }
                self.hears(nth, heard);
            }
        }
    }

    /// There is something to say to a partition at once.
    fn has_news(&mut self, (node, incarnation): (NodeId, u32), partition: PartitionId) {
        let Some(host) = self.running(node, incarnation) else { return };
        let Some(held) = host.gateway.held.get_mut(&partition) else { return };
        if held.is_telling {
            held.has_changed = true;
            return;
        }
        held.turn += 1;
        let turn = held.turn;
        self.after(MS / 10, Event::Attend { node, incarnation, partition, turn });
    }

    /// A gateway says that it is there, and what was lost.
    pub(super) fn attend(
        &mut self,
        node: NodeId,
        incarnation: u32,
        partition: PartitionId,
        turn: u64,
    ) {
        let Some(host) = self.running(node, incarnation) else { return };
        let is_paused = host.is_paused;
        let gateway = &mut host.gateway;
        let Some(held) = gateway.held.get_mut(&partition).filter(|held| held.turn == turn) else {
            return;
        };
        if is_paused {
            return self.after(20 * MS, Event::Attend { node, incarnation, partition, turn });
        }
        if held.open.is_empty() && held.lost.is_empty() {
            gateway.held.remove(&partition);
            return;
        }
        held.turn += 1;
        (held.is_telling, held.has_changed) = (true, false);
        let lost = held.lost.clone();
        let asker = Asker::Itself(lost.len());
        let origin = gateway.open(node, incarnation, |origin| {
            let command = Command::Attend { origin, lost };
            let entry = Entry { trace: Trace::default(), command };
            let packet = Packet::Ask { partition, origin, entry };
            let (is_unknown, is_sent, hint, attempts) = (false, false, None, 0);
            Under { asker, partition, packet, is_unknown, hint, attempts, is_sent }
        });
        let request = origin.request;
        self.tally.attended += 1;
        self.after(ATTEND_WITHIN, Event::GiveUp { node, incarnation, request });
        self.route(node, request);
    }

    /// It was heard, with so many that were lost, or it was not.
    fn attended(
        &mut self,
        (node, incarnation): (NodeId, u32),
        partition: PartitionId,
        told: Option<usize>,
    ) {
        let Some(host) = self.running(node, incarnation) else { return };
        let Some(held) = host.gateway.held.get_mut(&partition) else { return };
        // New ones come at the end.
        held.lost.drain(..told.unwrap_or_default());
        held.turn += 1;
        held.is_telling = false;
        let (turn, has_changed) = (held.turn, held.has_changed);
        let wait = if has_changed { MS / 10 } else { ATTEND_EVERY };
        self.after(wait, Event::Attend { node, incarnation, partition, turn });
    }

    /// SES-2 as clients see it: when all is well no session is over that has its client and its
    /// gateway.
    pub(super) fn see_lapses(&mut self) {
        if !self.swarm.sessions {
            return;
        }
        for lapsed in self.witness.take_lapsed() {
            let is_well =
                self.phase >= Phase::Healed && self.now >= self.healed_at + ATTENDED_AFTER;
            let session = &lapsed.session;
            let is_member = self.members.contains(&NodeId::from(lapsed.opened_by.node));
            if is_well && is_member && self.is_held(session, lapsed.opened_by) {
                let what = format!("{session:?} lapsed, and its client and gateway are there");
                self.found(Err(Broken { invariant: "SES-2", what }));
            }
        }
    }

    /// A gateway that runs has it, with a client.
    fn is_held(&self, session: &SessionRef, opened_by: Origin) -> bool {
        let partition = self.swarm.topology.account_partition(&session.account);
        let host = self.hosts.get(&NodeId::from(opened_by.node)).filter(|host| {
            host.is_up && !host.is_paused && host.incarnation == opened_by.incarnation
        });
        let held = host.and_then(|host| host.gateway.held.get(&partition));
        held.is_some_and(|held| held.open.contains(session))
    }

    /// Sessions that nobody has and that have not lapsed.
    pub(super) fn left_behind(&self) -> Vec<SessionRef> {
        let open = self.witness.sessions().map(|(_, session, by)| (session, by));
        let open = open.filter(|(session, opened_by)| !self.is_held(session, *opened_by));
        open.map(|(session, _)| session).collect()
    }

    pub(super) fn are_sessions_at_rest(&self) -> bool {
        !self.swarm.sessions
            || (self.now >= self.healed_at + WATCHED && self.left_behind().is_empty())
    }
}
