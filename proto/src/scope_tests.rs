use super::*;
use crate::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet};
use std::collections::BTreeMap;

fn descriptors() -> FileDescriptorSet {
    FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the build wrote valid descriptors")
}

#[test]
fn every_method_of_the_descriptors_has_a_scope() {
    let mut methods = 0;
    for file in descriptors().file {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                assert!(required(&path).is_some(), "{path} has no scope");
                methods += 1;
            }
        }
    }
    assert_eq!(methods, METHODS.len());
    assert!(methods >= 34, "only {methods} methods: are all files compiled?");
}

#[test]
fn scopes_are_as_the_files_say() {
    let cases = [
        ("/hoga.v1.OrderService/CreateOrder", Some(Scope::Trade)),
        ("/hoga.v1.OrderService/GetOrder", Some(Scope::Read)),
        ("/hoga.v1.AccountService/ListAccounts", Some(Scope::Admin)),
        ("/hoga.v1.MarketService/GetBook", Some(Scope::Public)),
        ("/hoga.v1.AdminService/Issue", Some(Scope::Admin)),
        ("/hoga.v1.AdminService/NoSuchMethod", None),
        ("hoga.v1.OrderService/CreateOrder", None),
        ("", None),
    ];
    for (path, scope) in cases {
        assert_eq!(required(path), scope, "{path}");
    }
}

#[test]
fn operators_have_a_service_of_their_own() {
    for (path, scope) in METHODS {
        if path.starts_with("/hoga.v1.AdminService/") {
            assert_eq!(*scope, Scope::Admin, "{path}");
        }
    }
}

/// A method that changes state can be tried again only when its request has an id.
#[test]
fn every_change_can_name_its_request() {
    let set = descriptors();
    let messages: BTreeMap<String, &DescriptorProto> = set
        .file
        .iter()
        .flat_map(|file| {
            file.message_type.iter().map(|m| (format!(".{}.{}", file.package(), m.name()), m))
        })
        .collect();
    let mut changes = 0;
    for service in set.file.iter().flat_map(|file| &file.service) {
        for method in &service.method {
            let name = method.name();
            let reads = ["Get", "List", "Stream", "Watch", "Session"];
            if reads.iter().any(|verb| name.starts_with(verb)) {
                continue;
            }
            // A snapshot of an outside book is known by its number: an older or equal one is dropped.
            if name == "PostOutsideBook" {
                continue;
            }
            let request = messages[method.input_type()];
            let has = |field: &str| request.field.iter().any(|f| f.name() == field);
            assert!(has("request_id"), "{name} has no request_id");
            changes += 1;
        }
    }
    assert_eq!(changes, 27);
}
