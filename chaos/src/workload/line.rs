//! Requests over gRPC, and what their ends mean.

use crate::history::{Answer, Ask, End, Ladder, Order, Position, Said, Settles, Wealth};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use v1::account_service_client::AccountServiceClient;
use v1::market_service_client::MarketServiceClient;
use v1::order_service_client::OrderServiceClient;
use v1::stream_service_client::StreamServiceClient;

/// How long a client waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Adds a development token, and by when an answer is wanted.
#[derive(Clone)]
struct Token {
    bearer: MetadataValue<Ascii>,
    within: Option<Duration>,
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.bearer.clone());
        if let Some(within) = self.within {
            request.set_timeout(within);
        }
        Ok(request)
    }
}

type Spoken = InterceptedService<Channel, Token>;

/// A connection of one account.
#[derive(Clone)]
pub struct Line {
    orders: OrderServiceClient<Spoken>,
    accounts: AccountServiceClient<Spoken>,
    market: MarketServiceClient<Spoken>,
    streams: StreamServiceClient<Spoken>,
    /// What the client has seen of the book already: reads of it may come from any replica.
    seen: Option<v1::Position>,
    /// What was asked last ran out of time over there.
    ran_out: bool,
}

/// A connection that several lines share.
///
/// # Errors
/// Nobody answers at the address.
pub async fn connect(address: &str) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(address.to_owned())?;
    Ok(endpoint.timeout(ANSWER_WITHIN).tcp_nodelay(true).connect().await?)
}

impl Line {
    /// Speaks for `accounts/k0` over a connection.
    ///
    /// # Errors
    /// The account's name is none.
    pub fn of(channel: Channel, account: &str) -> anyhow::Result<Line> {
        Line::with(channel, account, None)
    }

    /// The same, and tells the exchange by when an answer is wanted.
    ///
    /// # Errors
    /// The account's name is none.
    pub fn within(channel: Channel, account: &str, within: Duration) -> anyhow::Result<Line> {
        Line::with(channel, account, Some(within))
    }

    fn with(channel: Channel, account: &str, within: Option<Duration>) -> anyhow::Result<Line> {
        let id = account.strip_prefix("accounts/").unwrap_or(account);
        let token = Token { bearer: format!("Bearer dev:{id}").parse()?, within };
        // A stream has no end by which it is wanted.
        let endless = Token { within: None, ..token.clone() };
        let streams = StreamServiceClient::new(InterceptedService::new(channel.clone(), endless));
        let spoken = InterceptedService::new(channel, token);
        Ok(Line {
            orders: OrderServiceClient::new(spoken.clone()),
            accounts: AccountServiceClient::new(spoken.clone()),
            market: MarketServiceClient::new(spoken),
            streams,
            seen: None,
            ran_out: false,
        })
    }

    /// A connection and a line in one.
    ///
    /// # Errors
    /// Nobody answers at the address.
    pub async fn open(address: &str, account: &str) -> anyhow::Result<Line> {
        Line::of(connect(address).await?, account)
    }

    /// Reads of the book from now on show what the client has seen, or more.
    pub fn show_at_least(&mut self, position: Option<&Position>) {
        self.seen =
            position.map(|seen| v1::Position { partition: seen.partition, index: seen.index });
    }

    /// Asks once.
    pub async fn ask(&mut self, ask: &Ask) -> End {
        self.ran_out = false;
        match self.answer(ask.clone()).await {
            Ok(answer) => End::Ok(Box::new(answer)),
            Err(status) => {
                let refusal = Refusal::from_status(&status);
                self.ran_out = refusal.code == Code::DeadlineExceeded && !refusal.reason.is_empty();
                end_of(refusal)
            }
        }
    }

    /// Whether the gateway is there and said that what was asked last took too long.
    pub fn ran_out(&self) -> bool {
        self.ran_out
    }

    /// Frames of an instrument's book, from a token on or from a snapshot.
    ///
    /// # Errors
    /// As the exchange says it.
    pub async fn watch_book(
        &mut self,
        instrument: &str,
        resume_token: &str,
    ) -> Result<Streaming<v1::WatchResponse>, Status> {
        let topic = v1::Topic {
            channel: v1::Channel::Book.into(),
            name: instrument.into(),
            ..Default::default()
        };
        let resume_token = resume_token.into();
        let subscribe =
            v1::Subscribe { topic: Some(topic), resume_token, depth: 1_000, ..Default::default() };
        let request = v1::WatchRequest { subscriptions: vec![subscribe] };
        Ok(self.streams.watch(request).await?.into_inner())
    }

