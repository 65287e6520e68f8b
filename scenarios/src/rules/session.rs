//! When the market is open, and how it trades then.

use std::str::FromStr;

use super::{ClockTime, Date, ZoneOffset};
use crate::document::Fields;

/// Trading hours in local time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    pub zone: ZoneOffset,
    pub hours: Hours,
    /// Whether Saturday and Sunday are trading days.
    pub weekends: bool,
    /// Days without trading, in order.
    pub holidays: Vec<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Hours {
    /// Continuous trading without end.
    #[default]
    Always,
    /// Phases of the day, in order; between them the market is closed.
    Phases(Vec<Phase>),
}

/// One phase, from its first minute up to but without the minute `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    pub kind: PhaseKind,
    pub from: ClockTime,
    pub to: ClockTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseKind {
    OpeningCall,
    Continuous,
    ClosingCall,
}

impl FromStr for PhaseKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "opening-call" => Ok(Self::OpeningCall),
            "continuous" => Ok(Self::Continuous),
            "closing-call" => Ok(Self::ClosingCall),
            _ => Err(format!("`{text}` is not a phase: opening-call, continuous or closing-call")),
        }
    }
}

impl Session {
    /// The phase at a local time of a trading day; none is closed.
    #[must_use]
    pub fn phase_at(&self, time: ClockTime) -> Option<PhaseKind> {
        match &self.hours {
            Hours::Always => Some(PhaseKind::Continuous),
            Hours::Phases(phases) => {
                let phase = phases.iter().find(|phase| (phase.from..phase.to).contains(&time));
                phase.map(|phase| phase.kind)
            }
        }
    }

    /// Lays `[session]` over this one; `phases` replaces all phases.
    pub(super) fn overlay(&mut self, fields: &mut Fields<'_>) {
        let Some(mut table) = fields.table("session") else { return };
        if let Some(zone) = table.parsed("zone") {
            self.zone = zone;
        }
        if let Some(weekends) = table.flag("weekends") {
            self.weekends = weekends;
        }
        if let Some(holidays) = table.parsed_list("holidays") {
            self.holidays = holidays;
        }
        let place = table.place_of("always_open");
        let always = table.flag("always_open") == Some(true);
        let phases: Vec<Phase> = table.tables("phases").into_iter().filter_map(phase).collect();
        if always && !phases.is_empty() {
            let help = "leave one of the two out".to_string();
            let message = "a market that is always open has no `phases`";
            table.sink().report(place, message, Some(help));
        } else if always {
            self.hours = Hours::Always;
        } else if !phases.is_empty() {
            self.hours = Hours::Phases(phases);
        }
        table.finish();
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        let Hours::Phases(phases) = &self.hours else { return Vec::new() };
        let empty = phases.iter().filter(|phase| phase.from >= phase.to);
        let empty =
            empty.map(|phase| format!("the phase from {} ends before it starts", phase.from));
        let order = self.holidays.is_sorted_by(|one, next| one < next);
        let order = (!order).then(|| "holidays must be in order, each once".to_string());
        let overlaps = phases.windows(2).filter(|pair| pair[1].from < pair[0].to);
        let overlaps =
            overlaps.map(|pair| format!("the phase from {} starts in another", pair[1].from));
        empty.chain(overlaps).chain(order).collect()
    }
}

fn phase(mut fields: Fields<'_>) -> Option<Phase> {
    fields.require(&["phase", "from", "to"]);
    let (kind, from, to) = (fields.parsed("phase"), fields.parsed("from"), fields.parsed("to"));
    fields.finish();
    Some(Phase { kind: kind?, from: from?, to: to? })
}
