//! Who gets in: every method of the descriptors, with every kind of token.

use super::{Client, Rig, buy, refused};
use bytes_codec::BytesCodec;
use hoga_proto::FILE_DESCRIPTOR_SET;
use hoga_proto::scope::{METHODS, Scope};
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use prost::Message;
use prost_types::{FileDescriptorSet, field_descriptor_proto::Type};
use std::collections::BTreeMap;
use tonic::client::Grpc;
use tonic::{Code, Request};

/// Sends bytes as they are: the test makes its own messages.
mod bytes_codec {
    use prost::bytes::{Buf, BufMut};
    use tonic::Status;
    use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

    #[derive(Default)]
    pub struct BytesCodec;

    impl Codec for BytesCodec {
        type Encode = Vec<u8>;
        type Decode = usize;
        type Encoder = BytesCodec;
        type Decoder = BytesCodec;

        fn encoder(&mut self) -> BytesCodec {
            BytesCodec
        }

        fn decoder(&mut self) -> BytesCodec {
            BytesCodec
        }
    }

    impl Encoder for BytesCodec {
        type Item = Vec<u8>;
        type Error = Status;

        fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
            out.put_slice(&item);
            Ok(())
        }
    }

    impl Decoder for BytesCodec {
        type Item = usize;
        type Error = Status;

        fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
            let length = from.remaining();
            from.advance(length);
            Ok(Some(length))
        }
    }
}

/// A request of each method that names alice wherever an account can be named.
pub(super) fn requests() -> BTreeMap<String, Vec<u8>> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let messages: BTreeMap<String, _> = set
        .file
        .iter()
        .flat_map(|file| {
            file.message_type.iter().map(|m| (format!(".{}.{}", file.package(), m.name()), m))
        })
        .collect();
    let mut requests = BTreeMap::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                let mut bytes = Vec::new();
                for field in &messages[method.input_type()].field {
                    let value = match (field.name(), field.r#type()) {
                        ("parent" | "name" | "account", Type::String) => {
                            let is_order = ["GetOrder", "CancelOrder", "AmendOrder"];
                            match is_order.contains(&method.name()) {
                                true => "accounts/alice/orders/1",
                                false => "accounts/alice",
                            }
                        }
                        ("account_id", Type::String) => "alice",
                        _ => continue,
                    };
                    bytes.push((field.number() as u8) << 3 | 2);
                    bytes.push(value.len() as u8);
                    bytes.extend_from_slice(value.as_bytes());
                }
                requests.insert(path, bytes);
            }
        }
    }
    requests
}

/// What a method says to a request; streams are asked with one message.
pub(super) async fn says(client: &Client, path: &str, message: Vec<u8>) -> Refusal {
    let mut line = Grpc::new(client.line());
    line.ready().await.unwrap();
    let path = path.parse().unwrap();
    let messages = tokio_stream::iter([message]);
    let answer = line.streaming(Request::new(messages), path, BytesCodec).await;
    let status = match answer {
        Err(status) => status,
        Ok(answer) => match answer.into_inner().message().await {
            Err(status) => status,
            Ok(_) => tonic::Status::ok(""),
        },
    };
    Refusal::from_status(&status)
}

#[tokio::test]
async fn every_method_has_a_rule_and_keeps_it() {
    let rig = Rig::start().await;
    rig.two().await;
    let kinds = [
        ("nobody", rig.anybody(), Scope::Public),
        ("another user", rig.client("mallory"), Scope::Trade),
        ("a reader", rig.with_token(Some("dev:alice;read")), Scope::Read),
        ("its owner", rig.client("alice"), Scope::Trade),
        ("an operator", rig.operator(), Scope::Admin),
    ];
    let requests = requests();
    assert_eq!(requests.len(), METHODS.len(), "a method without a rule");
    for (path, required) in METHODS {
        for (who, client, scope) in &kinds {
            let said = says(client, path, requests[*path].clone()).await;
            let case = format!("{who} at {path}: {said:?}");
            let is_out = matches!(said.code, Code::Unauthenticated | Code::PermissionDenied);
            if scope < required {
                assert!(is_out, "{case}");
                let expected =
                    if *who == "nobody" { "UNAUTHENTICATED" } else { "PERMISSION_DENIED" };
                assert_eq!(said.reason, expected, "{case}");
                assert!(said.request_id.is_some(), "{case}");
            } else if ["its owner", "a reader"].contains(who) || *required == Scope::Public {
                assert!(!is_out, "{case}");
            } else if *who == "another user" && !path.ends_with("/Session") {
                assert_eq!(said.reason, "PERMISSION_DENIED", "{case}");
            } else if *required == Scope::Admin {
                assert!(!is_out, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_session_is_no_way_around() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut order = buy("1", "700");
    order.parent = "accounts/alice".into();
    let asked = v1::session_request::Request::CreateOrder(order);
    let request = v1::SessionRequest { tag: 7, request: Some(asked) };
    let mut answers = rig
        .client("mallory")
        .orders()
        .session(tokio_stream::iter([request]))
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    assert_eq!(answer.tag, 7);
    match answer.response {
        Some(v1::session_response::Response::Refusal(refusal)) => {
            assert_eq!(refusal.reason, "PERMISSION_DENIED");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_everywhere() {
    let rig = Rig::start().await;
    for token in ["", "dev:", "dev:me", "alice", "dev:alice;admin"] {
        let client = rig.with_token(Some(token));
        let book = v1::GetBookRequest { name: "instruments/LPJ-KRW".into(), ..Default::default() };
        refused(client.market().get_book(book).await, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn trade_for_lets_a_bot_act_for_others() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut order = buy("1", "700");
    order.parent = "accounts/alice".into();
    let bot = rig.with_token(Some("dev:bot;trade_for=alice"));
    bot.orders().create_order(order.clone()).await.expect("alice is listed");
    order.parent = "accounts/bob".into();
    refused(bot.orders().create_order(order.clone()).await, "PERMISSION_DENIED");
    let replay = rig.with_token(Some("dev:replay;trade_for=*"));
    replay.orders().create_order(order).await.expect("everybody is");
}

#[tokio::test]
async fn a_call_gets_its_request_id_back() {
    let rig = Rig::start().await;
    let mut asked = Request::new(v1::ListInstrumentsRequest::default());
    asked.metadata_mut().insert("x-request-id", "mine-1".parse().unwrap());
    let answer = rig.anybody().market().list_instruments(asked).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "mine-1");
    let mut asked = Request::new(v1::GetStatusRequest::default());
    asked.metadata_mut().insert("x-request-id", "mine-2".parse().unwrap());
    let refusal = refused(rig.anybody().admin().get_status(asked).await, "UNAUTHENTICATED");
    assert_eq!(refusal.request_id.as_deref(), Some("mine-2"));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_our_words() {
    let rig = Rig::start().await;
    rig.two().await;
    let said = says(&rig.client("alice"), "/hoga.v1.OrderService/CreateOrder", vec![0xff; 9]).await;
    assert_eq!((said.code, &*said.reason), (Code::InvalidArgument, "MALFORMED"), "{said:?}");
    assert!(said.request_id.is_some());
}
