//! The market of a scenario on a running exchange: what is missing is listed, what is there stays.

use super::line::{Lines, Undone, Who};
use crate::cli::actor;
use crate::cli::failure::{Exit, Failure};
use hoga_engine::ids::{AssetId, PartitionId};
use hoga_engine::instrument::{Asset, Instrument, Phase};
use hoga_proto::convert::market as wire;
use hoga_proto::convert::numbers::shown;
use hoga_proto::v1;
use hoga_scenarios::listing::Market;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Gateways that an exchange has at most.
const GATEWAYS_MAX: usize = 9;
/// How long they may take until all of them know what was listed.
const KNOWN_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Most instruments of a page.
const PAGE: i32 = 1_000;

/// Lists what is missing. The market has the exchange's own rules afterwards, where those differ
/// from the file's; the answer says of which instruments they do.
///
/// # Errors
/// Nobody answers, or this token may not list what is missing.
pub async fn complete(lines: &Lines, market: &mut Market) -> Result<Vec<String>, Failure> {
    let there = instruments(lines).await?;
    let mut warnings = Vec::new();
    let is_missing = |listed: &Instrument| !there.contains_key(&*listed.symbol);
    if market.instruments.iter().any(is_missing) {
        found_assets(lines, market).await?;
    }
    for at in 0..market.instruments.len() {
        let listed = market.instruments[at].clone();
        match there.get(&*listed.symbol) {
            None => list(lines, market, &listed).await?,
            Some(known) => {
                let (base, quote) = (asset(market, listed.base)?, asset(market, listed.quote)?);
                let theirs = wire::instrument(known, base, quote).map_err(|bad| {
                    let symbol = &listed.symbol;
                    let why = format!("error: {symbol} has other decimals there: {bad}");
                    Failure::new(Exit::Failure, why)
                })?;
                let (theirs, ours) = (alike(&theirs, &listed), alike(&listed, &listed));
                if theirs != ours {
                    let symbol = &listed.symbol;
                    warnings.push(format!("{symbol} is listed there by other rules; they hold"));
                }
                market.instruments[at] =
                    Instrument { id: listed.id, partition: listed.partition, ..theirs };
            }
        }
    }
    until_known(lines, market).await?;
    Ok(warnings)
}

