//! Hears hops and puts them into the queue.

use super::Hop;
use crate::telemetry::hop::TARGET;
use metrics::counter;
use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The layer of the subscriber that hears hops.
pub struct Listener {
    hops: mpsc::Sender<Hop>,
}

impl Listener {
    pub(super) fn new(hops: mpsc::Sender<Hop>) -> Listener {
        Listener { hops }
    }
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut reader = Reader { hop: Hop::at(now.as_nanos() as u64) };
        event.record(&mut reader);
        if reader.hop.trace != 0 && self.hops.try_send(reader.hop).is_err() {
            counter!("hoga_spans_total", "became" => "dropped").increment(1);
        }
    }
}

impl Hop {
    pub(super) fn at(now_ns: u64) -> Hop {
        Hop {
            trace: 0,
            parent: 0,
            name: String::new(),
            since_ns: now_ns,
            until_ns: now_ns,
            status: 0,
            attributes: Vec::new(),
        }
    }
}

/// Takes the fields of an event.
struct Reader {
    hop: Hop,
}

impl Reader {
    fn take(&mut self, field: &Field, text: String) {
        match field.name() {
            "hop" => self.hop.name = text,
            "trace" => self.hop.trace = u128::from_str_radix(&text, 16).unwrap_or_default(),
            "parent" => self.hop.parent = u64::from_str_radix(&text, 16).unwrap_or_default(),
            "status" => self.hop.status = text.parse().unwrap_or(2),
            "since" => {
                self.hop.since_ns =
                    text.parse().unwrap_or(self.hop.until_ns).min(self.hop.until_ns);
            }
            other => self.hop.attributes.push((other, text)),
        }
    }
}

impl Visit for Reader {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, format!("{value:?}"));
    }
}
