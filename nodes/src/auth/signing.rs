//! Signing tokens: for whoever runs an exchange, and for tests.

use super::claims::{ALGORITHM, Claims, Header, KIND, LIFETIME_MAX_S};
use super::keys::{KEY_PREFIX, key_id, scope};
use crate::secret::{self, SecretError};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Why there is no token, or no key.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("{}: {reason}", file.display())]
    Key { file: PathBuf, reason: String },
    #[error("{}: {source}", file.display())]
    Unwritten { file: PathBuf, source: io::Error },
    #[error("a token is good for 1 second to {LIFETIME_MAX_S}, not for {0}")]
    Lifetime(u64),
    #[error("`{0}` is not a scope; there are: read, trade, admin")]
    Scope(String),
    #[error("this system has no random numbers to give")]
    Random,
}

/// What a token is to say; the rest follows.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub issuer: String,
    pub audience: String,
    pub account: String,
    pub scope: String,
    pub trade_for: Vec<String>,
    pub seconds: u64,
}

/// A private key.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes a key pair: the private key in `file`, which only its owner may read, the public one
    /// beside it with `.pub` behind its name.
    ///
    /// # Errors
    /// One of the files is there already, or cannot be written.
    pub fn make(file: &Path) -> Result<PathBuf, SigningError> {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let pair = pair.map_err(|_| SigningError::Random)?;
        let unwritten = |file: &Path| {
            let file = file.to_owned();
            move |source| SigningError::Unwritten { file, source }
        };
        let beside = PathBuf::from(format!("{}.pub", file.display()));
        if beside.exists() {
            return Err(unwritten(&beside)(io::ErrorKind::AlreadyExists.into()));
        }
        secret::write_new(file, &pem("PRIVATE KEY", pair.as_ref())).map_err(unwritten(file))?;
        let public = SigningKey::from_file(file)?.public();
        let created = File::create_new(&beside);
        let written = created.and_then(|mut beside| beside.write_all(public.as_bytes()));
        written.map_err(unwritten(&beside))?;
        Ok(beside)
    }

    /// Reads a PEM file that nobody else may read, as `make` or `openssl genpkey -algorithm
    /// ed25519` writes it.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub fn from_file(file: &Path) -> Result<SigningKey, SigningError> {
        let wrong = |reason: String| SigningError::Key { file: file.to_owned(), reason };
        let text = secret::read(file)?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes());
        let key = key.map_err(|error| wrong(error.to_string()))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
        pair.map(SigningKey).map_err(|error| wrong(format!("it is no Ed25519 key: {error}")))
    }

    fn raw(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes")
    }

    /// The public key in PEM: what an exchange has to know.
    #[must_use]
    pub fn public(&self) -> String {
        pem("PUBLIC KEY", &[&KEY_PREFIX[..], &self.raw()].concat())
    }

    /// A token that is good from `now` on, in seconds of the Unix clock.
    ///
    /// # Errors
    /// The scope is none, or it would be good for too long.
    pub fn token(&self, wanted: &Wanted, now: u64) -> Result<String, SigningError> {
        if !(1..=LIFETIME_MAX_S).contains(&wanted.seconds) {
            return Err(SigningError::Lifetime(wanted.seconds));
        }
        if scope(&wanted.scope).is_none() {
            return Err(SigningError::Scope(wanted.scope.clone()));
        }
        let mut unique = [0; 16];
        SystemRandom::new().fill(&mut unique).map_err(|_| SigningError::Random)?;
        let claims = Claims {
            iss: wanted.issuer.clone(),
            aud: wanted.audience.clone(),
            sub: wanted.account.clone(),
            iat: now,
            nbf: now,
            exp: now + wanted.seconds,
            jti: BASE64.encode(unique),
            scope: wanted.scope.clone(),
            trade_for: wanted.trade_for.clone(),
        };
        Ok(self.sign(&claims))
    }

    /// Signs whatever is claimed.
    pub(super) fn sign(&self, claims: &Claims) -> String {
        let (alg, typ, kid) = (ALGORITHM.into(), KIND.into(), key_id(&self.raw()));
        self.sign_as(&Header { alg, typ, kid, crit: None }, claims)
    }

    pub(super) fn sign_as(&self, header: &Header, claims: &Claims) -> String {
        let header = serde_json::to_vec(header).expect("a header is JSON");
        let claims = serde_json::to_vec(claims).expect("claims are JSON");
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = BASE64.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {kind}-----")];
    lines.extend(text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()));
    lines.push(format!("-----END {kind}-----\n"));
    lines.join("\n")
}
