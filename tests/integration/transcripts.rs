//! The transcripts in `docs` and the block in the README are what a terminal shows.

use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_transcripts_are_true() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts.sh");
    let page = Sandbox::without_repository().run("sh").args([script]).output().success().stderr("").text();
    assert!(page == read("docs/transcripts.md"), "run `sh tests/transcripts.sh >docs/transcripts.md`:\n{page}");
    // Each ends with the commit.
    assert_eq!(page.matches("commit blocked: ").count(), 3);
    for subject in ["Take payments", "Add the search box", "Test the login"] {
        assert!(page.lines().any(|line| line == subject), "{subject} was committed");
    }
}

#[test]
fn the_readme_shows_a_block_as_it_is() {
    let (readme, page) = (read("README.md"), read("docs/transcripts.md"));
    let block = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let start = page.find("keyguard: commit blocked").unwrap();
    let shown: String =
        block.lines().skip_while(|line| !line.starts_with("keyguard:")).map(|line| format!("{line}\n")).collect();
    assert!(shown.lines().count() > 10 && page.split_at(start).1.starts_with(&shown), "{shown}");
}
