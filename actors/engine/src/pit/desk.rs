//! An account partition: its accounts and its copy of the catalogue.

use crate::account::{Account, Context};
use crate::effect::Effects;
use crate::ids::{AccountId, PartitionId};
use crate::instrument::Catalogue;
use crate::message::{AccountMessage, Message, PartitionMessage};
use crate::reject::Reject;
use crate::request::{AccountRequest, Envelope};
use crate::time::Time;
use crate::topology::Topology;
use std::collections::BTreeMap;

/// The accounts of one partition and what they look at.
pub struct Desk {
    id: PartitionId,
    topology: Topology,
    pub(crate) catalogue: Catalogue,
    accounts: Vec<Account>,
    names: BTreeMap<Box<str>, AccountId>,
}

impl Desk {
    pub(super) fn new(id: PartitionId, topology: Topology) -> Desk {
        Desk {
            id,
            topology,
            catalogue: Catalogue::default(),
            accounts: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn id(&self) -> PartitionId {
        self.id
    }

    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub fn accounts(&self) -> impl Iterator<Item = &Account> + '_ {
        self.accounts.iter()
    }

    #[must_use]
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.index() as usize]
    }

    #[must_use]
    pub fn find(&self, name: &str) -> Option<AccountId> {
        self.names.get(name).copied()
    }

    pub(super) fn open(&mut self, name: &str, now: Time) -> AccountId {
        if let Some(id) = self.find(name) {
            return id;
        }
        let id = AccountId::new(self.id, self.accounts.len() as u32);
        self.accounts.push(Account::new(id, name, now));
        self.names.insert(name.into(), id);
        id
    }

    pub(super) fn request(
        &mut self,
        account: AccountId,
        envelope: &Envelope,
        request: &AccountRequest,
        at: Time,
        out: &mut impl Effects,
    ) {
        let context = Context { catalogue: &self.catalogue, topology: &self.topology, at };
        self.accounts[account.index() as usize].request(envelope, request, &context, out);
    }

    #[inline]
    pub(super) fn hear(&mut self, message: &Message, at: Time, out: &mut impl Effects) {
        match message {
            Message::ToAccount(account, message) => self.tell(*account, message, at, out),
            Message::ToNamedAccount(name, credit) => match self.find(name) {
                Some(id) => self.tell(id, &AccountMessage::Credit(credit.clone()), at, out),
                None => {
                    let (from, credit, to) = (credit.from, credit.clone(), name.clone());
                    let bounce = AccountMessage::Bounce { credit, to };
                    out.send(from.partition(), Message::ToAccount(from, bounce));
                }
            },
            Message::ToFaucet(name, draw) => match self.find(name) {
                Some(id) => self.tell(id, &AccountMessage::Draw(draw.clone()), at, out),
                None => {
                    let refused = draw.refused(Reject::AccountNotFound { name: name.clone() });
                    out.send(draw.to.partition(), refused);
                }
            },
            Message::ToPartition(PartitionMessage::Instrument(instrument)) => {
                self.catalogue.instruments.insert(instrument.id, (**instrument).clone());
            }
            Message::ToPartition(PartitionMessage::Asset(asset)) => {
                self.catalogue.assets.insert(asset.id, asset.clone());
            }
            // Nobody is ranked in a pit.
            Message::ToPartition(PartitionMessage::DayClosed { .. }) => {}
            Message::ToBook(..)
            | Message::ToBoard(_)
            | Message::ToPartition(PartitionMessage::Break { .. }) => {
                panic!("a partition of accounts has neither books nor boards")
            }
        }
    }

    #[inline]
    fn tell(&mut self, id: AccountId, message: &AccountMessage, at: Time, out: &mut impl Effects) {
        let context = Context { catalogue: &self.catalogue, topology: &self.topology, at };
        self.accounts[id.index() as usize].hear(message, &context, out);
    }
}