    async fn answer(&mut self, ask: Ask) -> Result<Answer, Status> {
        Ok(match ask {
            Ask::CreateOrder(order) => {
                self.orders.create_order(create(*order)).await?.into_inner().into()
            }
            Ask::CancelOrder { account, id, order } => {
                let name = format!("{account}/orders/-");
                let request = v1::CancelOrderRequest {
                    name,
                    client_order_id: order,
                    request_id: id,
                    sent_at: None,
                };
                self.orders.cancel_order(request).await?.into_inner().into()
            }
            Ask::AmendOrder { account, id, order, quantity, price } => {
                let request = v1::AmendOrderRequest {
                    name: format!("{account}/orders/-"),
                    client_order_id: order,
                    quantity: quantity.map(decimal),
                    price: price.map(decimal),
                    request_id: id,
                    sent_at: None,
                };
                self.orders.amend_order(request).await?.into_inner().into()
            }
            Ask::CancelAll { account: parent, id: request_id, instrument } => {
                let request =
                    v1::CancelAllOrdersRequest { parent, instrument, request_id, sent_at: None };
                let answer = self.orders.cancel_all_orders(request).await?.into_inner();
                let order_count = Some(answer.order_count);
                let repeated = answer.repeated_answer;
                Answer { position: at(answer.position), order_count, repeated, ..Answer::default() }
            }
            other => return self.answer_of_money(other).await,
        })
    }

    async fn answer_of_money(&mut self, ask: Ask) -> Result<Answer, Status> {
        Ok(match ask {
            Ask::CreateAccount { account, id: request_id } => {
                let account_id = account.trim_start_matches("accounts/").into();
                let request = v1::CreateAccountRequest { account_id, request_id, sent_at: None };
                let answer = self.accounts.create_account(request).await?.into_inner();
                moved(answer.position, answer.repeated_answer, None)
            }
            Ask::Deposit { account: name, id: request_id, asset, amount } => {
                let amount = Some(of_asset(asset, amount));
                let request = v1::DepositRequest { name, amount, request_id, sent_at: None };
                let answer = self.accounts.deposit(request).await?.into_inner();
                moved(answer.position, answer.repeated_answer, answer.balance)
            }
            Ask::Withdraw { account: name, id: request_id, asset, amount } => {
                let amount = Some(of_asset(asset, amount));
                let request = v1::WithdrawRequest { name, amount, request_id, sent_at: None };
                let answer = self.accounts.withdraw(request).await?.into_inner();
                moved(answer.position, answer.repeated_answer, answer.balance)
            }
            Ask::Transfer { account: name, id: request_id, to, asset, amount } => {
                let amount = Some(of_asset(asset, amount));
                let request = v1::TransferRequest { name, to, amount, request_id, sent_at: None };
                let answer = self.accounts.transfer(request).await?.into_inner();
                // The balance is that of the moment of answering, not of the transfer.
                moved(None, answer.repeated_answer, None)
            }
            Ask::GetAccount { account: name } => {
                let request = v1::GetAccountRequest { name, ..Default::default() };
                let answer = self.accounts.get_account(request).await?.into_inner();
                let balances = answer.account.unwrap_or_default().balances;
                let balances = balances.into_iter().map(wealth).collect();
                Answer { position: at(answer.position), balances, ..Answer::default() }
            }
            Ask::GetBook { instrument: name } => {
                let min_index = self.seen;
                let request =
                    v1::GetBookRequest { name, depth: 1_000, min_index, ..Default::default() };
                let answer = self.market.get_book(request).await?.into_inner();
                let book = answer.book.map(ladder);
                Answer { position: at(answer.position), book, ..Answer::default() }
            }
            other => unreachable!("{other:?} is asked of the order service"),
        })
    }
}

/// What an error means.
fn end_of(refusal: Refusal) -> End {
    if refusal.is_definite() {
        return End::Fail(refusal.reason);
    }
    End::Unknown(format!("{:?} {} {}", refusal.code, refusal.reason, refusal.message))
}

fn create(order: Order) -> v1::CreateOrderRequest {
    let ack = match order.ack {
        "ACCEPTED" => v1::Ack::Accepted,
        "FULL" => v1::Ack::Full,
        _ => v1::Ack::Result,
    };
    let (parent, mut order) = (order.account.clone(), order);
    let oco_order = order.other.take().map(|other| wire_of(*other));
    let order = Some(wire_of(order));
    let ack = ack.into();
    v1::CreateOrderRequest { parent, order, oco_order, ack, ..Default::default() }
}

