//! Orders that go by themselves.

use super::check;

#[test]
fn an_order_goes_at_its_time_and_not_before() {
    check(
        "#1 B10@100 until:9
         #2 B5@100
         time 8
         #3 S4@100 => T(3x1 4@100)
         time 9 => expired #1 6
         cancel #1 => not open
         book => #2 B5@100",
    );
}

#[test]
fn what_goes_at_one_time_goes_in_the_order_of_its_time() {
    check(
        "#1 B1@100 until:20
         #2 S1@110 until:10
         #3 B1@90 stop:80 until:15
         time 30 => expired #2 1, expired #3 1, expired #1 1
         book => empty
         stops => none",
    );
}

#[test]
fn a_stop_that_fires_in_time_rests_until_its_time() {
    check(
        "#1 B10@105 stop:110 until:9
         #2 S1@110
         #3 B1@110 => T(3x2 1@110), fired #1 rests 10
         time 9 => expired #1 10",
    );
}

#[test]
fn the_close_takes_the_orders_of_the_day_and_leaves_the_others() {
    check(
        "#1 B10@100 day
         #2 B5@100
         #3 S7@110 day show:2
         #4 S1@90 stop:80 day
         close => closed #1 10, closed #3 7, closed #4 1
         book => #2 B5@100
         stops => none",
    );
}

#[test]
fn an_amended_order_keeps_its_time() {
    check(
        "#1 B10@100 until:9
         #2 B10@100 day
         amend #1 12@101 => rests 12
         amend #2 12@99 => rests 12
         time 9 => expired #1 12
         close => closed #2 12",
    );
}

#[test]
fn a_leg_that_expires_leaves_the_other_for_itself() {
    check(
        "#1 S10@110 until:9
         #2 S10@80 stop:90 until:9 oco:1
         time 9 => expired #1 10, expired #2 10",
    );
}
