//! The same file and seed give the same play.

use super::*;

#[test]
fn ten_plays_one_digest() {
    let first = play(MINUTE);
    assert!(first.ok, "{first}");
    for _ in 1..10 {
        assert_eq!(play(MINUTE), first);
    }
}

#[test]
fn another_seed_another_digest() {
    let digests: Vec<String> = [7, 8, 9].map(|seed| play_seeded(MINUTE, Some(seed)).digest).into();
    assert_eq!(digests[0], play(MINUTE).digest, "the file says 7");
    assert!(digests[0] != digests[1] && digests[1] != digests[2], "{digests:?}");
}

#[test]
fn the_morning_is_lively_and_sound() {
    let morning = play(MORNING);
    assert!(morning.ok, "{morning}");
    assert_eq!(morning.seed, 7);
    assert!(morning.trades > 50_000, "{morning}");
    assert_eq!(morning.warnings.len(), 1, "the fault is ignored: {:?}", morning.warnings);
    assert_eq!(morning.best_bots.len(), 5);
    let refused: u64 = morning.rejects.values().sum();
    assert!(refused * 100 < morning.orders, "bots know what they do: {morning}");
}

#[test]
fn progress_goes_from_start_to_end() {
    let scenario = read(MINUTE);
    let (scenario, folder, wall) = (&scenario, Path::new("."), &mut NoWall);
    let mut heard = Vec::new();
    let options = PlayOptions { scenario, seed: None, folder, record: None, wall };
    let report = run(options, &mut |progress| heard.push(progress)).expect("it plays");
    assert!(heard.len() > 50 && heard.is_sorted_by_key(|progress| progress.at));
    let last = heard.last().expect("there was progress");
    assert_eq!((last.at, last.length), (Millis(60_000), Millis(60_000)));
    assert_eq!((last.commands, last.trades), (report.commands, report.trades));
}

/// A wall that notes when it was asked to wait.
#[derive(Default)]
struct Noted(Vec<Millis>);

impl Wall for Noted {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.last().map_or(0, |at| at.0))
    }

    fn wait_until(&mut self, at: Millis) {
        self.0.push(at);
    }
}

#[test]
fn in_wall_time_every_instant_waits_for_its_turn() {
    let scenario = read(MINUTE);
    let mut wall = Noted::default();
    let (folder, record) = (Path::new("."), None);
    let options = PlayOptions { scenario: &scenario, seed: None, folder, record, wall: &mut wall };
    let report = run(options, &mut |_| {}).expect("it plays");
    assert!(wall.0.is_sorted() && wall.0.len() > 1_000);
    assert_eq!(report.wall_seconds, 60.0, "also the quiet end is waited for");
    assert_eq!(report.digest, play(MINUTE).digest);
}

/// A clock for the measurement; nothing else here has one.
struct Clock(std::time::Instant);

impl Wall for Clock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait_until(&mut self, _at: Millis) {}
}

#[test]
#[ignore = "a measurement: run it alone, with --release --nocapture"]
fn how_fast_the_morning_plays() {
    let scenario = read(MORNING);
    let mut wall = Clock(std::time::Instant::now());
    let (folder, record) = (Path::new("."), None);
    let options = PlayOptions { scenario: &scenario, seed: None, folder, record, wall: &mut wall };
    let report = run(options, &mut |_| {}).expect("it plays");
    let rate = report.commands as f64 / report.wall_seconds;
    eprintln!("{report}\n{rate:.0} commands/s");
    assert!(report.ok);
}
