//! Signed tokens: one that is good, and every way in which one is not.

#![allow(clippy::unwrap_used)]

use super::claims::{Claims, Header};
use super::keys::{Fault, Keys};
use super::signing::{SigningKey, Wanted};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hoga_proto::names::AccountName;
use hoga_proto::scope::Scope;
use std::fs;
use tempfile::TempDir;

const NOW: u64 = 1_800_000_000;

/// A key, and an exchange that knows it.
struct Desk {
    key: SigningKey,
    keys: Keys,
}

fn desk() -> Desk {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("tokens.key");
    let public = SigningKey::make(&file).unwrap();
    let keys = Keys::from_file(&public, "hoga", "seoul").unwrap();
    Desk { key: SigningKey::from_file(&file).unwrap(), keys }
}

fn wanted() -> Wanted {
    Wanted {
        issuer: "hoga".into(),
        audience: "seoul".into(),
        account: "alice".into(),
        scope: "trade".into(),
        trade_for: Vec::new(),
        seconds: 900,
    }
}

fn claims() -> Claims {
    Claims {
        iss: "hoga".into(),
        aud: "seoul".into(),
        sub: "alice".into(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 900,
        jti: "1".into(),
        scope: "trade".into(),
        trade_for: Vec::new(),
    }
}

#[test]
fn a_signed_token_names_its_account_and_what_it_may_do() {
    let Desk { key, keys } = desk();
    let named = |name: &str| AccountName::from_id(name).unwrap();
    let alice = keys.grant(&key.token(&wanted(), NOW).unwrap(), NOW).unwrap();
    assert_eq!((alice.subject.id(), alice.scope), ("alice", Scope::Trade));
    assert!(alice.covers(&named("alice")) && !alice.covers(&named("bob")));
    let bots = Wanted { trade_for: vec!["b1".into(), "b2".into()], ..wanted() };
    let bots = keys.grant(&key.token(&bots, NOW).unwrap(), NOW).unwrap();
    assert!(bots.covers(&named("b2")) && !bots.covers(&named("bob")));
    let scope = |scope: &str| {
        let wanted = Wanted { scope: scope.into(), ..wanted() };
        keys.grant(&key.token(&wanted, NOW).unwrap(), NOW).unwrap().scope
    };
    assert_eq!([scope("read"), scope("admin")], [Scope::Read, Scope::Admin]);
}

#[test]
fn a_token_is_good_until_it_expires_also_when_it_is_known() {
    let Desk { key, keys } = desk();
    let token = key.token(&Wanted { seconds: 60, ..wanted() }, NOW).unwrap();
    for now in [NOW - 5, NOW, NOW + 59] {
        assert!(keys.grant(&token, now).is_ok(), "at {now}");
    }
    for again in 0..2 {
        assert_eq!(keys.grant(&token, NOW + 60), Err(Fault::Expired), "{again}");
    }
    let fresh = key.token(&wanted(), NOW).unwrap();
    assert_eq!(keys.grant(&fresh, NOW + 900), Err(Fault::Expired), "it was never seen before");
}

#[test]
fn every_claim_that_is_not_as_it_should_be_is_refused() {
    let Desk { key, keys } = desk();
    let refused = |change: fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        keys.grant(&key.sign(&claims), NOW).map(drop)
    };
    assert_eq!(refused(|_| {}), Ok(()));
    assert_eq!(refused(|claims| claims.iss = "another".into()), Err(Fault::Issuer));
    assert_eq!(refused(|claims| claims.aud = "busan".into()), Err(Fault::Audience));
    assert_eq!(refused(|claims| claims.sub = "Not A Name".into()), Err(Fault::Claims));
    assert_eq!(refused(|claims| claims.sub = "me".into()), Err(Fault::Claims));
    assert_eq!(refused(|claims| claims.scope = "everything".into()), Err(Fault::Claims));
    assert_eq!(refused(|claims| claims.trade_for = vec!["A b".into()]), Err(Fault::Claims));
    assert_eq!(refused(|claims| claims.jti.clear()), Err(Fault::Claims));
    assert_eq!(refused(|claims| claims.exp = claims.iat), Err(Fault::Claims));
    assert_eq!(refused(|claims| claims.exp += 1), Err(Fault::TooLong));
    assert_eq!(refused(|claims| claims.nbf = NOW + 6), Err(Fault::NotYet));
    let later = |claims: &mut Claims| (claims.iat, claims.nbf, claims.exp) = (NOW + 6, 0, NOW + 9);
    assert_eq!(refused(later), Err(Fault::NotYet));
    assert_eq!(refused(|claims| claims.exp = u64::MAX), Err(Fault::TooLong));
}

