//! Accounts: created, filled, emptied, reset, read.

use super::{Rig, buy, of, refused, sell, text};
use hoga_proto::v1;

fn balance<'a>(balances: &'a [v1::Balance], asset: &str) -> (&'a str, &'a str) {
    let found = balances.iter().find(|balance| balance.asset == asset);
    found.map_or(("", ""), |balance| (text(&balance.available), text(&balance.held)))
}

#[tokio::test]
async fn an_account_is_created_once() {
    let rig = Rig::start().await;
    let carol = rig.client("carol");
    let create = v1::CreateAccountRequest { request_id: "new".into(), ..Default::default() };
    let made = carol.accounts().create_account(create.clone()).await.unwrap().into_inner();
    assert_eq!(made.account.as_ref().unwrap().name, "accounts/carol");
    assert!(!made.repeated_answer);
    let again = carol.accounts().create_account(create).await.unwrap().into_inner();
    assert!(again.repeated_answer, "a retry gets the first answer");
    let other = v1::CreateAccountRequest { account_id: "carol".into(), ..Default::default() };
    let refusal = refused(carol.accounts().create_account(other).await, "ACCOUNT_EXISTS");
    assert_eq!(refusal.resource.as_deref(), Some("accounts/carol"));
}

#[tokio::test]
async fn reserved_names_are_for_operators() {
    let rig = Rig::start().await;
    for name in ["house", "operator"] {
        let create = v1::CreateAccountRequest { account_id: name.into(), ..Default::default() };
        if name != "operator" {
            let taken = rig.client(name).accounts().create_account(create.clone()).await;
            refused(taken, "ACCOUNT_NAME_RESERVED");
        }
        rig.operator().accounts().create_account(create).await.unwrap();
    }
    let me = v1::CreateAccountRequest { account_id: "me".into(), ..Default::default() };
    let made = rig.client("dora").accounts().create_account(me).await.unwrap().into_inner();
    assert_eq!(made.account.unwrap().name, "accounts/dora", "`me` is the token's own");
}

#[tokio::test]
async fn money_comes_and_goes() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let deposit = v1::DepositRequest {
        name: "accounts/alice".into(),
        amount: Some(of("KRW", "0.00000001")),
        request_id: "d1".into(),
        ..Default::default()
    };
    for is_again in [false, true] {
        let made = alice.accounts().deposit(deposit.clone()).await.unwrap().into_inner();
        assert_eq!(made.repeated_answer, is_again);
        assert_eq!(text(&made.balance.unwrap().available), "1000000.00000001", "made once");
    }
    let withdraw = v1::WithdrawRequest {
        name: "accounts/me".into(),
        amount: Some(of("KRW", "999999")),
        ..Default::default()
    };
    let left = alice.accounts().withdraw(withdraw.clone()).await.unwrap().into_inner();
    assert_eq!(text(&left.balance.unwrap().available), "1.00000001");
    let refusal = refused(alice.accounts().withdraw(withdraw).await, "INSUFFICIENT_FUNDS");
    assert_eq!(refusal.metadata["available"], "1.00000001");
}

