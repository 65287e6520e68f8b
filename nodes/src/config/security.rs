//! The settings of a gateway that say what travels how.

use super::{Auth, NodeConfig};
use crate::auth::{Accepts, Keys, KeysError};
use crate::tls::{Identity, TlsError};
use std::path::PathBuf;
use std::sync::Arc;

/// How calls are kept from other ears.
#[derive(Clone, Debug)]
pub struct SecurityConfig {
    /// The gateway's certificate, with those above it, in PEM; none for plain text.
    pub certificate: Option<PathBuf>,
    /// Its key, in PEM.
    pub key: Option<PathBuf>,
    /// Plain text also where others can hear it.
    pub insecure: bool,
    /// The public keys that tokens may be signed with, in PEM.
    pub token_keys: Option<PathBuf>,
    /// Who signs them, as they say it.
    pub token_issuer: String,
}

impl Default for SecurityConfig {
    fn default() -> SecurityConfig {
        let (certificate, key, token_keys) = (None, None, None);
        let token_issuer = "hoga".into();
        SecurityConfig { certificate, key, insecure: false, token_keys, token_issuer }
    }
}

impl SecurityConfig {
    /// What is wrong between the settings, with the key to blame.
    pub fn complaint(&self, config: &NodeConfig) -> Option<(&'static str, String)> {
        match (&self.certificate, &self.key) {
            (Some(_), None) => return Some(("key", "a certificate needs its key".into())),
            (None, Some(_)) => return Some(("certificate", "a key needs its certificate".into())),
            _ => {}
        }
        if (config.auth == Auth::Signed) != self.token_keys.is_some() {
            let why = "signed tokens need the keys that they may be signed with, and only they do";
            return Some(("token_keys", why.into()));
        }
        let is_plain = self.certificate.is_none() && !self.insecure;
        let open = config.open_address().filter(|_| is_plain)?;
        let why = format!(
            "calls to {open} would travel in plain text: name a certificate and its key, or say \
             insecure = \"yes\""
        );
        Some(("certificate", why))
    }

    /// What the gateway proves itself with; none for plain text.
    ///
    /// # Errors
    /// A file cannot be read, is none of its kind, or the key can be read by others.
    pub fn identity(&self) -> Result<Option<Identity>, TlsError> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Identity::from_files(certificate, key).map(Some),
            _ => Ok(None),
        }
    }
}

impl NodeConfig {
    /// The tokens that the gateway accepts. They are for the exchange's name.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn accepts(&self) -> Result<Accepts, KeysError> {
        match (self.auth, &self.security.token_keys) {
            (Auth::Signed, Some(file)) => {
                let (issuer, audience) = (&self.security.token_issuer, &self.cluster.name);
                Ok(Accepts::Signed(Arc::new(Keys::from_file(file, issuer, audience)?)))
            }
            (Auth::Signed, None) => Ok(Accepts::Nothing),
            (Auth::Development, _) => Ok(Accepts::Development),
        }
    }
}

pub(super) fn file(text: &str) -> Option<PathBuf> {
    (text != "none").then(|| text.into())
}

pub(super) fn shown(file: Option<&PathBuf>) -> String {
    file.map_or("none".into(), |file| file.display().to_string())
}

pub(super) fn set_certificate(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.security.certificate = file(text);
    Ok(())
}

pub(super) fn set_key(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.security.key = file(text);
    Ok(())
}

pub(super) fn set_insecure(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.security.insecure = match text {
        "yes" => true,
        "no" => false,
        _ => return Err(format!("`{text}` is neither yes nor no")),
    };
    Ok(())
}

pub(super) fn set_token_keys(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.security.token_keys = file(text);
    Ok(())
}

pub(super) fn set_token_issuer(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("an issuer has a name".into());
    }
    config.security.token_issuer = text.into();
    Ok(())
}
