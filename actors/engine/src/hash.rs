//! State hashes: two replicas at one log position must agree on them.

use std::hash::Hasher;
use xxhash_rust::xxh3::Xxh3;

/// Collects a state hash, field by field, independent of platform and process.
#[derive(Default)]
pub struct StateHash(Xxh3);

impl StateHash {
    pub fn number(&mut self, value: u64) {
        self.0.update(&value.to_le_bytes());
    }

    pub fn amount(&mut self, value: i128) {
        self.0.update(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.0.update(value);
    }

    #[must_use]
    pub fn finish(&self) -> u64 {
        self.0.digest()
    }
}

/// FNV-1a over 64-bit words: the digest in which published order flows state their outcome.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(pub u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds a number as eight little-endian bytes.
    #[inline]
    pub fn word(&mut self, value: u64) {
        for byte in value.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A hasher for keys that are hashes already: takes their lower 64 bits as they are.
#[derive(Clone, Copy, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write(&mut self, bytes: &[u8]) {
        // Only whole numbers are used as keys; others would still be hashed, if slowly.
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}
