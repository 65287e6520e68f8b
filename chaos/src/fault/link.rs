//! A link that is slow, that loses, or that breaks.

use super::{Struck, aim};
use crate::chance::Chance;
use crate::cluster::Cluster;
use crate::proxy::{LOSS_WHOLE, Network, Side};
use anyhow::Context;
use hoga_scenarios::grammar::Link;
use std::time::Duration;

pub(super) async fn delay(
    cluster: &mut Cluster,
    link: &Link,
    by_ms: u64,
    chance: &mut Chance,
) -> anyhow::Result<Struck> {
    on(cluster, link, chance, |network, one, other| {
        network.change_both(one, other, |way| way.delay = Duration::from_millis(by_ms));
    })
    .await
}

/// `percent` as the plan writes it: what is lost of what is sent, before it is sent again.
pub(super) async fn lose(
    cluster: &mut Cluster,
    link: &Link,
    percent: &str,
    chance: &mut Chance,
) -> anyhow::Result<Struck> {
    let percent: f64 = percent.parse().context("a percentage")?;
    let loss = (percent * f64::from(LOSS_WHOLE) / 100.0).round() as u32;
    on(cluster, link, chance, |network, one, other| {
        network.change_both(one, other, |way| way.loss = loss);
    })
    .await
}

pub(super) async fn reset(
    cluster: &mut Cluster,
    link: &Link,
    chance: &mut Chance,
) -> anyhow::Result<Struck> {
    on(cluster, link, chance, Network::reset).await
}

async fn on(
    cluster: &mut Cluster,
    link: &Link,
    chance: &mut Chance,
    strike: impl Fn(&Network, Side, Side),
) -> anyhow::Result<Struck> {
    let Some((one, other)) = aim::sides(cluster, link, chance).await else {
        return Ok(Struck::Void(format!("there is no link {link}")));
    };
    let network = cluster.network().context("a run with such faults has proxies")?;
    strike(network, one, other);
    let (one, other) = (aim::shown(cluster, one), aim::shown(cluster, other));
    Ok(Struck::Installed(format!("{one}-{other}")))
}
