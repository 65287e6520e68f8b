//! Follow mode: its rules one by one, against a naive model, and among accounts.

mod differential;
mod rules;
mod street;
mod venue;
