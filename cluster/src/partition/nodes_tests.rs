//! The table of nodes: numbers are never given twice, and nobody is left alone by mistake.

use super::{NodeTable, Standing};

fn table(nodes: u64) -> NodeTable {
    let mut table = NodeTable::default();
    let founders: Vec<_> = (1..=nodes).map(|id| (id, format!("h:{id}").into())).collect();
    table.found(&founders);
    table
}

#[test]
fn founding_happens_once() {
    let mut table = table(3);
    let before = table.clone();
    table.found(&[(9, "h:9".into())]);
    assert_eq!(table, before);
}

#[test]
fn numbers_are_given_in_turn_and_never_again() {
    let mut table = table(3);
    assert_eq!(table.add("h:4"), Ok(4));
    table.remove(4).expect("three are left");
    assert_eq!(table.add("h:4"), Ok(5));
    assert!(table.enter(4, 1, "h:4", "g:4").is_err());
    assert_eq!(table.get(4).map(|node| node.standing), Some(Standing::Removed));
}

#[test]
fn an_address_and_a_table_have_room_for_so_many() {
    let mut table = table(5);
    assert!(table.add("h:3").expect_err("taken").contains("n3"));
    assert!(table.add("h:6").expect_err("full").contains("at most 5"));
}

#[test]
fn an_empty_disk_under_an_old_number_is_refused() {
    let mut table = table(3);
    table.enter(2, 77, "h:2", "g:2").expect("the first time");
    let epoch = table.epoch;
    table.enter(2, 77, "h:2", "g:2").expect("the same again");
    assert_eq!(table.epoch, epoch, "nothing changed");
    let refused = table.enter(2, 78, "h:2", "g:2").expect_err("another directory");
    assert!(refused.contains("new number"), "{refused}");
}

#[test]
fn a_removed_node_is_let_in_with_its_own_directory_alone() {
    let mut table = table(5);
    table.enter(2, 77, "h:2", "g:2").expect("the first time");
    table.remove(2).expect("four are left");
    let before = table.clone();
    table.enter(2, 77, "h:9", "g:9").expect("it has votes to give away");
    assert_eq!(table, before);
    assert!(table.enter(2, 78, "h:2", "g:2").is_err(), "another directory");
    assert!(table.enter(6, 1, "h:6", "g:6").is_err(), "never added");
}

#[test]
fn two_voters_are_never_left_behind() {
    let mut three = table(3);
    assert!(three.remove(2).expect_err("two left").contains("add a node first"));
    let mut one = table(1);
    assert!(one.remove(1).is_err());
    assert!(one.drain(1, true).is_err());
    let mut two = table(2);
    two.remove(2).expect("one alone is what it began with");
}
