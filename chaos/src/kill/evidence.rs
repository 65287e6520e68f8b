//! What the history has about the orders that a fault names, so that whoever reads only the output
//! of a failed run sees what clients saw.

use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// Lines that are quoted at most.
const LINES_MAX: usize = 40;
/// Orders of a fault that are looked up at most.
const ORDERS_MAX: usize = 6;

/// The orders' final states and the lines about them; empty when the files cannot be read, for
/// then the fault stands alone.
pub(super) fn of(faults: &[String], directory: &Path) -> Vec<String> {
    let named: BTreeSet<&str> = faults.iter().flat_map(|fault| orders_in(fault)).collect();
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap_or_default();
    let export: Value = serde_json::from_str(&read("export.json")).unwrap_or_default();
    let accounts = export["accounts"].as_array().map_or(&[][..], Vec::as_slice);
    let orders = accounts.iter().filter_map(|account| account["orders"].as_array()).flatten();
    let is_named = |order: &&Value| order["name"].as_str().is_some_and(|name| named.contains(name));
    let orders: Vec<&Value> = orders.filter(is_named).take(ORDERS_MAX).collect();
    let mut lines: Vec<String> = orders.iter().map(|order| order.to_string()).collect();
    let ids: BTreeSet<(&str, &str)> = orders.iter().filter_map(|order| id_of(order)).collect();
    lines.extend(said_about(&ids, &read("history.jsonl")));
    lines
}

/// Names of orders in a sentence.
fn orders_in(fault: &str) -> impl Iterator<Item = &str> {
    let words = fault.split(|c: char| !(c.is_ascii_alphanumeric() || "/-_.".contains(c)));
    words.filter(|word| word.starts_with("accounts/") && word.contains("/orders/"))
}

fn id_of(order: &Value) -> Option<(&str, &str)> {
    let account = order["name"].as_str()?.split_once("/orders/")?.0;
    Some((account, order["client_order_id"].as_str()?))
}

/// Invocations of requests about these orders, and how they ended.
fn said_about(ids: &BTreeSet<(&str, &str)>, history: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut ops: HashSet<String> = HashSet::new();
    for line in history.lines() {
        let Ok(parsed) = serde_json::from_str::<Value>(line) else { continue };
        let op = parsed["op"].as_str().unwrap_or_default();
        let request = &parsed["request"];
        let field = |name: &str| request[name].as_str().unwrap_or_default();
        let account = field("account");
        let is_about = ["id", "order"].iter().any(|name| ids.contains(&(account, field(name))));
        if is_about {
            ops.insert(op.to_owned());
        }
        if is_about || ops.contains(op) {
            lines.push(line.to_owned());
        }
        if lines.len() == LINES_MAX {
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_fault_is_told_with_what_clients_saw_of_its_orders() {
        let folder = tempfile::tempdir().expect("a folder");
        let export = r#"{"accounts":[{"orders":[
            {"name":"accounts/k7/orders/133","client_order_id":"k7a.9","state":"OPEN"},
            {"name":"accounts/k7/orders/134","client_order_id":"k7a.10","state":"OPEN"}]}]}"#;
        let history = r#"{"event":"invoke","op":"1","request":{"account":"accounts/k7","id":"k7a.9"}}
{"event":"invoke","op":"2","request":{"account":"accounts/k8","id":"k7a.9"}}
{"event":"ok","op":"2"}
{"event":"unknown","op":"1"}
{"event":"invoke","op":"3","request":{"account":"accounts/k7","id":"c1","order":"k7a.9"}}"#;
        std::fs::write(folder.path().join("export.json"), export).expect("written");
        std::fs::write(folder.path().join("history.jsonl"), history).expect("written");
        let fault = "[5: accounts/k7/orders/133 Buy 1@2] did not trade; accounts/k9/orders/1 came";
        let lines = of(&[fault.into()], folder.path());
        assert!(lines[0].contains("accounts/k7/orders/133"), "{lines:?}");
        let heard: Vec<&str> = history.lines().collect();
        assert_eq!(lines[1..], [heard[0], heard[3], heard[4]]);
    }
}
