//! Clients and the gateways that they speak through.

use super::client::{Asked, Client, Op, Trade};
use super::gateway::{ATTEMPT, Asker, Heard, TOTAL, Under};
use super::packet::{At, Balances, Packet, Why};
use super::{Event, MORNING, Phase, World};
use crate::sim::wishes::{self, Scene};
use crate::sim::words::{MS, NodeId, SECOND};
use crate::sim::{feeds, market, operator};
use hoga_cluster::partition::{Command, Entry, SessionRef, Trace};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::Origin;
use hoga_engine::pit::Chooser;
use hoga_engine::request::AccountRequest;
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use xxhash_rust::xxh3::xxh3_64;

impl World {
    /// The first client is the operator; the others trade, several of them on one account.
    pub(super) fn begin_clients(&mut self) {
        let accounts = self.swarm.accounts;
        for name in 0..=self.swarm.clients {
            let script = if name == 0 {
                let founding = market::founding(&self.swarm.offer);
                founding.into_iter().rev().map(Asked::Meta).collect()
            } else {
                let mut first = vec![Asked::Account(AccountRequest::Open)];
                if name <= accounts {
                    first.extend(wishes::riches(name - 1).map(Asked::Account));
                }
                first.reverse();
                first
            };
            let nth = name.saturating_sub(1) % accounts;
            let trade = if name == 0 { Trade::Operates } else { Trade::Trades };
            self.begin_client(name, wishes::name_of(nth), trade, script);
        }
        let feeds = self.swarm.offer.outside.as_ref().map_or(0, |outside| outside.feeds);
        for name in (self.swarm.clients + 1..).take(feeds) {
            let first = vec![Asked::Account(AccountRequest::Open)];
            self.begin_client(name, market::HOUSE.into(), Trade::Feeds, first);
        }
    }

    fn begin_client(&mut self, name: usize, account: Box<str>, trade: Trade, script: Vec<Asked>) {
        self.clients.push(Client {
            dice: Chooser(self.swarm.seed ^ (name as u64 + 1) << 32),
            trade,
            account,
            node: 1 + name as u64 % self.swarm.nodes,
            ops: Vec::new(),
            waits_for: None,
            attempts: 0,
            attempt: 0,
            script,
            placed: Vec::new(),
            numbers: 0,
            name,
            session: None,
            stale: None,
            used: None,
        });
        self.after(300 * MS + name as u64 * MS, Event::Wish { client: name });
    }

    /// What an exact clock says of the exchange's time.
    #[must_use]
    pub fn exchange_time(&self) -> Time {
        Time(MORNING + self.now * self.swarm.offer.pace)
    }

    /// A client that waits for nothing asks the next thing, or something again.
    pub(super) fn wish(&mut self, nth: usize) {
        if self.phase >= Phase::Resting || self.clients[nth].waits_for.is_some() {
            return;
        }
        if self.swarm.sessions && self.vanishes(nth) {
            return;
        }
        let repeats = self.swarm.repeats;
        let client = &mut self.clients[nth];
        let is_repeat =
            client.script.is_empty() && !client.ops.is_empty() && client.dice.below(100) < repeats;
        let op = if is_repeat {
            // Mostly a late one: its answer may still be under way.
            let reach = *client.dice.one_of(&[4, 64]);
            let back = client.dice.below(reach) as usize;
            let op = client.ops.len().saturating_sub(1 + back);
            let is_other = matches!(client.ops[op].request, Asked::Read | Asked::Session(..));
            if is_other || client.ops[op].given_up { None } else { Some(op) }
        } else {
            None
        };
        let op = match op {
            Some(op) => {
                self.tally.repeats += 1;
                op
            }
            None => {
                let Some(asked) = self.session_wish(nth).or_else(|| self.next_wish(nth)) else {
                    // The operator has nothing more to do.
                    return;
                };
                let op = self.op(nth, asked);
                let client = &mut self.clients[nth];
                client.ops.push(op);
                client.ops.len() - 1
            }
        };
        let client = &mut self.clients[nth];
        client.waits_for = Some(op);
        client.attempts = 0;
        self.attempt(nth);
    }

    fn next_wish(&mut self, nth: usize) -> Option<Asked> {
        let now = self.exchange_time();
        let client = &mut self.clients[nth];
        if let Some(next) = client.script.pop() {
            return Some(next);
        }
        match client.trade {
            Trade::Operates if !self.swarm.offer.operator => return None,
            Trade::Operates => {
                return Some(Asked::Meta(operator::next(&mut client.dice, &self.swarm.offer)));
            }
            Trade::Feeds => return feeds::next(&mut client.dice, &self.swarm.offer, now),
            Trade::Trades => {}
        }
        if client.dice.below(10) == 0 {
            return Some(Asked::Read);
        }
        let Client { dice, placed, numbers, name, .. } = client;
        let scene = Scene { swarm: &self.swarm, placed, now, next_id: (*name, *numbers + 1) };
        Some(Asked::Account(wishes::next(dice, &scene)))
    }

