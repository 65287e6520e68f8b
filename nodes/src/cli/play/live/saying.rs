//! What an account says, on the wire, and what it is told.

use super::line::Undone;
use super::listed;
use super::seat::{Asked, Placed, Seat, number};
use super::venue::Venue;
use crate::cli::failure::Failure;
use crate::cli::{actor, wire};
use hoga_engine::amount::Lots;
use hoga_engine::instrument::Instrument;
use hoga_proto::v1;
use hoga_scenarios::grammar::{Act, Order, OrderKind, OrderRef};
use hoga_scenarios::names::Asset;
use hoga_scenarios::numbers::Amount;
use hoga_scenarios::time::Millis;

impl Venue {
    /// Asks for what an account says, and books the answer. The reason, when it was refused.
    ///
    /// # Errors
    /// The recording cannot be written. What is refused or stays unknown is counted.
    pub async fn said(
        &self,
        seat: &mut Seat,
        act: &Act,
        at: Millis,
    ) -> Result<Option<String>, Failure> {
        self.record_of(at, seat, act)?;
        {
            let mut counts = self.counts.borrow_mut();
            counts.commands += 1;
            counts.orders += u64::from(matches!(act, Act::Place(_)));
        }
        let answered = match act {
            Act::Place(order) => self.place(seat, order).await,
            Act::Cancel(order) => self.cancel(seat, order).await,
            Act::CancelAll => self.cancel_all(seat).await,
            Act::Amend { order, quantity, price } => {
                self.amend(seat, order, *quantity, *price).await
            }
            Act::Deposit { amount, asset } => self.money(seat, *amount, asset, true).await,
            Act::Withdraw { amount, asset } => self.money(seat, *amount, asset, false).await,
        };
        Ok(match answered {
            Ok(refused) => refused.inspect(|reason| self.refuse(reason)),
            Err(Undone::Refused(refusal)) => {
                self.refuse(&refusal.reason);
                Some(refusal.reason)
            }
            Err(Undone::Unknown(why)) => {
                self.counts.borrow_mut().unknown += 1;
                Some(why)
            }
        })
    }

    async fn place(&self, seat: &mut Seat, order: &Order) -> Result<Option<String>, Undone> {
        let id = order.id.as_ref().map_or_else(|| self.request_id(), |id| self.order_id(id));
        let mut request = v1::CreateOrderRequest {
            parent: seat.resource(),
            order: Some(wire::order(order, &id)),
            sent_at: Some(actor::sent_now()),
            ..Default::default()
        };
        request.set_ack(v1::Ack::Result);
        let asked = self
            .lines
            .change(seat.who(), async |call| call.orders().create_order(request.clone()).await);
        let answer = asked.await?.into_inner();
        seat.see(answer.position);
        seat.settles = answer.settles.or(seat.settles);
        let told = answer.order.unwrap_or_default();
        if told.state() == v1::OrderState::Rejected {
            return Ok(Some(told.reason));
        }
        let mut listed = self.market.instruments.iter();
        let place = listed.position(|listed| *listed.symbol == *order.symbol.as_str());
        if let (Some(number), Some(instrument)) = (number(&told.name), place) {
            let asked = asked_for(order, &self.market.instruments[instrument]);
            seat.placed.entry(number).or_insert(Placed { id, instrument, asked });
        }
        Ok(None)
    }

    async fn cancel(&self, seat: &mut Seat, order: &OrderRef) -> Result<Option<String>, Undone> {
        let (name, client_order_id) = self.named(seat, order);
        let request = v1::CancelOrderRequest {
            name,
            client_order_id,
            request_id: self.request_id(),
            sent_at: Some(actor::sent_now()),
        };
        let asked = self
            .lines
            .change(seat.who(), async |call| call.orders().cancel_order(request.clone()).await);
        let answer = asked.await?.into_inner();
        seat.see(answer.position);
        seat.settles = answer.settles.or(seat.settles);
        Ok(None)
    }

