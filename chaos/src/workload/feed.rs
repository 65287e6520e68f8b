//! An instrument that follows an outside book, and the feed of that book.
//!
//! Every snapshot is written down before it is posted: whether one whose answer was lost came to
//! its instrument is for the auditor to find out.

use super::office::{ATTEMPT, Office, asked};
use super::{ASSETS, Gateways};
use crate::chance::Chance;
use crate::history::History;
use anyhow::bail;
use hoga_proto::v1;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;

/// The instrument that follows.
pub const OUTSIDE: &str = "instruments/OUT-KRW";
/// What is traded there. There is only so much of LPJ, and none can be issued to a house.
pub const OUTSIDE_ASSET: &str = "OUT";
/// As LPJ has them.
const SCALE: u32 = 8;
/// After this nothing trades against a snapshot any more; a failover is shorter.
const STALE_SECONDS: i64 = 5;
const PAUSE: Duration = Duration::from_millis(50);
/// Where the outside market's middle lies, and how far it goes.
const MIDDLE: u64 = 777;
const REACH: u64 = 3;
const LEVELS: u64 = 3;
/// Most that a level displays: a few orders of users take it.
const DISPLAYED_MAX: u64 = 60;
/// What the house has of each asset: more than a run can take.
const FUNDS: &str = "100000000";

/// A feed that is ready to post.
pub struct Feed {
    office: Office,
    chance: Chance,
    record: File,
    number: u64,
}

impl Feed {
    /// Lists the instrument and funds its house.
    ///
    /// # Errors
    /// The exchange did not do it in time, or the record cannot be made.
    pub async fn open(
        gateways: Arc<Gateways>,
        record: &Path,
        chance: Chance,
        within: Duration,
    ) -> anyhow::Result<Feed> {
        let record = File::create(record)?;
        let mut feed = Feed { office: Office::new(gateways), chance, record, number: 0 };
        let instrument = v1::Instrument {
            name: OUTSIDE.into(),
            base_asset: OUTSIDE_ASSET.into(),
            quote_asset: ASSETS[0].into(),
            follow: Some(v1::Follow {
                house: "accounts/house".into(),
                levels_max: LEVELS as u32,
                stale_after: Some(prost_types::Duration { seconds: STALE_SECONDS, nanos: 0 }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let list = v1::CreateInstrumentRequest {
            instrument: Some(instrument),
            rules: "lpj".into(),
            request_id: "chaos.list".into(),
            sent_at: None,
        };
        let until = Instant::now() + within;
        let (code, scale, faucet) = (OUTSIDE_ASSET.into(), SCALE, String::new());
        let asset = Some(v1::Asset { code, scale, shown_scale: 0, faucet });
        let create =
            v1::CreateAssetRequest { asset, request_id: "chaos.asset".into(), sent_at: None };
        feed.office
            .until_done(until, |mut admin| {
                let create = create.clone();
                async move { admin.create_asset(asked(create)).await.map(drop) }
            })
            .await?;
        feed.office
            .until_done(until, |mut admin| {
                let list = list.clone();
                async move { admin.create_instrument(asked(list)).await.map(drop) }
            })
            .await?;
        for asset in [ASSETS[0], OUTSIDE_ASSET] {
            let amount = v1::Decimal { value: FUNDS.into() };
            let fund = v1::FundHouseRequest {
                name: OUTSIDE.into(),
                amount: Some(v1::AssetAmount { asset: asset.into(), amount: Some(amount) }),
                request_id: format!("chaos.fund.{asset}"),
                sent_at: None,
            };
            feed.office
                .until_done(until, |mut admin| {
                    let fund = fund.clone();
                    async move { admin.fund_house(asked(fund)).await.map(drop) }
                })
                .await?;
        }
        Ok(feed)
    }

    /// Posts until it is told to stop.
    ///
    /// # Errors
    /// A snapshot could not be written down, or was refused.
    pub async fn post_on(mut self, history: &History, stop: &AtomicBool) -> anyhow::Result<()> {
        let every = [40, 150, 400].map(Duration::from_millis);
        while !stop.load(Ordering::Relaxed) {
            let book = self.next()?;
            // Now and then twice: the second time nothing may be renewed.
            let times = if self.chance.percent(15) { 2 } else { 1 };
            for _ in 0..times {
                match self.post(&book).await {
                    Ok(true) => history.snapshot_taken(),
                    // It was there before, or a newer one.
                    Ok(false) => {}
                    Err(status) if status.code() == tonic::Code::InvalidArgument => {
                        bail!("snapshot {} was refused: {}", book.number, status.message());
                    }
                    // Nobody knows whether it came; the next one will.
                    Err(_) => self.office.go_on(),
                }
            }
            let pause = self.chance.pick(&every).copied().unwrap_or(PAUSE);
            sleep(pause).await;
        }
        Ok(())
    }

    async fn post(&mut self, book: &v1::OutsideBook) -> Result<bool, Status> {
        let Some(mut admin) = self.office.admin() else {
            return Err(Status::unavailable("nobody"));
        };
        let (name, book) = (OUTSIDE.into(), Some(book.clone()));
        let request = v1::PostOutsideBookRequest { name, book };
        let posted = timeout(ATTEMPT, admin.post_outside_book(asked(request))).await;
        let posted = posted.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
        Ok(posted?.into_inner().taken)
    }

    /// The next snapshot, written down.
    fn next(&mut self) -> anyhow::Result<v1::OutsideBook> {
        self.number += 1;
        let middle = self.chance.between(MIDDLE - REACH, MIDDLE + REACH);
        let mut quantity = || self.chance.between(1, DISPLAYED_MAX);
        let mut side = |price: &dyn Fn(u64) -> u64| -> Vec<(u64, u64)> {
            (0..LEVELS).map(|nth| (price(nth), quantity())).collect()
        };
        let bids = side(&|nth| middle - 1 - nth);
        let asks = side(&|nth| middle + 1 + nth);
        let pairs = |levels: &[(u64, u64)]| -> Vec<[String; 2]> {
            levels.iter().map(|(price, quantity)| [price, quantity].map(u64::to_string)).collect()
        };
        let line = json!({
            "instrument": OUTSIDE, "number": self.number,
            "bids": pairs(&bids), "asks": pairs(&asks),
        });
        writeln!(self.record, "{line}")?;
        let decimal = |value: u64| Some(v1::Decimal { value: value.to_string() });
        let level = |&(price, quantity): &(u64, u64)| v1::OutsideLevel {
            price: decimal(price),
            quantity: decimal(quantity),
            taken: None,
        };
        Ok(v1::OutsideBook {
            instrument: OUTSIDE.into(),
            number: self.number,
            bids: bids.iter().map(level).collect(),
            asks: asks.iter().map(level).collect(),
            ..Default::default()
        })
    }
}
