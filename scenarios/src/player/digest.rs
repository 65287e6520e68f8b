//! The digest of a play: what two runs must agree on.
//!
//! FNV-1a over 64-bit words, low byte first. Each trade, in the order of the play, is instrument
//! number, trade number, milliseconds from the start, price in ticks, quantity in lots and taker
//! side (0 buys, 1 sells). Behind the last trade stand all balances that are not zero, by account
//! name, then asset number: the name (its length, then its bytes, a word each), the asset number,
//! available and held as 128 bits each, low word first.

use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::hash::Fnv;
use hoga_engine::ids::{AssetId, InstrumentId, TradeNo};
use hoga_engine::order::Side;

use crate::time::Millis;

#[derive(Debug, Clone, Copy, Default)]
pub struct Digest(Fnv);

impl Digest {
    pub fn trade(
        &mut self,
        instrument: InstrumentId,
        no: TradeNo,
        at: Millis,
        price: Ticks,
        quantity: Lots,
        taker: Option<Side>,
    ) {
        // In a call neither side takes.
        let side = match taker {
            Some(Side::Buy) => 0,
            Some(Side::Sell) => 1,
            None => 2,
        };
        for word in [instrument.0.into(), no.0, at.0, price.0.into(), quantity.0, side] {
            self.0.word(word);
        }
    }

    /// The digest with the balances behind the trades, in lower case hexadecimal. A balance is its
    /// account's name, its asset, what is available and what is held; of one account they come in
    /// the order of their assets.
    #[must_use]
    pub fn with_balances(mut self, mut balances: Vec<(&str, AssetId, Amount, Amount)>) -> String {
        balances.sort_by_key(|(account, ..)| *account);
        for (account, asset, available, held) in balances {
            if available + held != 0 {
                self.text(account);
                self.0.word(asset.0.into());
                self.amount(available);
                self.amount(held);
            }
        }
        format!("{:016x}", self.0.0)
    }

    fn text(&mut self, text: &str) {
        self.0.word(text.len() as u64);
        text.bytes().for_each(|byte| self.0.word(byte.into()));
    }

    fn amount(&mut self, amount: Amount) {
        self.0.word(amount as u64);
        self.0.word((amount >> 64) as u64);
    }
}
