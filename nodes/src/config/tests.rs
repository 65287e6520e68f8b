use super::read::read;
use super::*;
use std::iter;

fn read_text(text: &str) -> Result<NodeConfig, ConfigError> {
    read("node.toml", text, iter::empty())
}

fn mistakes(text: &str) -> Vec<String> {
    match read_text(text) {
        Err(ConfigError::File(mistakes)) => mistakes.lines(),
        other => panic!("{text} should be wrong, not {other:?}"),
    }
}

#[test]
fn nothing_said_is_the_defaults() {
    let config = read_text("").expect("defaults");
    assert_eq!(config.listen.to_string(), "127.0.0.1:7070");
    assert_eq!(config.to_string(), NodeConfig::default().to_string());
}

#[test]
fn what_is_printed_reads_as_the_same() {
    let text = "[node]\nid = 7\ndata = \"d\"\n[gateway]\nlisten = \"127.0.0.1:1\"\n\
        [telemetry]\nformat = \"json\"\nmetrics = \"127.0.0.1:9464\"\n\
        [log]\nsegment_bytes = 134_217_728\n[market]\nrules = \"lpj\"\n";
    let config = read_text(text).expect("a config");
    assert_eq!((config.id, config.log.segment_bytes), (7, 134_217_728));
    let printed = config.to_string();
    assert_eq!(read_text(&printed).expect("the same").to_string(), printed);
}

#[test]
fn every_mistake_stands_where_it_is() {
    let text = "[node]\nid = 0\n[gatewey]\n[log]\nsegment_bites = 5\nspare_segments = \"many\"\n";
    assert_eq!(
        mistakes(text),
        [
            "node.toml:2:6: `0` is not a whole number from 1 to 65535",
            "node.toml:3:2: the file has no key `gatewey`; did you mean `gateway`?",
            "node.toml:5:1: [log] has no key `segment_bites`; did you mean `segment_bytes`?",
            "node.toml:6:18: `many` is not a whole number from 1 to 64",
        ]
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let open = mistakes("[gateway]\nlisten = \"0.0.0.0:7070\"\n");
    assert!(open[0].contains("0.0.0.0 is no loopback address"), "{open:?}");
    let alone = mistakes("[cluster]\nfounders = \"1, 2, 3\"\n");
    assert!(alone[0].contains("`listen`, where they call it, is not set"), "{alone:?}");
    let everywhere = "[cluster]\nlisten = \"0.0.0.0:7071\"\npeers = \"2=n2:7071\"\n";
    let everywhere = mistakes(everywhere);
    assert!(everywhere[0].contains("the others cannot call 0.0.0.0:7071"), "{everywhere:?}");
    let nowhere = mistakes("[cluster]\nlink = \"[::]:7071\"\n");
    assert!(nowhere[0].contains("nowhere for others"), "{nowhere:?}");
    let twice = mistakes("[telemetry]\nmetrics = \"127.0.0.1:7070\"\n");
    assert!(twice[0].contains("where the gateway listens already"), "{twice:?}");
    let both = mistakes("[gateway]\nadmin_listen = \"127.0.0.1:7070\"\n");
    assert!(both[0].contains("where the gateway listens already"), "{both:?}");
    let operators = mistakes("[gateway]\nadmin_listen = \"0.0.0.0:7071\"\n");
    assert!(operators[0].contains("0.0.0.0 is no loopback address"), "{operators:?}");
    let sizes = mistakes("[log]\nsegment_bytes = 4096\n");
    assert!(sizes[0].contains("write_bytes_max"), "{sizes:?}");
}

#[test]
fn the_environment_overrides_the_file() {
    let environment = |name: &str, value: &str| iter::once((name.to_owned(), value.to_owned()));
    let file = "[gateway]\nlisten = \"127.0.0.1:1\"\n";
    let over = read("f", file, environment("HOGA_GATEWAY_LISTEN", "127.0.0.1:2"));
    assert_eq!(over.expect("a config").listen.port(), 2);
    let slip = read("f", file, environment("HOGA_GATEWAY_LISTN", "127.0.0.1:2"));
    let said = slip.expect_err("a slip").to_string();
    assert!(said.contains("did you mean HOGA_GATEWAY_LISTEN?"), "{said}");
    let wrong = read("f", file, environment("HOGA_NODE_ID", "x"));
    let said = wrong.expect_err("no number").to_string();
    assert!(said.contains("HOGA_NODE_ID: `x` is not a whole number"), "{said}");
    // Other programs' variables, and this one's for other purposes, are none of its business.
    assert!(read("f", file, environment("HOGA_SERVER", "x")).is_ok());
}
