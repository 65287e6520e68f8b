//! What operators do.

use super::{Rig, buy, lpj, number, of, refused, text};
use hoga_proto::v1;

#[tokio::test]
async fn an_asset_is_created_once() {
    let rig = Rig::bare().await;
    let admin = rig.operator();
    let asset = |request_id: &str| v1::CreateAssetRequest {
        asset: Some(v1::Asset { code: "KRW".into(), scale: 8, ..Default::default() }),
        request_id: request_id.into(),
        sent_at: None,
    };
    let made = admin.admin().create_asset(asset("a")).await.unwrap().into_inner();
    assert_eq!(made.asset.unwrap().code, "KRW");
    assert!(!made.repeated_answer);
    let again = admin.admin().create_asset(asset("a")).await.unwrap().into_inner();
    assert!(again.repeated_answer, "a retry gets the first answer");
    let refusal = refused(admin.admin().create_asset(asset("b")).await, "ASSET_EXISTS");
    assert_eq!(refusal.field.as_deref(), Some("asset.code"));
}

#[tokio::test]
async fn a_rule_book_fills_in_an_instrument() {
    let rig = Rig::start().await;
    let admin = rig.operator();
    let again = admin.admin().create_instrument(lpj("asked-once")).await.unwrap().into_inner();
    let listed = again.instrument.unwrap();
    assert!(!listed.tick_bands.is_empty() && listed.taker_fee.is_some());
    assert_eq!(listed.phase(), v1::Phase::Continuous);
    refused(admin.admin().create_instrument(lpj("again")).await, "INSTRUMENT_EXISTS");

    let mut unknown = lpj("other");
    unknown.rules = "nyse".into();
    refused(admin.admin().create_instrument(unknown).await, "MALFORMED");
    let mut missing = lpj("other");
    missing.instrument.as_mut().unwrap().base_asset = "BTC".into();
    refused(admin.admin().create_instrument(missing).await, "UNKNOWN_ASSET");
}

#[tokio::test]
async fn a_fixed_supply_is_issued_to_its_faucet_alone() {
    let rig = Rig::start().await;
    rig.two().await;
    let issue = |account: &str, asset: &str| v1::IssueRequest {
        account: account.into(),
        amount: Some(of(asset, "5")),
        ..Default::default()
    };
    let admin = rig.operator();
    refused(admin.admin().issue(issue("accounts/alice", "LPJ")).await, "MALFORMED");
    let made = admin.admin().issue(issue("accounts/alice", "KRW")).await.unwrap().into_inner();
    assert_eq!(text(&made.balance.unwrap().available), "1000005");
}

#[tokio::test]
async fn the_node_says_how_it_is() {
    let rig = Rig::start().await;
    let admin = rig.operator();
    let taken = admin.admin().take_snapshot(v1::TakeSnapshotRequest::default()).await.unwrap();
    assert_eq!(taken.into_inner().positions.len(), 5);
    let status = admin.admin().get_status(v1::GetStatusRequest::default()).await.unwrap();
    let status = status.into_inner().status.unwrap();
    assert_eq!((&*status.name, status.draining), ("nodes/n1", false));
    assert!(status.log_bytes > 0 && status.snapshot_bytes > 0);
    assert_eq!(status.partitions.len(), 5);
    assert!(status.partitions.iter().all(|partition| partition.leader == "nodes/n1"));
    let issued: Vec<_> = status.partitions.iter().flat_map(|p| &p.totals).collect();
    assert!(issued.iter().any(|totals| text(&totals.issued) == "1000000"));
    let other = v1::GetStatusRequest { name: "nodes/n2".into(), audit: false };
    refused(admin.admin().get_status(other).await, "UNKNOWN_NODE");
}

#[tokio::test]
async fn what_works_cannot_be_resumed() {
    let rig = Rig::start().await;
    for name in ["accounts/faucet", "instruments/LPJ-KRW", "boards/return"] {
        let resume = v1::ResumeEntityRequest { name: name.into(), ..Default::default() };
        refused(rig.operator().admin().resume_entity(resume).await, "NOT_SUSPENDED");
    }
}