fn wire_of(order: Order) -> v1::Order {
    let is_market = order.price.is_none();
    let time = |nanoseconds: u64| prost_types::Timestamp {
        seconds: (nanoseconds / 1_000_000_000) as i64,
        nanos: (nanoseconds % 1_000_000_000) as i32,
    };
    let mut wire = v1::Order {
        client_order_id: order.id,
        instrument: order.instrument,
        quantity: order.quantity.map(decimal),
        quote_amount: order.quote_amount.map(decimal),
        price: order.price.map(decimal),
        trigger_price: order.trigger.map(decimal),
        trailing_offset: order.offset.map(decimal),
        trailing_step: order.step.map(decimal),
        display_quantity: order.display.map(decimal),
        expire_time: order.expires.map(time),
        post_only: order.post_only,
        ..v1::Order::default()
    };
    wire.set_side(if order.side == "BUY" { v1::Side::Buy } else { v1::Side::Sell });
    wire.set_type(match order.kind {
        "STOP" => v1::OrderType::Stop,
        "STOP_LIMIT" => v1::OrderType::StopLimit,
        "TRAILING_STOP" => v1::OrderType::TrailingStop,
        _ if is_market => v1::OrderType::Market,
        _ => v1::OrderType::Limit,
    });
    wire.set_time_in_force(match order.time_in_force {
        "GTC" => v1::TimeInForce::Gtc,
        "IOC" => v1::TimeInForce::Ioc,
        "FOK" => v1::TimeInForce::Fok,
        "DAY" => v1::TimeInForce::Day,
        "GTD" => v1::TimeInForce::Gtd,
        "AT_OPEN" => v1::TimeInForce::AtOpen,
        "AT_CLOSE" => v1::TimeInForce::AtClose,
        _ => v1::TimeInForce::Unspecified,
    });
    wire.set_self_match(match order.self_match {
        "NONE" => v1::SelfMatch::None,
        "CANCEL_TAKER" => v1::SelfMatch::CancelTaker,
        "CANCEL_MAKER" => v1::SelfMatch::CancelMaker,
        "CANCEL_BOTH" => v1::SelfMatch::CancelBoth,
        "DECREMENT" => v1::SelfMatch::Decrement,
        _ => v1::SelfMatch::Unspecified,
    });
    wire
}

fn decimal(value: String) -> v1::Decimal {
    v1::Decimal { value }
}

fn of_asset(asset: String, amount: String) -> v1::AssetAmount {
    v1::AssetAmount { asset, amount: Some(decimal(amount)) }
}

fn moved(position: Option<v1::Position>, repeated: bool, balance: Option<v1::Balance>) -> Answer {
    let balances = balance.map(wealth).into_iter().collect();
    Answer { position: at(position), balances, repeated, ..Answer::default() }
}

fn at(position: Option<v1::Position>) -> Option<Position> {
    position.map(|position| Position { partition: position.partition, index: position.index })
}

fn text(number: Option<v1::Decimal>) -> String {
    number.unwrap_or_default().value
}

fn wealth(balance: v1::Balance) -> Wealth {
    let (available, held) = (text(balance.available), text(balance.held));
    Wealth { asset: balance.asset, available, held }
}

fn ladder(book: v1::Book) -> Ladder {
    let level = |level: v1::Level| (text(level.price), text(level.quantity));
    Ladder {
        instrument: book.instrument,
        bids: book.bids.into_iter().map(level).collect(),
        asks: book.asks.into_iter().map(level).collect(),
        sequence: book.sequence,
    }
}

fn said(order: Option<v1::Order>) -> Option<Said> {
    let order = order?;
    let state = order.state().as_str_name();
    let state = state.strip_prefix("ORDER_STATE_").unwrap_or(state).to_owned();
    let filled = order.filled_quantity.map(|filled| filled.value);
    let remaining = order.remaining_quantity.map(|remaining| remaining.value);
    let v1::Order { name, arrival, last_arrival, .. } = order;
    Some(Said { name, state, filled, remaining, arrival, last_arrival })
}

/// The three answers about orders say the same things.
macro_rules! of_order {
    ($($response:ident),*) => {$(
        impl From<v1::$response> for Answer {
            fn from(answer: v1::$response) -> Answer {
                let settles = answer.settles.map(|settles| {
                    let v1::Settles { partition, sequence } = settles;
                    Settles { partition, sequence }
                });
                Answer {
                    position: at(answer.position),
                    book_position: at(answer.book_position),
                    settles,
                    order: said(answer.order),
                    repeated: answer.repeated_answer,
                    ..Answer::default()
                }
            }
        }
    )*};
}

of_order!(CancelOrderResponse, AmendOrderResponse);

impl From<v1::CreateOrderResponse> for Answer {
    fn from(answer: v1::CreateOrderResponse) -> Answer {
        let settles = answer.settles.map(|settles| {
            let v1::Settles { partition, sequence } = settles;
            Settles { partition, sequence }
        });
        Answer {
            position: at(answer.position),
            book_position: at(answer.book_position),
            settles,
            order: said(answer.order),
            trades: answer.fills.into_iter().map(|fill| fill.trade).collect(),
            repeated: answer.repeated_answer,
            ..Answer::default()
        }
    }
}
