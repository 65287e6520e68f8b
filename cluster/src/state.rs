//! A partition's whole state as a snapshot keeps it: its bookkeeping, its entities, its hash.

use crate::partition::{Core, CoreState};
use hoga_actors::{Captured, EntityId, Host, Resident};
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use xxhash_rust::xxh3::xxh3_64;

/// Why bytes are no state. They passed their checksums, so another version wrote them, or a bug.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the state of partition {partition} cannot be read: {source}")]
    Unreadable { partition: u16, source: postcard::Error },
    #[error("the state of partition {partition} has hash {found:016x} and says {stated:016x}")]
    OtherHash { partition: u16, found: u64, stated: u64 },
}

/// The block that comes first. The last block ends with the state's hash.
#[must_use]
pub fn core_block(core: &[u8]) -> Vec<u8> {
    let mut block = (core.len() as u64).to_le_bytes().to_vec();
    block.extend_from_slice(core);
    block
}

/// A block of some entities.
#[must_use]
pub fn entity_block(entities: &[Captured]) -> Vec<u8> {
    let mut block = Vec::new();
    for entity in entities {
        block = postcard::to_extend(entity, block).expect("an entity's bytes always encode");
    }
    block
}

/// A whole state in one piece: what the blocks of a snapshot make together.
#[must_use]
pub fn whole(core: &[u8], entities: &[Captured]) -> Vec<u8> {
    let hash = hash_core(core).wrapping_add(hash_entities(entities));
    let mut bytes = core_block(core);
    bytes.extend(entity_block(entities));
    bytes.extend_from_slice(&hash.to_le_bytes());
    bytes
}

/// The hash of the bookkeeping alone; entities are added in any order.
#[must_use]
pub fn hash_core(core: &[u8]) -> u64 {
    xxh3_64(core)
}

/// What an entity adds to its partition's state hash.
#[must_use]
pub fn hash_entity(id: EntityId, state: &[u8]) -> u64 {
    let mut bytes = postcard::to_stdvec(&id).expect("an entity's id always encodes");
    bytes.extend_from_slice(state);
    xxh3_64(&bytes)
}

/// What some entities add to it.
#[must_use]
pub fn hash_entities(entities: &[Captured]) -> u64 {
    entities.iter().fold(0, |hash, (id, state)| hash.wrapping_add(hash_entity(*id, state)))
}

/// A state read back, with its hash.
pub struct State {
    pub core: Core,
    pub entities: Vec<(EntityId, Resident)>,
    pub hash: u64,
}

impl State {
    /// The state of a partition before its first command.
    #[must_use]
    pub fn empty(partition: PartitionId, topology: Topology) -> State {
        let core = Core::new(partition, topology);
        let entities = core.first_entities();
        let hash = entities.iter().fold(hash_core(&core.encode()), |hash, (id, entity)| {
            hash.wrapping_add(hash_entity(*id, &entity.encode()))
        });
        let entities = entities.into_iter().map(|(id, entity)| (id, entity.into())).collect();
        State { core, entities, hash }
    }

    /// # Errors
    /// The bytes are not of this version.
    pub fn decode(
        partition: PartitionId,
        topology: Topology,
        bytes: &[u8],
    ) -> Result<State, StateError> {
        let failed = |source| StateError::Unreadable { partition: partition.0, source };
        let short = postcard::Error::DeserializeUnexpectedEnd;
        let (rest, stated) = bytes.split_last_chunk().ok_or_else(|| failed(short.clone()))?;
        let stated = u64::from_le_bytes(*stated);
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| failed(short.clone()))?;
        let length = u64::from_le_bytes(*length) as usize;
        let (core, mut rest) = rest.split_at_checked(length).ok_or_else(|| failed(short))?;
        let mut hash = hash_core(core);
        let state: CoreState = postcard::from_bytes(core).map_err(failed)?;
        let mut entities = Vec::new();
        while !rest.is_empty() {
            let (captured, after): (Captured, _) =
                postcard::take_from_bytes(rest).map_err(failed)?;
            let (id, bytes) = captured;
            hash = hash.wrapping_add(hash_entity(id, &bytes));
            entities.push((id, Resident::decode(bytes).map_err(failed)?));
            rest = after;
        }
        if hash != stated {
            let partition = partition.0;
            return Err(StateError::OtherHash { partition, found: hash, stated });
        }
        Ok(State { core: Core::restore(partition, topology, state), entities, hash })
    }

    /// Puts the entities into a host.
    pub fn settle(self, host: &mut Host) -> Core {
        for (id, resident) in self.entities {
            host.insert(id, resident);
        }
        self.core
    }
}