#[tokio::test]
async fn all_accounts_are_listed_by_pages() {
    let rig = Rig::start().await;
    for number in 0..7 {
        rig.account(&format!("a{number}"), &[("KRW", "1")]).await;
    }
    let admin = rig.operator();
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let list =
            v1::ListAccountsRequest { page_size: 2, page_token: token, ..Default::default() };
        let page = admin.accounts().list_accounts(list).await.unwrap().into_inner();
        let position = page.position.unwrap();
        for account in page.accounts {
            assert_eq!(account.partition, position.partition, "a page is of one partition");
            names.push(account.name);
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    names.sort();
    let wanted: Vec<_> = (0..7).map(|n| format!("accounts/a{n}")).collect();
    assert_eq!(names[..7], wanted);
    assert_eq!(names[7..], ["accounts/faucet"]);
}

#[tokio::test]
async fn an_audit_sums_up_and_hashes_every_partition() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    alice.orders().create_order(super::buy("10", "700")).await.unwrap();
    rig.exchange.settled().await.unwrap();
    let admin = rig.operator();
    let audit = async |audit| {
        let ask = v1::GetStatusRequest { audit, ..Default::default() };
        admin.admin().get_status(ask).await.unwrap().into_inner().status.unwrap().partitions
    };
    let plain = audit(false).await;
    assert!(plain.iter().all(|partition| partition.state_hash.is_empty()));
    let audited = audit(true).await;
    assert!(audited.iter().all(|partition| partition.state_hash.len() == 16), "{audited:?}");
    // Nothing is in flight, so what was issued is in the accounts, over all partitions.
    let sum = |part: fn(&v1::AssetTotals) -> &Option<v1::Decimal>| -> i64 {
        let totals = audited.iter().flat_map(|partition| &partition.totals);
        let krw = totals.filter(|totals| totals.asset == "KRW");
        krw.map(|totals| text(part(totals)).parse::<i64>().unwrap_or_default()).sum()
    };
    assert_eq!(sum(|totals| &totals.issued), 2_000_000);
    assert_eq!(sum(|totals| &totals.in_accounts), 2_000_000, "what is held counts too");
}

#[tokio::test]
async fn single_partitions_take_snapshots() {
    let rig = Rig::start().await;
    let admin = rig.operator();
    let take = async |partitions: &[u32]| {
        let partitions = partitions.to_vec();
        let ask = v1::TakeSnapshotRequest { partitions, ..Default::default() };
        admin.admin().take_snapshot(ask).await
    };
    let taken = take(&[2]).await.unwrap().into_inner();
    let partitions: Vec<u32> = taken.positions.iter().map(|at| at.partition).collect();
    assert_eq!(partitions, [2]);
    let status = admin.admin().get_status(v1::GetStatusRequest::default()).await.unwrap();
    let status = status.into_inner().status.unwrap();
    let has_snapshot = status.partitions.iter().filter(|p| p.snapshot_index > 0);
    assert_eq!(has_snapshot.map(|p| p.partition).collect::<Vec<_>>(), [2]);
    let refusal = refused(take(&[2, 99]).await, "MALFORMED");
    assert_eq!(refusal.field.as_deref(), Some("partitions"));
}

