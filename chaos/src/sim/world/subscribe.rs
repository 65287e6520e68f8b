//! Subscribers: they follow books from whatever node answers, and check what they are shown.

use super::feed::{Shown, Subscriber};
use super::{Event, Phase, World};
use crate::sim::words::{Broken, MS};
use hoga_actors::{Entity, EntityId};
use hoga_engine::ids::PartitionId;
use std::collections::BTreeMap;

impl World {
    pub(super) fn begin_subscribers(&mut self) {
        for nth in 0..self.swarm.subscribers {
            let partition = PartitionId(2 + (nth as u16 % self.swarm.topology.books));
            self.subscribers.push(Subscriber {
                partition,
                node: 1 + nth as u64,
                token: 0,
                looked_at: 0,
                books: BTreeMap::new(),
            });
            self.after(400 * MS, Event::Subscriber { nth });
        }
    }

    /// Takes what is new from the subscriber's node, or moves on to another.
    pub(super) fn subscriber(&mut self, nth: usize) {
        let pause = 20 * MS + self.dice.below(80 * MS);
        self.after(pause, Event::Subscriber { nth });
        let found = self.follow(nth);
        self.found(found);
    }

    fn follow(&mut self, nth: usize) -> Result<(), Broken> {
        let Subscriber { partition, node, token, .. } = self.subscribers[nth];
        let mutant = self.mutant;
        let elsewhere = self.dice.below(100) == 0;
        let host = self.hosts.get(&node).filter(|host| host.is_up && !host.is_paused);
        let seat = host.and_then(|host| host.seats.get(&partition)).filter(|_| !elsewhere);
        let Some(seat) = seat else {
            let place = self.dice.below(self.members.len() as u64) as usize;
            self.subscribers[nth].node = self.members[place];
            self.tally.resumed += 1;
            return Ok(());
        };
        if seat.life.applied() < token {
            // A node that is behind has nothing to say yet.
            return Ok(());
        }
        let Some(events) = seat.ring.after(token) else {
            let reached = seat.life.applied();
            let books =
                seat.life.replica().entities.iter().filter_map(|(id, entity)| match (id, entity) {
                    (EntityId::Book(id), Entity::Book(listing)) => Some((*id, Shown::of(listing))),
                    _ => None,
                });
            let books: BTreeMap<_, _> = books.collect();
            self.tally.resyncs += 1;
            let subscriber = &mut self.subscribers[nth];
            (subscriber.token, subscriber.looked_at) = (reached, reached);
            subscriber.books = books.clone();
            return self.witness.snapshot_shown(partition, reached, &books);
        };
        let reached = seat.life.applied();
        let last = events.last().map_or(token, |(index, _)| *index);
        let events = match mutant {
            Some(mutant) => mutant.edit_feed(events),
            None => events,
        };
        let subscriber = &mut self.subscribers[nth];
        for (index, events) in events {
            for (instrument, event) in events {
                let follows = subscriber.books.entry(instrument).or_default().take(&event);
                if !follows {
                    let what = format!("{event:?} of #{} at {index} does not follow", instrument.0);
                    return Err(Broken { invariant: "SEQ-1", what });
                }
                self.tally.shown += 1;
                self.witness.shown(partition, index, instrument, &event)?;
            }
        }
        subscriber.token = match mutant {
            Some(mutant) => mutant.edit_token(last.max(token), reached),
            None => last.max(token),
        };
        subscriber.looked_at = reached;
        let books = subscriber.books.clone();
        self.witness.books_shown(partition, reached, &books)
    }

    /// Every subscriber has looked at everything.
    pub(super) fn is_shown(&self) -> bool {
        let reached = |partition| self.witness.reached(partition);
        self.subscribers.iter().all(|it| it.looked_at == reached(it.partition))
    }

    /// At rest every subscriber knows the whole book.
    pub(super) fn check_subscribers(&mut self) -> Result<(), Broken> {
        debug_assert!(self.phase >= Phase::Resting);
        for subscriber in &self.subscribers {
            let reached = self.witness.reached(subscriber.partition);
            self.witness.books_shown(subscriber.partition, reached, &subscriber.books)?;
        }
        Ok(())
    }
}
