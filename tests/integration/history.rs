//! `keyguard scan --history[=RANGE]`: the commits that are there already, one by one.

use std::fs;

use crate::sandbox::{Output, Sandbox, fake};

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

fn leak_other() -> String {
    format!("t = {}\n", fake::github_pat_other())
}

fn short(repo: &Sandbox, name: &str) -> String {
    repo.git(["rev-parse", "--verify", name]).text().chars().take(10).collect()
}

fn history(repo: &Sandbox) -> Output {
    repo.keyguard(["scan", "--history"])
}

/// Plays a scenario with each of the two readers.
#[track_caller]
fn with_both(scenario: impl Fn(Sandbox)) {
    for reader in ["fast", "plumbing"] {
        scenario(Sandbox::new().env("KEYGUARD_READER", reader));
    }
}

/// Asserts where the findings are, oldest first.
#[track_caller]
fn found(output: &Output, expected: &[&str]) {
    output.code(i32::from(!expected.is_empty()));
    assert_eq!(places(output), expected);
}

fn places(output: &Output) -> Vec<String> {
    let text = output.text();
    let of = |line: &str| Some(line.split_once(") in ")?.1.to_owned());
    let mut places: Vec<_> = text.lines().filter(|line| !line.starts_with("keyguard: ")).filter_map(of).collect();
    if places.is_empty() {
        // A single key is told in the first line alone, and where else it stands below.
        let first = text.lines().next().and_then(of);
        places.extend(first.map(|place| place.split(" and ").next().unwrap().to_owned()));
        let below = text.lines().map(|line| line.trim_start().trim_start_matches("also").trim_start());
        places.extend(below.filter_map(|line| line.strip_prefix("in ")).map(str::to_owned));
    }
    places
}

#[test]
fn a_key_that_was_deleted_is_found() {
    with_both(|repo| {
        repo.commit("a", format!("1\n{}", leak()));
        let first = short(&repo, "HEAD");
        repo.commit("a", "1\n");
        repo.commit("b", leak_other());
        let second = short(&repo, "HEAD");
        repo.git(["rm", "--quiet", "b"]).success();
        repo.git(["commit", "--quiet", "--message", "x"]).success();
        let output = history(&repo);
        output.code(1);
        assert_eq!(places(&output), [format!("a:2:10 (commit {first})"), format!("b:1:5 (commit {second})")]);
        repo.keyguard(["scan", "--history=HEAD~1..HEAD"]).success().says("0 secrets");
    });
}

#[test]
fn each_key_is_told_once_where_it_came_in() {
    with_both(|repo| {
        repo.commit("a", leak());
        let first = short(&repo, "HEAD");
        repo.commit("a", format!("0\n{}more\n", leak()));
        repo.git(["mv", "a", "c"]).success();
        repo.git(["commit", "--quiet", "--message", "x"]).success();
        repo.git(["mv", "c", "d"]).success();
        repo.write("d", format!("0\n1\n2\n{}more\n", leak()));
        repo.git(["commit", "--quiet", "--all", "--message", "x"]).success();
        found(&history(&repo), &[&format!("a:1:10 (commit {first})")]);
        // A revert of a removal brings it in again.
        repo.commit("d", "0\n");
        repo.git(["revert", "--no-edit", "HEAD"]).success();
        let again = short(&repo, "HEAD");
        let expected = [format!("a:1:10 (commit {first})"), format!("d:4:10 (commit {again})")];
        assert_eq!(places(history(&repo).code(1)), expected);
    });
}

#[test]
fn all_refs_count_and_a_range_limits() {
    with_both(|repo| {
        repo.commit("file", "text\n");
        repo.git(["checkout", "--quiet", "-b", "topic"]).success();
        repo.commit("a", leak());
        let topic = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
        repo.git(["checkout", "--quiet", "--detach", "main"]).success();
        repo.commit("b", leak_other());
        let detached = format!("b:1:5 (commit {})", short(&repo, "HEAD"));
        let mut all = places(history(&repo).code(1));
        all.sort();
        assert_eq!(all, [topic.clone(), detached.clone()]);
        for (range, expected) in [
            ("main..topic", &[topic.as_str()][..]),
            ("topic", &[&topic]),
            ("HEAD", &[&detached]),
            ("topic~1", &[]),
            ("topic..main", &[]),
            ("main...topic", &[&topic]),
            ("topic^!", &[&topic]),
            ("@", &[&detached]),
            ("refs/heads/topic", &[&topic]),
        ] {
            let output = repo.keyguard(["scan", &format!("--history={range}")]);
            found(&output, expected);
        }
        // A branch that is gone: only its tag, then nothing.
        repo.git(["tag", "kept", "topic"]).success();
        repo.git(["branch", "--quiet", "-D", "topic"]).success();
        assert_eq!(places(history(&repo).code(1)).len(), 2);
        repo.git(["tag", "--delete", "kept"]).success();
        found(&history(&repo), &[&detached]);
    });
}

