use super::{Duration, Handover, Instant};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn it_is_from_the_last_sign_of_one_leader_to_the_first_of_the_next() {
    let (handover, start) = (Handover::default(), Instant::now());
    assert_eq!(handover.hear(1, start), None, "the first one follows nobody");
    assert_eq!(handover.hear(1, start + ms(50)), None);
    assert_eq!(handover.hear(3, start + ms(550)), Some(ms(500)));
    assert_eq!(handover.hear(3, start + ms(600)), None);
    assert_eq!(handover.lead(start + ms(700)), Some(ms(100)));
    assert_eq!(handover.lead(start + ms(800)), None);
}

#[test]
fn who_led_itself_has_missed_nobody() {
    let (handover, start) = (Handover::default(), Instant::now());
    assert_eq!(handover.lead(start), None);
    assert_eq!(handover.hear(5, start + ms(9_000)), None);
    assert_eq!(handover.lead(start + ms(9_100)), Some(ms(100)));
    handover.follow();
    assert_eq!(handover.hear(7, start + ms(9_900)), None);
    handover.follow();
    assert_eq!(handover.hear(8, start + ms(9_950)), Some(ms(50)), "another leads since");
}