    async fn cancel_all(&self, seat: &mut Seat) -> Result<Option<String>, Undone> {
        let request = v1::CancelAllOrdersRequest {
            parent: seat.resource(),
            instrument: String::new(),
            request_id: self.request_id(),
            sent_at: Some(actor::sent_now()),
        };
        let asked = self.lines.change(seat.who(), async |call| {
            call.orders().cancel_all_orders(request.clone()).await
        });
        seat.see(asked.await?.into_inner().position);
        Ok(None)
    }

    async fn amend(
        &self,
        seat: &mut Seat,
        order: &OrderRef,
        quantity: Amount,
        price: Amount,
    ) -> Result<Option<String>, Undone> {
        let (name, client_order_id) = self.named(seat, order);
        let request = v1::AmendOrderRequest {
            name,
            client_order_id,
            quantity: wire::number(quantity),
            price: wire::number(price),
            request_id: self.request_id(),
            sent_at: Some(actor::sent_now()),
        };
        let asked = self
            .lines
            .change(seat.who(), async |call| call.orders().amend_order(request.clone()).await);
        let answer = asked.await?.into_inner();
        seat.see(answer.position);
        seat.settles = answer.settles.or(seat.settles);
        let amended = answer.order.and_then(|order| number(&order.name));
        if let Some(placed) = amended.and_then(|number| seat.placed.get_mut(&number)) {
            let instrument = &self.market.instruments[placed.instrument];
            placed.asked = Asked::Quantity(lots(quantity, instrument));
        }
        Ok(None)
    }

    async fn money(
        &self,
        seat: &mut Seat,
        amount: Amount,
        asset: &Asset,
        is_deposit: bool,
    ) -> Result<Option<String>, Undone> {
        let known = self.market.assets.iter().find(|known| *known.code == *asset.as_str());
        let minor = known.and_then(|known| Some((known, amount.minor(known.scale.into())?)));
        let Some((known, minor)) = minor else { return Ok(Some("UNKNOWN_ASSET".into())) };
        let (name, sum) = (seat.resource(), Some(listed::amount(known, minor)));
        let (request_id, sent_at) = (self.request_id(), Some(actor::sent_now()));
        let position = if is_deposit {
            let request = v1::DepositRequest { name, amount: sum, request_id, sent_at };
            let asked = self
                .lines
                .change(seat.who(), async |call| call.accounts().deposit(request.clone()).await);
            asked.await?.into_inner().position
        } else {
            let request = v1::WithdrawRequest { name, amount: sum, request_id, sent_at };
            let asked = self
                .lines
                .change(seat.who(), async |call| call.accounts().withdraw(request.clone()).await);
            asked.await?.into_inner().position
        };
        seat.see(position);
        seat.bring(known.id, if is_deposit { minor } else { -minor });
        Ok(None)
    }

    /// An order's name and, where that does not say it, its client's id. Numbers of a file count
    /// the orders of the play.
    fn named(&self, seat: &Seat, order: &OrderRef) -> (String, String) {
        match order {
            OrderRef::Number(number) => {
                let number = number.saturating_add(seat.orders_before);
                (format!("{}/orders/{number}", seat.resource()), String::new())
            }
            OrderRef::Client(id) => (format!("{}/orders/-", seat.resource()), self.order_id(id)),
        }
    }
}

fn asked_for(order: &Order, instrument: &Instrument) -> Asked {
    match order.kind {
        OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity } => {
            Asked::Quantity(lots(quantity, instrument))
        }
        OrderKind::MarketSpend { amount, .. } => {
            Asked::Spend(amount.minor(instrument.quote_scale.into()).unwrap_or(0))
        }
    }
}

fn lots(quantity: Amount, instrument: &Instrument) -> Lots {
    let minor = quantity.minor(instrument.base_scale.into()).unwrap_or(0);
    Lots(u64::try_from(minor / instrument.lot).unwrap_or(u64::MAX))
}