#[test]
fn a_range_that_names_nothing_fails() {
    let repo = Sandbox::new();
    repo.commit("a", leak());
    for range in ["nope", "nope..HEAD", "HEAD..nope", "HEAD main", "a", "HEAD:b", "^"] {
        let output = repo.keyguard(["scan", &format!("--history={range}")]);
        output.code(2).stdout("").says("error: git cannot list the commits: fatal: ");
    }
}

#[test]
fn a_range_is_no_option() {
    let repo = Sandbox::new();
    repo.commit("a", leak());
    for range in ["--all", "--output=x", "--stdin", "-n1", "--not", "--max-count=0", "--glob=*", "--end-of-options"] {
        let output = repo.keyguard(["scan", &format!("--history={range}")]);
        output.code(2).stdout("").says("error: git cannot list the commits: fatal: ");
    }
    repo.keyguard(["scan", "--history=--"]).code(2).stdout("").says("error: git cannot list the commits: ");
    assert!(!repo.root().join("x").exists());
    // A branch that is called like one can be named in full.
    let head = repo.git(["rev-parse", "HEAD"]).text();
    repo.git(["update-ref", "refs/heads/--all", head.trim()]).success();
    repo.keyguard(["scan", "--history=refs/heads/--all"]).code(1);
}

#[test]
fn nothing_to_look_at() {
    with_both(|repo| {
        history(&repo).success().stdout("").stderr("0 secrets in 0 commits\n");
        repo.keyguard(["scan", "--history=HEAD"])
            .code(2)
            .stdout("")
            .says("error: git cannot list the commits: fatal: ");
    });
    let nowhere = Sandbox::without_repository().env("GIT_CEILING_DIRECTORIES", "/");
    history(&nowhere).code(2).stdout("").says("error: this is not a git repository\nhelp: ");
}

#[test]
fn a_bare_repository() {
    with_both(|repo| {
        repo.commit("a", leak());
        let place = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
        repo.git(["clone", "--quiet", "--bare", ".", "../bare"]).success();
        let output = repo.run("keyguard").args(["scan", "--history"]).current_dir("../bare").output();
        assert_eq!(places(output.code(1)), [place]);
    });
}

#[test]
fn a_branch_that_names_nothing_is_no_clean_history() {
    let repo = Sandbox::new();
    repo.commit("a", "text\n");
    fs::write(repo.root().join(".git/refs/heads/broken"), "12".repeat(20) + "\n").unwrap();
    history(&repo).code(2).stdout("").says("error: git cannot list the commits: fatal: bad object refs/heads/broken");
}

#[test]
fn messages_and_names_count() {
    with_both(|repo| {
        repo.git(["commit", "--quiet", "--allow-empty", "--message", &format!("subject\n\n{}", leak())]).success();
        let place = format!("the message:3:10 (commit {})", short(&repo, "HEAD"));
        found(&history(&repo), &[&place]);
    });
    let repo = Sandbox::new();
    repo.commit(&fake::github_pat_other(), "text\n");
    let output = history(&repo);
    output.code(1).says("ghp_");
    assert!(!output.text().contains(&fake::github_pat_other()), "the token is printed");
}

