//! Outside tapes through the bare book, compared with what is published about them.
//!
//! Owns: the readers of two formats, a recorded day of LOBSTER ([`lobster`]) and the common flow
//! of operations ([`flow`]) with its generator ([`flow_source`]). Both can be written down as a
//! [`script`], to ask the same of another book.
//! Takes: a path, or the generator's settings; files are read as streams.
//! Emits: a report that serialises to the documented JSON; wall time is the only thing in it
//! that differs between two runs.
//! On failure: [`ReplayError`] names file, line and field; a difference is no failure but a
//! figure of the report.

mod error;
pub mod flow;
mod flow_file;
pub mod flow_script;
pub mod flow_source;
mod lines;
pub mod lobster;
pub mod script;

pub use error::ReplayError;

/// The highest number that an order of a tape may have: a book has 48 bits for it.
const ORDER_MAX: u64 = (1 << 48) - 1;
