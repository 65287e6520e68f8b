//! Reads an exchange's state over gRPC, as an operator who may look into every account.
//!
//! Emits an [`Export`] of an exchange at rest: it looks again until every order is decided and what
//! partitions say of themselves is the same before and after, and takes what it has when the time is over; the
//! checkers then say what was not at rest. On failure: the call's status; nothing was changed.

mod convert;

use crate::export::{Account, Export, Partition, Replica, View};
use crate::v1;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use v1::account_service_client::AccountServiceClient;
use v1::admin_service_client::AdminServiceClient;
use v1::market_service_client::MarketServiceClient;
use v1::order_service_client::OrderServiceClient;

/// Entries of a page.
const PAGE: i32 = 1_000;
/// Accounts that are read at the same time.
const READ_AT_ONCE: usize = 32;
/// Levels of a side; the API gives no more.
const DEPTH: i32 = 1_000;
/// Times that a page is asked for.
const ASKED_MAX: u32 = 20;
/// Between two looks at an exchange that is not at rest yet.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Bytes of one answer: a page of a thousand orders.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a node may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// Reads the exchange through the first gateway that answers, and what every node says of its own
/// replicas.
pub async fn export(targets: &[String], token: &str, within: Duration) -> anyhow::Result<Export> {
    let mut readers = Vec::new();
    let mut last = anyhow::anyhow!("no target");
    for target in targets {
        match Reader::connect(target, token).await {
            Ok(reader) => readers.push(reader),
            Err(error) => last = error,
        }
    }
    let Some(first) = readers.first_mut() else { return Err(last) };
    let mut export = first.export(within).await?;
    for reader in &mut readers {
        export.views.push(reader.view().await?);
    }
    Ok(export)
}

/// Adds the operator's token.
#[derive(Clone)]
pub struct Token(MetadataValue<Ascii>);

impl tonic::service::Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Line = InterceptedService<Channel, Token>;

/// What changes whenever money, goods or messages move.
///
/// Balances are in it because an order that ends by its time moves nothing between accounts, and
/// its message to its account may be sent, confirmed and forgotten between two looks; what it held
/// is free behind it.
#[derive(PartialEq)]
struct Cut {
    partitions: Vec<v1::PartitionStatus>,
    accounts: Vec<v1::Account>,
}

/// A connection with all the services that are read.
#[derive(Clone)]
pub struct Reader {
    accounts: AccountServiceClient<Line>,
    admin: AdminServiceClient<Line>,
    market: MarketServiceClient<Line>,
    orders: OrderServiceClient<Line>,
}

impl Reader {
    /// Connects to `http://127.0.0.1:7777` with a bearer token.
    pub async fn connect(target: &str, token: &str) -> anyhow::Result<Reader> {
        let endpoint = Endpoint::from_shared(target.to_owned())?
            .connect_timeout(CONNECT_WITHIN)
            .timeout(Duration::from_secs(30));
        let channel = endpoint.connect().await.with_context(|| format!("reaching {target}"))?;
        let token = Token(format!("Bearer {token}").parse()?);
        let line = InterceptedService::new(channel, token);
        Ok(Reader {
            accounts: AccountServiceClient::new(line.clone())
                .max_decoding_message_size(ANSWER_BYTES_MAX),
            admin: AdminServiceClient::new(line.clone()),
            market: MarketServiceClient::new(line.clone())
                .max_decoding_message_size(ANSWER_BYTES_MAX),
            orders: OrderServiceClient::new(line).max_decoding_message_size(ANSWER_BYTES_MAX),
        })
    }

    /// The state at rest, or what there is when it does not come to rest in time.
    pub async fn export(&mut self, within: Duration) -> anyhow::Result<Export> {
        let until = Instant::now() + within;
        let mut before = self.cut().await?;
        loop {
            // What is on its way between two partitions shows in neither while it stands still.
            sleep(LOOK_EVERY).await;
            let stood_still = before == self.cut().await?;
            let export = self.read().await?;
            let after = self.cut().await?;
            let is_quiet = export.orders().all(|order| order.state != "PENDING");
            if (stood_still && is_quiet && before == after) || Instant::now() >= until {
                return Ok(export);
            }
            before = after;
        }
    }

    async fn cut(&mut self) -> anyhow::Result<Cut> {
        let mut partitions = self.status().await?;
        for partition in &mut partitions {
            // Time may go on in a partition where nothing happens, and snapshots be taken.
            partition.first_index = 0;
            partition.last_index = 0;
            partition.committed_index = 0;
            partition.applied_index = 0;
            partition.snapshot_index = 0;
            partition.state_hash.clear();
        }
        Ok(Cut { partitions, accounts: self.list_accounts().await? })
    }

    async fn status(&mut self) -> anyhow::Result<Vec<v1::PartitionStatus>> {
        Ok(self.node().await?.partitions)
    }

