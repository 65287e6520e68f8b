//! `hoga buy` and `hoga sell`: an order in the words of the scenarios.

use super::failure::{Exit, Failure};
use super::server::{self, Server};
use super::{Global, actor, json, output, sentences, wire};
use clap::{Args, ValueEnum};
use hoga_engine::client_id::ClientId;
use hoga_proto::v1;
use hoga_scenarios::grammar::{self, OrderKind, Side};
use hoga_scenarios::numbers::Amount;

/// Buy: `hoga buy 10 LPJ-KRW @ 777 --as alice`
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES_BUY)]
pub struct Buy {
    #[command(flatten)]
    entry: Entry,
}

/// Sell: `hoga sell 10 LPJ-KRW at market --as bob`
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES_SELL)]
pub struct Sell {
    #[command(flatten)]
    entry: Entry,
}

const EXAMPLES_BUY: &str = "Orders read:
  10 LPJ-KRW @ 777 [gtc|ioc|fok|day] [post-only] [self-match MODE] [id NAME]
  10 LPJ-KRW @ 777 for 10m            goes by itself after ten minutes
  10 LPJ-KRW at market
  1000 KRW of LPJ-KRW at market       spends an amount, fee included
  90 LPJ-KRW @ 777 show 10            an iceberg: others see 10 of it at a time
  10 LPJ-KRW @ 800 stop 790           waits for a last price of 790, then buys up to 800
  10 LPJ-KRW at market stop 790       waits for the same, then buys at market
  10 LPJ-KRW at market trail 2.5% [step 0.5%]   the trigger follows a falling market
MODE: none, cancel-taker, cancel-maker, cancel-both, decrement";

const EXAMPLES_SELL: &str = "Orders read:
  10 LPJ-KRW @ 777 [gtc|ioc|fok|day] [post-only] [self-match MODE] [id NAME]
  10 LPJ-KRW @ 777 for 10m            goes by itself after ten minutes
  10 LPJ-KRW at market
  90 LPJ-KRW @ 777 show 10            an iceberg: others see 10 of it at a time
  10 LPJ-KRW @ 700 stop 710           waits for a last price of 710, then sells down to 700
  10 LPJ-KRW at market stop 710       waits for the same, then sells at market
  10 LPJ-KRW at market trail 15 [step 5]        the trigger follows a rising market
MODE: none, cancel-taker, cancel-maker, cancel-both, decrement";

/// What makes the id of a second order of that of the first.
const OTHER_LEG: &str = ".oco";

#[derive(Args, Debug)]
struct Entry {
    /// How much, of what, at which price
    #[arg(required = true, allow_negative_numbers = true, value_name = "ORDER")]
    order: Vec<String>,
    /// Make every check and place nothing
    #[arg(long)]
    dry_run: bool,
    /// Beside a limit order: a stop with this trigger; the first fill or trigger of one of the two
    /// cancels the other
    #[arg(long, value_name = "PRICE")]
    oco_stop: Option<Amount>,
    /// The limit of that stop; without it, it goes at market
    #[arg(long, value_name = "PRICE", requires = "oco_stop")]
    oco_limit: Option<Amount>,
    /// When to answer: funds held, book decided, or all settled with the fills
    #[arg(long, value_enum, default_value = "result")]
    ack: Ack,
    /// Your name for the order; the same name and order again is one order
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Ack {
    Accepted,
    Result,
    Full,
}

impl Buy {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        self.entry.run(Side::Buy, global)
    }
}

impl Sell {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        self.entry.run(Side::Sell, global)
    }
}

