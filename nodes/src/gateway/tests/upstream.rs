//! Which outside market an instrument follows, over the wire.

use super::{Client, Rig, refused};
use hoga_proto::v1;

async fn list(operator: &Client, base: &str) -> v1::Follow {
    for code in [base, "KRW"] {
        let asset = v1::Asset { code: code.into(), scale: 8, ..Default::default() };
        let create = v1::CreateAssetRequest { asset: Some(asset), ..Default::default() };
        // The second instrument finds the quote there.
        drop(operator.admin().create_asset(create).await);
    }
    let instrument = v1::Instrument {
        name: format!("instruments/{base}-KRW"),
        base_asset: base.into(),
        quote_asset: "KRW".into(),
        ..Default::default()
    };
    let create = v1::CreateInstrumentRequest {
        instrument: Some(instrument),
        rules: "follow".into(),
        ..Default::default()
    };
    let listed = operator.admin().create_instrument(create).await.unwrap().into_inner();
    listed.instrument.unwrap().follow.unwrap()
}

fn follows(symbol: &str, venue: &str, code: &str) -> v1::UpdateInstrumentRequest {
    let follow = v1::Follow { venue: venue.into(), code: code.into(), ..Default::default() };
    v1::UpdateInstrumentRequest {
        instrument: Some(v1::Instrument {
            name: format!("instruments/{symbol}"),
            follow: Some(follow),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["follow.venue".into()] }),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_instrument_follows_its_own_pair_unless_it_is_told_another() {
    let rig = Rig::start().await;
    let operator = rig.operator();
    for base in ["BTC", "ETH"] {
        let follow = list(&operator, base).await;
        assert_eq!((follow.venue.as_str(), follow.code), ("upbit", format!("KRW-{base}")));
    }
    let change = async |venue: &str, code: &str| {
        let changed = operator.admin().update_instrument(follows("ETH-KRW", venue, code)).await;
        changed.map(|changed| changed.into_inner().instrument.unwrap().follow.unwrap())
    };
    let follow = change("other", "ETH/KRW").await.unwrap();
    assert_eq!((follow.venue.as_str(), follow.code.as_str()), ("other", "ETH/KRW"));
    refused(change("Other", "").await, "MALFORMED");
    refused(change("upbit", "KRW\"ETH").await, "MALFORMED");
    let mut code_alone = follows("ETH-KRW", "", "KRW-ETH");
    code_alone.update_mask = Some(prost_types::FieldMask { paths: vec!["follow.code".into()] });
    refused(operator.admin().update_instrument(code_alone).await, "MALFORMED");

    let seen = operator.admin().get_upstream(v1::GetUpstreamRequest {}).await.unwrap();
    let venues = seen.into_inner().venues;
    let names: Vec<_> = venues.iter().map(|it| (it.name.as_str(), it.address.as_str())).collect();
    assert_eq!(names, [("other", ""), ("upbit", "")], "nobody told this node where they are");
    assert_eq!((venues[0].keeper.as_str(), venues[0].here), ("nodes/n1", false));
    assert_eq!(
        (venues[0].instruments[0].code.as_str(), venues[0].instruments[0].stale),
        ("ETH/KRW", true)
    );

    assert_eq!(change("", "").await.unwrap().code, "");
    let lpj = operator.admin().update_instrument(follows("LPJ-KRW", "upbit", "")).await;
    refused(lpj, "NOT_FOLLOWED");
}
