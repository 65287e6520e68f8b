//! After the last cue: the exchange comes to rest, is counted, and is read to the end.

use super::board::ticks;
use super::judge::{Judge, Ran, lots};
use super::line::{Undone, Who};
use super::reading::{Statement, is_open};
use super::seat::Seat;
use super::venue::Venue;
use crate::cli::failure::Failure;
use futures::stream::{self, StreamExt, TryStreamExt};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::time::Time;
use hoga_proto::{decimal, v1};
use hoga_scenarios::file::Scenario;
use hoga_scenarios::player::{LEVELS_MAX, Outcome, owners};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long the exchange may take until nothing is in flight any more.
const REST_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Accounts that are read at the same time.
const READ_AT_ONCE: usize = 16;
/// Levels of a book that are compared with open orders.
const DEPTH: i32 = 1_000;

/// Why a check cannot be held.
#[derive(Debug, Default)]
pub struct LeftOut {
    pub conserved: Option<String>,
}

/// Sums of everything that there is of an asset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    issued: Decimal,
    there: Decimal,
    in_flight: Decimal,
}

impl Venue {
    /// Waits until nothing is in flight between partitions; whether that came.
    pub async fn come_to_rest(&self) -> bool {
        let until = Instant::now() + REST_WITHIN;
        let mut before = Vec::new();
        while Instant::now() < until {
            let Ok(status) = self.status(false).await else { return false };
            let waiting: u64 = status.partitions.iter().map(|p| p.outbox_messages).sum();
            let applied = status.partitions.iter().map(|p| (p.applied_index, p.committed_index));
            let applied: Vec<_> = applied.collect();
            if waiting == 0 && applied == before {
                return true;
            }
            before = applied;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        false
    }

    async fn status(&self, audit: bool) -> Result<v1::NodeStatus, Undone> {
        let request = v1::GetStatusRequest { name: String::new(), audit };
        let asked = self
            .lines
            .ask(Who::Operator, async |call| call.admin().get_status(request.clone()).await);
        Ok(asked.await?.into_inner().status.unwrap_or_default())
    }

    /// Whether every asset is there to the last unit; none when it cannot be known.
    async fn is_conserved(&self) -> Result<bool, String> {
        let until = Instant::now() + REST_WITHIN;
        loop {
            let status = self.status(true).await.map_err(|undone| match undone {
                Undone::Refused(refusal) => format!("it takes an operator ({})", refusal.reason),
                Undone::Unknown(why) => why,
            })?;
            let sums = sums(&status);
            let is_still = sums.values().all(|sum| sum.in_flight.is_zero());
            let is_equal = sums.values().all(|sum| sum.issued == sum.there);
            if is_equal && !sums.is_empty() {
                return Ok(true);
            }
            if Instant::now() >= until {
                // Where others trade, something is always in flight.
                return match self.is_own || is_still {
                    true => Ok(false),
                    false => Err("something was in flight whenever it was looked at".into()),
                };
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The best levels of a book, best first.
    async fn levels(&self, place: usize) -> Result<[Vec<(Ticks, Lots)>; 2], Undone> {
        let instrument = &self.market.instruments[place];
        let name = format!("instruments/{}", instrument.symbol);
        let request = v1::GetBookRequest { name, depth: DEPTH, ..Default::default() };
        let asked = self
            .lines
            .ask(Who::Trader(0), async |call| call.market().get_book(request.clone()).await);
        let book = asked.await?.into_inner().book.unwrap_or_default();
        let side = |levels: &[v1::Level]| {
            let level = |level: &v1::Level| {
                let price = ticks(level.price.as_ref(), instrument)?;
                Some((price, lots(level.quantity.as_ref(), instrument)))
            };
            levels.iter().filter_map(level).collect()
        };
        Ok([side(&book.bids), side(&book.asks)])
    }
}

fn sums(status: &v1::NodeStatus) -> BTreeMap<String, Sums> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for total in status.partitions.iter().flat_map(|partition| &partition.totals) {
        let of = |part: &Option<v1::Decimal>| {
            let part = part.as_ref().and_then(|part| decimal::parse(&part.value).ok());
            part.unwrap_or_default()
        };
        let sum = sums.entry(total.asset.clone()).or_default();
        sum.issued += of(&total.issued);
        sum.in_flight += of(&total.clearing);
        sum.there +=
            of(&total.in_accounts) + of(&total.fees) + of(&total.taxes) + of(&total.clearing);
    }
    sums
}

/// Reads every account to the end, and makes of it what checks are held against.
///
/// # Errors
/// Nobody answers any more.
pub async fn outcome(
    venue: &Venue,
    scenario: &Scenario,
    took: Duration,
    is_at_rest: bool,
) -> Result<(Outcome, LeftOut), Failure> {
    let reading = venue.seats.iter().map(|seat| async {
        let seat = seat.lock().await.clone();
        let statement = venue.statement(&seat).await?;
        Ok::<_, Undone>((seat, statement))
    });
    let read = stream::iter(reading).buffered(READ_AT_ONCE).try_collect::<Vec<_>>().await?;
    let (seats, statements): (Vec<Seat>, Vec<Statement>) = read.into_iter().unzip();
    let from = venue.began.duration_since(UNIX_EPOCH).unwrap_or_default();
    let from = Time(u64::try_from(from.as_nanos()).unwrap_or_default());
    let mut outside = venue.outside.take();
    let mut judge = Judge {
        market: &venue.market,
        is_own: venue.is_own,
        seats: &seats,
        statements: &statements,
        outside: &mut outside,
        ran: Ran { from, took, length: scenario.length },
        bots_from: scenario.accounts.iter().map(|group| group.members().count()).sum(),
    };
    let mut found = judge.find();
    let mut left_out = LeftOut::default();
    match venue.is_conserved().await {
        Ok(holds) => found.audit.conserved = holds,
        Err(why) => left_out.conserved = Some(why),
    }
    for place in 0..venue.market.instruments.len() {
        let [mut bids, mut asks] = venue.levels(place).await?;
        if venue.is_own && is_at_rest {
            found.audit.lost += rests_nowhere(venue, place, &statements, [&bids, &asks]);
        }
        bids.truncate(LEVELS_MAX);
        asks.truncate(LEVELS_MAX);
        (found.deals[place].bids, found.deals[place].asks) = (bids, asks);
    }
    let counts = venue.counts.borrow().clone();
    found.audit.lost += counts.unknown;
    let base = venue.market.instruments.first().map(|instrument| instrument.base);
    let owned = owners(scenario).map(|who| {
        let statement = statements.iter().find(|statement| statement.name == who.as_str());
        let mut balances = statement.into_iter().flat_map(|statement| &statement.balances);
        let balance = balances.find(|(asset, ..)| Some(*asset) == base);
        (who.clone(), balance.map_or(0, |(_, available, held)| available + held))
    });
    let outcome = Outcome {
        digest: found.digest,
        accounts: seats.len() as u64,
        commands: counts.commands,
        orders: counts.orders,
        rejects: counts.rejects,
        audit: found.audit,
        deals: found.deals,
        owned: owned.collect(),
        purses: found.purses,
        recovery: venue.lines.waits.recovery(),
    };
    Ok((outcome, left_out))
}

/// Prices at which accounts have open orders of which the book knows nothing, or not as much.
fn rests_nowhere(
    venue: &Venue,
    place: usize,
    statements: &[Statement],
    levels: [&[(Ticks, Lots)]; 2],
) -> u64 {
    let instrument = &venue.market.instruments[place];
    // A book that follows another one shows that; what is below the last level is not seen.
    if instrument.follow.is_some() || levels.iter().any(|side| side.len() >= DEPTH as usize) {
        return 0;
    }
    let name = format!("instruments/{}", instrument.symbol);
    let mut rests: BTreeMap<(bool, Ticks), Lots> = BTreeMap::new();
    for order in statements.iter().flat_map(|statement| &statement.orders) {
        let is_in_book =
            matches!(order.state(), v1::OrderState::Open | v1::OrderState::PartiallyFilled);
        if order.instrument != name || !is_open(order) || !is_in_book {
            continue;
        }
        // Others see a part of an iceberg only.
        if order.display_quantity.is_some() {
            return 0;
        }
        let price = ticks(order.price.as_ref(), instrument).unwrap_or_default();
        let left = lots(order.remaining_quantity.as_ref(), instrument);
        *rests.entry((order.side() == v1::Side::Buy, price)).or_default() += left;
    }
    let shown = |is_buy: bool, price: Ticks| {
        let side = if is_buy { levels[0] } else { levels[1] };
        side.iter().find(|(at, _)| *at == price).map_or(Lots(0), |(_, quantity)| *quantity)
    };
    rests.iter().filter(|((is_buy, price), open)| shown(*is_buy, *price) < **open).count() as u64
}
