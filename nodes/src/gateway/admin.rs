//! For operators: what there is to trade, and how the node is doing.
//!
//! Owns: nothing. Takes: requests that the door let in as an operator's. Emits: commands to the
//! meta partition, snapshots, the state of this node. On failure: a refusal that says whether
//! anything changed; every operator's change leaves a line in the log of the node.

use super::cluster;
use super::desk::{Desk, shown_at, told, unexpected};
use super::failure::{Refused, rejected, unread};
use super::money::{self, Named, asset_amount};
use super::reasons::refusal;
use super::rulebook;
use super::status::status;
use super::upstream;
use crate::auth::Caller;
use hoga_actors::EntityId;
use hoga_cluster::partition::MetaCommand;
use hoga_cluster::runtime::At;
use hoga_engine::effect::Answer;
use hoga_engine::ids::PartitionId;
use hoga_engine::instrument::{Asset, Instrument};
use hoga_engine::reject::Reject;
use hoga_engine::request::AccountRequest;
use hoga_engine::topology::Topology;
use hoga_proto::convert::market as wire;
use hoga_proto::names::{AccountName, BoardName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::admin_service_server::AdminService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// `hoga.v1.AdminService`.
pub struct Admin(pub Arc<Desk>);

impl Admin {
    async fn create_asset(
        &self,
        caller: &Caller,
        message: v1::CreateAssetRequest,
    ) -> Result<v1::CreateAssetResponse, Refused> {
        let Some(asked) = &message.asset else {
            return Err(Box::new(Refusal::malformed("asset", "is required and was not given")));
        };
        let asset = Asset::try_from(asked)?;
        let code = asset.code.clone();
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let command = MetaCommand::CreateAsset(asset);
        let asked = self.administer(caller, named, command).await;
        let (at, repeated_answer) = asked.map_err(|refusal| {
            self.exists_instead(refusal, "asset.code", |desk| {
                desk.symbols().catalogue().asset_by_code(&code).is_some().then_some("ASSET_EXISTS")
            })
        })?;
        tracing::info!(asset = %code, by = caller.subject().map(AccountName::id), "asset created");
        let symbols = self.0.symbols();
        let asset = symbols.asset("asset.code", &code)?;
        Ok(v1::CreateAssetResponse {
            asset: Some(asset.into()),
            position: Some(shown_at(at)),
            repeated_answer,
        })
    }

    async fn create_instrument(
        &self,
        caller: &Caller,
        message: v1::CreateInstrumentRequest,
    ) -> Result<v1::CreateInstrumentResponse, Refused> {
        let Some(asked) = message.instrument else {
            let rule = "is required and was not given";
            return Err(Box::new(Refusal::malformed("instrument", rule)));
        };
        let asked = rulebook::filled_in(asked, &message.rules)?;
        let symbols = self.0.symbols();
        let base = symbols.asset("instrument.base_asset", &asked.base_asset)?;
        let quote = symbols.asset("instrument.quote_asset", &asked.quote_asset)?;
        let instrument = wire::instrument(&asked, base, quote)?;
        let symbol = instrument.symbol.clone();
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let command = MetaCommand::CreateInstrument(Box::new(instrument));
        let done = self.administer(caller, named, command).await;
        let (at, repeated_answer) = done.map_err(|refusal| {
            self.exists_instead(refusal, "instrument.name", |desk| {
                let symbols = desk.symbols();
                let listed = symbols.catalogue().instrument_by_symbol(&symbol);
                listed.is_some().then_some("INSTRUMENT_EXISTS")
            })
        })?;
        tracing::info!(%symbol, by = caller.subject().map(AccountName::id), "instrument listed");
        let symbols = self.0.symbols();
        let listed = symbols.instrument("instrument.name", &asked.name)?;
        Ok(v1::CreateInstrumentResponse {
            instrument: Some(wire::shown_instrument(listed)),
            position: Some(shown_at(at)),
            repeated_answer,
        })
    }

    /// Asks the meta partition for a change.
    pub(super) async fn administer(
        &self,
        caller: &Caller,
        named: Named<'_>,
        command: MetaCommand,
    ) -> Result<(At, bool), Refused> {
        let identified = named.identify(&self.0, caller, &command)?;
        let within = caller.remaining();
        let reply = self.0.exchange.administer(&identified, command, within).await;
        let is_repeated = reply.is_repeated;
        match self.0.answered(caller, reply)? {
            (Answer::Done, at) => Ok((at, is_repeated)),
            (Answer::Rejected { reject, .. }, _) => Err(rejected(&reject, "")),
            (other, _) => unexpected(&other),
        }
    }

    /// The meta partition calls a name that is taken malformed; the wire has a reason of its own.
    fn exists_instead(
        &self,
        refused: Refused,
        field: &'static str,
        taken: impl FnOnce(&Desk) -> Option<&'static str>,
    ) -> Refused {
        let is_about_name = matches!(refused.field.as_deref(), Some("code" | "symbol"));
        match taken(&self.0).filter(|_| is_about_name) {
            Some(reason) => Box::new(refusal(reason, refused.message).field(field)),
            None => refused,
        }
    }

    async fn issue(
        &self,
        caller: &Caller,
        message: v1::IssueRequest,
    ) -> Result<v1::IssueResponse, Refused> {
        let account = AccountName::parse(&message.account)
            .map_err(|bad| Refusal::malformed("account", bad.to_string()))?;
        let account = if account.is_me() { caller.admitted(account)? } else { account };
        let symbols = self.0.symbols();
        let (asset, amount) = asset_amount(&symbols, message.amount.as_ref())?;
        if let Some(faucet) = asset.faucet.as_deref().filter(|faucet| *faucet != account.id()) {
            let rule =
                format!("{} has a fixed supply: issue it to its faucet {faucet}", asset.code);
            return Err(Box::new(Refusal::malformed("account", rule)));
        }
        let named = Named::of(&message.request_id, message.sent_at.as_ref());
        let request = AccountRequest::Deposit { asset: asset.id, amount };
        let moved = money::change(&self.0, caller, &account, &symbols, named, request).await?;
        tracing::info!(asset = %asset.code, amount, %account, "issued");
        Ok(moved.into())
    }

    async fn snapshot(
        &self,
        message: v1::TakeSnapshotRequest,
    ) -> Result<v1::TakeSnapshotResponse, Refused> {
        // A snapshot has at least what was applied before it was asked for.
        let mut before = self.0.exchange.status();
        for asked in &message.partitions {
            if !before.iter().any(|status| u32::from(status.id) == *asked) {
                let count = before.len();
                let rule = format!("there is no partition {asked} here; there are {count}, from 0");
                return Err(Box::new(Refusal::malformed("partitions", rule)));
            }
        }
        if !message.partitions.is_empty() {
            before.retain(|status| message.partitions.contains(&u32::from(status.id)));
        }
        let wanted: Vec<_> = before.iter().map(|status| PartitionId(status.id)).collect();
        let taken = self.0.exchange.snapshot_of(&wanted).await.map_err(|error| {
            tracing::error!(%error, "a snapshot failed");
            refusal("STOPPING", format!("no snapshot was taken: {error}"))
        })?;
        tracing::info!(taken, "snapshots taken");
        let positions = before.iter().map(|status| {
            shown_at(At { partition: PartitionId(status.id), index: status.applied })
        });
        Ok(v1::TakeSnapshotResponse { positions: positions.collect() })
    }

    async fn resume(
        &self,
        caller: &Caller,
        message: v1::ResumeEntityRequest,
    ) -> Result<v1::ResumeEntityResponse, Refused> {
        let (partition, entity) = self.entity(&message.name).await?;
        let parked = self.parked(partition, entity).await?;
        let Some(parked) = parked else {
            let why = format!("{} is not suspended", message.name);
            return Err(Box::new(refusal("NOT_SUSPENDED", why).resource(message.name)));
        };
        let reply = self.0.exchange.resume(partition, entity, caller.remaining()).await;
        let (_, at) = self.0.answered(caller, reply)?;
        tracing::warn!(entity = %message.name, parked, "resumed by an operator");
        Ok(v1::ResumeEntityResponse {
            applied_messages: parked as u64,
            position: Some(shown_at(at)),
            repeated_answer: false,
        })
    }

    /// How much waits for a suspended entity; none for one that works.
    async fn parked(
        &self,
        partition: PartitionId,
        entity: EntityId,
    ) -> Result<Option<usize>, Refused> {
        let look = move |core: &hoga_cluster::partition::Core, _| {
            core.suspended().get(&entity).map(|suspension| suspension.parked.len())
        };
        self.0.exchange.core(partition, look).await.map_err(|error| unread(&error))
    }

    async fn entity(&self, name: &str) -> Result<(PartitionId, EntityId), Refused> {
        let topology = self.0.exchange.topology();
        if let Ok(account) = AccountName::parse(name) {
            let partition = topology.account_partition(account.id());
            let id: Box<str> = account.id().into();
            let found =
                self.0.exchange.core(partition, move |core, _| core.directory().get(&id)).await;
            let found = found.map_err(|error| unread(&error))?;
            let missing = || rejected(&Reject::AccountNotFound { name: account.id().into() }, "");
            return Ok((partition, EntityId::Account(found.ok_or_else(missing)?)));
        }
        if BoardName::parse(name).is_ok() {
            return Ok((Topology::BOARDS, EntityId::Board));
        }
        let symbols = self.0.symbols();
        let instrument: &Instrument = symbols.instrument("name", name)?;
        Ok((instrument.partition, EntityId::Book(instrument.id)))
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn create_asset(
        &self,
        request: Request<v1::CreateAssetRequest>,
    ) -> Result<Response<v1::CreateAssetResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.create_asset(&caller, message).await)
    }

    async fn create_instrument(
        &self,
        request: Request<v1::CreateInstrumentRequest>,
    ) -> Result<Response<v1::CreateInstrumentResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.create_instrument(&caller, message).await)
    }

    async fn halt_instrument(
        &self,
        request: Request<v1::HaltInstrumentRequest>,
    ) -> Result<Response<v1::HaltInstrumentResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.halt_instrument(&caller, message).await)
    }

    async fn resume_instrument(
        &self,
        request: Request<v1::ResumeInstrumentRequest>,
    ) -> Result<Response<v1::ResumeInstrumentResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.resume_instrument(&caller, message).await)
    }

    async fn halt_market(
        &self,
        request: Request<v1::HaltMarketRequest>,
    ) -> Result<Response<v1::HaltMarketResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.halt_market(&caller, message).await)
    }

    async fn resume_market(
        &self,
        request: Request<v1::ResumeMarketRequest>,
    ) -> Result<Response<v1::ResumeMarketResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.resume_market(&caller, message).await)
    }

    async fn open_season(
        &self,
        request: Request<v1::OpenSeasonRequest>,
    ) -> Result<Response<v1::OpenSeasonResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.open_season(&caller, message).await)
    }

    async fn close_season(
        &self,
        request: Request<v1::CloseSeasonRequest>,
    ) -> Result<Response<v1::CloseSeasonResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.close_season(&caller, message).await)
    }

    async fn update_instrument(
        &self,
        request: Request<v1::UpdateInstrumentRequest>,
    ) -> Result<Response<v1::UpdateInstrumentResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.update_instrument(&caller, message).await)
    }

    async fn import_candles(
        &self,
        request: Request<v1::ImportCandlesRequest>,
    ) -> Result<Response<v1::ImportCandlesResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.import_candles(&caller, message).await)
    }

    async fn issue(
        &self,
        request: Request<v1::IssueRequest>,
    ) -> Result<Response<v1::IssueResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.issue(&caller, message).await)
    }

    async fn post_outside_book(
        &self,
        request: Request<v1::PostOutsideBookRequest>,
    ) -> Result<Response<v1::PostOutsideBookResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.post_outside_book(&caller, message).await)
    }

    async fn fund_house(
        &self,
        request: Request<v1::FundHouseRequest>,
    ) -> Result<Response<v1::FundHouseResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.fund_house(&caller, message).await)
    }

    async fn take_snapshot(
        &self,
        request: Request<v1::TakeSnapshotRequest>,
    ) -> Result<Response<v1::TakeSnapshotResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.snapshot(message).await)
    }

    async fn get_status(
        &self,
        request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, status(&self.0, &message).await)
    }

    async fn get_upstream(
        &self,
        request: Request<v1::GetUpstreamRequest>,
    ) -> Result<Response<v1::GetUpstreamResponse>, Status> {
        let (caller, _) = Caller::of(request)?;
        told(&caller, Ok(upstream::venues(&self.0).await))
    }

    async fn get_cluster_map(
        &self,
        request: Request<v1::GetClusterMapRequest>,
    ) -> Result<Response<v1::GetClusterMapResponse>, Status> {
        let (caller, _) = Caller::of(request)?;
        told(&caller, Ok(v1::GetClusterMapResponse { map: Some(cluster::map(&self.0)) }))
    }

    async fn add_node(
        &self,
        request: Request<v1::AddNodeRequest>,
    ) -> Result<Response<v1::AddNodeResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.add_node(&caller, message).await)
    }

    async fn drain_node(
        &self,
        request: Request<v1::DrainNodeRequest>,
    ) -> Result<Response<v1::DrainNodeResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.drain_node(&caller, message).await)
    }

    async fn remove_node(
        &self,
        request: Request<v1::RemoveNodeRequest>,
    ) -> Result<Response<v1::RemoveNodeResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.remove_node(&caller, message).await)
    }

    async fn resume_entity(
        &self,
        request: Request<v1::ResumeEntityRequest>,
    ) -> Result<Response<v1::ResumeEntityResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.resume(&caller, message).await)
    }
}
