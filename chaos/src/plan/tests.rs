use super::{Kind, parse};
use std::time::Duration;

const SMALL: &str = r#"
[scenario]
name = "small"
seed = 3
length = "20s"
[market]
rules = "lpj"
[cluster]
nodes = 3
[schedule]
jitter = "200ms"
[workload]
accounts = 4
pause = "5ms"
[[fault]]
at = "5s"
every = "5s"
do = "kill the node that leads LPJ-KRW"
[[fault]]
at = "7s"
do = "lose 5% on clients-n2"
[check]
gap_max = "1s"
[check.coverage]
kill = 3
fills = 10
"#;

fn mistakes(text: &str) -> Vec<String> {
    parse("p.toml", text).err().map_or_else(Vec::new, |mistakes| mistakes.lines())
}

#[test]
fn a_plan_reads() {
    let plan = parse("p.toml", SMALL).unwrap_or_else(|wrong| panic!("{:#?}", wrong.lines()));
    assert_eq!((plan.nodes.count, plan.load.accounts), (3, 4));
    assert_eq!(plan.load.attempt, Duration::from_millis(500));
    assert_eq!(plan.attack.fault_times().len(), 5);
    assert_eq!(Kind::of(&plan.attack.faults[0].what).name, "kill");
    assert_eq!(plan.checks.gap_max, Some(Duration::from_secs(1)));
    assert_eq!(plan.checks.coverage.get("kill"), Some(&3));
}

#[test]
fn a_mistake_has_its_place() {
    let lines = mistakes(&SMALL.replace("kill = 3", "kil = 3"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("did you mean `kill`"), "{lines:#?}");
    let lines = mistakes(&SMALL.replace("nodes = 3", "nodes = 0"));
    assert!(lines[0].contains("`nodes` must lie between 1 and 5"), "{lines:#?}");
    let lines = mistakes(&SMALL.replace("clients-n2", "client-n2"));
    assert!(lines[0].contains("there is no node `client`"), "{lines:#?}");
    let lines = mistakes(&SMALL.replace("[cluster]\nnodes = 3\n", ""));
    assert!(lines[0].contains("needs `cluster`"), "{lines:#?}");
}

#[test]
fn every_shipped_plan_reads() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/plans");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the plans") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a plan");
        let name = path.display().to_string();
        let plan = parse(&name, &text).unwrap_or_else(|wrong| panic!("{:#?}", wrong.lines()));
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(&*plan.attack.name));
        count += 1;
    }
    assert!(count >= 9, "{count} plans");
}
