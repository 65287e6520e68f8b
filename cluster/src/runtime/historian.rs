//! One partition's history beside apply: its store, the thread that appends to it, and what the
//! store had when the node started.

use crate::history::{History, HistoryError, HistoryWriter, RowKey, RowKind};
use crate::log::{LogPosition, PartitionLog};
use hoga_actors::{Entity, Host};
use hoga_engine::account::Account;
use hoga_engine::candle::{Base, Origin, Standing};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, OrderNo};
use hoga_engine::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The history of a partition; of no use in one that has neither accounts nor books.
#[derive(Clone, Default)]
pub(crate) struct Historian(Option<Book>);

#[derive(Clone)]
struct Book {
    store: Arc<dyn History>,
    writer: HistoryWriter,
    /// Rows of entries up to this index are in the store: a replay does not hand them over.
    known: Option<u64>,
    /// The store has been ahead of the log.
    is_doubtful: bool,
}

impl Historian {
    /// Starts appending, and keeps rows for so long, or for ever. The log says how much of the store
    /// is to be believed; `applied` is where the state stands that the replay begins with.
    pub fn start(
        store: Arc<dyn History>,
        keep: Option<Duration>,
        log: &PartitionLog,
        applied: Option<LogPosition>,
    ) -> Result<Historian, HistoryError> {
        let reach = store.reach()?;
        let known = reach.confirmed(|index| match log.terms(index..index + 1).first() {
            Some(at) => Some(at.term),
            // Purged: it is behind the snapshot, and nothing of it is replayed.
            None => reach.through.filter(|at| applied >= Some(*at)).map(|at| at.term),
        });
        let mut is_doubtful = reach.is_doubtful;
        if let (None, Some(through), false) = (known, reach.through, is_doubtful) {
            tracing::warn!(partition = %log.id(), %through, "the history is ahead of the log");
            store.doubt()?;
            is_doubtful = true;
        }
        let snapshot = applied.map_or(0, |at| at.index);
        if !is_doubtful && known.unwrap_or(0) < snapshot {
            tracing::warn!(
                partition = %log.id(), snapshot, reach = known,
                "the history does not reach the snapshot: rows of before are missing"
            );
        }
        let writer = HistoryWriter::start(store.clone(), keep).map_err(|error| {
            HistoryError::Stopped { cause: format!("no thread: {error}").into() }
        })?;
        Ok(Historian(Some(Book { store, writer, known, is_doubtful })))
    }

    /// Whether the rows of an entry are wanted.
    pub fn wants(&self, index: u64) -> bool {
        self.0.as_ref().is_some_and(|book| book.known.is_none_or(|known| index > known))
    }

    /// Hands over the rows of all entries since the last call; waits while the thread is far
    /// behind.
    pub async fn append(
        &self,
        through: LogPosition,
        rows: Vec<HistoryRow>,
    ) -> Result<(), HistoryError> {
        match &self.0 {
            Some(book) => book.writer.append(through, rows).await,
            None => Ok(()),
        }
    }

    /// Called once when the log is replayed to its end. A store that was ahead of it loses what
    /// these entities do not know.
    pub async fn replayed(&self, host: &Host) -> Result<(), HistoryError> {
        let Some(book) = self.0.as_ref().filter(|book| book.is_doubtful) else { return Ok(()) };
        let counts = |entity: &Entity| match entity {
            Entity::Account(account) => Some((account.id(), Counts::Account(Rows::of(account)))),
            Entity::Book(listing) => {
                let instrument = listing.instrument();
                let lists = Base::ALL.map(|base| listing.candles(base));
                Some((
                    RowKey::book(instrument.partition, instrument.id),
                    Counts::Book(Box::new(lists)),
                ))
            }
            Entity::Board(_) => None,
        };
        let entities = host.ids().filter_map(|id| host.read(id, counts).flatten());
        let entities: BTreeMap<AccountId, Counts> = entities.collect();
        let happened =
            move |key: RowKey| entities.get(&key.account).is_some_and(|entity| entity.have(key));
        book.writer.settle(Box::new(happened)).await
    }

    /// Returns when everything handed over so far is durable.
    pub async fn sync(&self) -> Result<(), HistoryError> {
        match &self.0 {
            Some(book) => book.writer.sync().await,
            None => Ok(()),
        }
    }

    /// The store itself, as far as it is; none in a partition without rows.
    pub fn store(&self) -> Option<Arc<dyn History>> {
        self.0.as_ref().map(|book| book.store.clone())
    }

    /// The store, once it has the rows of everything that is applied.
    pub async fn caught_up(&self) -> Result<Arc<dyn History>, HistoryError> {
        let none = || HistoryError::Stopped { cause: "this partition keeps none".into() };
        let book = self.0.as_ref().ok_or_else(none)?;
        book.writer.caught_up().await?;
        Ok(book.store.clone())
    }
}

/// What an entity knows of its rows.
enum Counts {
    Account(Rows),
    /// Of each kept length of candles.
    Book(Box<[Standing; Base::ALL.len()]>),
}

impl Counts {
    fn have(&self, key: RowKey) -> bool {
        match self {
            Counts::Account(rows) => rows.have(key),
            Counts::Book(lists) => {
                let start = Time(key.sequence.saturating_mul(Time::SECOND));
                Base::ALL.into_iter().zip(lists.iter()).any(|(base, standing)| {
                    let is_of = |origin| key.kind == RowKind::candle(base, origin);
                    is_of(Origin::Traded) && standing.has_written(start)
                        || is_of(Origin::Imported) && start < standing.imported
                })
            }
        }
    }
}

/// What an account knows of its rows.
struct Rows {
    ledger: u64,
    fills: u64,
    orders: OrderNo,
    open: BTreeSet<OrderNo>,
}

impl Rows {
    fn of(account: &Account) -> Rows {
        let (ledger, fills) = account.rows();
        let open = account.open_orders().map(|order| order.state.key.no).collect();
        Rows { ledger, fills, orders: account.orders(), open }
    }

    fn have(&self, key: RowKey) -> bool {
        match key.kind {
            RowKind::Ledger | RowKind::Party => key.sequence <= self.ledger,
            RowKind::Fill => key.sequence <= self.fills,
            RowKind::Order => {
                let no = OrderNo(key.sequence);
                no <= self.orders && !self.open.contains(&no)
            }
            _ => false,
        }
    }
}
