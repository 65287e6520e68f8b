//! What a config names beside itself: keys, certificates, passwords.

use super::NodeConfig;
use crate::auth::Accepts;
use crate::gateway::MirrorOptions;
use crate::tls::{Identity, Trust};

/// All of them, read.
pub struct Papers {
    /// The tokens that the gateway accepts.
    pub auth: Accepts,
    /// What the gateway proves itself with; none for plain text.
    pub tls: Option<Identity>,
    pub mirror: Option<MirrorOptions>,
}

impl NodeConfig {
    /// Reads what the config names. Nothing else is done, so that a node can refuse before it
    /// has opened anything.
    ///
    /// # Errors
    /// What cannot be read, is none of its kind, or can be read by others too.
    pub fn papers(&self) -> Result<Papers, String> {
        let auth = self.accepts().map_err(|error| format!("the keys of tokens: {error}"))?;
        let tls = self.security.identity();
        let tls = tls.map_err(|error| format!("the gateway's certificate: {error}"))?;
        let mirror = self.redis.mirror();
        let mirror = mirror.map_err(|error| format!("the password of Redis: {error}"))?;
        if let Some(authorities) = &self.upstream.ca {
            let trust = Trust::of_strangers(Some(authorities));
            trust.map_err(|error| format!("who proves venues: {error}"))?;
        }
        Ok(Papers { auth, tls, mirror })
    }
}