impl Entry {
    fn run(self, side: Side, global: &Global) -> Result<(), Failure> {
        let said = grammar::parse_order_tail(side, &self.order)
            .map_err(|error| sentences::misread(&self.order, &error))?;
        let parent = actor::account(global)?;
        let given = said.id.as_ref().map(|id| id.as_str().to_owned());
        if given.is_some() && self.id.is_some() && given != self.id {
            return Err(Failure::usage("error: `id` and --id name the order differently"));
        }
        let id = actor::request_id(self.id.as_ref().or(given.as_ref()));
        let request = v1::CreateOrderRequest {
            parent,
            order: Some(wire::order(&said, &id)),
            ack: wire_ack(self.ack).into(),
            request_id: String::new(),
            sent_at: Some(actor::sent_now()),
            validate_only: self.dry_run,
            oco_order: self.other_leg(&id)?,
        };
        let answer = server::talk(global, async |server| {
            spends_the_quote(&server, &said).await?;
            let answer = server.orders().create_order(request.clone()).await;
            answer.map_err(|status| Failure::from(status).of_change(&id))
        })?;
        self.show(&request, &answer.into_inner(), global)
    }

    /// The stop that goes with the order, under an id made of the order's.
    fn other_leg(&self, id: &str) -> Result<Option<v1::Order>, Failure> {
        let Some(trigger) = self.oco_stop else { return Ok(None) };
        let client_order_id = format!("{id}{OTHER_LEG}");
        if client_order_id.len() > ClientId::LENGTH_MAX {
            let most = ClientId::LENGTH_MAX - OTHER_LEG.len();
            let why = format!("error: with --oco-stop an id has at most {most} characters");
            return Err(Failure::usage(why));
        }
        let is_limit = self.oco_limit.is_some();
        let kind = if is_limit { v1::OrderType::StopLimit } else { v1::OrderType::Stop };
        Ok(Some(v1::Order {
            client_order_id,
            r#type: kind.into(),
            trigger_price: wire::number(trigger),
            price: self.oco_limit.and_then(wire::number),
            ..v1::Order::default()
        }))
    }

    fn show(
        &self,
        request: &v1::CreateOrderRequest,
        answer: &v1::CreateOrderResponse,
        global: &Global,
    ) -> Result<(), Failure> {
        let order = answer.order.as_ref().or(request.order.as_ref()).cloned().unwrap_or_default();
        if global.json {
            json::print("CreateOrderResponse", answer)?;
        } else if self.dry_run {
            let order = request.order.as_ref().unwrap_or(&order);
            output::say(format!("would be accepted: {}; nothing was placed", wire::ask(order)))?;
        } else {
            output::say(sentences::order(&order))?;
            if let Some(other) = &answer.oco_order {
                let number = actor::last_part(&other.name);
                output::say(format!("  order {number} is its other leg"))?;
            }
            for fill in &answer.fills {
                output::say(format!("  {}", sentences::fill(fill)))?;
            }
        }
        sentences::repeated(answer.repeated_answer);
        if order.state() == v1::OrderState::Rejected {
            let hint = format!("hoga explain {}", order.reason);
            return Err(Failure::new(Exit::Refused, "refused by the book").hint(hint));
        }
        Ok(())
    }
}

/// `1000 USD of LPJ-KRW` names an asset that is not paid with: the wire has no place for it.
async fn spends_the_quote(server: &Server, said: &grammar::Order) -> Result<(), Failure> {
    let OrderKind::MarketSpend { asset, .. } = &said.kind else { return Ok(()) };
    let name = actor::instrument(said.symbol.as_str())?;
    let request = v1::GetInstrumentRequest { name, min_index: None };
    let answer = server.market().get_instrument(request).await?.into_inner();
    let quote = answer.instrument.unwrap_or_default().quote_asset;
    if quote == asset.as_str() {
        return Ok(());
    }
    Err(Failure::usage(format!("error: {} is paid in {quote}, not in {asset}", said.symbol)))
}

fn wire_ack(ack: Ack) -> v1::Ack {
    match ack {
        Ack::Accepted => v1::Ack::Accepted,
        Ack::Result => v1::Ack::Result,
        Ack::Full => v1::Ack::Full,
    }
}
