//! `keyguard scan` and the verbs that look at rules.

use std::fs;

use snapbox::str;

use crate::sandbox::{Sandbox, fake};

fn leak() -> String {
    format!("x\ntoken = \"{}\"\n", fake::github_pat())
}

#[test]
fn folders_are_walked_as_git_would() {
    let repo = Sandbox::new();
    repo.write("src/a", leak()).write(".hidden/b", leak()).write("ignored/c", leak()).write(".gitignore", "ignored/\n");
    let scan = repo.keyguard(["scan", "."]);
    scan.code(1).says("in .hidden/b:2:10 and 1 other place\n").says("in src/a:2:10").says("1 secret in 3 files");
    assert!(!scan.text().contains("ignored/c"));
    // What is named is looked at, and outside a work tree nothing is ignored.
    repo.keyguard(["scan", "ignored/c"]).code(1).says("in ignored/c:2:10");
    let plain = Sandbox::without_repository();
    plain.write("ignored/c", leak()).write(".gitignore", "ignored/\n");
    plain.keyguard(["scan", "."]).code(1).says("in ignored/c:2:10");
}

#[test]
fn files_are_searched_as_they_are() {
    let repo = Sandbox::new();
    repo.write("clean", "nothing\n");
    repo.keyguard(["scan", "clean"]).success().stdout("").stderr("0 secrets in 1 file\n");
    repo.keyguard(["scan", "--quiet", "clean"]).success().silent();
    repo.keyguard(["scan", "missing"]).code(2).says("look at `missing`");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_skipped() {
    let repo = Sandbox::new();
    repo.write("secret", leak()).write("sub/x", "x\n");
    std::os::unix::fs::symlink("/nowhere", repo.root().join("sub/dangling")).unwrap();
    std::os::unix::fs::symlink("../secret", repo.root().join("sub/link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(repo.root().join("sub/socket")).unwrap();
    let scan = repo.keyguard(["scan", "--verbose", "sub"]);
    scan.success().says("skipped: sub/dangling (a link)").says("skipped: sub/link (a link)");
    scan.says("skipped: sub/socket (not a file)").says("0 secrets in 1 file (3 skipped)");
}

#[test]
fn standard_input_is_scanned() {
    let repo = Sandbox::without_repository();
    repo.run("keyguard").args(["scan", "--stdin"]).input(leak()).output().code(1).says("in -:2:10");
    repo.run("keyguard").args(["scan", "--stdin"]).input("nothing").output().success();
}

#[test]
fn without_anything_to_look_at() {
    let plain = Sandbox::without_repository();
    plain.keyguard(["scan"]).code(2).says("this is not a git repository").says("keyguard scan PATH");
    let repo = Sandbox::new();
    repo.keyguard(["scan"]).success().stderr("nothing to look at: no content is staged\n");
    repo.write("a", leak());
    repo.git(["add", "."]).success();
    repo.keyguard(["scan"]).code(1).stderr("").says("in a:2:10");
}

#[test]
fn a_binary_file_is_located_by_byte_and_can_be_skipped() {
    let repo = Sandbox::new();
    repo.write("blob", [b"\0\0\n\xff ", leak().as_bytes()].concat());
    let json = repo.keyguard(["scan", "--format", "json", "blob"]);
    let report: serde_json::Value = serde_json::from_str(&json.code(1).text()).unwrap();
    assert_eq!(report["findings"][0]["offset"], 16);
    repo.write("keyguard.toml", "[scan]\nbinary = \"skip\"\n");
    repo.keyguard(["scan", "--verbose", "blob"]).success().says("skipped: blob (binary)");
}

#[test]
fn the_report_can_go_to_a_file() {
    let repo = Sandbox::new();
    repo.write("a", leak());
    repo.keyguard(["scan", "-o", "report.json", "--format", "json", "a"]).code(1).silent();
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(repo.root().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["exit"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_is_gone_changes_no_verdict() {
    let repo = Sandbox::new();
    repo.write("a", leak()).write("clean", "x\n");
    let shell = |script: &str| repo.run("sh").args(["-c", script]).output();
    shell("keyguard scan a >/dev/full; exit $?").code(1);
    shell("keyguard scan a 2>&1 >&-; exit $?").code(1);
    shell("{ keyguard scan a; echo $? >code; } | true; cat code").success().stdout("1\n");
    shell("keyguard scan --format json clean >/dev/full; exit $?").code(2);
    shell("{ sleep 0.1; keyguard scan --help; echo $? >code; } | true; cat code").success().stdout("0\n").stderr("");
}

#[test]
fn rules_are_listed_explained_and_tested() {
    let repo = Sandbox::new();
    repo.keyguard(["rules", "list"])
        .success()
        .says("github-pat-classic ")
        .says("GitHub personal access token (classic)");
    repo.keyguard(["rules", "test"]).success().says(" examples tried, 0 wrong");
    repo.keyguard(["explain", "github-pat-classic"])
        .success()
        .says("https://github.com/settings/tokens")
        .says("GITHUB_TOKEN");
    repo.keyguard(["explain", "github-pat"]).code(2).says("there is no rule `github-pat`").says("did you mean");
    repo.write(
        "rules.toml",
        "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nregex = 'acme_[0-9a-f]{8}'\nmatches = [\"acme_<hex:8>\", \"nothing\"]\n",
    );
    repo.keyguard(["rules", "test", "rules.toml"]).code(1).stdout(str![[r"
acme-key: matches[1] should be one finding of this rule, and is nothing
2 examples tried, 1 wrong

"]]);
}

#[test]
fn usage_errors_end_with_2() {
    let repo = Sandbox::new();
    repo.keyguard(["frobnicate"]).code(2);
    repo.keyguard(["scan", "--staged", "path"]).code(2);
    repo.keyguard(["hook", "post-commit"]).code(2).says("knows no hook `post-commit`");
    repo.run("keyguard")
        .args(["scan", "."])
        .env("KEYGUARD_FORMAT", "xml")
        .output()
        .code(2)
        .says("KEYGUARD_FORMAT is `xml`");
    repo.keyguard(["--help"]).success().says("Usage: keyguard");
    repo.keyguard(["--version"]).success().says("keyguard 0.");
}

#[test]
fn near_misses_stay_silent() {
    let repo = Sandbox::without_repository();
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = fs::read_dir(&corpus).unwrap().count();
    let scan = repo.run("keyguard").current_dir(corpus).args(["scan", "."]).output();
    scan.success().stdout("").stderr(format!("0 secrets in {files} files\n"));
}
