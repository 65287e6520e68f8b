//! Matching behaviours, one test each: priority, time in force, amends.

use super::check;

#[test]
fn a_cancelled_order_is_out_of_the_queue() {
    check(
        "#1 B10@100
         #2 B10@100
         #3 B10@100
         cancel #2
         #4 S20@100 IOC => T(4x1 10@100), T(4x3 10@100)
         book => empty",
    );
}

#[test]
fn better_prices_go_first() {
    check(
        "#1 S10@102
         #2 S10@101
         #3 S10@100
         #4 B30@102 IOC => T(4x3 10@100), T(4x2 10@101), T(4x1 10@102)
         book => empty",
    );
    check(
        "#1 B10@98
         #2 B10@99
         #3 B10@100
         #4 S30@98 IOC => T(4x3 10@100), T(4x2 10@99), T(4x1 10@98)
         book => empty",
    );
}

#[test]
fn the_rest_of_a_sweep_becomes_the_best_price() {
    check(
        "#1 S10@100
         #2 S10@101
         #3 S10@102
         #4 B35@102 => T(4x1 10@100), T(4x2 10@101), T(4x3 10@102), rests 5
         book => #4 B5@102
         #5 S5@102 IOC => T(5x4 5@102)
         book => empty",
    );
}

#[test]
fn a_taker_that_is_done_touches_no_further_maker() {
    check(
        "#1 S5@100
         #2 S5@100
         #3 B5@100 IOC => T(3x1 5@100)
         book => #2 S5@100",
    );
}

#[test]
fn one_maker_fills_many_takers() {
    check(
        "#1 S20@100
         #2 B8@100 => T(2x1 8@100)
         #3 B12@100 => T(3x1 12@100)
         #4 B5@100 IOC => cancelled 5: no liquidity
         book => empty",
    );
}

#[test]
fn an_emptied_side_works_again() {
    check(
        "#1 B10@100
         cancel #1
         #2 B8@95
         #3 S8@95 IOC => T(3x2 8@95)
         cancel #1 => not open
         cancel #2 => not open",
    );
}

#[test]
fn five_thousand_makers_fill_in_order_of_arrival() {
    let makers: String = (1..=5000).map(|no| format!("#{no} S1@100\n")).collect();
    let trades: Vec<String> = (1..=5000).map(|no| format!("T(9000x{no} 1@100)")).collect();
    let sweep = format!("#9000 B5000@100 IOC => {}\n", trades.join(", "));
    check(&format!("{makers}{sweep}book => empty"));
}

#[test]
fn a_crossing_amend_trades_as_taker_at_the_makers_price() {
    check(
        "#1 S10@100
         #2 B10@90
         amend #2 10@105 => T(2x1 10@100)
         book => empty",
    );
}

#[test]
fn an_amend_of_a_partly_filled_order_counts_what_is_filled() {
    check(
        "#1 S10@100
         #2 B4@100 => T(2x1 4@100)
         amend #1 10@101 => rests 6
         #3 B6@101 IOC => T(3x1 6@101)
         book => empty",
    );
}

#[test]
fn less_quantity_keeps_priority() {
    check(
        "#1 B10@100
         #2 B10@100
         amend #1 5 => rests 5
         #3 S5@100 => T(3x1 5@100)
         book => #2 B10@100",
    );
}

#[test]
fn more_quantity_loses_priority() {
    check(
        "#1 B10@100
         #2 B10@100
         amend #1 15 => rests 15
         #3 S10@100 => T(3x2 10@100)
         book => #1 B15@100",
    );
}

#[test]
fn another_price_and_back_loses_priority() {
    check(
        "#1 B10@100
         #2 B10@100
         amend #1 10@99 => rests 10
         amend #1 10@100 => rests 10
         book => #2 B10@100, #1 B10@100",
    );
}

#[test]
fn an_amend_to_the_same_changes_nothing() {
    check(
        "#1 B10@100
         #2 B10@100
         amend #1 10@100 => rests 10
         amend #1 - => rests 10
         book => #1 B10@100, #2 B10@100",
    );
}

#[test]
fn a_total_at_or_below_what_is_filled_is_refused() {
    check(
        "#1 B100@10
         #2 S20@10 => T(2x1 20@10)
         amend #1 20 => 20 are done
         amend #1 19@11 => 20 are done
         book => #1 B80@10
         amend #1 21 => rests 1
         cancel #2 => not open
         amend #2 5 => not open",
    );
}

#[test]
fn amended_totals_follow_an_order_through_trades() {
    check(
        "#101 S7@1600
         #102 B4@1550
         #201 B2@1700 IOC => T(201x101 2@1600)
         #202 B4@1583
         amend #101 7@1580 => T(101x202 4@1583), rests 1
         book => #102 B4@1550, #101 S1@1580",
    );
}

#[test]
fn a_fill_or_kill_order_fills_whole_or_leaves_the_book_alone() {
    check(
        "#1 B10@10
         #2 B20@20
         #3 B30@30
         #4 S100@10 FOK => cancelled 100: not filled whole
         book => #3 B30@30, #2 B20@20, #1 B10@10
         #5 S40@10 FOK => T(5x3 30@30), T(5x2 10@20)
         book => #2 B10@20, #1 B10@10
         #6 S11@20 FOK => cancelled 11: not filled whole
         #7 S10@20 FOK => T(7x2 10@20)",
    );
}

#[test]
fn an_amount_buys_what_it_can_pay_for() {
    check(
        "#1 S2@500
         #2 S5@500
         #3 B1000000@600 IOC spend:1000 => T(3x1 2@500), cancelled 999998: amount spent
         #4 B1000000@600 IOC spend:1499 => T(4x2 2@500), cancelled 999998: amount spent
         #5 B1000000@600 IOC spend:499 => cancelled 1000000: amount spent
         #6 B1000000@600 IOC spend:9000 => T(6x2 3@500), cancelled 999997: no liquidity",
    );
    check(
        "#1 S10@5
         #2 B10@9 FOK spend:49 => cancelled 10: not filled whole
         #3 B10@9 FOK spend:50 => T(3x1 10@5)",
    );
}

#[test]
fn prices_at_the_ends_of_the_ladder_trade() {
    check(
        "#1 S3@67108863
         #2 B3@1
         #3 S3@1 => T(3x2 3@1)
         #4 B9@67108863 => T(4x1 3@67108863), rests 6
         #5 S1@64 => T(5x4 1@67108863)
         book => #4 B5@67108863",
    );
}
