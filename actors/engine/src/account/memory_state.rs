//! An account's memory as a snapshot keeps it: slot by slot.
//!
//! Slots are given out alike wherever the same requests were heard, also after a memory was read
//! again, so equal histories give equal bytes.

use super::closings::Closings;
use super::memory::{Memory, Remembered};
use super::slots::Slots;
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize)]
struct Kept<'a> {
    slots: &'a Slots<Remembered>,
    closed: &'a Closings,
    due: Option<Time>,
    horizon: Option<Time>,
}

#[derive(Deserialize)]
struct Read {
    slots: Slots<Remembered>,
    closed: Closings,
    due: Option<Time>,
    horizon: Option<Time>,
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Memory { slots, closed, due, horizon, .. } = self;
        Kept { slots, closed, due: *due, horizon: *horizon }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { slots, closed, due, horizon } = Read::deserialize(deserializer)?;
        let seen = Memory::seen_in(&slots);
        Ok(Memory { slots, seen, closed, due, horizon })
    }
}
