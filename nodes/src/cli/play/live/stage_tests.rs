use super::Stage;
use hoga_scenarios::time::Millis;
use std::time::Duration;
use tokio::time::Instant;

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

#[test]
fn time_never_goes_back() {
    let stage = Stage::default();
    stage.reach(Millis(70));
    stage.reach(Millis(30));
    assert_eq!(stage.now(), Millis(70));
}

#[test]
fn whoever_waits_for_a_time_hears_of_it() {
    runtime().block_on(async {
        let stage = Stage::default();
        let mark = (Instant::now(), Millis(0));
        let hour = Millis(3_600_000);
        let ((), ()) = tokio::join!(stage.until(hour, mark), async {
            stage.reach(Millis(10));
            stage.reach(hour);
        });
        assert_eq!(stage.now(), hour);
    });
}

#[test]
fn what_is_to_mend_comes_although_the_play_stands_still() {
    runtime().block_on(async {
        let stage = Stage::default();
        // Ten minutes ago it was at minute one: minute two is long over.
        let ago = Instant::now().checked_sub(Duration::from_secs(600)).expect("a clock that ran");
        stage.until(Millis(120_000), (ago, Millis(60_000))).await;
        assert_eq!(stage.now(), Millis(0));
    });
}
