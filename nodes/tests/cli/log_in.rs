//! Who acts when nobody is named.

use crate::rig::{Exchange, command};
use std::process::Output;
use tempfile::TempDir;

/// Commands of a person with a home of their own.
struct Person {
    home: TempDir,
    server: String,
}

impl Person {
    fn says(&self, args: &[&str]) -> (i32, String) {
        let home = self.home.path();
        let Output { status, stdout, stderr } = command(args)
            .env("XDG_CONFIG_HOME", home)
            .env("HOGA_SERVER", &self.server)
            .output()
            .expect("the binary runs");
        let said = [stdout, stderr].concat();
        (status.code().expect("an end"), String::from_utf8(said).expect("text"))
    }
}

#[test]
fn whoever_logged_in_acts_until_out() {
    let exchange = Exchange::up();
    let home = TempDir::new().expect("a directory");
    let person = Person { home, server: exchange.url.clone() };
    let (code, said) = person.says(&["orders"]);
    assert_eq!(code, 2);
    assert!(said.contains("hoga log-in NAME"), "{said}");
    let (code, said) = person.says(&["log-in", "carol"]);
    assert_eq!(code, 3);
    assert!(said.contains("hoga accounts create carol"), "{said}");

    let (code, said) = person.says(&["log-in", "alice"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("you act as alice"), "{said}");
    let (code, said) = person.says(&["buy", "10", "LPJ-KRW", "@", "777"]);
    assert_eq!((code, said.trim()), (0, "order 1 rests: buy 10 LPJ-KRW @ 777"));
    let (_, said) = person.says(&["token"]);
    assert_eq!(said.trim(), "dev:alice");
    // Whoever is named counts before whoever logged in.
    let (_, said) = person.says(&["accounts", "show", "--as", "bob"]);
    assert!(said.starts_with("bob since"), "{said}");
    // An operator's list is an operator's, whoever logged in.
    let (code, said) = person.says(&["accounts"]);
    assert_eq!(code, 0, "{said}");

    let elsewhere = ["--server", "http://127.0.0.1:1", "log-in"];
    assert!(person.says(&elsewhere).1.contains("nobody is logged in"));
    let (_, said) = person.says(&["log-in", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&said).expect("one document");
    assert_eq!((&shown["as"], &shown["server"]), (&"alice".into(), &exchange.url.clone().into()));

    assert!(person.says(&["log-in", "--out"]).1.contains("logged out"));
    assert_eq!(person.says(&["orders"]).0, 2);
}

#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let exchange = Exchange::up();
    let person =
        Person { home: TempDir::new().expect("a directory"), server: exchange.url.clone() };
    assert_eq!(person.says(&["log-in", "--token", "dev:bob"]).0, 0);
    let file = person.home.path().join("hoga/log-in.json");
    let mode = file.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(person.says(&["accounts", "show"]).1.starts_with("bob since"));
}