/// Waits until every gateway knows what was listed: each has its own replica.
async fn until_known(lines: &Lines, market: &Market) -> Result<(), Failure> {
    let until = Instant::now() + KNOWN_WITHIN;
    for listed in &market.instruments {
        let name = format!("instruments/{}", listed.symbol);
        let request = v1::GetInstrumentRequest { name, min_index: None };
        for client in 0..GATEWAYS_MAX {
            loop {
                let asked = lines.ask(Who::Trader(client), async |call| {
                    call.market().get_instrument(request.clone()).await
                });
                match asked.await {
                    Ok(_) => break,
                    Err(undone) if Instant::now() >= until => return Err(undone.into()),
                    Err(_) => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
        }
    }
    Ok(())
}

/// The rules alone, without what an exchange makes of a listing.
fn alike(rules: &Instrument, listed: &Instrument) -> Instrument {
    let mut alike = rules.clone();
    (alike.id, alike.partition, alike.base, alike.quote) =
        (listed.id, PartitionId(0), listed.base, listed.quote);
    (alike.phase, alike.phase_until, alike.fees.version) = (Phase::Continuous, None, 1);
    alike
}

/// Everything that is listed there, by symbol.
async fn instruments(lines: &Lines) -> Result<BTreeMap<String, v1::Instrument>, Failure> {
    let mut found = BTreeMap::new();
    let mut request = v1::ListInstrumentsRequest { page_size: PAGE, ..Default::default() };
    loop {
        let asked = lines.ask(Who::Trader(0), async |call| {
            call.market().list_instruments(request.clone()).await
        });
        let page = asked.await?.into_inner();
        for listed in page.instruments {
            found.insert(actor::last_part(&listed.name).to_owned(), listed);
        }
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        request.page_token = page.next_page_token;
    }
}

/// Makes the assets known that are not, and issues what there is of those that are issued once.
async fn found_assets(lines: &Lines, market: &Market) -> Result<(), Failure> {
    for asset in &market.assets {
        let faucet = asset.faucet.as_ref().map(|faucet| format!("accounts/{faucet}"));
        let wire = v1::Asset {
            code: asset.code.to_string(),
            scale: asset.scale.into(),
            shown_scale: asset.shown_scale.into(),
            faucet: faucet.clone().unwrap_or_default(),
        };
        let request = v1::CreateAssetRequest {
            asset: Some(wire),
            request_id: actor::request_id(None),
            sent_at: Some(actor::sent_now()),
        };
        let created =
            lines.ask(Who::Operator, async |call| call.admin().create_asset(request.clone()).await);
        match created.await {
            Ok(_) => {}
            Err(undone) if undone.reason() == "ASSET_EXISTS" => continue,
            Err(undone) => return Err(may_not_list(undone, &format!("the asset {}", asset.code))),
        }
        for issue in market.issues.iter().filter(|issue| issue.asset == asset.id) {
            open(lines, &issue.faucet).await?;
            let request = v1::IssueRequest {
                account: format!("accounts/{}", issue.faucet),
                amount: Some(amount(asset, issue.amount)),
                request_id: actor::request_id(None),
                sent_at: Some(actor::sent_now()),
            };
            let issued =
                lines.ask(Who::Operator, async |call| call.admin().issue(request.clone()).await);
            issued.await?;
        }
    }
    Ok(())
}

async fn open(lines: &Lines, account: &str) -> Result<(), Failure> {
    let request = v1::CreateAccountRequest {
        account_id: account.to_owned(),
        request_id: actor::request_id(None),
        sent_at: Some(actor::sent_now()),
    };
    let opened = lines
        .ask(Who::Operator, async |call| call.accounts().create_account(request.clone()).await);
    match opened.await {
        Ok(_) => Ok(()),
        Err(undone) if undone.reason() == "ACCOUNT_EXISTS" => Ok(()),
        Err(undone) => Err(undone.into()),
    }
}

/// Lists an instrument, and gives its house what it trades with, if it has one.
async fn list(lines: &Lines, market: &Market, listed: &Instrument) -> Result<(), Failure> {
    let request = v1::CreateInstrumentRequest {
        instrument: Some(wire::shown_instrument(listed)),
        rules: String::new(),
        request_id: actor::request_id(None),
        sent_at: Some(actor::sent_now()),
    };
    let created = lines
        .ask(Who::Operator, async |call| call.admin().create_instrument(request.clone()).await);
    created.await.map_err(|undone| may_not_list(undone, &listed.symbol))?;
    for fund in market.funds.iter().filter(|fund| fund.instrument == listed.id) {
        let request = v1::FundHouseRequest {
            name: format!("instruments/{}", listed.symbol),
            amount: Some(amount(asset(market, fund.asset)?, fund.amount)),
            request_id: actor::request_id(None),
            sent_at: Some(actor::sent_now()),
        };
        let funded =
            lines.ask(Who::Operator, async |call| call.admin().fund_house(request.clone()).await);
        funded.await?;
    }
    Ok(())
}

fn may_not_list(undone: Undone, what: &str) -> Failure {
    Failure::from(undone).hint(format!("{what} is missing there, and only an operator may list it"))
}

/// An asset of the market by its number.
///
/// # Errors
/// Never of a market that was made of a rule book.
pub fn asset(market: &Market, id: AssetId) -> Result<&Asset, Failure> {
    let found = market.assets.iter().find(|asset| asset.id == id);
    found.ok_or_else(|| Failure::new(Exit::Failure, "error: an instrument without its asset"))
}

/// So much of an asset on the wire.
pub fn amount(asset: &Asset, minor: i128) -> v1::AssetAmount {
    v1::AssetAmount { asset: asset.code.to_string(), amount: Some(shown(minor, asset.scale)) }
}
