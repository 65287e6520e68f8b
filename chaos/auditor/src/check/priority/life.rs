//! How long an order stays when nobody takes or cancels it.

/// What ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    #[default]
    UntilCancelled,
    /// The market's close.
    Day,
    /// A moment, nanoseconds of exchange time.
    Until(u64),
    /// The call that it is for.
    For(Call),
    /// Whatever call it came into.
    ThisCall,
    /// The same of an order at market, which comes first among equals there.
    ThisCallAtMarket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Opening,
    Closing,
}

impl Life {
    /// By its time in force, and when a GTD order ends.
    pub fn of(time_in_force: &str, expires: Option<u64>) -> Life {
        match (time_in_force, expires) {
            ("DAY", _) => Life::Day,
            ("GTD", Some(time)) => Life::Until(time),
            ("AT_OPEN", _) => Life::For(Call::Opening),
            ("AT_CLOSE", _) => Life::For(Call::Closing),
            _ => Life::UntilCancelled,
        }
    }

    pub fn ends_with_call(self) -> bool {
        matches!(self, Life::For(_) | Life::ThisCall | Life::ThisCallAtMarket)
    }
}