#[test]
fn a_token_that_another_key_signed_or_somebody_changed_is_refused() {
    let Desk { key, keys } = desk();
    let stranger = desk().key;
    assert_eq!(keys.grant(&stranger.sign(&claims()), NOW), Err(Fault::UnknownKey));
    let token = key.sign(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, signature] = parts[..] else { panic!("three parts: {token}") };
    let operator = Claims { scope: "admin".into(), ..claims() };
    let forged = BASE64.encode(serde_json::to_vec(&operator).unwrap());
    assert_eq!(keys.grant(&format!("{header}.{forged}.{signature}"), NOW), Err(Fault::Signature));
    // Under the known key's name, and signed by a stranger.
    let header: Header = serde_json::from_slice(&BASE64.decode(header).unwrap()).unwrap();
    assert_eq!(keys.grant(&stranger.sign_as(&header, &claims()), NOW), Err(Fault::Signature));
}

#[test]
fn the_header_chooses_nothing() {
    let Desk { key, keys } = desk();
    let token = key.sign(&claims());
    let header = token.split('.').next().unwrap();
    let refused = |change: fn(&mut Header)| {
        let mut header: Header = serde_json::from_slice(&BASE64.decode(header).unwrap()).unwrap();
        change(&mut header);
        keys.grant(&key.sign_as(&header, &claims()), NOW).map(drop)
    };
    assert_eq!(refused(|_| {}), Ok(()));
    assert_eq!(refused(|header| header.alg = "none".into()), Err(Fault::Kind));
    assert_eq!(refused(|header| header.alg = "HS256".into()), Err(Fault::Kind));
    assert_eq!(refused(|header| header.typ = "JWT".into()), Err(Fault::Kind));
    assert_eq!(refused(|header| header.crit = Some(vec!["b64"].into())), Err(Fault::Kind));
    assert_eq!(refused(|header| header.kid = "another".into()), Err(Fault::UnknownKey));
}

#[test]
fn any_other_text_is_no_token() {
    let Desk { key, keys } = desk();
    let good = key.sign(&claims());
    let long = "x".repeat(5_000);
    let cut = &good[..good.len() - 1];
    for text in ["", ".", "..", "a.b.c", "dev:alice", "dev:operator", &long, &good[1..]] {
        assert_eq!(keys.grant(text, NOW), Err(Fault::Malformed), "{text}");
    }
    assert!(matches!(keys.grant(cut, NOW), Err(Fault::Malformed | Fault::Signature)));
    assert_eq!(keys.grant(&format!("{good}.{good}"), NOW), Err(Fault::Signature));
}

#[test]
fn keys_are_made_once_and_are_of_one_kind() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("tokens.key");
    let public = SigningKey::make(&file).unwrap();
    let error = SigningKey::make(&file).map(drop).unwrap_err();
    assert!(error.to_string().contains("exists"), "a key in use is never lost: {error}");
    let said = |text: &str| {
        fs::write(&public, text).unwrap();
        Keys::from_file(&public, "hoga", "seoul").map(drop).unwrap_err().to_string()
    };
    assert!(said("").contains("no public key in it"));
    let other = rcgen::KeyPair::generate().unwrap();
    assert!(said(&other.public_key_pem()).contains("no Ed25519 key"));
    // What other tools make is taken as well.
    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    fs::write(&file, made.serialize_pem()).unwrap();
    assert_eq!(SigningKey::from_file(&file).unwrap().public(), made.public_key_pem());
    fs::write(&file, other.serialize_pem()).unwrap();
    assert!(SigningKey::from_file(&file).map(drop).unwrap_err().to_string().contains("Ed25519"));
    let long = Wanted { seconds: 901, ..wanted() };
    assert!(desk().key.token(&long, NOW).is_err(), "and tokens are short-lived");
}
