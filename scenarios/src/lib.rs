//! The scenario language: files, sentences, rule books, bots and tapes.
//!
//! Owns what a scenario *says*: [`file`] reads a scenario with every mistake at its line and
//! column, [`grammar`] reads the sentences of `do` (the CLI shares it), [`rules`] holds the rule
//! books, [`bots`] the seeded traders, [`tape`] the long flows of one command a line.
//! [`listing`] turns a rule book into the exchange's own instruments, and [`player`] plays a
//! scenario on them. Nothing of that knows a runtime, a clock or a network: time and views are
//! inputs. Beside it, [`replay`] runs outside tapes through the bare book and times itself, and
//! [`candles`] reads candles of other exchanges.

pub mod bots;
pub mod candles;
pub mod chart;
pub mod document;
pub mod feed;
pub mod file;
pub mod grammar;
pub mod listing;
pub mod names;
pub mod numbers;
pub mod player;
pub mod replay;
pub mod rules;
pub mod tape;
pub mod time;
