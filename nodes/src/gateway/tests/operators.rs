//! Operators with an address of their own.

use super::{Client, Rig, refused};
use crate::auth::Accepts;
use crate::gateway::{GatewayOptions, serve};
use hoga_proto::v1;
use std::net::SocketAddr;
use tonic::Code;
use tonic::transport::Endpoint;

#[tokio::test]
async fn what_operators_do_is_served_at_their_own_address_alone() {
    let rig = Rig::start().await;
    let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let options = GatewayOptions {
        listen: anywhere,
        listen_for_operators: Some(anywhere),
        auth: Accepts::Development,
        ..GatewayOptions::default()
    };
    let gateway = serve(rig.exchange.clone(), options).await.unwrap();
    let operator = async |address: SocketAddr| {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Client::on(endpoint.connect().await.unwrap(), Some("dev:operator"))
    };
    let (outside, inside) =
        (operator(gateway.address).await, operator(gateway.operators.unwrap()).await);
    let ask = v1::GetStatusRequest::default;
    let refusal = refused(outside.admin().get_status(ask()).await, "NOT_SERVED");
    assert_eq!(refusal.code, Code::Unimplemented);
    inside.admin().get_status(ask()).await.expect("it is where operators call");
    for client in [outside, inside] {
        let all = v1::ListInstrumentsRequest::default();
        client.market().list_instruments(all).await.expect("everybody may ask, anywhere");
    }
    gateway.shutdown().await;
}
