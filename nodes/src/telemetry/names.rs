//! Every metric, with its kind and what it counts: the one list that documents, dashboards and
//! tests go by.

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric of this node.
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help }
}

/// All of them, in the order in which an order meets them.
pub const METRICS: &[Metric] = &[
    gauge("hoga_build_info", "Always 1; the label says which version runs."),
    counter("hoga_orders_total", "Orders asked for, by symbol, side, type and result."),
    counter("hoga_refusals_total", "Calls refused, by reason."),
    histogram("hoga_order_ack_seconds", "From an order's arrival to its answer, by stage."),
    counter("hoga_trades_total", "Trades, by symbol."),
    counter("hoga_turnover_total", "Whole units of the quote asset traded, by symbol."),
    counter("hoga_overfill_total", "Orders that were seen filled beyond their quantity; always 0."),
    gauge("hoga_book_depth_orders", "Orders resting in a book, by symbol."),
    gauge("hoga_feed_clients", "Streams that are open."),
    counter("hoga_feed_conflations_total", "Snapshots sent to readers of market data too slow."),
    gauge("hoga_mirror_connected", "1 while Redis is there; absent where none is asked for."),
    counter("hoga_mirror_trades_total", "Trades published to Redis."),
    gauge("hoga_upstream_connected", "1 while this node hears a venue; absent without venues."),
    gauge("hoga_upstream_followers", "Instruments for which this node is to hear a venue."),
    counter("hoga_upstream_reconnects_total", "Connections to a venue behind the first."),
    gauge(
        "hoga_upstream_last_message_timestamp_seconds",
        "When a venue was heard last by this node, in seconds since 1970; 0 for never.",
    ),
    counter("hoga_upstream_books_total", "Books of a venue, by what became of them."),
    counter("hoga_upstream_unreadable_total", "Messages of a venue that are none."),
    gauge("hoga_followed_stale", "1 while an outside book is too old to trade against."),
    gauge("hoga_entities", "Entities that the node holds, by kind of partition."),
    gauge("hoga_actors", "Entities with an actor of their own, by kind of partition."),
    counter("hoga_actor_restarts_total", "Actors that panicked and were rebuilt, by kind."),
    histogram("hoga_actor_handle_seconds", "An entity's share of a chunk, by kind."),
    gauge("hoga_mailbox_depth", "Messages that wait, by kind of mailbox, the fullest of each."),
    gauge("hoga_partition_leader", "1 where this node leads a partition, by node and partition."),
    histogram(
        "hoga_handover_seconds",
        "From the last sign of one leader of a partition to the first of the next, at this node.",
    ),
    gauge("hoga_partition_applied_index", "Last log index applied, by partition."),
    counter("hoga_commands_total", "Commands applied, by partition."),
    histogram("hoga_log_append_seconds", "One write of the log with its fsync."),
    counter("hoga_log_writes_total", "Writes of the log, each with one fsync."),
    counter("hoga_log_entries_total", "Entries made durable."),
    counter("hoga_log_bytes_total", "Bytes handed to the log's disk, padding included."),
    gauge("hoga_log_segments", "Segment files that hold the log."),
    gauge("hoga_log_full", "1 while the log's disk has no space."),
    histogram("hoga_snapshot_seconds", "Writing one snapshot, until it is durable."),
    counter("hoga_replay_commands_total", "Commands replayed behind the snapshots at the start."),
    gauge("hoga_replay_seconds", "How long the start took, from opening the log to serving."),
    gauge("hoga_ranking_lag_seconds", "Age of the boards' marks when the boards last moved."),
    counter("hoga_spans_total", "Spans of traces, by what became of them: exported or dropped."),
    counter("hoga_invariant_violations_total", "Broken invariants found, by id; always 0."),
    gauge("hoga_entities_suspended", "Entities that take nothing until an operator resumes them."),
];
