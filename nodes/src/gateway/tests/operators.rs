//! Operators with an address of their own.

use super::{Client, Rig, anywhere, endpoint, refused};
use crate::gateway::GatewayOptions;
use hoga_proto::v1;
use tonic::Code;

#[tokio::test]
async fn what_operators_do_is_served_at_their_own_address_alone() {
    let rig = Rig::start().await;
    let options = anywhere();
    let options = GatewayOptions { listen_for_operators: Some(options.listen), ..options };
    let (gateway, outside) = rig.beside(options).await;
    let inside = endpoint(gateway.operators.unwrap()).connect_lazy();
    let [outside, inside] = [outside, inside].map(|at| Client::on(at, Some("dev:operator")));
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
