//! An account meets its own orders: the taker's mode decides.

use super::check;

#[test]
fn makers_in_front_of_another_account_go() {
    check(
        "#1 S5@100 @A
         #2 S5@100 @B
         #3 S5@100 @A
         #4 B5@100 @A cancel-maker => drop #1 5, T(4x2 5@100)
         book => #3 S5@100",
    );
}

#[test]
fn fill_or_kill_reaches_past_own_orders_only_by_cancelling_them() {
    let makers = "#1 S5@100 @B
         #2 S5@100 @A
         #3 S5@100 @C";
    for mode in ["cancel-taker", "cancel-both", "decrement"] {
        check(&format!(
            "{makers}
             #4 B10@100 @A FOK {mode} => cancelled 10: not filled whole
             book => #1 S5@100, #2 S5@100, #3 S5@100
             #5 B5@100 @A FOK {mode} => T(5x1 5@100)"
        ));
    }
    check(&format!(
        "{makers}
         #4 B10@100 @A FOK cancel-maker => T(4x1 5@100), drop #2 5, T(4x3 5@100)
         book => empty"
    ));
    check(&format!(
        "{makers}
         #4 B15@100 @A FOK none => T(4x1 5@100), T(4x2 5@100), T(4x3 5@100)"
    ));
}

#[test]
fn the_takers_mode_decides() {
    let makers = "#1 B12@12 @A
         #2 B13@11 @A
         #3 B81@10 @A";
    check(&format!(
        "{makers}
         #4 S30@10 @A cancel-maker => drop #1 12, drop #2 13, drop #3 81
         book => #4 S30@10"
    ));
    check(&format!(
        "{makers}
         #4 S30@10 @A cancel-taker => cancelled 30: self-match
         book => #1 B12@12, #2 B13@11, #3 B81@10"
    ));
    check(&format!(
        "{makers}
         #4 S30@10 @A cancel-both => drop #1 12, cancelled 30: self-match
         book => #2 B13@11, #3 B81@10"
    ));
    check(&format!(
        "{makers}
         #4 S30@10 @A none => T(4x1 12@12), T(4x2 13@11), T(4x3 5@10)
         book => #3 B76@10"
    ));
    check(&format!(
        "{makers}
         #4 S30@10 @A decrement => drop #1 12, drop #2 13, drop #3 5, cancelled 30: self-match
         book => #3 B76@10"
    ));
}

#[test]
fn a_taker_keeps_what_it_traded_before_it_met_itself() {
    check(
        "#1 S5@100 @B
         #2 S5@100 @A
         #3 B8@100 @A => T(3x1 5@100), cancelled 3: self-match
         #4 B8@100 @B IOC => T(4x2 5@100), cancelled 3: no liquidity",
    );
}

#[test]
fn decrement_takes_the_smaller_off_both() {
    check(
        "#1 S10@100 @A
         #2 B4@100 @A decrement => drop #1 4, cancelled 4: self-match
         book => #1 S6@100
         #3 B9@100 @A decrement => drop #1 6, rests 3, cancelled 6: self-match
         book => #3 B3@100
         #4 S3@100 @B => T(4x3 3@100)",
    );
}

#[test]
fn what_self_match_took_counts_as_done_in_an_amend() {
    check(
        "#1 S10@100 @A
         #2 B4@100 @A decrement => drop #1 4, cancelled 4: self-match
         #3 B1@100 @B => T(3x1 1@100)
         amend #1 5 => 5 are done
         amend #1 7 => rests 2
         amend #1 20@101 => rests 15
         amend #1 5 => 5 are done
         book => #1 S15@101",
    );
}

#[test]
fn an_amend_meets_its_own_account_as_a_taker() {
    check(
        "#1 S5@100 @A
         #2 B5@90 @A
         amend #2 5@100 decrement => drop #1 5, cancelled 5: self-match
         book => empty",
    );
    check(
        "#1 S5@100 @A
         #2 B9@90 @A
         amend #2 9@100 decrement => drop #1 5, rests 4, cancelled 5: self-match
         amend #2 5 => 5 are done
         amend #2 12@99 cancel-maker => rests 7
         book => #2 B7@99",
    );
    check(
        "#1 S5@100 @A
         #2 B9@90 @A
         amend #2 9@100 => cancelled 9: self-match
         book => #1 S5@100",
    );
}
