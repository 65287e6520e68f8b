//! Candles against a naive rebuild from the trades, and where they begin.

mod calendar;
mod naive;
mod rebuilt;
