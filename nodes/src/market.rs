//! The founding of a market: from a rule book to assets, instruments, supplies and accounts.
//!
//! Owns: [`found`]. Takes: a started exchange and a market in the exchange's own units. Emits:
//! commands through the log, like any client. Every step looks first whether it was done, and
//! carries a fixed request id: a founding that was cut short goes on where it was, and one that
//! was done changes nothing. On failure: [`FoundingError`]; what was founded before it stays.

use hoga_cluster::partition::MetaCommand;
use hoga_cluster::runtime::{Exchange, Failure, Identified, ReadError};
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::hash::StateHash;
use hoga_engine::ids::AssetId;
use hoga_engine::instrument::{Asset, Instrument};
use hoga_engine::reject::Reject;
use hoga_engine::request::AccountRequest;
use hoga_scenarios::listing::{Fund, Market};
use std::time::Duration;

/// How long one step may take.
const STEP_WITHIN: Duration = Duration::from_secs(10);

/// Who trades from the first minute on.
pub const FIRST_ACCOUNTS: [&str; 2] = ["alice", "bob"];

/// What each of them starts with of an asset that things are paid in, and of one that is traded,
/// in whole units.
const FIRST_MONEY: u64 = 10_000_000;
const FIRST_HOLDING: u64 = 10_000;

/// What an account starts with.
#[derive(Clone, Debug)]
pub struct Seed {
    pub account: &'static str,
    /// Codes and whole units.
    pub amounts: Vec<(Box<str>, u64)>,
}

/// Both sides of every instrument of the market for [`FIRST_ACCOUNTS`].
pub fn first_seeds(market: &Market) -> Vec<Seed> {
    let is_paid_in = |asset: &Asset| market.instruments.iter().any(|i| i.quote == asset.id);
    let amount = |asset: &Asset| if is_paid_in(asset) { FIRST_MONEY } else { FIRST_HOLDING };
    let amounts = market.assets.iter().map(|asset| (asset.code.clone(), amount(asset)));
    let amounts: Vec<_> = amounts.collect();
    FIRST_ACCOUNTS.map(|account| Seed { account, amounts: amounts.clone() }).into()
}

/// An order that the first accounts can place, as a sentence says it: `10 LPJ-KRW @ 777`. At the
/// base price, and of ten whole units or, where these cost too much, of what costs half at most.
pub fn first_order(instrument: &Instrument) -> String {
    let (lots, price) = quantity_and_price(instrument);
    let quantity = instrument.shown_quantity(lots);
    format!("{quantity} {} @ {}", instrument.symbol, instrument.shown_price(price))
}

fn quantity_and_price(instrument: &Instrument) -> (Lots, Ticks) {
    let price = instrument.base_price.unwrap_or(Ticks(1));
    let price = instrument.ticks.floor(price).max(Ticks(instrument.ticks.step(price)));
    let each = instrument.unit() * Amount::from(price.0);
    let money = Amount::from(FIRST_MONEY) * 10_i128.pow(instrument.quote_scale.into()) / 2;
    let ten = 10 * 10_i128.pow(instrument.base_scale.into()) / instrument.lot;
    // Of what is left, one digit is enough to show how it is written.
    let affordable = money / each.max(1);
    let leading = 10_i128.pow(affordable.max(1).ilog10());
    let lots = if ten <= affordable { ten } else { affordable / leading * leading };
    (Lots(u64::try_from(lots).unwrap_or(1)), price)
}

/// Why a market was not founded. What was founded before stays; trying again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    #[error("{step}: {reject}")]
    Refused { step: String, reject: Box<Reject> },
    #[error("{step}: {failure}")]
    Failed { step: String, failure: Failure },
    #[error("{step}: {error}")]
    Read { step: String, error: ReadError },
    #[error("{step}: the market has no asset {code}")]
    NoAsset { step: String, code: String },
    #[error("{step}: the market has no instrument {symbol}")]
    NoInstrument { step: String, symbol: String },
}

impl FoundingError {
    /// It may be founded a moment later, as it is.
    pub fn may_pass(&self) -> bool {
        match self {
            FoundingError::Failed { .. } => true,
            FoundingError::Read { error, .. } => !matches!(error, ReadError::History(_)),
            FoundingError::Refused { .. }
            | FoundingError::NoAsset { .. }
            | FoundingError::NoInstrument { .. } => false,
        }
    }
}

/// Founds the market and seeds the accounts, as far as that was not done before.
///
/// # Errors
/// See [`FoundingError`].
pub async fn found(
    exchange: &Exchange,
    market: &Market,
    seeds: &[Seed],
) -> Result<(), FoundingError> {
    let founding = Founding { exchange };
    for asset in &market.assets {
        if exchange.catalogue().asset_by_code(&asset.code).is_none() {
            let step = format!("creating the asset {}", asset.code);
            founding.administer(step, MetaCommand::CreateAsset(asset.clone())).await?;
        }
    }
    for instrument in &market.instruments {
        if exchange.catalogue().instrument_by_symbol(&instrument.symbol).is_none() {
            let step = format!("listing {}", instrument.symbol);
            let command = MetaCommand::CreateInstrument(Box::new(instrument.clone()));
            founding.administer(step, command).await?;
        }
    }
    for issue in &market.issues {
        let code = market.assets.iter().find(|asset| asset.id == issue.asset);
        let code = code.map(|asset| &*asset.code).unwrap_or_default();
        let asset = founding.asset(code)?;
        founding.open(&issue.faucet).await?;
        // Issued once and never again, however often this runs.
        if !founding.has_had(&issue.faucet, asset.id).await? {
            let request = AccountRequest::Deposit { asset: asset.id, amount: issue.amount };
            founding.ask(&issue.faucet, &format!("found:issue:{code}"), request).await?;
        }
    }
    for fund in &market.funds {
        founding.fund(market, fund).await?;
    }
    for seed in seeds {
        founding.open(seed.account).await?;
        for (code, whole) in &seed.amounts {
            founding.seed(seed.account, code, *whole).await?;
        }
    }
    Ok(())
}

