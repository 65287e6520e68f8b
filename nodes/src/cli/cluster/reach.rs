//! The way to whichever node of the exchange answers.

use crate::cli::Global;
use crate::cli::failure::Failure;
use crate::cli::server::{self, Admin};
use hoga_proto::v1;
use std::collections::VecDeque;
use std::time::Duration;

/// How long one node may take before another is asked.
const NODE_WITHIN: Duration = Duration::from_secs(1);

/// The gateways that are known, the one that answered last in front.
pub struct Reach {
    global: Global,
    gateways: VecDeque<String>,
    open: Option<Admin>,
}

impl Reach {
    /// Begins at the server that was named.
    pub fn new(global: &Global) -> Reach {
        Reach::at(global, &global.server)
    }

    /// Begins at a gateway.
    pub fn at(global: &Global, url: &str) -> Reach {
        Reach { global: global.clone(), gateways: VecDeque::from([url.to_owned()]), open: None }
    }

    /// A client of a node that answers.
    ///
    /// # Errors
    /// None does.
    pub async fn admin(&mut self) -> Result<Admin, Failure> {
        let mut last = None;
        for _ in 0..self.gateways.len() {
            if let Some(open) = &self.open {
                return Ok(open.clone());
            }
            let within = NODE_WITHIN.min(self.global.within());
            match server::admin(&self.global, &self.gateways[0], within).await {
                Ok(admin) => self.open = Some(admin),
                Err(failure) => {
                    last = Some(failure);
                    self.gateways.rotate_left(1);
                }
            }
        }
        match (&self.open, last) {
            (Some(open), _) => Ok(open.clone()),
            (None, last) => Err(last.expect("there is at least one gateway")),
        }
    }

    /// A client of one node.
    pub async fn admin_of(&self, node: &v1::ClusterNode) -> Result<Admin, Failure> {
        if node.gateway.is_empty() {
            return server::admin(&self.global, &self.global.server, self.global.within()).await;
        }
        let url = self.url(&node.gateway);
        server::admin(&self.global, &url, self.global.within()).await
    }

    /// The map, from the first node that answers; the gateways in it are known from then on.
    ///
    /// # Errors
    /// None answers.
    pub async fn map(&mut self) -> Result<v1::ClusterMap, Failure> {
        let mut last = None;
        for _ in 0..=self.gateways.len() {
            let mut admin = self.admin().await?;
            let asked = admin.get_cluster_map(v1::GetClusterMapRequest {});
            match tokio::time::timeout(NODE_WITHIN, asked).await {
                Ok(Ok(answer)) => {
                    let map = answer.into_inner().map.unwrap_or_default();
                    self.learn(&map);
                    return Ok(map);
                }
                Ok(Err(status)) => last = Some(Failure::from(status)),
                Err(_) => {}
            }
            self.open = None;
            self.gateways.rotate_left(1);
        }
        Err(last.unwrap_or_else(server::silent))
    }

    /// Where a gateway is called: as the one that was named first.
    fn url(&self, gateway: &str) -> String {
        let scheme = if self.global.server.starts_with("https:") { "https" } else { "http" };
        format!("{scheme}://{gateway}")
    }

    fn learn(&mut self, map: &v1::ClusterMap) {
        for node in map.nodes.iter().filter(|node| !node.gateway.is_empty()) {
            let url = self.url(&node.gateway);
            if !self.gateways.contains(&url) {
                self.gateways.push_back(url);
            }
        }
    }
}
