use super::{ACCOUNTS_MAX, Promised};
use hoga_engine::effect::Settles;
use hoga_engine::ids::PartitionId;
use hoga_proto::names::AccountName;

fn named(name: &str) -> AccountName {
    AccountName::parse(&format!("accounts/{name}")).expect("a name within the rules")
}

fn settles(partition: u16, sequence: u64) -> Settles {
    Settles { partition: PartitionId(partition), sequence }
}

#[test]
fn the_newest_answer_of_every_book_partition_is_waited_for() {
    let (promised, alice) = (Promised::default(), named("alice"));
    promised.note(&alice, None);
    assert_eq!(promised.of(&alice), []);
    for settles in [settles(6, 4), settles(7, 1), settles(6, 3), settles(7, 9)] {
        promised.note(&alice, Some(settles));
    }
    assert_eq!(promised.of(&alice), [settles(6, 4), settles(7, 9)]);
    assert_eq!(promised.of(&named("bob")), []);
}

#[test]
fn accounts_beyond_the_bound_push_the_oldest_out() {
    let promised = Promised::default();
    for n in 0..=ACCOUNTS_MAX {
        promised.note(&named(&format!("user{n}")), Some(settles(6, 1)));
    }
    assert_eq!(promised.of(&named("user0")), []);
    assert_eq!(promised.of(&named("user1")), [settles(6, 1)]);
}