#[tokio::test]
async fn a_fixed_supply_comes_out_of_its_faucet() {
    let rig = Rig::start().await;
    rig.two().await;
    let faucet = rig.client("faucet");
    let get = v1::GetAccountRequest { name: "accounts/me".into(), ..Default::default() };
    let left = faucet.accounts().get_account(get).await.unwrap().into_inner().account.unwrap();
    assert_eq!(balance(&left.balances, "LPJ").0, "999000", "bob's thousand came from here");

    let too_much = v1::DepositRequest {
        name: "accounts/me".into(),
        amount: Some(of("LPJ", "1000000")),
        ..Default::default()
    };
    refused(rig.client("bob").accounts().deposit(too_much.clone()).await, "INSUFFICIENT_FUNDS");
    refused(faucet.accounts().deposit(too_much).await, "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_transfer_arrives_or_comes_back() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let transfer = |to: &str| v1::TransferRequest {
        name: "accounts/me".into(),
        to: to.into(),
        amount: Some(of("KRW", "1000")),
        ..Default::default()
    };
    let sent = alice.accounts().transfer(transfer("accounts/bob")).await.unwrap().into_inner();
    assert_eq!(text(&sent.balance.unwrap().available), "999000");
    let get = v1::GetAccountRequest { name: "accounts/me".into(), ..Default::default() };
    let his = bob.accounts().get_account(get).await.unwrap().into_inner().account.unwrap();
    assert_eq!(balance(&his.balances, "KRW").0, "1001000");

    let lost = alice.accounts().transfer(transfer("accounts/nobody")).await;
    refused(lost, "TRANSFER_TO_UNKNOWN");
    refused(alice.accounts().transfer(transfer("accounts/alice")).await, "MALFORMED");

    let with = async |client: &super::Client| -> Vec<(v1::LedgerRowType, String)> {
        let rows = v1::ListLedgerRowsRequest { parent: "accounts/me".into(), ..Default::default() };
        let rows = client.accounts().list_ledger_rows(rows).await.unwrap().into_inner().ledger_rows;
        rows.into_iter().map(|row| (row.r#type(), row.counterparty)).collect()
    };
    use v1::LedgerRowType::{Deposit, TransferIn, TransferOut};
    let (nobody, to_bob) = ("accounts/nobody".to_owned(), "accounts/bob".to_owned());
    let came_back = [(TransferIn, nobody.clone()), (TransferOut, nobody), (TransferOut, to_bob)];
    assert_eq!(with(&alice).await, [&came_back[..], &[(Deposit, String::new())]].concat());
    assert_eq!(with(&bob).await[0], (TransferIn, "accounts/alice".into()));
    // What a faucet gives is a transfer, too; both sides say so.
    assert_eq!(with(&bob).await[1], (TransferIn, "accounts/faucet".into()));
    assert_eq!(with(&rig.client("faucet")).await[0], (TransferOut, "accounts/bob".into()));
}

#[tokio::test]
async fn a_reset_starts_afresh() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    alice.orders().create_order(buy("1", "700")).await.unwrap();
    let reset = v1::ResetAccountRequest {
        name: "accounts/me".into(),
        amounts: vec![of("KRW", "500")],
        ..Default::default()
    };
    refused(alice.accounts().reset_account(reset.clone()).await, "OPEN_ORDERS_EXIST");
    let all = v1::CancelAllOrdersRequest { parent: "accounts/me".into(), ..Default::default() };
    alice.orders().cancel_all_orders(all).await.unwrap();
    let fresh = alice.accounts().reset_account(reset).await.unwrap().into_inner();
    assert_eq!(balance(&fresh.account.unwrap().balances, "KRW"), ("500", "0"));
}

#[tokio::test]
async fn a_hold_shows_in_the_balance_and_a_trade_in_the_figures() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(sell("10", "700")).await.unwrap();
    let mut bought = buy("4", "700");
    bought.ack = v1::Ack::Full.into();
    alice.orders().create_order(bought).await.unwrap();
    alice.orders().create_order(buy("1", "600")).await.unwrap();

    let get = v1::GetAccountRequest { name: "accounts/me".into(), ..Default::default() };
    let mine = alice.accounts().get_account(get).await.unwrap().into_inner();
    let account = mine.account.unwrap();
    assert_eq!(account.open_order_count, 1);
    assert_ne!(balance(&account.balances, "KRW").1, "0");
    assert_eq!(mine.position.unwrap().partition, account.partition);

    let figures = v1::GetPerformanceRequest { name: "accounts/me".into(), ..Default::default() };
    let figures = alice.accounts().get_performance(figures).await.unwrap().into_inner();
    let figures = figures.performance.unwrap();
    assert_eq!((text(&figures.turnover), text(&figures.deposits)), ("2800", "1000000"));
    assert_eq!(figures.asset, "KRW");

    let rows = v1::ListLedgerRowsRequest { parent: "accounts/me".into(), ..Default::default() };
    let rows = alice.accounts().list_ledger_rows(rows).await.unwrap().into_inner().ledger_rows;
    let kinds: Vec<_> = rows.iter().map(v1::LedgerRow::r#type).collect();
    use v1::LedgerRowType::{Buy, Deposit};
    assert_eq!(kinds, [Buy, Buy, Deposit], "newest first, and none for what only rests");
    assert_eq!(text(&rows[1].cash_before), "1000000");
}

#[tokio::test]
async fn ranks_are_public() {
    let rig = Rig::start().await;
    let (_, bob) = rig.two().await;
    bob.orders().create_order(sell("1", "700")).await.unwrap();
    let anybody = rig.anybody();
    let boards = anybody.ranking().list_boards(v1::ListBoardsRequest::default()).await.unwrap();
    let names: Vec<_> = boards.into_inner().boards.into_iter().map(|board| board.name).collect();
    assert_eq!(names, ["boards/equity", "boards/realised", "boards/return"]);

    let ask = v1::GetRankRequest {
        name: "boards/equity".into(),
        account: "accounts/bob".into(),
        neighbours: 5,
        ..Default::default()
    };
    // The board hears of an account with the next tick.
    let found = loop {
        match anybody.ranking().get_rank(ask.clone()).await {
            Ok(found) => break found.into_inner(),
            Err(status) => {
                refused(Err::<(), _>(status), "NOT_RANKED");
                tokio::task::yield_now().await;
            }
        }
    };
    assert_eq!(found.entry.unwrap().account, "accounts/bob");
    let board = v1::GetBoardRequest { name: "boards/equity".into(), ..Default::default() };
    let board = anybody.ranking().get_board(board).await.unwrap().into_inner();
    let names: Vec<&str> = board.entries.iter().map(|entry| &*entry.account).collect();
    assert!(names.contains(&"accounts/bob") && !names.contains(&"accounts/faucet"), "{names:?}");

    let unknown = v1::GetBoardRequest { name: "boards/luck".into(), ..Default::default() };
    refused(anybody.ranking().get_board(unknown).await, "UNKNOWN_BOARD");
    let closed = v1::GetBoardRequest {
        name: "boards/equity".into(),
        date: "2026-11-20".into(),
        ..Default::default()
    };
    refused(anybody.ranking().get_board(closed).await, "DAY_NOT_FROZEN");
}
