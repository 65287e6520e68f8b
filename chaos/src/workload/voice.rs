//! How a client of several gateways asks: one after the other, each for a short time, and always
//! under the same id.

use super::gateways::Gateways;
use super::line::Line;
use super::pulse::Pulse;
use crate::history::{Answer, Ask, End, Position};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Requests after which a client goes to another gateway although this one answers: one that came
/// back would else never be called again.
const STAYS_FOR: u32 = 200;
/// Times in a row that a client asks a gateway again which says that it took too long: it is there,
/// which is more than can be said of the next one.
const ASKS_AGAIN: u32 = 1;
/// The pause after a gateway that refused at once: nobody is there.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// A client's way to the exchange.
pub struct Voice {
    gateways: Arc<Gateways>,
    pulse: Arc<Pulse>,
    account: String,
    client: usize,
    attempt: Duration,
    lines: Vec<Line>,
    version: u64,
    at: usize,
    asked: u32,
    asked_again: u32,
    /// How far the client has seen the book.
    seen: Option<Position>,
}

impl Voice {
    /// # Errors
    /// The account's name is none.
    pub fn new(
        gateways: Arc<Gateways>,
        pulse: Arc<Pulse>,
        account: String,
        client: usize,
        attempt: Duration,
    ) -> anyhow::Result<Voice> {
        let (lines, version) = (Vec::new(), 0);
        let at = client;
        let mut voice = Voice {
            gateways,
            pulse,
            account,
            client,
            attempt,
            lines,
            version,
            at,
            asked: 0,
            asked_again: 0,
            seen: None,
        };
        voice.look()?;
        Ok(voice)
    }

    /// Learns which gateways there are.
    fn look(&mut self) -> anyhow::Result<()> {
        let version = self.gateways.version();
        if version != self.version || self.lines.is_empty() {
            let channels = self.gateways.channels(self.client).into_iter();
            let line = |channel| Line::within(channel, &self.account, self.attempt);
            self.lines = channels.map(line).collect::<Result<_, _>>()?;
            self.version = version;
        }
        Ok(())
    }

    /// Asks one gateway once. Where the outcome is unknown, the next time goes to the next gateway,
    /// unless this one is there and only took too long.
    ///
    /// # Errors
    /// The account's name is none.
    pub async fn ask(&mut self, ask: &Ask) -> anyhow::Result<End> {
        self.look()?;
        self.asked += 1;
        if self.asked.is_multiple_of(STAYS_FOR) {
            self.at += 1;
        }
        let count = self.lines.len();
        let Some(line) = self.lines.get_mut(self.at % count.max(1)) else {
            return Ok(End::Unknown("no gateway is known".into()));
        };
        line.show_at_least(self.seen.as_ref());
        let begun = Instant::now();
        let asked = tokio::time::timeout(self.attempt, line.ask(ask)).await;
        let end = asked.unwrap_or_else(|_| End::Unknown("no answer in time".into()));
        match &end {
            End::Ok(answer) => {
                self.asked_again = 0;
                self.pulse.beat(self.client, &self.account, ask, answer);
                self.see(ask, answer);
            }
            End::Unknown(_) if line.ran_out() && self.asked_again < ASKS_AGAIN => {
                self.asked_again += 1;
            }
            End::Unknown(_) => {
                (self.at, self.asked_again) = (self.at + 1, 0);
                if begun.elapsed() < REFUSED_PAUSE {
                    tokio::time::sleep(REFUSED_PAUSE).await;
                }
            }
            End::Fail(_) => {}
        }
        Ok(end)
    }

    /// Notes how far an answer showed the book.
    fn see(&mut self, ask: &Ask, answer: &Answer) {
        let of_book = match ask {
            Ask::GetBook { .. } => &answer.position,
            _ => &answer.book_position,
        };
        let is_new = |seen: &Position| {
            let known = self.seen.as_ref().filter(|known| known.partition == seen.partition);
            known.is_none_or(|known| known.index < seen.index)
        };
        if let Some(seen) = of_book.as_ref().filter(|seen| is_new(seen)) {
            self.seen = Some(seen.clone());
        }
    }
}
