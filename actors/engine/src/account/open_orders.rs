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

/// Numbers are dense: by themselves they lie side by side, as orders are sent.
#[inline(always)]
fn spot_of(no: OrderNo) -> Spot {
    let home = no.0 as u32;
    Spot { home, tag: home.wrapping_mul(0x9E37_79B1) >> 20 }
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

    #[inline]
    pub fn insert(&mut self, order: OpenOrder) {
        let spot = spot_of(order.state.key.no);
        let slot = self.slots.insert(order);
        let home_of = |slot| self.slots.get(slot).state.key.no.0 as u32;
        self.index.insert(spot, slot, home_of);
    }

    /// Lets go of an order that is there.
    #[inline]
    pub fn remove(&mut self, no: OrderNo) {
        if let Some(slot) = self.slot(no) {
            let home_of = |slot| self.slots.get(slot).state.key.no.0 as u32;
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
        Vec::<OpenOrder>::deserialize(deserializer)?.into_iter().for_each(|o| orders.insert(o));
        Ok(orders)
    }
}
