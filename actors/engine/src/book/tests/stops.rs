//! Stops: when they fire, in which order, and how trailing triggers follow the market.

use super::check;

#[test]
fn a_stop_fires_at_a_print_at_its_trigger_or_beyond() {
    check(
        "last 100 B
         #1 S5@109
         #2 S5@110
         #3 S5@112
         #9 B1@115 stop:110
         #4 B5@109 => T(4x1 5@109)
         stops => #9 B1@115 at 110
         #5 B5@110 => T(5x2 5@110), T(9x3 1@112), fired #9
         stops => none",
    );
    check(
        "last 100 S
         #1 B5@91
         #2 B5@88
         #3 B5@85
         #9 S1@80 stop:90
         #4 S5@91 => T(4x1 5@91)
         #5 S5@88 => T(5x2 5@88), T(9x3 1@85), fired #9
         stops => none",
    );
}

#[test]
fn stops_of_one_trigger_fire_in_the_order_of_entry() {
    check(
        "#1 S9@100
         #2 S9@105
         #7 B1@110 stop:100
         #8 B1@110 stop:100
         #9 B1@110 stop:100
         cancel #8
         cancel #8 => not open
         #3 B9@100 => T(3x1 9@100), T(7x2 1@105), fired #7, T(9x2 1@105), fired #9
         stops => none",
    );
}

#[test]
fn a_cascade_ends_before_the_next_command() {
    check(
        "#1 S1@100
         #2 S1@120
         #3 S10@140
         #4 B1@120 stop:100
         #5 B1@140 stop:115
         #6 B1@140 stop:130
         #7 B1@100 => T(7x1 1@100), T(4x2 1@120), fired #4, T(5x3 1@140), fired #5, \
                      T(6x3 1@140), fired #6
         book => #3 S8@140",
    );
}

#[test]
fn what_a_print_has_reached_fires_in_the_order_of_entry_wherever_the_price_goes() {
    check(
        "#1 S1@100
         #2 S1@120
         #3 B1@80
         #4 B1@500 stop:90
         #5 S1@1 stop:110
         #6 B1@100 => T(6x1 1@100), T(4x2 1@120), fired #4, T(5x3 1@80), fired #5
         book => empty",
    );
}

#[test]
fn what_was_reached_first_fires_first() {
    // The print at 120 reaches the oldest; the other was reached by the print before.
    check(
        "#1 S1@100
         #2 S1@120
         #3 S5@130
         #4 B1@200 stop:120
         #5 B1@200 stop:100
         #6 B1@200 stop:100
         #7 B1@100 => T(7x1 1@100), T(5x2 1@120), fired #5, T(6x3 1@130), fired #6, \
                      T(4x3 1@130), fired #4",
    );
}

#[test]
fn a_stop_that_fires_is_an_order_like_any_other() {
    check(
        "#1 S1@100
         #4 B5@90 stop:100
         #5 B5@110 stop:100 FOK
         #6 B1@100 => T(6x1 1@100), fired #4 rests 5, fired #5 cancelled 5: not filled whole
         book => #4 B5@90
         cancel #4
         #7 S2@120 @A
         #8 S2@110
         #9 B9@130 stop:110 @A
         #10 B2@110 => T(10x8 2@110), fired #9 cancelled 9: self-match
         book => #7 S2@120",
    );
}

#[test]
fn an_amended_stop_keeps_its_trigger_and_its_place() {
    check(
        "#1 S1@100
         #2 S9@105
         #4 B1@110 stop:100
         #5 B1@110 stop:100
         amend #4 3@107 => not open
         #6 B1@100 => T(6x1 1@100), T(4x2 1@105), fired #4, T(5x2 1@105), fired #5",
    );
}

#[test]
fn a_trailing_sell_follows_the_lower_of_the_last_buy_print_and_the_best_bid() {
    check(
        "last 200 B
         #1 S9@200
         #2 B9@100
         #3 S1@80 stop:90 trail:10%/5%
         #4 B1@103
         stops => #3 S1@80 at 90
         #5 B1@120 => #3 at 108
         #6 B1@110
         cancel #5
         stops => #3 S1@80 at 108
         #7 S1@108 => T(7x6 1@110)
         #8 S1@103 => T(8x4 1@103), T(3x2 1@100), fired #3",
    );
    // A print lower than the bid holds it back.
    check(
        "last 200 B
         last 130 B
         #1 B9@100
         #3 S1@80 stop:90 trail:10
         #4 B1@150 => #3 at 120",
    );
}

#[test]
fn a_trailing_buy_mirrors_that() {
    check(
        "last 100 S
         #1 S9@200
         #3 B1@900 stop:220 trail:20/5
         #4 S1@197
         stops => #3 B1@900 at 220
         #5 S1@150 => #3 at 170
         #6 S1@90 => #3 at 120
         #7 B1@90 => T(7x6 1@90)
         #8 S1@119 => 
         #9 S2@120
         #10 S2@121
         cancel #8
         #11 B1@120 => T(11x9 1@120), T(3x9 1@120), fired #3",
    );
}

#[test]
fn a_trailing_stop_at_market_fires_at_the_collar_around_its_trigger() {
    // The collar of these rules is nothing: not a tick beyond the trigger.
    check(
        "last 100 B
         #1 B1@90
         #2 B1@90
         #3 B1@89
         #4 S2@1 stop:90 trail:10 market IOC
         #5 S1@90 => T(5x1 1@90), T(4x2 1@90), fired #4 cancelled 1: no liquidity
         book => #3 B1@89",
    );
}

#[test]
fn a_first_fill_takes_the_other_leg_away() {
    check(
        "last 100 B
         #1 S10@120 @A
         #2 S10@1 stop:80 @A oco:#1
         #3 B3@120 => T(3x1 3@120), parted #2 10
         stops => none
         book => #1 S7@120",
    );
}

#[test]
fn a_trigger_takes_the_other_leg_out_of_the_book() {
    check(
        "last 100 B
         #1 S10@120 @A
         #2 S10@70 stop:80 @A oco:#1
         #3 B4@80
         #4 B20@75
         #5 S4@80 => T(5x3 4@80), parted #1 10, T(2x4 10@75), fired #2
         book => #4 B10@75
         stops => none",
    );
}

#[test]
fn one_command_that_fills_one_leg_and_reaches_the_other_fills_one() {
    // The sweep prints 80 and then 120: the fill came first, because a stop only fires behind it.
    check(
        "last 100 B
         #1 S1@80 @B
         #2 S10@120 @A
         #3 S10@1 stop:90 @A oco:#2
         #4 B5@120 => T(4x1 1@80), T(4x2 4@120), parted #3 10
         book => #2 S6@120",
    );
}

#[test]
fn a_leg_without_its_other_is_an_order_like_any_other() {
    check(
        "last 100 B
         #1 S10@120 @A
         #2 S10@70 stop:80 @A oco:#1
         cancel #1
         #3 B4@80
         #4 S4@80 => T(4x3 4@80), fired #2 rests 10
         book => #2 S10@70",
    );
}