#[test]
fn tags_have_messages_and_may_name_no_commit() {
    with_both(|repo| {
        repo.commit("file", "text\n");
        repo.git(["tag", "--annotate", "--message", &leak(), "v1"]).success();
        let message = format!("the message:1:10 (tag {})", short(&repo, "v1"));
        found(&history(&repo), &[&message]);
        found(&repo.keyguard(["scan", "--history=v1"]), &[&message]);
        repo.git(["tag", "--delete", "v1"]).success();
        // A tree and a blob that no commit holds any more.
        repo.commit("a", leak());
        let (tree, blob) = (short(&repo, "HEAD^{tree}"), short(&repo, "HEAD:a"));
        repo.git(["tag", "tree", "HEAD^{tree}"]).success();
        repo.git(["tag", "blob", "HEAD:a"]).success();
        repo.git(["reset", "--quiet", "--hard", "HEAD~1"]).success();
        let found = places(history(&repo).code(1));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with(&format!(":1:10 (tag {blob})")), "{found:?}");
        assert_eq!(found[1], format!("a:1:10 (tag {tree})"));
        repo.keyguard(["scan", "--history=tree:a"]).code(1);
        repo.keyguard(["scan", "--history=tree"]).code(1);
    });
}

#[test]
fn merges_bring_in_what_no_parent_has() {
    with_both(|repo| {
        repo.commit("file", "text\n");
        repo.git(["checkout", "--quiet", "-b", "topic"]).success();
        repo.commit("a", leak());
        let topic = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.commit("b", "text\n");
        repo.git(["merge", "--quiet", "--no-edit", "topic"]).success();
        found(&history(&repo), &[&topic]);
        // What stands in the merge alone.
        repo.write("file", format!("text\n{}", leak_other()));
        repo.git(["commit", "--quiet", "--all", "--amend", "--no-edit"]).success();
        let merge = format!("file:2:5 (commit {})", short(&repo, "HEAD"));
        found(&history(&repo), &[&topic, &merge]);
    });
}

#[test]
fn json_names_the_commit() {
    let repo = Sandbox::new();
    repo.commit("a", leak());
    let id = repo.git(["rev-parse", "HEAD"]).text();
    let output = repo.keyguard(["scan", "--history", "--format", "json"]);
    output.code(1);
    let report: serde_json::Value = serde_json::from_str(&output.text()).unwrap();
    let commit = &report["findings"][0]["commit"];
    assert_eq!(commit["id"], id.trim());
    assert_eq!(commit["author"], "Ada Author <ada@keyguard.test>");
    assert_eq!(commit["date"], "2026-01-02T03:04:05+00:00");
    repo.git(["commit", "--quiet", "--allow-empty", "--message", &leak()]).success();
    let report = repo.keyguard(["scan", "--history=HEAD~1..", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report.code(1).text()).unwrap();
    assert_eq!((&report["findings"][0]["path"], &report["findings"][0]["line"]), (&serde_json::Value::Null, &1.into()));
}

#[test]
fn an_author_is_never_printed_raw() {
    let repo = Sandbox::new().env("GIT_AUTHOR_NAME", "\u{1b}[31mEve\u{1b}]52;c;eA==\u{7}");
    repo.commit("a", leak());
    for args in [&["scan", "--history"][..], &["scan", "--history", "--format", "json"], &["scan", "--history", "-v"]] {
        let output = repo.keyguard(args);
        output.code(1);
        assert!(!output.text().contains(['\u{1b}', '\u{7}']), "{}", output.text());
    }
}

#[test]
fn no_bar_where_nobody_sees_it() {
    let repo = Sandbox::new();
    let commit = |number: usize| {
        let time = 1_700_000_000 + number;
        format!("commit refs/heads/main\ncommitter C <c@keyguard.test> {time} +0000\ndata 1\nx\n")
    };
    let stream: String = (0..2500).map(commit).collect();
    repo.run("git").args(["fast-import", "--quiet"]).input(stream).output().success();
    history(&repo).success().stdout("").stderr("0 secrets in 2500 commits\n");
}

#[test]
fn what_git_replaces_or_hides_is_read_as_it_is() {
    with_both(|repo| {
        repo.commit("file", "text\n");
        repo.write(".gitattributes", "* -diff\n*.x binary filter=no\n");
        repo.commit("a.x", leak());
        let place = format!("a.x:1:10 (commit {})", short(&repo, "HEAD"));
        let clean = repo.git(["commit-tree", "-p", "HEAD~1", "-m", "clean", "HEAD~1^{tree}"]).text();
        repo.git(["replace", "HEAD", clean.trim()]).success();
        found(&history(&repo), &[&place]);
    });
}
