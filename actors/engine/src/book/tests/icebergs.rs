//! Icebergs: a part is seen, the rest follows at the back of its price.

use super::check;

#[test]
fn an_iceberg_takes_whole_and_shows_a_part_of_what_rests() {
    check(
        "#1 S10@100
         #2 B100@100 show:20 => T(2x1 10@100), rests 90
         book => #2 B20+70@100",
    );
}

#[test]
fn a_refilled_part_goes_to_the_back_of_its_price() {
    check(
        "#1 S30@100 show:10
         #2 S10@100
         #3 B5@100 IOC => T(3x1 5@100)
         book => #1 S5+20@100, #2 S10@100
         #4 B5@100 IOC => T(4x1 5@100)
         book => #2 S10@100, #1 S10+10@100
         #5 B18@100 IOC => T(5x2 10@100), T(5x1 8@100)
         book => #1 S2+10@100
         #6 B20@100 IOC => T(6x1 2@100), T(6x1 10@100), cancelled 8: no liquidity
         book => empty",
    );
}

#[test]
fn one_taker_meets_every_part() {
    check(
        "#1 S25@100 show:10
         #2 S4@100
         #3 B40@100 => T(3x1 10@100), T(3x2 4@100), T(3x1 10@100), T(3x1 5@100), rests 11
         book => #3 B11@100",
    );
    check(
        "#1 B6@100 show:2
         #2 B5@100 show:2
         #3 S11@100 => T(3x1 2@100), T(3x2 2@100), T(3x1 2@100), T(3x2 2@100), T(3x1 2@100), \
                       T(3x2 1@100)
         book => empty",
    );
}

#[test]
fn hidden_parts_are_liquidity_to_a_fill_or_kill_order() {
    check(
        "#1 S30@100 show:10
         #2 B31@100 FOK => cancelled 31: not filled whole
         #3 B30@100 FOK => T(3x1 10@100), T(3x1 10@100), T(3x1 10@100)
         book => empty",
    );
    // Behind one's own order it is out of reach, because that stands before the next part.
    check(
        "#1 S30@100 show:10
         #2 S1@100 @A
         #3 B15@100 FOK @A => cancelled 15: not filled whole
         #4 B15@100 FOK cancel-maker @A => T(4x1 10@100), drop #2 1, T(4x1 5@100)
         book => #1 S5+10@100",
    );
}

#[test]
fn less_quantity_is_taken_from_what_is_hidden_first() {
    check(
        "#1 B30@100 show:10
         #2 B5@100
         amend #1 15 => rests 15
         book => #1 B10+5@100, #2 B5@100
         amend #1 8 => rests 8
         book => #1 B8+0@100, #2 B5@100
         amend #1 40 => rests 40
         book => #2 B5@100, #1 B10+30@100
         amend #1 40@101 => rests 40
         book => #1 B10+30@101, #2 B5@100
         cancel #1
         book => #2 B5@100",
    );
}

#[test]
fn self_match_counts_what_is_hidden() {
    check(
        "#1 S30@100 show:10 @A
         #2 B25@100 decrement @A => drop #1 25, cancelled 25: self-match
         book => #1 S5+0@100
         #3 B25@100 decrement @A => drop #1 5, rests 20, cancelled 5: self-match",
    );
    check(
        "#1 S30@100 show:10 @A
         #2 S5@100
         #3 B6@100 cancel-maker @A => drop #1 30, T(3x2 5@100), rests 1
         book => #3 B1@100",
    );
}
