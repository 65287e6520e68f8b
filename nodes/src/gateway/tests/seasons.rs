//! Seasons: opened and closed by operators, read by anybody.

use super::{Client, Rig, buy, refused, sell};
use hoga_proto::v1;

const BOARD: &str = "boards/realised";

fn open(name: &str, request_id: &str) -> v1::OpenSeasonRequest {
    v1::OpenSeasonRequest { name: name.into(), request_id: request_id.into(), sent_at: None }
}

fn close(name: &str, request_id: &str) -> v1::CloseSeasonRequest {
    v1::CloseSeasonRequest { name: name.into(), request_id: request_id.into(), sent_at: None }
}

/// The place and the realised profit of an account in a season, once it is that profit.
async fn place(rig: &Rig, season: &str, account: &str, profit: &str) -> v1::GetRankResponse {
    let ask = v1::GetRankRequest {
        name: BOARD.into(),
        account: account.into(),
        season: season.into(),
        ..Default::default()
    };
    loop {
        // The board hears of an account with the next tick.
        match rig.anybody().ranking().get_rank(ask.clone()).await {
            Ok(found) => {
                let found = found.into_inner();
                let value = found.entry.as_ref().and_then(|entry| entry.value.clone());
                if value.is_some_and(|value| value.value == profit) {
                    return found;
                }
            }
            Err(status) => drop(refused(Err::<(), _>(status), "NOT_RANKED")),
        }
        tokio::task::yield_now().await;
    }
}

/// Bob, to whom an LPJ costs 777, sells one to alice.
async fn sold(alice: &Client, bob: &Client, price: &str) {
    alice.orders().create_order(buy("1", price)).await.unwrap();
    bob.orders().create_order(sell("1", price)).await.unwrap();
}

#[tokio::test]
async fn a_season_counts_from_its_opening_and_stays_as_it_closed() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let admin = rig.operator();
    sold(&alice, &bob, "780").await;
    place(&rig, "", "accounts/bob", "3").await;

    let opened = admin.admin().open_season(open("seasons/spring", "o")).await.unwrap().into_inner();
    let season = opened.season.unwrap();
    assert_eq!((season.name.as_str(), season.close_time), ("seasons/spring", None));
    place(&rig, "seasons/spring", "accounts/bob", "0").await;
    sold(&alice, &bob, "787").await;
    let live = place(&rig, "seasons/spring", "accounts/bob", "10").await.board.unwrap();
    assert_eq!((live.season.as_str(), live.state()), ("seasons/spring", v1::BoardState::Live));
    let all = place(&rig, "seasons/all", "accounts/bob", "13").await.board.unwrap();
    assert_eq!(all.season, "seasons/all");

    let closed = admin.admin().close_season(close("seasons/spring", "c")).await.unwrap();
    assert!(closed.into_inner().season.unwrap().close_time.is_some());
    sold(&alice, &bob, "782").await;
    place(&rig, "", "accounts/bob", "18").await;
    let end = place(&rig, "seasons/spring", "accounts/bob", "10").await.board.unwrap();
    assert_eq!(end.state(), v1::BoardState::Frozen);

    let seasons = rig.anybody().ranking().list_seasons(v1::ListSeasonsRequest::default()).await;
    let names: Vec<_> =
        seasons.unwrap().into_inner().seasons.into_iter().map(|season| season.name).collect();
    assert_eq!(names, ["seasons/spring", "seasons/all"]);
}

#[tokio::test]
async fn a_season_is_the_operators_and_its_name_is_taken_once() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let admin = rig.operator();
    let asked = alice.admin().open_season(open("seasons/spring", "a")).await;
    refused(asked, "PERMISSION_DENIED");
    refused(admin.admin().open_season(open("spring", "b")).await, "MALFORMED");
    refused(admin.admin().close_season(close("seasons/spring", "c")).await, "UNKNOWN_SEASON");
    refused(admin.admin().open_season(open("seasons/all", "d")).await, "SEASON_EXISTS");
    for name in ["one", "two", "three"] {
        let asked = open(&format!("seasons/{name}"), name);
        admin.admin().open_season(asked.clone()).await.unwrap();
        let again = admin.admin().open_season(asked).await.unwrap().into_inner();
        assert!(again.repeated_answer, "a retry gets the first answer");
    }
    refused(admin.admin().open_season(open("seasons/two", "e")).await, "SEASON_EXISTS");
    refused(admin.admin().open_season(open("seasons/four", "f")).await, "TOO_MANY_SEASONS");
    let unknown = v1::GetBoardRequest {
        name: BOARD.into(),
        season: "seasons/four".into(),
        ..Default::default()
    };
    refused(rig.anybody().ranking().get_board(unknown).await, "UNKNOWN_SEASON");
}