    async fn node(&mut self) -> anyhow::Result<v1::NodeStatus> {
        let answer = self.admin.get_status(v1::GetStatusRequest::default()).await;
        let status = answer.context("reading the status")?.into_inner().status;
        Ok(status.unwrap_or_default())
    }

    /// What this node says of its replicas.
    async fn view(&mut self) -> anyhow::Result<View> {
        let node = self.node().await?;
        let replicas = node.partitions.into_iter().map(Replica::try_from);
        Ok(View { node: node.name, replicas: replicas.collect::<Result<_, _>>()? })
    }

    async fn read(&mut self) -> anyhow::Result<Export> {
        let mut export = Export::default();
        for partition in self.status().await? {
            export.partitions.push(Partition::try_from(partition)?);
        }
        export.accounts = self.accounts().await?;
        for instrument in self.list_instruments().await? {
            let name = instrument.name.clone();
            export.instruments.push(instrument.try_into()?);
            export.books.push(self.book(&name).await?);
            for trade in self.list_trades(&name).await? {
                export.trades.push(trade.try_into()?);
            }
        }
        Ok(export)
    }

    /// Every account with everything that it did, several read at once: there may be thousands.
    async fn accounts(&mut self) -> anyhow::Result<Vec<Account>> {
        let turns = Arc::new(Semaphore::new(READ_AT_ONCE));
        let mut reading: JoinSet<anyhow::Result<Account>> = JoinSet::new();
        for listed in self.list_accounts().await? {
            let (mut reader, mut account) = (self.clone(), Account::try_from(listed)?);
            let turn = Arc::clone(&turns).acquire_owned().await?;
            reading.spawn(async move {
                let read = reader.fill_in(&mut account).await;
                drop(turn);
                read.with_context(|| account.name.clone()).map(|()| account)
            });
        }
        let mut accounts = Vec::new();
        while let Some(account) = reading.join_next().await {
            accounts.push(account??);
        }
        accounts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(accounts)
    }

    /// Orders, fills and ledger rows, oldest first.
    async fn fill_in(&mut self, account: &mut Account) -> anyhow::Result<()> {
        let parent = account.name.clone();
        for order in self.list_orders(&parent).await? {
            account.orders.push(order.try_into()?);
        }
        for fill in self.list_fills(&parent).await? {
            account.fills.push(fill.try_into()?);
        }
        for row in self.list_rows(&parent).await? {
            account.rows.push(row.try_into()?);
        }
        account.orders.reverse();
        account.fills.reverse();
        account.rows.reverse();
        Ok(())
    }

    async fn book(&mut self, name: &str) -> anyhow::Result<crate::export::Ladder> {
        let request = v1::GetBookRequest { name: name.into(), depth: DEPTH, ..Default::default() };
        let answer = self.market.get_book(request).await.context("reading a book")?;
        answer.into_inner().book.unwrap_or_default().try_into()
    }
}

/// Whether a read that failed may be answered when it is asked again: a busy machine is no fault.
fn passes(status: &Status) -> bool {
    use tonic::Code::{Cancelled, DeadlineExceeded, ResourceExhausted, Unavailable};
    matches!(status.code(), Cancelled | DeadlineExceeded | ResourceExhausted | Unavailable)
}

/// Reads all pages of a list.
macro_rules! pages {
    ($name:ident, $client:ident.$method:ident, $request:ident, $field:ident -> $item:ident
        $(, $parent:ident)?) => {
        impl Reader {
            async fn $name(&mut self $(, $parent: &str)?) -> anyhow::Result<Vec<v1::$item>> {
                let mut all = Vec::new();
                let mut page_token = String::new();
                let mut asked = 0;
                loop {
                    let request = v1::$request {
                        page_size: PAGE,
                        page_token: page_token.clone(),
                        $($parent: $parent.into(),)?
                        ..Default::default()
                    };
                    asked += 1;
                    let page = match self.$client.$method(request).await {
                        Err(status) if passes(&status) && asked < ASKED_MAX => {
                            sleep(LOOK_EVERY).await;
                            continue;
                        }
                        answer => answer.context(stringify!($method))?.into_inner(),
                    };
                    asked = 0;
                    all.extend(page.$field);
                    page_token = page.next_page_token;
                    if page_token.is_empty() {
                        return Ok(all);
                    }
                }
            }
        }
    };
}

pages!(list_accounts, accounts.list_accounts, ListAccountsRequest, accounts -> Account);
pages!(list_instruments, market.list_instruments, ListInstrumentsRequest,
    instruments -> Instrument);
pages!(list_orders, orders.list_orders, ListOrdersRequest, orders -> Order, parent);
pages!(list_fills, accounts.list_fills, ListFillsRequest, fills -> Fill, parent);
pages!(list_rows, accounts.list_ledger_rows, ListLedgerRowsRequest,
    ledger_rows -> LedgerRow, parent);
pages!(list_trades, market.list_trades, ListTradesRequest, trades -> Trade, parent);
