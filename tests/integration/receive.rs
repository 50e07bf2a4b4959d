//! pre-receive: on a server, nothing that is pushed decides how it is looked at.

use std::fs;

use crate::sandbox::{Output, Sandbox, fake};

const REJECTED: &str = "remote: keyguard: push rejected: GitHub personal access token (classic) (checksum valid) in";
const ALLOW: &str = "[[allow]]\npath = \"a\"\nreason = \"a fixture\"\n";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

/// A repository without hooks, and a server called `origin` with one: over a transport, not by a plain path.
fn with_server(address: &str) -> Sandbox {
    let repo = Sandbox::new();
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../server"]).success();
    let address = address.replace("[TMP]", &repo.tmp("").to_string_lossy());
    repo.git(["remote", "add", "origin", &address]).success();
    repo.run("keyguard").args(["install", "--hook", "pre-receive"]).current_dir("../server").output().success();
    repo
}

/// The same with a first commit on `main`.
fn with_pushed_main() -> Sandbox {
    let repo = with_server("../server");
    repo.commit("file", "text\n");
    push(&repo, &["origin", "main"]).success().silent();
    repo
}

fn push(repo: &Sandbox, args: &[&str]) -> Output {
    repo.git(["push", "--quiet"].iter().chain(args))
}

/// The beginning of a commit's name, as reports give it.
fn short(repo: &Sandbox, name: &str) -> String {
    repo.git(["rev-parse", "--verify", name]).text().chars().take(10).collect()
}

fn on_server(repo: &Sandbox, args: &[&str]) -> Output {
    repo.run("git").args(args).current_dir("../server").output()
}

/// Every object that the server holds, refs and quarantine apart.
fn objects(repo: &Sandbox) -> String {
    let left = fs::read_dir(repo.tmp("server/objects")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("tmp_objdir")).collect();
    assert!(left.is_empty(), "{left:?}");
    on_server(repo, &["cat-file", "--batch-all-objects", "--batch-check"]).success().text()
}

#[track_caller]
fn rejected(output: &Output, place: &str) {
    output.code(1);
    // git fills lines up with spaces.
    let text: String = output.text().lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    assert!(text.contains(&format!("{REJECTED} {place}\n")), "{place}\n{text}");
    assert!(text.contains("(pre-receive hook declined)"), "{text}");
    let last = text.lines().rfind(|line| line.starts_with("remote: ")).unwrap();
    assert!(last.starts_with("remote: keyguard: push rejected: "), "{text}");
    let token = fake::github_pat();
    assert!(!text.contains(&token[8..]), "the token is printed");
}

#[test]
fn a_rejected_push_names_commit_file_and_line_and_leaves_nothing() {
    for address in ["../server", "file://[TMP]server"] {
        let repo = with_server(address);
        repo.commit("file", "text\n");
        push(&repo, &["origin", "main"]).success().silent();
        let before = objects(&repo);
        repo.commit("src/a", format!("1\n2\n{}", leak()));
        let guilty = short(&repo, "HEAD");
        repo.commit("src/a", "1\n2\n");
        let output = push(&repo, &["origin", "main"]);
        rejected(&output, &format!("src/a:3:10 (commit {guilty})"));
        output.says("remote: Take each out of its commit and push again, or have it allowed first, in");
        assert_eq!(objects(&repo), before);
        on_server(&repo, &["log", "--format=%s", "main"]).success().stdout("file\n");
        // Nothing else is disturbed.
        repo.git(["reset", "--quiet", "--hard", "origin/main"]).success();
        repo.commit("b", "text\n");
        push(&repo, &["origin", "main"]).success().silent();
    }
}

