//! Deposits of an asset of fixed supply: a transfer out of its faucet, never new money.

use super::{Account, Ask, Context};
use crate::amount::Amount;
use crate::effect::{Answer, Effects, Posting};
use crate::history::LedgerKind;
use crate::ids::AssetId;
use crate::message::{AccountMessage, Credit, Draw, Message};
use crate::reject::{Reject, Shown};
use crate::request::Ack;
use crate::topology::Topology;

impl Account {
    /// Asks the faucet; the client is answered when the faucet has.
    pub(super) fn draw(
        &mut self,
        ask: &Ask,
        faucet: &str,
        asset: AssetId,
        amount: Amount,
        topology: &Topology,
        out: &mut impl Effects,
    ) {
        self.memory.open(ask, None, Some(Ack::Result));
        let (request, origin) = (ask.envelope.id, ask.envelope.origin);
        let to_name = self.name.clone();
        let draw = Draw { asset, amount, to: self.id, to_name, request, origin };
        let partition = topology.account_partition(faucet);
        out.send(partition, Message::ToFaucet(faucet.into(), draw));
    }

    /// The faucet's side: gives what it has, refuses what it has not.
    pub(super) fn give(&mut self, draw: &Draw, context: &Context, out: &mut impl Effects) {
        let Draw { asset, amount, to, request, origin, .. } = *draw;
        let available = self.till.get(asset).available;
        if available < amount {
            let asset = &context.catalogue.assets[&asset];
            let [needed, available] =
                [amount, available].map(|minor| Shown { minor, scale: asset.scale });
            let asset = asset.code.clone();
            let reject = Reject::InsufficientFunds { needed, available, asset };
            out.send(to.partition(), draw.refused(reject));
            return;
        }
        self.lose(asset, amount, context);
        self.move_in(LedgerKind::TransferOut, asset, -amount, Some(request), context, out);
        self.with(&draw.to_name, context, out);
        out.post(Posting { clearing: amount, ..Posting::none(asset) });
        let from_name = self.name.clone();
        let credit = Credit { asset, amount, from: self.id, from_name, request, origin };
        let message = Message::ToAccount(to, AccountMessage::Drawn(credit));
        out.send(to.partition(), message);
    }

    /// What the faucet gave arrives.
    pub(super) fn drawn(&mut self, credit: &Credit, context: &Context, out: &mut impl Effects) {
        let Credit { asset, amount, request, .. } = *credit;
        self.gain(asset, amount, context);
        self.move_in(LedgerKind::TransferIn, asset, amount, Some(request), context, out);
        self.with(&credit.from_name, context, out);
        out.post(Posting { clearing: -amount, ..Posting::none(asset) });
        let balance = self.till.get(asset);
        let answer = Answer::Balance { asset, available: balance.available, held: balance.held };
        self.tell(request.hash(), &answer, context, out);
    }
}
