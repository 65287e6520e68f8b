use super::*;

fn touch(path: &Path) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, "x").expect("a file");
}

#[test]
fn only_what_an_exchange_wrote_goes() {
    let dir = tempfile::tempdir().expect("a directory");
    for file in ["node.json", "log/LOCK", "log/0.seg", "history/a", "snapshots/0/b", "notes.txt"] {
        touch(&dir.path().join(file));
    }
    wipe(dir.path()).expect("wiped");
    let left: Vec<_> = fs::read_dir(dir.path()).expect("a directory").flatten().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].file_name(), "notes.txt");
}

#[test]
fn another_directory_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    touch(&dir.path().join("log/thesis.txt"));
    let said = wipe(dir.path()).expect_err("no data directory").to_string();
    assert!(said.contains("is no data directory of hoga"), "{said}");
    assert!(dir.path().join("log/thesis.txt").is_file());
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let _lock = DirLock::acquire(&dir.path().join("log")).expect("a lock");
    touch(&dir.path().join("node.json"));
    let said = wipe(dir.path()).expect_err("in use").to_string();
    assert!(said.contains("is in use by process"), "{said}");
    assert!(dir.path().join("node.json").is_file());
}

#[test]
fn nothing_there_is_fresh() {
    let dir = tempfile::tempdir().expect("a directory");
    wipe(dir.path()).expect("empty");
    wipe(&dir.path().join("missing")).expect("missing");
}

#[test]
fn nothing_is_founded_among_the_files_of_others() {
    let dir = tempfile::tempdir().expect("a directory");
    check_ours(dir.path()).expect("empty");
    check_ours(&dir.path().join("missing")).expect("missing");
    touch(&dir.path().join("log/app.log"));
    let said = check_ours(dir.path()).expect_err("another's").to_string();
    assert!(said.contains("is no data directory of hoga"), "{said}");
    touch(&dir.path().join("node.json"));
    check_ours(dir.path()).expect("an exchange's");
}
