use super::is_more;

#[test]
fn who_reaches_all_that_another_does_and_one_more_reaches_more() {
    assert!(is_more(&[1, 2, 3].into(), &[1, 3].into()));
    assert!(is_more(&[1, 2, 3].into(), &[2, 3].into()));
    assert!(!is_more(&[1, 3].into(), &[1, 3].into()));
    assert!(!is_more(&[1, 2, 4].into(), &[1, 3].into()), "it lacks one");
}
