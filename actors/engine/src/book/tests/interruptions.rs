//! Trades that would leap too far: none happens, orders collect instead.

use super::check;

#[test]
fn case_55_a_print_too_far_from_the_last_begins_a_call() {
    check(
        "guard 3% 10%
         base 100
         last 100 B
         #1 S5@102
         #2 S5@103
         #3 S5@104
         #4 B5@102                      => T(4x1 5@102)
         #5 B12@106                     => T(5x2 5@103), T(5x3 5@104), rests 2
         phase                          => continuous
         cancel #5
         last 100 B
         #6 S5@102
         #7 S5@103
         #8 B8@103                      => T(8x6 5@102), rests 3
         phase                          => a call
         #9 B10@105
         book                           => #9 B10@105, #8 B3@103, #7 S5@103",
    );
}

#[test]
fn case_55_just_below_the_distance_a_trade_happens_at_it_none() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S1@102
         #2 B1@102    => T(2x1 1@102)
         last 100 B
         #3 S1@103
         #4 B1@103
         phase        => a call
         uncross 100  => X(4x3 1@103)
         phase        => continuous
         #5 S1@107
         #6 B1@107
         phase        => a call",
    );
    // Sells mirrored.
    check(
        "guard 3% 10%
         last 100 B
         #1 B1@98
         #2 S1@98     => T(2x1 1@98)
         last 100 B
         #3 B1@97
         #4 S1@97
         phase        => a call",
    );
}

#[test]
fn case_55_the_last_price_of_a_call_counts_and_before_it_the_base() {
    check(
        "guard 50% 10%
         base 100
         last 120 B
         #1 S1@110
         #2 B1@110
         phase        => a call
         uncross 110  => X(2x1 1@110)
         #3 S1@120
         #4 B1@120    => T(4x3 1@120)",
    );
}

#[test]
fn a_buy_may_leap_downwards() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S1@90
         #2 B1@95
         phase        => a call
         uncross 100  => X(2x1 1@95)",
    );
}

#[test]
fn what_cannot_wait_for_a_call_goes() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S5@102
         #2 S5@103
         #3 B8@110 IOC            => T(3x1 5@102), cancelled 3: interrupted
         phase                    => a call
         uncross
         #4 B4@103 FOK            => T(4x2 4@103)
         last 100 B
         #5 B1@103 FOK            => cancelled 1: not filled whole
         phase                    => a call
         uncross
         #6 B2@103 FOK            => cancelled 2: not filled whole
         phase                    => continuous
         #7 B9@110 IOC spend:900  => cancelled 9: interrupted
         phase                    => a call",
    );
}

#[test]
fn an_order_at_market_waits_for_the_price_of_the_call() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S5@103
         #2 B8@110 mkt
         phase          => a call
         #3 B2@110
         book           => #2 B8@110, #3 B2@110, #1 S5@103
         uncross 100    => X(2x1 5@103), over #2 3
         book           => #3 B2@110",
    );
}

#[test]
fn an_amend_that_would_leap_waits_too() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S5@103
         #2 B5@99
         amend #2 5@103  => rests 5
         phase           => a call
         book            => #2 B5@103, #1 S5@103",
    );
}

/// Nothing leaps where nothing is traded: own orders meet as they always do.
#[test]
fn own_orders_far_away_are_no_trade() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S5@103 @A
         #2 B5@103 @A                  => cancelled 5: self-match
         phase                         => continuous
         #3 B5@103 @A cancel-maker     => drop #1 5
         phase                         => continuous
         cancel #3
         #4 S5@103 @A
         #5 S5@104
         #6 B5@104 @A cancel-maker     => drop #4 5
         phase                         => a call",
    );
}

/// Each stop of a cascade is measured from the print before it; those behind a leap collect.
#[test]
fn a_cascade_that_leaps_collects() {
    check(
        "guard 3% 10%
         last 100 B
         #1 S1@101
         #2 S1@103
         #3 S1@120
         #4 B1@103 stop:101
         #5 B1@120 stop:103
         #6 B1@101 stop:103
         #7 B1@101    => T(7x1 1@101), T(4x2 1@103), fired #4, fired #5 rests 1, fired #6 rests 1
         phase        => a call",
    );
}
