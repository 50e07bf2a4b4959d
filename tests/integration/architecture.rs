//! The rules of the house that no compiler knows: who may use what, and how long things get.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::Sandbox;

fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!files.is_empty());
    files
}

/// The part of a file before its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

#[test]
fn each_dependency_has_one_place() {
    for (name, text) in sources("src") {
        for (krate, place) in [("git2", "src/git"), ("clap", "src/cli.rs"), ("colored", "src/report/human.rs")] {
            let uses = text.lines().any(|line| {
                let code = line.split("//").next().unwrap();
                code.contains(&format!("{krate}::"))
            });
            assert!(!uses || name.starts_with(place), "{name} uses {krate}, which belongs into {place} alone");
        }
    }
}

#[test]
fn files_and_functions_fit_in_one_head() {
    for (name, text) in sources("src") {
        let lines: Vec<_> = without_tests(&text).lines().collect();
        assert!(lines.len() <= 450, "{name} has {} lines before its tests", lines.len());
        let mut start = None;
        for (number, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn ", "pub const fn "]
                .iter()
                .any(|opening| line.trim_start().starts_with(opening));
            if is_function && line.trim_end().ends_with('{') {
                start = Some((number, indent));
            }
            if let Some((first, own)) = start.filter(|(_, own)| *line == format!("{}}}", " ".repeat(*own))) {
                let _ = own;
                assert!(number - first < 60, "{name}:{} is a function of {} lines", first + 1, number - first + 1);
                start = None;
            }
        }
    }
}

#[test]
fn the_tree_holds_no_key() {
    let repo = Sandbox::without_repository();
    let tree = env!("CARGO_MANIFEST_DIR");
    let scan = repo.run("keyguard").current_dir(tree).args(["scan", "."]).output();
    scan.success().stdout("");
}

#[test]
fn the_tree_holds_texts_alone() {
    // What a package manager leaves beside the sources goes into the history with the next `git add`.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().unwrap();
    for name in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
        let file = root.join(name);
        assert!(!file.exists() || fs::read_to_string(&file).is_ok(), "{name} is no text");
    }
}

#[test]
fn the_readme_gives_the_commands_that_the_gate_runs() {
    let read = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let (readme, gate) = (read("README.md"), read(".ci/run"));
    for command in ["cargo install --locked --path . && sh tests/demo.sh", "cargo test --locked"] {
        assert!(readme.lines().any(|line| line == command), "README.md gives `{command}`");
        assert!(gate.contains(command), ".ci/run runs `{command}`");
    }
}
