use super::*;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

#[test]
fn every_hop_has_its_file() {
    for hop in HOPS {
        assert!(root().join(hop.file).is_file(), "{} is not there", hop.file);
    }
}

#[test]
fn the_page_has_the_same_hops() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page");
    let (_, section) = page.split_once("## Where an order goes").expect("the section");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let item = |line: &str| {
        let (number, rest) = line.split_once(". `")?;
        let (file, what) = rest.split_once("`: ")?;
        number.trim().parse::<usize>().ok().map(|_| (file.to_owned(), what.to_owned()))
    };
    let written: Vec<(String, String)> = section.lines().filter_map(item).collect();
    let coded: Vec<(String, String)> =
        HOPS.iter().map(|hop| (hop.file.into(), hop.what.into())).collect();
    assert_eq!(written, coded);
}
