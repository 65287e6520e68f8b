//! The settings of outside markets that are followed live.

use super::NodeConfig;
use crate::upstream::{Pace, UpstreamOptions, Venues};
use std::path::PathBuf;

/// Where outside markets are.
#[derive(Clone, Debug, Default)]
pub struct UpstreamConfig {
    pub venues: Venues,
    /// Who proves them, in PEM; none for whom this machine believes.
    pub ca: Option<PathBuf>,
}

impl UpstreamConfig {
    pub fn options(&self) -> UpstreamOptions {
        UpstreamOptions {
            venues: self.venues.clone(),
            authorities: self.ca.clone(),
            pace: Pace::default(),
        }
    }
}

pub(super) fn set_venues(config: &mut NodeConfig, text: &str) -> Result<(), String> {
    config.upstream.venues = Venues::parse(text)?;
    Ok(())
}
