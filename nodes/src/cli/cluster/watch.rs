//! `hoga cluster map --watch`: the map as it changes, on a screen or as lines.

use super::reach::Reach;
use super::screen::Screen;
use super::timeline::Timeline;
use crate::cli::failure::{Exit, Failure};
use crate::cli::{Global, json, output};
use hoga_proto::v1;
use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// How often the map is asked for: half of what a failover takes at least.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Over how long the commands a second are counted.
const RATES_OVER: Duration = Duration::from_secs(1);
/// Sentences of the timeline that are kept.
const TOLD_MAX: usize = 200;

/// What is shown.
pub struct View {
    pub map: v1::ClusterMap,
    pub rates: Vec<f64>,
    /// With the seconds since the beginning.
    pub told: VecDeque<(f64, String)>,
    pub is_lost: bool,
}

/// # Errors
/// No node can be reached at first, or the terminal is gone.
pub async fn run(global: &Global, mut reach: Reach) -> Result<(), Failure> {
    let begun = Instant::now();
    let first = reach.map().await?;
    let is_screen = !global.json && io::stdout().is_terminal();
    let mut screen = if is_screen { Some(Screen::open()?) } else { None };
    let mut timeline = Timeline::default();
    timeline.follow(&first, begun);
    if !is_screen {
        if global.json {
            json::line("ClusterMap", &first)?
        } else {
            output::say(super::map::shown(&first))?
        }
    }
    let mut counted = (begun, first.clone());
    let mut view = View { map: first, rates: Vec::new(), told: VecDeque::new(), is_lost: false };
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        if let Some(screen) = &mut screen {
            screen.paint(&view)?;
        }
        tokio::select! {
            _ = looks.tick() => {}
            is_end = key(&mut screen) => {
                if is_end { return Ok(()) }
                continue;
            }
        }
        let map = match reach.map().await {
            Ok(map) => map,
            Err(failure) if failure.exit == Exit::Unreachable => {
                view.is_lost = true;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let now = Instant::now();
        view.is_lost = false;
        for sentence in timeline.follow(&map, now) {
            let at = begun.elapsed().as_secs_f64();
            if !is_screen && !global.json {
                output::say(format!("{at:8.2} s  {sentence}"))?;
            }
            view.told.push_front((at, sentence));
            view.told.truncate(TOLD_MAX);
        }
        if global.json && has_changed(&view.map, &map) {
            json::line("ClusterMap", &map)?;
        }
        if now.duration_since(counted.0) >= RATES_OVER {
            view.rates = rates(&counted.1, &map, now.duration_since(counted.0));
            counted = (now, map.clone());
        }
        view.map = map;
    }
}

async fn key(screen: &mut Option<Screen>) -> bool {
    match screen {
        Some(screen) => screen.key().await.unwrap_or(true),
        None => std::future::pending().await,
    }
}

/// Besides how far each partition has come, which changes all the time.
fn has_changed(before: &v1::ClusterMap, now: &v1::ClusterMap) -> bool {
    let leaders = |map: &v1::ClusterMap| {
        map.partitions.iter().map(|p| (p.leader.clone(), p.voters.clone())).collect::<Vec<_>>()
    };
    before.nodes != now.nodes || leaders(before) != leaders(now)
}

fn rates(before: &v1::ClusterMap, now: &v1::ClusterMap, over: Duration) -> Vec<f64> {
    let rate = |partition: &v1::ClusterPartition| {
        let before = before.partitions.iter().find(|p| p.partition == partition.partition);
        let commands = before.map_or(0, |before| before.applied_commands);
        partition.applied_commands.saturating_sub(commands) as f64 / over.as_secs_f64()
    };
    now.partitions.iter().map(rate).collect()
}
