//! The process's registry of metrics.

use super::names::{Kind, METRICS};
use super::watch::WATCHED;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Upper bounds of the buckets for times of acknowledgement, in seconds.
const ACK_BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// The same for what an actor does with one message.
const HANDLE_BUCKETS: [f64; 12] =
    [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 0.1, 1.0];

/// The same for snapshots.
const SNAPSHOT_BUCKETS: [f64; 10] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// The same for how long a partition is without a leader.
const HANDOVER_BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 5.0];

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
        let buckets: [(&str, &[f64]); 5] = [
            ("hoga_order_ack_seconds", &ACK_BUCKETS),
            ("hoga_log_append_seconds", &ACK_BUCKETS),
            ("hoga_actor_handle_seconds", &HANDLE_BUCKETS),
            ("hoga_snapshot_seconds", &SNAPSHOT_BUCKETS),
            ("hoga_handover_seconds", &HANDOVER_BUCKETS),
        ];
        let recorder = buckets
            .into_iter()
            .try_fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
                builder.set_buckets_for_metric(Matcher::Full(name.into()), buckets)
            })?
            .build_recorder();
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
    // An alert on a counter that does not exist yet would never fire.
    for id in WATCHED {
        counter!("hoga_invariant_violations_total", "id" => id).absolute(0);
    }
    for kind in ["account", "book", "board"] {
        counter!("hoga_actor_restarts_total", "kind" => kind).absolute(0);
    }
    for name in ["hoga_overfill_total", "hoga_feed_conflations_total"] {
        counter!(name).absolute(0);
    }
    for became in ["exported", "dropped"] {
        counter!("hoga_spans_total", "became" => became).absolute(0);
    }
    gauge!("hoga_feed_clients").increment(0.0);
    // What the first snapshot, order or refusal records is known by its name before.
    drop(histogram!("hoga_snapshot_seconds"));
    drop(histogram!("hoga_log_append_seconds"));
}
