//! Who may do what: the one place that decides it.
//!
//! Owns: the [`Door`], a layer that every call passes before it reaches a service; what a token
//! says ([`Grant`]) and which keys may have signed it ([`Keys`]); what a method knows about its
//! caller ([`Caller`]).
//! Takes: the path and the headers of a call.
//! Emits: a caller with its rights, its trace, its deadline and the id of its request.
//! On failure: `UNAUTHENTICATED` without a good token, `PERMISSION_DENIED` for everything that
//! no rule allows. A method without a rule does not exist.

mod call;
mod caller;
mod claims;
mod deadline;
mod door;
mod keys;
mod names;
mod signing;
mod token;
mod trace;

#[cfg(test)]
mod signed_tests;
#[cfg(test)]
mod tests;

pub use call::in_our_words;
pub use caller::Caller;
pub use claims::LIFETIME_MAX_S;
pub use door::Door;
pub use keys::{Keys, KeysError};
pub use names::Names;
pub use signing::{SigningError, SigningKey, Wanted};
pub use token::{Accepts, Grant, unix_now};
