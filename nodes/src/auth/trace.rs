//! The W3C trace that a call belongs to.

use hoga_cluster::partition::Trace;
use http::HeaderMap;

/// The caller's part of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    pub trace: Trace,
    /// The caller's own span.
    pub span: u64,
    /// The caller records this trace, and so should everybody.
    pub is_sampled: bool,
}

/// What `traceparent` says; none when the header is missing or breaks its form.
pub fn of(headers: &HeaderMap) -> Option<Parent> {
    parse(headers.get("traceparent")?.to_str().ok()?)
}

/// `00-` + 32 hexadecimal digits + `-` + 16 + `-` + 2, all lower case, the ids not zero.
fn parse(text: &str) -> Option<Parent> {
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    // A later version may add parts, but never changes these; version ff is none.
    let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || parts.count() == 0);
    if !is_known || !is_hex(trace, 32) || !is_hex(parent, 16) || !is_hex(flags, 2) {
        return None;
    }
    let span = u64::from_str_radix(parent, 16).ok().filter(|id| *id != 0)?;
    let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0).map(Trace)?;
    let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    Some(Parent { trace, span, is_sampled })
}

#[cfg(test)]
mod tests {
    use super::{Parent, parse};
    use hoga_cluster::partition::Trace;

    #[test]
    fn a_trace_is_read_from_its_header() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let (trace, span) = (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7);
        let parent = Parent { trace: Trace(trace), span, is_sampled: true };
        assert_eq!(parse(header), Some(parent));
        let unsampled = header.replace("-01", "-00");
        assert_eq!(parse(&unsampled), Some(Parent { is_sampled: false, ..parent }));
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(parse(later).is_some());
    }

    #[test]
    fn what_breaks_the_form_is_no_trace() {
        for header in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse(header), None, "{header}");
        }
    }
}
