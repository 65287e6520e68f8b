//! The keys that tokens may be signed with, and what a token says that one of them signed.

use super::claims::{AHEAD_MAX_S, ALGORITHM, Claims, Header, KIND, LIFETIME_MAX_S};
use super::token::{Grant, TradeFor};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hoga_proto::names::AccountName;
use hoga_proto::scope::Scope;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::rustls::pki_types::SubjectPublicKeyInfoDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Bytes of a token; ours have about 400.
const TOKEN_BYTES_MAX: usize = 4096;
/// Tokens that are known to be good, so that a call costs no signature; when there are so many,
/// those that expired are forgotten, and if none did, all.
const KNOWN_MAX: usize = 65_536;
/// What stands before the 32 bytes of an Ed25519 key in its PEM form (RFC 8410).
pub(super) const KEY_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct KeysError {
    file: PathBuf,
    reason: String,
}

/// Why a token is not accepted. The message ends a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is no token")]
    Malformed,
    #[error("its header asks for another way to sign than EdDSA, or for another kind than at+jwt")]
    Kind,
    #[error("it is signed with a key that this exchange does not know")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is from another issuer")]
    Issuer,
    #[error("it is for another exchange")]
    Audience,
    #[error("its claims are malformed")]
    Claims,
    #[error("it is good for longer than 15 minutes")]
    TooLong,
    #[error("it is not good yet")]
    NotYet,
    #[error("it has expired")]
    Expired,
}

/// An allow-list of public keys, with whom their tokens have to be from and for.
pub struct Keys {
    keys: BTreeMap<String, [u8; 32]>,
    issuer: String,
    audience: String,
    /// Good tokens by their hashes; whether they have expired is looked at each time.
    known: RwLock<HashMap<[u8; 32], Arc<Grant>>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Keys {
    /// Reads a PEM file of one or more Ed25519 public keys.
    ///
    /// # Errors
    /// It cannot be read, or something else is in it, or nothing.
    pub fn from_file(file: &Path, issuer: &str, audience: &str) -> Result<Keys, KeysError> {
        let wrong = |reason: String| KeysError { file: file.to_owned(), reason };
        let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let mut keys = BTreeMap::new();
        for key in SubjectPublicKeyInfoDer::pem_slice_iter(&pem) {
            let key = key.map_err(|error| wrong(error.to_string()))?;
            let key = key.strip_prefix(&KEY_PREFIX).and_then(|key| key.try_into().ok());
            let key: [u8; 32] = key.ok_or_else(|| wrong("a key is no Ed25519 key".into()))?;
            keys.insert(key_id(&key), key);
        }
        if keys.is_empty() {
            return Err(wrong("there is no public key in it".into()));
        }
        let (issuer, audience) = (issuer.into(), audience.into());
        Ok(Keys { keys, issuer, audience, known: RwLock::default() })
    }

    /// What a token grants at a time of the Unix clock.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn grant(&self, token: &str, now: u64) -> Result<Arc<Grant>, Fault> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Fault::Malformed);
        }
        let hash = hash(token.as_bytes());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(grant) = known {
            return if grant.is_good_at(now) { Ok(grant) } else { Err(Fault::Expired) };
        }
        let grant = Arc::new(self.prove(token, now)?);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.retain(|_, grant| grant.is_good_at(now));
        }
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(hash, grant.clone());
        Ok(grant)
    }

    /// Checks everything; what is cheap comes first.
    fn prove(&self, token: &str, now: u64) -> Result<Grant, Fault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let header: Header = part(header)?;
        if header.alg != ALGORITHM || header.typ != KIND || header.crit.is_some() {
            return Err(Fault::Kind);
        }
        let key = self.keys.get(&header.kid).ok_or(Fault::UnknownKey)?;
        let signature = BASE64.decode(signature).map_err(|_| Fault::Malformed)?;
        let key = UnparsedPublicKey::new(&ED25519, key);
        key.verify(signed.as_bytes(), &signature).map_err(|_| Fault::Signature)?;
        self.accept(&part(claims)?, now)
    }

    fn accept(&self, claims: &Claims, now: u64) -> Result<Grant, Fault> {
        if claims.iss != self.issuer {
            return Err(Fault::Issuer);
        }
        if claims.aud != self.audience {
            return Err(Fault::Audience);
        }
        let named = |name: &str| AccountName::from_id(name).ok().filter(|name| !name.is_me());
        let subject = named(&claims.sub).ok_or(Fault::Claims)?;
        let scope = scope(&claims.scope).ok_or(Fault::Claims)?;
        let trade_for = match &claims.trade_for[..] {
            [] => TradeFor::Nobody,
            [all] if all == "*" => TradeFor::Everybody,
            names => {
                let names = names.iter().map(|name| named(name)).collect::<Option<_>>();
                TradeFor::Listed(names.ok_or(Fault::Claims)?)
            }
        };
        if claims.jti.is_empty() || claims.exp <= claims.iat || claims.exp <= claims.nbf {
            return Err(Fault::Claims);
        }
        if claims.exp - claims.iat > LIFETIME_MAX_S {
            return Err(Fault::TooLong);
        }
        if claims.iat.max(claims.nbf) > now.saturating_add(AHEAD_MAX_S) {
            return Err(Fault::NotYet);
        }
        let grant = Grant { subject, scope, trade_for, expires: Some(claims.exp) };
        if grant.is_good_at(now) { Ok(grant) } else { Err(Fault::Expired) }
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let json = BASE64.decode(text).map_err(|_| Fault::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Fault::Malformed)
}

/// A scope by its name in a token.
pub(super) fn scope(name: &str) -> Option<Scope> {
    Some(match name {
        "read" => Scope::Read,
        "trade" => Scope::Trade,
        "admin" => Scope::Admin,
        _ => return None,
    })
}

/// The name of a key: the beginning of its hash, so that nobody has to choose one.
pub(super) fn key_id(key: &[u8; 32]) -> String {
    BASE64.encode(&hash(key)[..12])
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("a SHA-256 has 32 bytes")
}
