//! Call auctions: what they come to, who trades, what is left.

use super::check;

/// Case 49.
#[test]
fn the_price_of_the_largest_volume_is_that_of_all() {
    check(
        "call
         #1 B10000@10550
         #2 B5600@10450
         #3 B200@10400
         #4 S6900@10300
         #5 S1000@10450
         #6 S200@10600
         #7 S2500@1 mkt
         clearing 10000 => 10400@10450, B5200 too many
         uncross 10000 => X(1x7 2500@10450), X(1x4 6900@10450), X(1x5 600@10450), X(2x5 400@10450)
         book => #2 B5200@10450, #3 B200@10400, #6 S200@10600",
    );
}

/// An order at market has a worst price where no band is; it comes first all the same.
#[test]
fn orders_at_market_come_first_also_before_better_limits() {
    check(
        "call
         #1 B10@900
         #2 B10@855 mkt
         #3 S15@777
         clearing 777 => 15@777, B5 too many
         uncross 777 => X(2x3 10@777), X(1x3 5@777)
         book => #1 B5@900",
    );
    check(
        "call
         #1 S10@700
         #2 S10@745 mkt
         #3 B15@777
         uncross 777 => X(3x2 10@777), X(3x1 5@777)
         book => #1 S5@700",
    );
}

/// Nobody would sell at 860 before bids of 900 have what they ask for.
#[test]
fn a_limit_that_meets_what_is_left_comes_before_orders_at_market() {
    check(
        "call
         #1 B10@900
         #2 B10@855 mkt
         #3 B1@857
         #4 S15@777
         #5 S5@860
         uncross 777 => X(1x4 10@777), X(2x4 5@777), over #2 5
         book => #3 B1@857, #5 S5@860",
    );
}

/// Case 51: 10,400 trade at every price above 10,400 up to 10,500, and 5,200 are left over.
#[test]
fn of_equal_prices_it_is_the_nearest_to_the_reference_then_the_higher() {
    let orders = "call
         #1 B10000@10550
         #2 B5600@10500
         #3 B1000@10400
         #4 S6900@10300
         #5 S1000@10400
         #6 S200@10600
         #7 S2500@1 mkt
         ";
    let at = |reference: &str, price: &str| {
        check(&format!("{orders} clearing {reference} => 10400@{price}, B5200 too many"));
    };
    at("10000 /10", "10410");
    at("10450 /10", "10450");
    at("10455 /10", "10460");
    at("10454 /10", "10450");
    at("20000 /10", "10500");
    at("10000 /50", "10450");
    at("", "10500");
}

#[test]
fn of_equal_volumes_it_is_the_smallest_surplus() {
    check(
        "call
         #1 B10@105
         #2 B5@103
         #3 S10@100
         clearing 100 => 10@104",
    );
}

#[test]
fn where_nothing_meets_nothing_trades() {
    check(
        "call
         #1 B10@99
         #2 S10@100
         clearing 100 => none
         uncross 100
         book => #1 B10@99, #2 S10@100
         #3 B10@100 IOC => T(3x2 10@100)",
    );
}

#[test]
fn a_crossed_book_waits_and_nobody_is_ahead_of_his_price_and_time() {
    check(
        "call
         #1 B10@100
         #2 B10@101
         #3 B10@100
         #4 S15@90
         book => #2 B10@101, #1 B10@100, #3 B10@100, #4 S15@90
         uncross 100 => X(2x4 10@100), X(1x4 5@100)
         book => #1 B5@100, #3 B10@100",
    );
}

#[test]
fn what_was_for_the_call_goes_with_it() {
    check(
        "call
         #1 B10@100 call
         #2 B10@120 mkt
         #3 S15@90
         #4 S5@130 call
         uncross 100 => X(2x3 10@100), X(1x3 5@100), over #1 5, over #4 5
         book => empty",
    );
}

#[test]
fn an_account_trades_with_itself_in_a_call() {
    check(
        "call
         #1 B10@100 @A
         #2 S10@100 @A
         uncross 100 => X(1x2 10@100)",
    );
}

#[test]
fn hidden_parts_come_behind_all_that_is_shown_at_their_price() {
    check(
        "call
         #1 B10@100 show:2
         #2 B3@100
         #3 S7@100
         uncross 100 => X(1x3 2@100), X(2x3 3@100), X(1x3 2@100)
         book => #1 B2+4@100",
    );
}

#[test]
fn an_amend_in_a_call_does_not_trade() {
    check(
        "call
         #1 S10@100
         #2 B10@90
         amend #2 10@105 => rests 10
         cancel 1
         book => #2 B10@105",
    );
}

#[test]
fn the_price_of_a_call_fires_stops_behind_it() {
    check(
        "#1 S5@120
         call
         #2 B10@125 stop:105
         #3 B10@110
         #4 S10@90
         uncross 110 => X(3x4 10@110), T(2x1 5@120), fired #2 rests 5",
    );
}

#[test]
fn case_52_an_opening_at_the_limit_of_the_day_goes_by_size() {
    check(
        "call
         #1 B1000@130
         #2 B200@130
         #3 B10000@130
         #4 B5000@130
         #5 S13100@130
         uncross 100 by-size:70-130/100 => X(3x5 9850@130), X(4x5 2550@130), X(1x5 550@130), X(2x5 150@130)
         book                           => #1 B450@130, #2 B50@130, #3 B150@130, #4 B2450@130",
    );
}

/// Below the limit time decides, and so it does for the side that is short.
#[test]
fn only_the_limit_of_the_day_goes_by_size() {
    check(
        "call
         #1 B10@129
         #2 B90@129
         #3 S50@129
         uncross 129 by-size:70-130/1 => X(1x3 10@129), X(2x3 40@129)",
    );
    check(
        "call
         #1 S10@70
         #2 S90@70
         #3 B50@70
         uncross 70 by-size:70-130/1  => X(3x2 46@70), X(3x1 4@70)",
    );
}

/// Where there is not enough for the first round, the largest have theirs; of equals the oldest.
#[test]
fn a_round_ends_where_nothing_is_left() {
    check(
        "call
         #1 B10@130
         #2 B30@130
         #3 B30@130
         #4 S9@130
         uncross 100 by-size:70-130/4 => X(2x4 4@130), X(3x4 4@130), X(1x4 1@130)
         book                         => #1 B9@130, #2 B26@130, #3 B26@130",
    );
}

/// At the limit an order at market has the price of all others; what is hidden comes last.
#[test]
fn orders_at_market_and_icebergs_go_by_size_too() {
    check(
        "call
         #1 B10@130
         #2 B2@130 mkt
         #3 B40@130 show:5
         #4 S20@130
         uncross 100 by-size:70-130/1 => X(1x4 10@130), X(3x4 5@130), X(2x4 2@130), X(3x4 3@130)
         book                         => #3 B5+27@130",
    );
}
