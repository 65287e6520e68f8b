//! The pit under random courses of events, with every invariant looked at.

pub(crate) mod market;
mod random;
mod retries;
mod step;
