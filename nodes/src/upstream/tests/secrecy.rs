//! Venues that are called by TLS: who they are is proven, or nothing is heard of them.

use crate::gateway::connections::{Bounds, incoming};
use crate::tls::Trust;
use crate::tls::tests::Papers;
use crate::upstream::address::Address;
use crate::upstream::connection::{Lost, open};
use futures::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// A venue that says "hoga" to everybody; where it is.
async fn greets(papers: &Papers) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut clients = incoming(listener, Some(papers.identity()), Bounds::of(16));
    tokio::spawn(async move {
        while let Some(Ok(client)) = clients.next().await {
            let mut socket = accept_async(client).await.unwrap();
            socket.send(Message::text("hoga")).await.unwrap();
        }
    });
    Address::parse(&format!("wss://localhost:{port}/v1")).unwrap()
}

#[tokio::test]
async fn a_venue_is_believed_by_its_authority() {
    let papers = Papers::issued();
    let address = greets(&papers).await;
    let trust = Trust::of_strangers(Some(&papers.authority())).unwrap();
    let mut socket = open(&address, &trust).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hoga"));
    let others = Papers::issued();
    for trust in [Some(others.authority()), None] {
        let trust = Trust::of_strangers(trust.as_deref()).unwrap();
        let Err(Lost::Unreachable(why)) = open(&address, &trust).await else {
            panic!("it is believed by a stranger");
        };
        assert!(why.to_string().contains("certificate"), "{why}");
    }
}
