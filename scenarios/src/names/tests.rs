use super::*;

fn accepted<T: FromStr>(texts: &[&str]) -> Vec<bool> {
    texts.iter().map(|text| text.parse::<T>().is_ok()).collect()
}

#[test]
fn each_kind_of_name_has_its_characters() {
    let texts = ["alice", "maker-1", "LPJ-KRW", "KRW", "n1", "005930", "-a", "", "a b", "호가"];
    let yes = |which: &[usize]| (0..texts.len()).map(|i| which.contains(&i)).collect::<Vec<_>>();
    assert_eq!(accepted::<AccountName>(&texts), yes(&[0, 1, 4, 5]));
    assert_eq!(accepted::<Symbol>(&texts), yes(&[2, 3, 5]));
    assert_eq!(accepted::<Asset>(&texts), yes(&[3, 5]));
    assert_eq!(accepted::<NodeName>(&texts), yes(&[0, 4]));
    assert_eq!(accepted::<ClientId>(&texts), yes(&[0, 1, 2, 3, 4, 6]));
}

#[test]
fn names_are_bounded_and_some_are_taken() {
    assert!("a".repeat(32).parse::<AccountName>().is_ok());
    assert!("a".repeat(33).parse::<AccountName>().is_err());
    assert_eq!("heal".parse::<AccountName>(), Err(NameError::Reserved { text: "heal".into() }));
    assert!("all".parse::<ClientId>().is_err());
}
