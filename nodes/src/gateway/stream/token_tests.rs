//! Tokens come back as they were given, and only those.

use super::{Stamp, Token};

#[test]
fn a_token_reads_as_it_was_written() {
    let token = Stamp(0xbeef).token(17, 1 << 40);
    assert_eq!(token.text(), "0000beef.11.10000000000");
    assert_eq!(Token::parse(&token.text()), Some(token));
    assert!(token.is_of(Stamp(0xbeef)) && !token.is_of(Stamp(0xbee)));
}

#[test]
fn other_texts_are_no_tokens() {
    let texts = [
        "",
        "x",
        "0000beef",
        "0000beef.11",
        "0000beef.11.1.1",
        "0000beef.+1.1",
        "0000beef..1",
        "fffffffff.1.1",
        "0000beef.11111111111111111.1",
        "0000BEEF.1.1",
    ];
    for text in texts {
        assert_eq!(Token::parse(text), None, "{text}");
    }
}
