//! What the exchange has of an account at the end, and what a bot sees of its own on the way.

use super::board;
use super::line::Undone;
use super::seat::{Seat, number};
use super::venue::Venue;
use hoga_engine::amount::Amount;
use hoga_engine::ids::AssetId;
use hoga_proto::convert::numbers;
use hoga_proto::v1;
use hoga_scenarios::bots::OwnOrder;
use hoga_scenarios::grammar::Side;
use hoga_scenarios::player::Sight;
use v1::OrderState as State;

/// Rows of a page.
const PAGE: i32 = 1_000;

/// The states of an order that may still trade.
const OPEN: [State; 5] =
    [State::Pending, State::Open, State::PartiallyFilled, State::Reserved, State::Untriggered];

/// An account, read to the end of the play.
pub struct Statement {
    pub name: String,
    /// Asset, available, held, in minor units.
    pub balances: Vec<(AssetId, Amount, Amount)>,
    /// Orders and fills of the play.
    pub orders: Vec<v1::Order>,
    pub fills: Vec<v1::Fill>,
}

pub fn is_open(order: &v1::Order) -> bool {
    OPEN.contains(&order.state())
}

impl Venue {
    /// What a bot sees; none when nobody answers.
    pub async fn seen(&self, seat: &Seat, place: usize) -> Option<(Sight, Vec<OwnOrder>)> {
        let instrument = &self.market.instruments[place];
        let request = v1::ListOrdersRequest {
            parent: seat.resource(),
            page_size: PAGE,
            instrument: format!("instruments/{}", instrument.symbol),
            states: OPEN.map(i32::from).to_vec(),
            min_index: seat.seen,
            after: seat.settles,
            ..Default::default()
        };
        let orders = self
            .lines
            .ask(seat.who(), async |call| call.orders().list_orders(request.clone()).await);
        let (orders, account) = tokio::join!(orders, self.account(seat));
        let (orders, account) = (orders.ok()?.into_inner().orders, account.ok()?);
        let balances = self.balances(&account);
        let available = |asset| {
            let found = balances.iter().find(|(known, ..)| *known == asset);
            found.map_or(0, |(_, available, _)| *available)
        };
        let sight = Sight {
            band: instrument.band,
            cash: available(instrument.quote),
            goods: available(instrument.base),
            ..self.boards[place].sight()
        };
        // Bots know their orders oldest first.
        let own = orders.iter().rev().filter_map(|order| {
            let is_buy = order.side() == v1::Side::Buy;
            let left = order.remaining_quantity.as_ref();
            let left = numbers::amount("quantity", left, instrument.base_scale).ok()?;
            Some(OwnOrder {
                id: number(&order.name)?,
                side: if is_buy { Side::Buy } else { Side::Sell },
                price: board::ticks(order.price.as_ref(), instrument)?.0.into(),
                open_lots: u64::try_from(left / instrument.lot).ok()?,
            })
        });
        Some((sight, own.collect()))
    }

    /// An account's balances of assets of the market, in the order of the assets.
    pub fn balances(&self, account: &v1::Account) -> Vec<(AssetId, Amount, Amount)> {
        let of = |asset: &hoga_engine::instrument::Asset| {
            let mut balances = account.balances.iter();
            let balance = balances.find(|balance| *balance.asset == *asset.code)?;
            let minor = |part: &Option<v1::Decimal>| {
                numbers::amount_if_any("balance", part.as_ref(), asset.scale).ok().flatten()
            };
            Some((asset.id, minor(&balance.available)?, minor(&balance.held)?))
        };
        self.market.assets.iter().filter_map(of).collect()
    }

    /// Reads an account to the end.
    ///
    /// # Errors
    /// Nobody answers, or it is refused.
    pub async fn statement(&self, seat: &Seat) -> Result<Statement, Undone> {
        let orders = self.orders(seat).await?;
        let fills = self.fills(seat).await?;
        let account = self.account(seat).await?;
        let balances = self.balances(&account);
        Ok(Statement { name: seat.name.to_string(), balances, orders, fills })
    }

    async fn orders(&self, seat: &Seat) -> Result<Vec<v1::Order>, Undone> {
        let mut request = v1::ListOrdersRequest {
            parent: seat.resource(),
            page_size: PAGE,
            min_index: seat.seen,
            after: seat.settles,
            ..Default::default()
        };
        let mut orders = Vec::new();
        let is_new =
            |order: &v1::Order| number(&order.name).is_some_and(|no| no > seat.orders_before);
        loop {
            let asked = self
                .lines
                .ask(seat.who(), async |call| call.orders().list_orders(request.clone()).await);
            let page = asked.await?.into_inner();
            let is_over = page.orders.last().is_some_and(|last| !is_new(last));
            orders.extend(page.orders.into_iter().filter(is_new));
            if is_over || page.next_page_token.is_empty() {
                return Ok(orders);
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn fills(&self, seat: &Seat) -> Result<Vec<v1::Fill>, Undone> {
        let mut request = v1::ListFillsRequest {
            parent: seat.resource(),
            page_size: PAGE,
            min_index: seat.seen,
            after: seat.settles,
            ..Default::default()
        };
        let mut fills = Vec::new();
        let is_new = |fill: &v1::Fill| fill.sequence > seat.fills_before;
        let is_of_play =
            |fill: &v1::Fill| number(&fill.order).is_some_and(|no| no > seat.orders_before);
        loop {
            let asked = self
                .lines
                .ask(seat.who(), async |call| call.accounts().list_fills(request.clone()).await);
            let page = asked.await?.into_inner();
            let is_over = page.fills.last().is_some_and(|last| !is_new(last));
            fills.extend(page.fills.into_iter().filter(|fill| is_new(fill) && is_of_play(fill)));
            if is_over || page.next_page_token.is_empty() {
                return Ok(fills);
            }
            request.page_token = page.next_page_token;
        }
    }
}