    fn op(&mut self, nth: usize, asked: Asked) -> Op {
        let (topology, now) = (self.swarm.topology, self.exchange_time());
        let client = &mut self.clients[nth];
        client.numbers += 1;
        let trades = client.trade == Trade::Trades;
        let reuses = !client.ops.is_empty() && client.script.is_empty() && trades;
        let text = if reuses && client.dice.below(60) == 0 {
            // An id that was used before, for something else.
            let back = client.dice.below(client.ops.len().min(20) as u64) as usize;
            client.ops[client.ops.len() - 1 - back].id.as_str().to_owned()
        } else {
            format!("c{}-{}", client.name, client.numbers)
        };
        let id = ClientId::parse(&text).expect("an id within the rules");
        let partition = match asked {
            Asked::Meta(_) => Topology::META,
            Asked::Post(instrument, _) => topology.book_partition(instrument),
            _ => topology.account_partition(&client.account),
        };
        if let Asked::Account(AccountRequest::Place { .. }) = &asked {
            client.placed.push(id);
            client.placed.extend(second_of(&asked));
            while client.placed.len() > wishes::PLACED_MAX {
                client.placed.remove(0);
            }
        }
        let sent_at = (client.dice.below(2) == 0).then_some(now);
        Op {
            account: client.account.clone(),
            partition,
            id,
            body_hash: body_hash(&asked),
            request: asked,
            sent_at,
            after: 0,
            answer: None,
            was_unknown: false,
            given_up: false,
        }
    }

    /// Hands what a client waits for to a gateway.
    fn attempt(&mut self, nth: usize) {
        let client = &mut self.clients[nth];
        let Some(op) = client.waits_for else { return };
        client.attempts += 1;
        client.attempt += 1;
        let attempt = client.attempt;
        let node = client.node;
        let op = &mut client.ops[op];
        op.after = self.witness.acknowledged(op.partition);
        let (op, client) = (op.clone(), nth);
        let is_reachable = self.hosts.get(&node).is_some_and(|host| host.is_up && !host.is_lost);
        if !is_reachable {
            // Refused at once: the next node is tried.
            let delay = MS + self.clients[nth].dice.below(20 * MS);
            return self.after(delay, Event::Reset { client, attempt });
        }
        let stream = self.stream(nth);
        let Some(host) = self.hosts.get_mut(&node) else { return };
        let (partition, incarnation) = (op.partition, host.incarnation);
        let origin = host.gateway.open(node, incarnation, |origin| Under {
            asker: Asker::Client(client),
            partition,
            packet: packet(&op, origin, stream),
            is_unknown: false,
            hint: None,
            attempts: 0,
            is_sent: false,
        });
        let request = origin.request;
        self.after(TOTAL, Event::GiveUp { node, incarnation, request });
        self.route(node, request);
    }

    /// Sends a request to whom the gateway takes for the leader.
    pub(super) fn route(&mut self, node: NodeId, request: u64) {
        let misroutes = self.mutant.is_some_and(super::Mutant::asks_under_new_ids);
        let Some(host) = self.hosts.get_mut(&node) else { return };
        let incarnation = host.incarnation;
        let Some(under) = host.gateway.under.get_mut(&request) else { return };
        let believed = host.seats.get(&under.partition).and_then(|seat| seat.leader);
        let target = under.hint.take().or(believed);
        under.attempts += 1;
        let attempts = under.attempts;
        let delay = match target {
            Some(target) => {
                under.is_sent = true;
                let mut packet = under.packet.clone();
                if misroutes && attempts > 1 {
                    rename(&mut packet, attempts);
                }
                self.send(node, target, packet);
                ATTEMPT
            }
            None => 10 * MS + self.dice.below(40 * MS),
        };
        self.after(delay, Event::Again { node, incarnation, request, attempts });
    }

    pub(super) fn again(&mut self, node: NodeId, incarnation: u32, request: u64, attempts: u64) {
        let is_paused = self.hosts.get(&node).is_some_and(|host| host.is_paused);
        let Some(host) = self.running(node, incarnation) else { return };
        let Some(under) = host.gateway.under.get_mut(&request) else { return };
        if under.attempts != attempts {
            return;
        }
        if is_paused {
            return self.after(20 * MS, Event::Again { node, incarnation, request, attempts });
        }
        under.is_unknown |= under.is_sent;
        under.is_sent = false;
        self.route(node, request);
    }

    pub(super) fn refused(&mut self, node: NodeId, origin: Origin, why: Why) {
        let Some(host) = self.running(node, origin.incarnation) else { return };
        if host.gateway.refused(origin.request, why) {
            let (request, incarnation) = (origin.request, origin.incarnation);
            let Some(under) = host.gateway.under.get_mut(&request) else { return };
            under.attempts += 1;
            let attempts = under.attempts;
            self.tally.refused += 1;
            let delay = 10 * MS + self.dice.below(40 * MS);
            self.after(delay, Event::Again { node, incarnation, request, attempts });
        }
    }

    pub(super) fn answered(&mut self, node: NodeId, origin: Origin, at: At, answer: Answer) {
        let found = self.witness.acknowledge(origin, at, &answer);
        self.found(found);
        let Some(host) = self.running(node, origin.incarnation) else { return };
        let Some(under) = host.gateway.under.remove(&origin.request) else { return };
        self.note_session(node, origin, &under, &answer);
        if let Asker::Client(client) = under.asker {
            self.hears(client, Heard::Answer(at, answer));
        }
    }