#[test]
fn large_pushes_come_as_packs() {
    let repo = with_server("file://[TMP]server");
    on_server(&repo, &["config", "receive.unpackLimit", "1"]).success();
    repo.commit("file", "text\n");
    push(&repo, &["origin", "main"]).success().silent();
    let before = objects(&repo);
    repo.commit("a", leak());
    rejected(&push(&repo, &["origin", "main"]), &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
    assert_eq!(objects(&repo), before);
}

#[test]
fn a_first_push_is_the_whole_history() {
    let repo = with_server("../server");
    repo.commit("a", leak());
    let root = short(&repo, "HEAD");
    repo.commit("b", "text\n");
    rejected(&push(&repo, &["origin", "main"]), &format!("a:1:10 (commit {root})"));
    on_server(&repo, &["for-each-ref"]).success().silent();
}

#[test]
fn every_way_to_push() {
    let repo = with_pushed_main();
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.commit("a", leak());
    let place = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
    on_server(&repo, &["config", "receive.advertisePushOptions", "true"]).success();
    for args in [
        &["origin", "topic"][..],
        &["origin", "topic:main"],
        &["origin", "main:new", "topic"],
        &["--atomic", "origin", "main:new", "topic"],
        &["--force", "origin", "topic:main"],
        &["--all", "origin"],
        &["--mirror", "origin"],
        &["origin", "topic:refs/for/main"],
        &["--push-option=keyguard.skip", "--push-option=SKIP=keyguard", "origin", "topic"],
    ] {
        rejected(&push(&repo, args), &place);
    }
    let skipping = repo.run("git").args(["push", "--quiet", "origin", "topic"]).env("SKIP", "keyguard").output();
    rejected(&skipping, &place);
    assert!(!skipping.text().contains("skipped"), "{}", skipping.text());
    on_server(&repo, &["for-each-ref", "--format=%(refname)"]).success().stdout("refs/heads/main\n");
}

#[test]
fn tags_count() {
    let repo = with_pushed_main();
    repo.git(["tag", "--annotate", "--message", &leak(), "v1"]).success();
    rejected(&push(&repo, &["origin", "v1"]), &format!("the message:1:10 (tag {})", short(&repo, "v1")));
    repo.git(["checkout", "--quiet", "--detach"]).success();
    repo.commit("a", leak());
    for (name, target, object) in [("c", "HEAD", "commit"), ("t", "HEAD^{tree}", "tag")] {
        repo.git(["tag", name, target]).success();
        rejected(&push(&repo, &["origin", name]), &format!("a:1:10 ({object} {})", short(&repo, target)));
    }
    repo.git(["tag", "b", "HEAD:a"]).success();
    push(&repo, &["origin", "b"]).code(1).says("remote: keyguard: push rejected: GitHub");
}

#[test]
fn what_the_server_has_is_not_looked_at_again() {
    let repo = with_server("../server");
    repo.commit("old", leak());
    let hook = repo.tmp("server/hooks/pre-receive");
    fs::rename(&hook, repo.tmp("aside")).unwrap();
    push(&repo, &["origin", "main"]).success();
    fs::rename(repo.tmp("aside"), &hook).unwrap();
    // A new branch, a tag, a reset, and a deletion of the same commits.
    repo.commit("new", "text\n");
    repo.git(["tag", "v1", "HEAD~1"]).success();
    push(&repo, &["origin", "main", "main:topic", "main~1:refs/heads/old", "v1"]).success().silent();
    push(&repo, &["--force", "origin", "main~1:topic"]).success().silent();
    push(&repo, &["--delete", "origin", "topic", "v1"]).success().silent();
    // A rewritten commit is a new one.
    repo.git(["commit", "--quiet", "--amend", "--no-edit", "--reset-author", "--date", "2026-02-02T00:00:00Z"])
        .success();
    push(&repo, &["--force", "origin", "main"]).success().silent();
    repo.git(["checkout", "--quiet", "--orphan", "again"]).success();
    repo.git(["commit", "--quiet", "--message", "all at once"]).success();
    rejected(&push(&repo, &["origin", "again"]), &format!("old:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn merges_bring_in_what_no_parent_has() {
    let repo = with_pushed_main();
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.commit("topic", "text\n");
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "topic"]).success();
    repo.write("a", leak());
    repo.git(["add", "a"]).success();
    repo.git(["commit", "--quiet", "--message", "merge"]).success();
    rejected(&push(&repo, &["origin", "main"]), &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn the_configuration_is_that_of_the_default_branch_before_the_push() {
    let repo = with_pushed_main();
    repo.commit("keyguard.toml", ALLOW);
    repo.commit("a", leak());
    let place = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
    rejected(&push(&repo, &["origin", "main"]), &place);
    // On another branch it says nothing.
    push(&repo, &["origin", "main~1:refs/heads/topic"]).success().silent();
    rejected(&push(&repo, &["origin", "main:topic"]), &place);
    // On the default branch it does, for pushes to any.
    push(&repo, &["origin", "main~1:main"]).success().silent();
    push(&repo, &["origin", "main:topic"]).success().silent();
    // And taking it away does not look back.
    push(&repo, &["origin", "main"]).success().silent();
}

#[test]
fn a_pushed_default_branch_decides_nothing_on_an_empty_server() {
    let repo = with_server("../server");
    repo.commit("keyguard.toml", ALLOW);
    repo.commit("a", leak());
    rejected(&push(&repo, &["origin", "main"]), &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn a_broken_configuration_does_not_get_in() {
    let repo = with_pushed_main();
    repo.commit("keyguard.toml", "[rules]\nonly = 1\n");
    let output = push(&repo, &["origin", "main"]);
    output.code(1).says(
        "remote: error: push rejected: it could not be checked: in what is pushed to the default branch: \
         keyguard.toml:2:8",
    );
    // Elsewhere it does no harm, and one that is mended again never counted.
    push(&repo, &["origin", "main:topic"]).success().silent();
    repo.commit("keyguard.toml", "min-confidence = \"low\"\n");
    push(&repo, &["origin", "main"]).success().silent();
    // Nor does the first push to an empty server bring one in.
    let repo = with_server("../server");
    repo.commit("keyguard.toml", "[rules]\nonly = 1\n");
    push(&repo, &["origin", "main"]).code(1).says("in what is pushed to the default branch: keyguard.toml:2:8");
}

#[test]
fn a_broken_configuration_on_the_server_stops_every_push() {
    let repo = with_server("../server");
    repo.commit("keyguard.toml", "[rules]\nonly = 1\n");
    push(&repo, &["origin", "main:aside"]).success().silent();
    on_server(&repo, &["symbolic-ref", "HEAD", "refs/heads/aside"]).success();
    repo.commit("b", "text\n");
    let output = push(&repo, &["origin", "main"]);
    output.code(1).says("remote: error: push rejected: it could not be checked: on the default branch of the server: ");
    output.says("keyguard.toml:2:8");
}

#[test]
fn inline_markers_are_reported_and_not_obeyed() {
    let repo = with_pushed_main();
    repo.commit("a", format!("token = \"{}\" # keyguard:allow\n", fake::github_pat()));
    let output = push(&repo, &["origin", "main"]);
    rejected(&output, &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
    output.says("remote: keyguard: 1 inline marker is not obeyed: they do not count on a server");
    // By the configuration of the default branch neither.
    repo.git(["reset", "--quiet", "--hard", "origin/main"]).success();
    repo.commit("keyguard.toml", "[markers]\nforeign = true\n");
    push(&repo, &["origin", "main"]).success().silent();
    repo.commit("a", format!("# gitleaks:allow\ntoken = \"{}\" # gitleaks:allow\n", fake::github_pat()));
    rejected(&push(&repo, &["origin", "main"]), &format!("a:2:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn malformed_input_rejects() {
    let repo = with_pushed_main();
    let hook = |input: &str| {
        let run = repo.run("keyguard").args(["hook", "pre-receive"]).current_dir("../server").input(input);
        run.output()
    };
    let zero = "0".repeat(40);
    for input in ["x\n", &format!("{zero}\n"), &format!("{zero} x refs/heads/main\n")] {
        hook(input)
            .code(2)
            .stdout("")
            .stderr("error: push rejected: it could not be checked: git's list of refs has another form\n");
    }
    for input in ["", "\n", &format!("{zero} {zero} refs/heads/x\n")] {
        hook(input).success().silent();
    }
}

#[test]
fn many_findings_get_a_line_each() {
    let repo = with_pushed_main();
    repo.commit("a", leak());
    repo.commit("b", format!("t = {}\n", fake::github_pat_other()));
    let output = push(&repo, &["origin", "main"]);
    output.code(1).says(&format!(" in b:1:5 (commit {})", short(&repo, "HEAD")));
    output.says("remote: GitHub personal access token (classic) (checksum valid) [github-pat-classic]");
    assert_eq!(output.text().matches("remote:   kg1:").count(), 2);
    output.says("remote:   kg1:").says("remote: keyguard: push rejected: 2 secrets in 2 commits, the first: GitHub");
    assert!(!output.text().contains("keyguard allow"), "{}", output.text());
}
