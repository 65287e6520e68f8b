//! `hoga book --watch`: the ladder as it moves, on a screen or as lines.

use super::feed::{self, Heard};
use super::ladder::Ladder;
use super::screen::Screen;
use crate::cli::failure::Failure;
use crate::cli::server::Server;
use crate::cli::{json, output, wire};
use hoga_proto::v1;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use std::io::{self, IsTerminal};
use std::time::Duration;
use tokio::sync::mpsc;

/// The screen is painted at most this often: no eye sees more.
const PAINT_EVERY: Duration = Duration::from_millis(50);

/// What is watched, and how it is shown.
pub struct Watch {
    pub instrument: String,
    pub depth: i32,
    pub json: bool,
}

impl Watch {
    /// Shows it until the reader has had enough.
    ///
    /// # Errors
    /// The exchange cannot be reached at first, or refuses.
    pub async fn run(self, mut server: Server) -> Result<(), Failure> {
        server.quiet();
        let heard = feed::follow(&server, &self.instrument, self.depth).await?;
        if !self.json && io::stdout().is_terminal() {
            return self.on_screen(heard).await;
        }
        self.as_lines(heard).await
    }

    async fn as_lines(&self, mut heard: mpsc::Receiver<Heard>) -> Result<(), Failure> {
        while let Some(heard) = heard.recv().await {
            match heard {
                Heard::Frame(frame) if self.json => json::line("ServerFrame", &*frame)?,
                Heard::Frame(frame) => lines(&frame)?,
                Heard::Lost => output::tell("the connection is lost; trying again"),
                Heard::Over(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    async fn on_screen(&self, mut heard: mpsc::Receiver<Heard>) -> Result<(), Failure> {
        let mut screen = Screen::open(&self.instrument)?;
        let mut ladder = Ladder::default();
        let mut paint = tokio::time::interval(PAINT_EVERY);
        let (mut is_new, mut is_lost) = (true, false);
        loop {
            tokio::select! {
                what = heard.recv() => match what {
                    Some(Heard::Frame(frame)) => {
                        ladder.lay(&frame);
                        (is_new, is_lost) = (true, false);
                    }
                    Some(Heard::Lost) => (is_new, is_lost) = (true, true),
                    Some(Heard::Over(failure)) => return Err(failure),
                    None => return Ok(()),
                },
                key = screen.key() => match key {
                    Some(is_end) if is_end => return Ok(()),
                    Some(_) => is_new = true,
                    None => return Ok(()),
                },
                _ = paint.tick(), if is_new => {
                    screen.paint(&ladder, self.depth as usize, is_lost)?;
                    is_new = false;
                }
            }
        }
    }
}

/// A line for every level that changed and every trade.
fn lines(frame: &v1::ServerFrame) -> Result<(), Failure> {
    let (content, word) = match &frame.frame {
        Some(Frame::Snapshot(snapshot)) => (&snapshot.content, "is"),
        Some(Frame::Delta(delta)) => (&delta.content, "now"),
        _ => return Ok(()),
    };
    match content.as_ref().and_then(|content| content.content.as_ref()) {
        Some(Content::Book(book)) => {
            for (side, levels) in [("bid", &book.bids), ("ask", &book.asks)] {
                for level in levels {
                    let (price, quantity) = (level.price.as_ref(), level.quantity.as_ref());
                    let (price, quantity) = (wire::text(price), wire::text(quantity));
                    output::say(format!("{side} {price} {word} {quantity}"))?;
                }
            }
            for turned in &book.phases {
                let (phase, end) = (turned.phase(), turned.end_time.as_ref());
                if word == "now" || phase != v1::Phase::Continuous {
                    let phase = wire::phase(phase, turned.call_kind(), end);
                    output::say(format!("phase {word} {phase}"))?;
                }
            }
        }
        Some(Content::Trades(trades)) => {
            for trade in &trades.trades {
                output::say(format!("trade {}", told(trade)))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// `4 @ 777, a sell`: the way of whoever took it.
pub fn told(trade: &v1::Trade) -> String {
    let side = wire::word(trade.taker_side().as_str_name(), "SIDE_");
    let (quantity, price) = (wire::text(trade.quantity.as_ref()), wire::text(trade.price.as_ref()));
    format!("{quantity} @ {price}, a {side}")
}