    pub(super) fn seen(
        &mut self,
        node: NodeId,
        origin: Origin,
        at: At,
        balances: Option<Balances>,
    ) {
        let Some(host) = self.running(node, origin.incarnation) else { return };
        let Some(under) = host.gateway.under.remove(&origin.request) else { return };
        if let Asker::Client(client) = under.asker {
            self.hears(client, Heard::Seen(at, balances));
        }
    }

    /// What a client waited for is decided, or not.
    pub(super) fn hears(&mut self, nth: usize, heard: Heard) {
        let Some(op) = self.clients[nth].waits_for else { return };
        let asked = self.clients[nth].ops[op].clone();
        let goes_on = match heard {
            Heard::Answer(at, answer) => {
                self.tally.acknowledged += 1;
                self.tally.answer(&answer);
                let found = self.witness.heard(&asked, at, &answer);
                self.found(found);
                if !self.is_fenced(nth, op, &answer) {
                    self.clients[nth].ops[op].answer.get_or_insert((at, answer));
                }
                true
            }
            Heard::Seen(at, balances) => {
                self.tally.reads += 1;
                let found = self.witness.read(&asked, at, balances.as_ref());
                self.found(found);
                true
            }
            Heard::Unknown => {
                self.tally.unknown += 1;
                self.clients[nth].ops[op].was_unknown = true;
                self.gives_up(nth, op)
            }
            Heard::Unavailable => self.gives_up(nth, op),
        };
        if goes_on {
            let client = &mut self.clients[nth];
            client.waits_for = None;
            client.attempt += 1;
            let most = match client.trade {
                Trade::Operates if self.swarm.offer.operator => 4 * self.swarm.thinks,
                Trade::Trades | Trade::Operates => self.swarm.thinks,
                Trade::Feeds => self.swarm.offer.outside.as_ref().map_or(SECOND, |it| it.every),
            };
            let thinks = client.dice.below(most) + MS;
            self.after(thinks, Event::Wish { client: nth });
        } else {
            if self.phase < Phase::Ended {
                self.leave(nth);
                let client = &mut self.clients[nth];
                // Elsewhere, so whatever was open there is lost.
                let members = &self.members;
                let place = client.dice.below(members.len() as u64) as usize;
                client.node = members[place];
                self.attempt(nth);
            }
        }
    }

    /// Some requests are not asked again, so that not all that happens is what somebody insists
    /// on. The first ones always are: without accounts there is nothing to see.
    fn gives_up(&mut self, nth: usize, op: usize) -> bool {
        let client = &mut self.clients[nth];
        let is_basic =
            matches!(client.ops[op].request, Asked::Meta(_) | Asked::Account(AccountRequest::Open));
        if is_basic || !client.script.is_empty() || client.dice.below(4) != 0 {
            return false;
        }
        client.ops[op].given_up = true;
        self.tally.given_up += 1;
        true
    }

    /// Every client has an answer to what it asked last.
    pub(super) fn is_answered(&self) -> bool {
        self.clients.iter().all(|client| client.waits_for.is_none())
    }
}

fn packet(op: &Op, origin: Origin, stream: Option<SessionRef>) -> Packet {
    let (partition, trace) = (op.partition, Trace::default());
    let (account, envelope) = (op.account.clone(), op.envelope(origin));
    let command = match op.request.clone() {
        Asked::Account(request) => match stream {
            Some(SessionRef { id, epoch, .. }) => {
                Command::InSession { id, epoch, asked: Box::new((account, envelope, request)) }
            }
            None => Command::Request { account, envelope, request },
        },
        Asked::Session(id, cancels) => Command::OpenSession { account, id, cancels, origin },
        Asked::Meta(command) => Command::Meta { envelope, command },
        Asked::Post(instrument, snapshot) => Command::Post { instrument, origin, snapshot },
        Asked::Read => return Packet::Read { partition, origin, account },
    };
    Packet::Ask { partition, origin, entry: Entry { trace, command } }
}

/// The id of the second of two orders that were asked for at once.
fn second_of(asked: &Asked) -> Option<ClientId> {
    let Asked::Account(AccountRequest::Place { order, .. }) = asked else { return None };
    order.other().map(|other| other.id)
}

/// A planted bug: a retry under another id is another request.
fn rename(packet: &mut Packet, attempt: u64) {
    if let Packet::Ask { entry, .. } = packet
        && let Command::Request { envelope, .. } = &mut entry.command
        && let Ok(id) = ClientId::parse(&format!("{}-{attempt}", envelope.id))
    {
        envelope.id = id;
    }
}

/// What makes two requests the same: not when their answer is wanted, nor what is added later.
fn body_hash(asked: &Asked) -> u64 {
    let text = match asked {
        Asked::Account(AccountRequest::Place { order, .. }) => format!("{order:?}"),
        other => format!("{other:?}"),
    };
    xxh3_64(text.as_bytes())
}
