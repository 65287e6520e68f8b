//! A capture of Upbit's WebSocket: `seconds.fraction: b'{json}'` a line, whole books of up to 15
//! levels, in the short or the long names of its two formats.

use super::json::Json;
use super::{Level, OutsideBook, Reader};

impl Reader {
    pub(super) fn upbit(&mut self, time: &str, frame: &str) -> Result<Option<OutsideBook>, String> {
        let received_ns = nanoseconds(time).ok_or_else(|| format!("`{time}` is not a time"))?;
        let text = frame.strip_prefix("b'").and_then(|rest| rest.strip_suffix('\''));
        let message = Json::read(text.ok_or("the frame is not whole")?)?;
        let book = read_frame(&message, received_ns, |code| self.is_wanted(code))?;
        match book {
            Frame::Trade => {
                self.counted.trades += 1;
                Ok(None)
            }
            Frame::Book(mut book) => {
                self.counted.books += 1;
                book.bids.truncate(self.depth);
                book.asks.truncate(self.depth);
                Ok(Some(book))
            }
            Frame::Other => Ok(None),
        }
    }
}

/// A frame of Upbit's WebSocket as it comes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpbitFrame<'t> {
    /// The whole book of an instrument, by what Upbit calls it.
    Book { code: &'t str, book: OutsideBook },
    /// Upbit says why it does not do what was asked.
    Refused(String),
    /// A trade, or a sign of life.
    Other,
}

/// Reads a frame that was received at a time, in nanoseconds since 1970.
///
/// # Errors
/// It is no JSON, or says to be a book and is none.
pub fn upbit_frame(text: &str, received_ns: u64) -> Result<UpbitFrame<'_>, String> {
    let message = Json::read(text)?;
    if let Some(error) = message.get("error") {
        let of = |key| error.get(key).and_then(Json::text).unwrap_or_default();
        return Ok(UpbitFrame::Refused(format!("{} {}", of("name"), of("message"))));
    }
    let code = message.either("cd", "code").and_then(Json::text).unwrap_or_default();
    match read_frame(&message, received_ns, |_| true)? {
        Frame::Book(book) => Ok(UpbitFrame::Book { code, book }),
        Frame::Trade | Frame::Other => Ok(UpbitFrame::Other),
    }
}

/// What a frame is of the wanted instrument.
pub(super) enum Frame {
    Book(OutsideBook),
    Trade,
    Other,
}

/// # Errors
/// It says to be a book and is none.
pub(super) fn read_frame(
    message: &Json<'_>,
    received_ns: u64,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Frame, String> {
    let of = |short, long| message.either(short, long).and_then(Json::text);
    if !of("cd", "code").is_some_and(is_wanted) {
        return Ok(Frame::Other);
    }
    match of("ty", "type") {
        Some("trade") => return Ok(Frame::Trade),
        Some("orderbook") => {}
        _ => return Ok(Frame::Other),
    }
    let time = message.either("tms", "timestamp").and_then(Json::whole);
    let time_ns = time.ok_or("the book has no time")?.saturating_mul(1_000_000);
    let units = message.either("obu", "orderbook_units").map(Json::list).unwrap_or_default();
    let side = |price: [&str; 2], size: [&str; 2]| {
        let level = |unit: &Json<'_>| {
            let number = |[short, long]: [&str; 2]| unit.either(short, long)?.decimal();
            Some((number(price)?, number(size)?))
        };
        let levels: Option<Vec<Level>> = units.iter().map(level).collect();
        let mut levels = levels.ok_or("a level has no price or no size")?;
        // A short side is filled up with nothing.
        levels.retain(|(price, size)| !(price.is_zero() && size.is_zero()));
        Ok::<_, &str>(levels)
    };
    let asks = side(["ap", "ask_price"], ["as", "ask_size"])?;
    let bids = side(["bp", "bid_price"], ["bs", "bid_size"])?;
    Ok(Frame::Book(OutsideBook { received_ns, time_ns, bids, asks }))
}

/// `1618678263.105828` in nanoseconds.
fn nanoseconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<9}");
    let nanoseconds: u64 = part.get(..9)?.parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}