struct Founding<'e> {
    exchange: &'e Exchange,
}

impl Founding<'_> {
    /// The asset as the exchange numbered it.
    fn asset(&self, code: &str) -> Result<Asset, FoundingError> {
        let catalogue = self.exchange.catalogue();
        catalogue.asset_by_code(code).cloned().ok_or_else(|| FoundingError::NoAsset {
            step: "founding the market".into(),
            code: code.into(),
        })
    }

    async fn administer(&self, step: String, command: MetaCommand) -> Result<(), FoundingError> {
        let name = match &command {
            MetaCommand::CreateAsset(asset) => format!("found:asset:{}", asset.code),
            MetaCommand::CreateInstrument(listed) => format!("found:{}", listed.symbol),
            _ => unreachable!("a founding makes assets and lists instruments"),
        };
        let identified = identified(&name, &format!("{command:?}"));
        let reply = self.exchange.administer(&identified, command, STEP_WITHIN).await;
        done(step, reply.answer)
    }

    async fn ask(
        &self,
        account: &str,
        id: &str,
        request: AccountRequest,
    ) -> Result<(), FoundingError> {
        let identified = identified(id, &format!("{request:?}"));
        let reply = self.exchange.ask(account, &identified, request, STEP_WITHIN).await;
        done(format!("{id} of {account}"), reply.answer)
    }

    async fn open(&self, account: &str) -> Result<(), FoundingError> {
        match self.exchange.account(account, None, Vec::new(), |_, _, _| ()).await {
            Ok(()) => Ok(()),
            Err(ReadError::NoAccount(_)) => {
                self.ask(account, "found:open", AccountRequest::Open).await
            }
            Err(error) => {
                Err(FoundingError::Read { step: format!("looking for {account}"), error })
            }
        }
    }

    /// Whether the account ever had some of the asset, be it gone by now.
    async fn has_had(&self, account: &str, asset: AssetId) -> Result<bool, FoundingError> {
        let had = move |account: &hoga_engine::account::Account| {
            account.balances().any(|(known, _)| known == asset)
        };
        let looked =
            self.exchange.account(account, None, Vec::new(), move |account, _, _| had(account));
        let step = || format!("looking at {account}");
        looked.await.map_err(|error| FoundingError::Read { step: step(), error })
    }

    /// What the house of a followed instrument trades with, once.
    async fn fund(&self, market: &Market, fund: &Fund) -> Result<(), FoundingError> {
        let step = || format!("funding {}", fund.house);
        let asset = market.assets.iter().find(|asset| asset.id == fund.asset);
        let code = asset.map(|asset| asset.code.clone()).unwrap_or_default();
        let listed = market.instruments.iter().find(|listed| listed.id == fund.instrument);
        let symbol = listed.map(|listed| listed.symbol.clone()).unwrap_or_default();
        let catalogue = self.exchange.catalogue();
        let Some(instrument) = catalogue.instrument_by_symbol(&symbol) else {
            return Err(FoundingError::NoInstrument { step: step(), symbol: symbol.into() });
        };
        let (base, instrument) = (instrument.base, instrument.id);
        let (asset, amount) = (self.asset(&code)?.id, fund.amount);
        self.open(&fund.house).await?;
        let looked = self.exchange.book(instrument, None, move |listing, _| {
            let (goods, money) = listing.following().map_or((0, 0), |it| it.purse().put_up);
            if asset == base { goods } else { money }
        });
        // Once and never again, however often this runs.
        if looked.await.map_err(|error| FoundingError::Read { step: step(), error })? > 0 {
            return Ok(());
        }
        let request = AccountRequest::FundHouse { instrument, asset, amount };
        self.ask(&fund.house, &format!("found:{code}:{symbol}"), request).await
    }

    /// New money, or for an asset of fixed supply a transfer out of its faucet.
    async fn seed(&self, account: &str, code: &str, whole: u64) -> Result<(), FoundingError> {
        let asset = self.asset(code)?;
        if self.has_had(account, asset.id).await? {
            return Ok(());
        }
        let amount = Amount::from(whole) * 10i128.pow(u32::from(asset.scale));
        let id = format!("found:{code}:{account}");
        match &asset.faucet {
            None => {
                let request = AccountRequest::Deposit { asset: asset.id, amount };
                self.ask(account, &id, request).await
            }
            Some(faucet) => {
                let request =
                    AccountRequest::Transfer { to: account.into(), asset: asset.id, amount };
                self.ask(faucet, &id, request).await
            }
        }
    }
}

/// A fixed name, so that the same step is one step however often it is asked for.
fn identified(name: &str, body: &str) -> Identified {
    let mut hash = StateHash::default();
    hash.bytes(body.as_bytes());
    let mut name: String = name.into();
    name.truncate(ClientId::LENGTH_MAX);
    let id = ClientId::parse(&name).expect("names of assets, symbols and accounts fit an id");
    Identified { id, body_hash: hash.finish(), sent_at: None, trace: Default::default() }
}

fn done(step: String, answer: Result<Answer, Failure>) -> Result<(), FoundingError> {
    match answer {
        Ok(Answer::Rejected { reject, .. }) => Err(FoundingError::Refused { step, reject }),
        Ok(_) => Ok(()),
        Err(failure) => Err(FoundingError::Failed { step, failure }),
    }
}

#[cfg(test)]
mod tests;