#[tokio::test]
async fn a_halt_stops_new_orders_and_lets_cancels_through() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let admin = rig.operator();
    alice.orders().create_order(buy("5", "777")).await.unwrap();
    let name = "instruments/LPJ-KRW".to_owned();
    let halt = |request_id: &str| v1::HaltInstrumentRequest {
        name: name.clone(),
        request_id: request_id.into(),
        sent_at: None,
    };
    let halted = admin.admin().halt_instrument(halt("h")).await.unwrap().into_inner();
    assert_eq!(halted.instrument.unwrap().phase(), v1::Phase::Halted);
    assert!(halted.position.is_some() && !halted.repeated_answer);
    assert!(admin.admin().halt_instrument(halt("h")).await.unwrap().into_inner().repeated_answer);
    refused(alice.orders().create_order(buy("5", "777")).await, "INSTRUMENT_HALTED");
    let cancel =
        v1::CancelOrderRequest { name: "accounts/me/orders/1".into(), ..Default::default() };
    alice.orders().cancel_order(cancel).await.unwrap();

    let resume = v1::ResumeInstrumentRequest { name: name.clone(), ..Default::default() };
    let resumed = admin.admin().resume_instrument(resume).await.unwrap().into_inner();
    assert_eq!(resumed.instrument.unwrap().phase(), v1::Phase::Continuous);
    alice.orders().create_order(buy("5", "777")).await.unwrap();
    let nobody = v1::HaltInstrumentRequest { name: "instruments/X".into(), ..Default::default() };
    refused(admin.admin().halt_instrument(nobody).await, "UNKNOWN_INSTRUMENT");
    refused(alice.admin().halt_instrument(halt("mine")).await, "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_band_changes_while_orders_rest() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let admin = rig.operator();
    alice.orders().create_order(buy("5", "777")).await.unwrap();
    let update = |low: Option<&str>, high: Option<&str>, most: u32, paths: &[&str]| {
        let instrument = v1::Instrument {
            name: "instruments/LPJ-KRW".into(),
            band_low: low.map(number),
            band_high: high.map(number),
            open_orders_max: most,
            ..Default::default()
        };
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        v1::UpdateInstrumentRequest {
            instrument: Some(instrument),
            update_mask: Some(prost_types::FieldMask { paths }),
            ..Default::default()
        }
    };
    let band = ["band_low", "band_high"];
    let narrow = update(Some("700"), Some("750"), 0, &band);
    let changed = admin.admin().update_instrument(narrow).await.unwrap().into_inner();
    assert_eq!(text(&changed.instrument.unwrap().band_high), "750");
    refused(alice.orders().create_order(buy("5", "751")).await, "PRICE_OUT_OF_BAND");
    alice.orders().create_order(buy("5", "750")).await.unwrap();
    let few = update(None, None, 2, &["open_orders_max"]);
    let changed = admin.admin().update_instrument(few).await.unwrap().into_inner().instrument;
    assert_eq!(text(&changed.unwrap().band_low), "700", "what is not listed stays");
    refused(alice.orders().create_order(buy("5", "750")).await, "TOO_MANY_OPEN_ORDERS");
    let get = v1::GetOrderRequest { name: "accounts/me/orders/1".into(), ..Default::default() };
    let rests = alice.orders().get_order(get).await.unwrap().into_inner().order.unwrap();
    assert_eq!(rests.state(), v1::OrderState::Open);

    let wide = update(None, None, 0, &band);
    let changed = admin.admin().update_instrument(wide).await.unwrap().into_inner().instrument;
    assert_eq!(changed.unwrap().band_low, None);
    for wrong in [
        update(Some("700"), None, 0, &band),
        update(Some("800"), Some("700"), 0, &band),
        update(None, None, 0, &["open_orders_max"]),
        update(None, None, 0, &["lot"]),
        update(None, None, 0, &[]),
    ] {
        refused(admin.admin().update_instrument(wrong).await, "MALFORMED");
    }
}

#[tokio::test]
async fn everything_is_halted_at_once() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let admin = rig.operator();
    let mut other = lpj("other");
    other.instrument.as_mut().unwrap().name = "instruments/LPJ2-KRW".into();
    admin.admin().create_instrument(other).await.unwrap();
    let mut elsewhere = buy("1", "700");
    elsewhere.order.as_mut().unwrap().instrument = "instruments/LPJ2-KRW".into();
    let halt = v1::HaltMarketRequest { request_id: "h".into(), sent_at: None };
    refused(alice.admin().halt_market(halt.clone()).await, "PERMISSION_DENIED");
    let halted = admin.admin().halt_market(halt.clone()).await.unwrap().into_inner();
    let phases: Vec<_> = halted.instruments.iter().map(v1::Instrument::phase).collect();
    assert_eq!(phases, [v1::Phase::Halted, v1::Phase::Halted]);
    refused(alice.orders().create_order(buy("1", "700")).await, "INSTRUMENT_HALTED");
    refused(alice.orders().create_order(elsewhere.clone()).await, "INSTRUMENT_HALTED");
    assert!(admin.admin().halt_market(halt).await.unwrap().into_inner().repeated_answer);
    let resume = v1::ResumeMarketRequest { request_id: "r".into(), sent_at: None };
    admin.admin().resume_market(resume).await.unwrap();
    alice.orders().create_order(buy("1", "700")).await.unwrap();
    alice.orders().create_order(elsewhere).await.unwrap();
}
