//! Until when a call wants its answer.

use http::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// For a call that does not say.
const DEFAULT: Duration = Duration::from_secs(5);

/// Longest wait for one answer, whatever the call says.
const LONGEST: Duration = Duration::from_secs(60);

/// So much earlier than the caller's own deadline the answer is sent, that it arrives in time:
/// a sixteenth of the wait, at most this.
const MARGIN_MAX: Duration = Duration::from_millis(20);

/// The ends of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Until when a method waits for what it was asked for.
    pub method: Instant,
    /// When the door answers for a method that did not; none where the caller said no time, or
    /// a longer one than any method takes.
    pub door: Option<Instant>,
}

/// The deadline that the headers ask for. An unreadable one counts as none: the caller's own
/// clock ends the call anyway.
pub fn of(headers: &HeaderMap) -> Deadline {
    let now = Instant::now();
    let asked = headers.get("grpc-timeout").and_then(|value| parse(value.to_str().ok()?));
    let Some(asked) = asked else { return Deadline { method: now + DEFAULT, door: None } };
    let wait = asked.min(LONGEST);
    let margin = (wait / 16).min(MARGIN_MAX);
    let door = (asked <= LONGEST).then(|| now + wait - margin / 2);
    Deadline { method: now + wait - margin, door }
}

/// Up to eight digits and a unit, as gRPC writes it: `5S`, `250m`.
fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.len().checked_sub(1).filter(|digits| (1..=8).contains(digits))?;
    let digits = text.get(..unit_at)?;
    let count: u64 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some(match &text[unit_at..] {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        let cases = [
            ("5S", Some(Duration::from_secs(5))),
            ("99999999m", Some(Duration::from_millis(99_999_999))),
            ("2H", Some(Duration::from_secs(7200))),
            ("1u", Some(Duration::from_micros(1))),
            ("S", None),
            ("123456789S", None),
            ("-1S", None),
            ("5s", None),
            ("", None),
        ];
        for (text, wait) in cases {
            assert_eq!(parse(text), wait, "{text}");
        }
    }
}
