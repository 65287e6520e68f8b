//! The open orders of an account, found by number.

use super::index::{Index, Spot};
use super::open_order::OpenOrder;
use super::slots::Slots;
use crate::ids::OrderNo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Debug, Default)]
pub(super) struct OpenOrders {
    slots: Slots<OpenOrder>,
    index: Index,
}

/// Eight numbers that follow one another lie side by side, as orders are sent; the eights are
/// scattered, so that no long runs come together.
#[inline(always)]
fn spot_of(no: OrderNo) -> Spot {
    let scattered = (no.0 >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let home = (scattered >> 32) as u32 & !7 | no.0 as u32 & 7;
    Spot { home, tag: (scattered >> 20) as u32 & 0xFF8 | no.0 as u32 & 7 }
}

impl OpenOrders {
    pub fn len(&self) -> usize {
        self.index.len()
    }

    #[inline]
    fn slot(&self, no: OrderNo) -> Option<u32> {
        self.index.find(spot_of(no), |slot| self.slots.get(slot).state.key.no == no)
    }

    #[inline]
    pub fn get(&self, no: OrderNo) -> Option<&OpenOrder> {
        self.slot(no).map(|slot| self.slots.get(slot))
    }

    #[inline]
    pub fn get_mut(&mut self, no: OrderNo) -> Option<&mut OpenOrder> {
        self.slot(no).map(|slot| self.slots.get_mut(slot))
    }

    /// The place that the next order will get, where there is one already.
    #[inline(always)]
    pub fn next_place(&self) -> Option<&OpenOrder> {
        self.slots.next_free()
    }

    /// A place for a new order, with nothing filled, held or amended. Whoever asks fills it in
    /// where it stays: an order is large, and every one passes here.
    #[inline]
    pub fn enter(&mut self, no: OrderNo) -> &mut OpenOrder {
        let slot = match self.slots.reuse() {
            Some(slot) => slot,
            None => self.slots.insert_with(OpenOrder::blank),
        };
        let order = self.slots.get_mut(slot);
        order.clear(no);
        let home_of = |slot| spot_of(self.slots.get(slot).state.key.no).home;
        self.index.insert(spot_of(no), slot, home_of);
        self.slots.get_mut(slot)
    }

    /// Lets go of an order that is there.
    #[inline]
    pub fn remove(&mut self, no: OrderNo) {
        if let Some(slot) = self.slot(no) {
            let home_of = |slot| spot_of(self.slots.get(slot).state.key.no).home;
            self.index.remove(spot_of(no), slot, home_of);
            self.slots.vacate(slot);
        }
    }

    /// Oldest first.
    pub fn sorted(&self) -> Vec<&OpenOrder> {
        let mut orders: Vec<&OpenOrder> =
            self.index.slots().map(|slot| self.slots.get(slot)).collect();
        orders.sort_unstable_by_key(|order| order.state.key.no);
        orders
    }
}

impl Serialize for OpenOrders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.sorted().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OpenOrders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut orders = OpenOrders::default();
        for order in Vec::<OpenOrder>::deserialize(deserializer)? {
            let no = order.state.key.no;
            *orders.enter(no) = order;
        }
        Ok(orders)
    }
}
