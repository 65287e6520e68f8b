//! The process's registry of metrics.

use super::names::{Kind, METRICS};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Upper bounds of the buckets for times of acknowledgement, in seconds.
const ACK_BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// Invariants that the running node looks at.
const WATCHED: [&str; 2] = ["CASH-2", "FILL-1"];

static INSTALLED: OnceLock<Registry> = OnceLock::new();

/// Where numbers are read. There is one in a process.
#[derive(Clone)]
pub struct Registry {
    handle: PrometheusHandle,
}

impl Registry {
    /// The process's registry, made by the first who asks. What was recorded before is lost.
    ///
    /// # Errors
    /// The buckets are none, which they are not.
    pub fn install() -> Result<Registry, BuildError> {
        if let Some(installed) = INSTALLED.get() {
            return Ok(installed.clone());
        }
        let acks = Matcher::Full("hoga_order_ack_seconds".into());
        let recorder =
            PrometheusBuilder::new().set_buckets_for_metric(acks, &ACK_BUCKETS)?.build_recorder();
        let handle = recorder.handle();
        let registry = INSTALLED.get_or_init(|| Registry { handle });
        // Whoever came second finds the first one's recorder in place, and its own is dropped.
        if metrics::set_global_recorder(recorder).is_ok() {
            describe();
        }
        Ok(registry.clone())
    }

    /// The page that Prometheus reads.
    #[must_use]
    pub fn page(&self) -> String {
        self.handle.render()
    }

    /// Folds what was recorded since; without it histograms grow.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn describe() {
    for metric in METRICS {
        let unit = if metric.name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, unit, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, unit, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, unit, metric.help),
        }
    }
    gauge!("hoga_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for id in WATCHED {
        // An alert on a counter that does not exist yet would never fire.
        counter!("hoga_invariant_violations_total", "id" => id).absolute(0);
    }
}
