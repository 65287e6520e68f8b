//! The scenario language: files, sentences, rule books, bots and tapes.
//!
//! Owns what a scenario *says*: [`file`] reads a scenario with every mistake at its line and
//! column, [`grammar`] reads the sentences of `do` (the CLI shares it), [`rules`] holds the rule
//! books, [`bots`] the seeded traders, [`tape`] the long flows of one command a line.
//! Nothing here knows a runtime, a clock or a network: time and views are inputs.

pub mod bots;
pub mod document;
pub mod file;
pub mod grammar;
pub mod names;
pub mod numbers;
pub mod rules;
pub mod tape;
pub mod time;
