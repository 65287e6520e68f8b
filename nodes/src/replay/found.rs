//! An exchange with one instrument that takes whatever a tape holds, and accounts that can pay.

use hoga_cluster::partition::{MetaCommand, Trace};
use hoga_cluster::runtime::{Exchange, Identified, Reply};
use hoga_engine::amount::{Amount, Lots, Rate};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Asset, Calls, Fees, Instrument, Phase};
use hoga_engine::order::SelfMatch;
use hoga_engine::request::AccountRequest;
use hoga_engine::tick_table::TickTable;
use hoga_engine::topology::Topology;
use std::collections::BTreeSet;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);
/// Accounts whose opening may be under way.
const OPENED_AT_ONCE: usize = 256;
const SYMBOL: &str = "TAPE-CASH";
/// What every account gets: codes and minor units, more than any tape can move.
const FUNDS: [(&str, u8, Amount); 2] = [("TAPE", 0, 1 << 62), ("CASH", 2, 1 << 84)];

/// Names for accounts that all live in the partition of the first: its outbox keeps the order in
/// which their requests enter, which nothing else does.
#[must_use]
pub fn names(topology: Topology, wanted: &[String]) -> Vec<String> {
    let Some(first) = wanted.first() else { return Vec::new() };
    let partition = topology.account_partition(first);
    let is_there = |name: &String| topology.account_partition(name) == partition;
    let mut names: Vec<String> = Vec::with_capacity(wanted.len());
    for name in wanted {
        let mut others = (2..).map(|n: u64| format!("{name}.{n}"));
        let found = if is_there(name) { None } else { others.find(is_there) };
        names.push(found.unwrap_or_else(|| name.clone()));
    }
    names
}

/// Lists the instrument, opens the accounts and gives them [`FUNDS`].
///
/// # Errors
/// A sentence that names the step that was refused or not answered.
pub async fn market(exchange: &Exchange, names: &[String]) -> Result<InstrumentId, String> {
    for (code, scale, _) in FUNDS {
        let id = AssetId(0);
        let asset = Asset { id, code: code.into(), scale, shown_scale: scale, faucet: None };
        let command = MetaCommand::CreateAsset(asset);
        let reply = exchange.administer(&identified(code)?, command, WITHIN).await;
        done(code, reply)?;
    }
    let command = MetaCommand::CreateInstrument(Box::new(instrument()));
    done(SYMBOL, exchange.administer(&identified(SYMBOL)?, command, WITHIN).await)?;
    open_accounts(exchange, names).await?;
    let catalogue = exchange.catalogue();
    let listed = catalogue.instrument_by_symbol(SYMBOL).ok_or("the instrument is not known")?;
    Ok(listed.id)
}

/// Opens accounts and pays them, many at once: an account's own requests keep their order.
async fn open_accounts(exchange: &Exchange, names: &[String]) -> Result<(), String> {
    let mut requests = vec![("open", AccountRequest::Open)];
    let catalogue = exchange.catalogue();
    for (code, _, amount) in FUNDS {
        let asset = catalogue.asset_by_code(code).ok_or("the assets are not known")?.id;
        requests.push((code, AccountRequest::Deposit { asset, amount }));
    }
    let names: BTreeSet<&String> = names.iter().collect();
    let names: Vec<&String> = names.into_iter().collect();
    for some in names.chunks(OPENED_AT_ONCE) {
        let mut waiting = Vec::new();
        for name in some {
            for (id, request) in &requests {
                let asked = exchange.submit(name, &identified(id)?, request.clone());
                waiting.push((name, asked.map_err(|failure| format!("{name}: {failure}"))?));
            }
        }
        for (name, (origin, answer)) in waiting {
            done(name, exchange.wait(origin, answer, WITHIN).await)?;
        }
    }
    Ok(())
}

/// A tick is one minor unit and a lot one whole unit; fees are charged as they would be.
pub(crate) fn instrument() -> Instrument {
    let [(base_code, base_scale, _), (quote_code, quote_scale, _)] = FUNDS;
    Instrument {
        id: InstrumentId(0),
        symbol: SYMBOL.into(),
        partition: PartitionId(0),
        base: AssetId(0),
        base_code: base_code.into(),
        base_scale,
        quote: AssetId(0),
        quote_code: quote_code.into(),
        quote_scale,
        tick: 1,
        lot: 1,
        ticks: TickTable::uniform(),
        quantity_min: Lots(1),
        quantity_max: Lots::MAX,
        notional_min: 0,
        notional_max: 0,
        base_price: None,
        band: None,
        collar: Rate(0),
        fees: Fees { version: 1, maker: Rate(200_000), taker: Rate(500_000), sell_tax: Rate(0) },
        self_match: SelfMatch::None,
        open_orders_max: u32::MAX,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: None,
    }
}

/// A request without a body worth comparing.
///
/// # Errors
/// The id has characters or a length that no id may have.
pub fn identified(id: &str) -> Result<Identified, String> {
    let id = ClientId::parse(id).map_err(|error| error.to_string())?;
    Ok(Identified { id, body_hash: 0, sent_at: None, trace: Trace::default() })
}

fn done(step: &str, reply: Reply) -> Result<(), String> {
    match reply.answer {
        Ok(Answer::Rejected { reject, .. }) => Err(format!("{step}: {reject}")),
        Ok(_) => Ok(()),
        Err(failure) => Err(format!("{step}: {failure}")),
    }
}
