//! pre-push: what a push would publish, and nothing that the remote has.

use std::fs;
use std::time::{Duration, Instant};

use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake, not_tried};

const PUSHED: &str = "keyguard: push blocked: GitHub personal access token (classic) (checksum valid) in";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

/// A repository with the pre-push hook, and an empty bare one called `origin`.
fn with_remote() -> Sandbox {
    with_remote_of(Sandbox::new(), "sha1")
}

fn with_remote_of(repo: Sandbox, format: &str) -> Sandbox {
    let format = format!("--object-format={format}");
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", &format, "../remote"]).success();
    repo.git(["remote", "add", "origin", "../remote"]).success();
    repo.keyguard(["install", "--hook", "pre-push"]).success();
    repo
}

/// The same with a first commit on `main` that the remote has too.
fn with_pushed_main() -> Sandbox {
    let repo = with_remote();
    repo.commit("file", "text\n");
    push(&repo, &["origin", "main"]).success().silent();
    repo
}

/// Plays a scenario with each of the two readers.
#[track_caller]
fn with_both(scenario: impl Fn(Sandbox)) {
    for reader in ["fast", "plumbing"] {
        scenario(Sandbox::new().env("KEYGUARD_READER", reader));
    }
}

fn push(repo: &Sandbox, args: &[&str]) -> Output {
    repo.git(["push", "--quiet"].iter().chain(args))
}

/// The beginning of a commit's name, as reports give it.
fn short(repo: &Sandbox, name: &str) -> String {
    let id = repo.git(["rev-parse", "--verify", name]).text();
    id.chars().take(10).collect()
}

/// Asserts that the push was blocked, and that the last line from keyguard says so; behind it git has its own.
#[track_caller]
fn blocked(output: &Output, place: &str) {
    output.code(1);
    let text = output.text();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("error: failed to push")).collect();
    assert_eq!(lines.last().copied(), Some(format!("{PUSHED} {place}").as_str()), "{text}");
    let token = fake::github_pat();
    assert!(!text.contains(&token[8..]), "the token is printed");
}

/// The refs that the remote has.
fn refs_of_remote(repo: &Sandbox) -> Vec<String> {
    let text = repo.run("git").args(["for-each-ref", "--format=%(refname)"]).current_dir("../remote").output().text();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_blocked_push_says_where_and_what_to_do() {
    let repo = with_pushed_main();
    repo.commit("src/pay.js", leak());
    let commit = short(&repo, "HEAD");
    let output = push(&repo, &["origin", "main"]);
    let text = output.text().replace(&commit, "[COMMIT]");
    snapbox::assert_data_eq!(
        text,
        str![[r#"

GitHub personal access token (classic) (checksum valid) in src/pay.js:1:10 (commit [COMMIT])
  |
1 | token = "[..]"
  |          ^
  key   can read and push to every repository you can, within the token's coarse
        scopes
  says  A classic token: it cannot be limited to single repositories.
  why   rule github-pat-classic, high confidence; checksum valid
  1.    Move it out, into the variable GITHUB_TOKEN. The line becomes:
        token = process.env.GITHUB_TOKEN
        Then take it out of the commit: `git commit --amend` if it is the last
        one, else `git rebase -i [COMMIT]~`.
  2.    Not a key? Say so, commit keyguard.toml, and push again:
        keyguard allow kg1:[..] --reason "..."
  3.    Real and already out? Deleting the line is not enough. Revoke it:
        https://github.com/settings/tokens
  next  Use a fine-grained token: it opens chosen repositories only, and
        expires.
  more  keyguard explain github-pat-classic

Nothing was pushed.
keyguard: push blocked: GitHub personal access token (classic) (checksum valid) in src/pay.js:1:10 (commit [COMMIT])
error: failed to push some refs to '../remote'

"#]]
    );
    let main = repo.run("git").args(["log", "--format=%s", "main"]).current_dir("../remote").output();
    main.success().stdout("file\n");
}

#[test]
fn only_new_commits_count() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("old", leak());
        push(&repo, &["--no-verify", "origin", "main"]).success();
        // What is there already is not looked at again, on this branch or a new one.
        repo.commit("new", "text\n");
        push(&repo, &["origin", "main", "main:other", "HEAD~1:refs/heads/third"]).success().silent();
        // Context, a rename and a changed neighbour bring nothing in.
        repo.commit("old", leak() + "more\n");
        repo.git(["mv", "old", "older"]).success();
        repo.git(["commit", "--quiet", "--message", "x"]).success();
        push(&repo, &["origin", "main"]).success().silent();
        // Each commit's own lines: what was added and taken out again is in the history all the same.
        repo.commit("a", format!("1\n2\nt = {}\n", fake::github_pat_other()));
        let guilty = short(&repo, "HEAD");
        repo.commit("a", "1\n2\n");
        blocked(&push(&repo, &["origin", "main"]), &format!("a:3:5 (commit {guilty})"));
        assert_eq!(short(&repo, "origin/main"), short(&repo, "HEAD~2"));
    });
}

#[test]
fn a_first_push_is_the_whole_history() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("a", leak());
        let root = short(&repo, "HEAD");
        repo.commit("b", "text\n");
        let output = push(&repo, &["origin", "main"]);
        blocked(&output, &format!("a:1:10 (commit {root})"));
        output.says("if it is the last\n        one, else `git rebase -i --root`.\n");
        assert!(refs_of_remote(&repo).is_empty());
    });
}

#[test]
fn every_way_to_name_what_is_pushed() {
    let repo = with_pushed_main();
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.commit("a", leak());
    let place = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.git(["config", "remote.origin.push", "refs/heads/topic:refs/heads/t"]).success();
    for args in [
        &["origin", "topic"][..],
        &["origin", "topic:refs/heads/x"],
        &["origin", "main", "topic"],
        &["origin", "topic~0:refs/heads/x"],
        &["origin", "+topic:main"],
        &["--all", "origin"],
        &["--mirror", "origin"],
        &["--force", "origin", "topic:main"],
        &["--set-upstream", "origin", "topic"],
        &["origin"],
        &["origin", "topic:refs/for/main"],
        &["--atomic", "origin", "main:z", "topic"],
        &["../remote", "topic"],
    ] {
        blocked(&push(&repo, args), &place);
    }
    repo.git(["checkout", "--quiet", "--detach", "topic"]).success();
    blocked(&push(&repo, &["origin", "HEAD:refs/heads/x"]), &place);
    blocked(&push(&repo, &["origin", "@:refs/heads/x"]), &place);
    let expression = format!("{}^{{/a}}:refs/heads/x", short(&repo, "topic"));
    blocked(&push(&repo, &["origin", &expression]), &place);
    assert_eq!(refs_of_remote(&repo), ["refs/heads/main"]);
}

#[test]
fn what_publishes_nothing_is_silent() {
    let repo = with_pushed_main();
    push(&repo, &["origin", "main:topic", "main:other"]).success().silent();
    repo.commit("a", leak());
    for args in
        [&["--delete", "origin", "topic"][..], &["origin", ":other"], &["--dry-run", "origin", "HEAD~1:refs/heads/x"]]
    {
        push(&repo, args).success().silent();
    }
    assert_eq!(refs_of_remote(&repo), ["refs/heads/main"]);
    // Nothing to push: git gives no line.
    push(&repo, &["origin", "HEAD~1:main"]).success().silent();
    for input in ["", "\n", "\n\n"] {
        let hook = repo.run("keyguard").args(["hook", "pre-push", "origin", "../remote"]).input(input);
        hook.output().success().silent();
    }
}

#[test]
fn malformed_input_stops_the_push() {
    let repo = with_pushed_main();
    let (head, zero) = (repo.git(["rev-parse", "HEAD"]).text().trim().to_owned(), "0".repeat(40));
    for input in [
        "x\n".to_owned(),
        format!("refs/heads/main {head} refs/heads/main\n"),
        format!("refs/heads/main {head} refs/heads/main {zero} \n"),
        format!("refs/heads/main {}x refs/heads/main {zero}\n", &head[1..]),
        format!("refs/heads/main {head} refs/heads/main {zero}\n{head}"),
    ] {
        let hook = repo.run("keyguard").args(["hook", "pre-push", "origin", "../remote"]).input(&input).output();
        hook.code(2).stdout("").stderr(
            "error: push blocked: it could not be checked: git's list of refs has another form: a line without two names\n",
        );
    }
    let missing = "12".repeat(20);
    let line = format!("refs/heads/main {missing} refs/heads/main {zero}\n");
    let hook = repo.run("keyguard").args(["hook", "pre-push", "origin", "../remote"]).input(line).output();
    hook.code(2).says(&format!("push blocked: it could not be checked: object {missing} is not here"));
}

#[test]
fn tags_are_read_with_their_messages() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("file", "text\n");
        push(&repo, &["origin", "main"]).success().silent();
        // A lightweight and an annotated tag of what is there.
        repo.git(["tag", "light"]).success();
        repo.git(["tag", "--annotate", "--message", "notes", "v1"]).success();
        push(&repo, &["--tags", "origin"]).success().silent();
        // A key in the message, of a tag and of a tag of that tag.
        repo.git(["tag", "--annotate", "--message", &format!("notes\n\n{}", leak()), "v2"]).success();
        blocked(&push(&repo, &["origin", "v2"]), &format!("the message:3:10 (tag {})", short(&repo, "v2")));
        repo.git(["tag", "--annotate", "--message", "outer", "v3", "v2"]).success();
        blocked(&push(&repo, &["origin", "v3"]), &format!("the message:3:10 (tag {})", short(&repo, "v2")));
        repo.git(["tag", "--delete", "v2", "v3"]).success();
        // A commit that no branch holds.
        repo.git(["checkout", "--quiet", "--detach"]).success();
        repo.commit("a", leak());
        repo.git(["tag", "v4"]).success();
        blocked(&push(&repo, &["--tags", "origin"]), &format!("a:1:10 (commit {})", short(&repo, "v4")));
        repo.git(["tag", "tree", "HEAD^{tree}"]).success();
        blocked(&push(&repo, &["origin", "tree"]), &format!("a:1:10 (tag {})", short(&repo, "tree")));
        repo.git(["tag", "--annotate", "--message", "x", "blob", "HEAD:a"]).success();
        let blob = short(&repo, "HEAD:a");
        let output = push(&repo, &["origin", "blob"]);
        output.code(1).says(&format!(":1:10 (tag {})\n", &blob));
        assert_eq!(refs_of_remote(&repo), ["refs/heads/main", "refs/tags/light", "refs/tags/v1"]);
    });
}

#[test]
fn a_key_in_a_commit_message_counts() {
    let repo = with_pushed_main();
    repo.git(["commit", "--quiet", "--allow-empty", "--no-verify", "--message", &leak()]).success();
    let output = push(&repo, &["origin", "main"]);
    blocked(&output, &format!("the message:1:10 (commit {})", short(&repo, "HEAD")));
    output.says("1.    Take it out of the message.\n        `git commit --amend` if it is that of the last commit, else `reword` in\n        `git rebase -i ");
}

#[test]
fn a_push_to_an_address() {
    let repo = with_remote();
    repo.commit("old", leak());
    push(&repo, &["--no-verify", "origin", "main"]).success();
    repo.commit("new", "text\n");
    // The remote of that address says what is there.
    push(&repo, &["../remote", "HEAD:refs/heads/x"]).success().silent();
    // Nobody knows what another one has.
    repo.git(["init", "--quiet", "--bare", "../other"]).success();
    blocked(&push(&repo, &["../other", "HEAD:refs/heads/x"]), &format!("old:1:10 (commit {})", short(&repo, "HEAD~1")));
    // But a ref that it has under its name, git tells.
    push(&repo, &["--no-verify", "../other", "HEAD~1:refs/heads/x"]).success();
    push(&repo, &["../other", "HEAD:refs/heads/x"]).success().silent();
    // A name that a pattern would take for others.
    repo.git(["config", "remote.*.url", "../third"]).success();
    repo.git(["init", "--quiet", "--bare", "../third"]).success();
    blocked(&push(&repo, &["../third", "main"]), &format!("old:1:10 (commit {})", short(&repo, "HEAD~1")));
}

#[test]
fn a_remote_is_not_another_one() {
    let repo = with_remote();
    repo.commit("old", leak());
    push(&repo, &["--no-verify", "origin", "main"]).success();
    repo.git(["init", "--quiet", "--bare", "../other"]).success();
    repo.git(["remote", "add", "other", "../other"]).success();
    blocked(&push(&repo, &["other", "main"]), &format!("old:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn what_others_pushed_is_no_obstacle() {
    let repo = with_pushed_main();
    repo.git(["clone", "--quiet", "../remote", "../clone"]).success();
    let theirs = |args: &[&str]| repo.run("git").args(args).current_dir("../clone").output();
    theirs(&["commit", "--quiet", "--allow-empty", "--message", "theirs"]).success();
    theirs(&["push", "--quiet"]).success();
    // The name that the remote has is unknown here.
    repo.commit("mine", "text\n");
    push(&repo, &["--force", "origin", "main"]).success().silent();
    theirs(&["pull", "--quiet", "--rebase"]).success();
    theirs(&["commit", "--quiet", "--allow-empty", "--message", "again"]).success();
    theirs(&["push", "--quiet"]).success();
    repo.commit("a", leak());
    blocked(&push(&repo, &["--force", "origin", "main"]), &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn merges_bring_in_what_no_parent_has() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("file", "text\n");
        repo.git(["checkout", "--quiet", "-b", "old"]).success();
        repo.commit("old", leak());
        push(&repo, &["--no-verify", "origin", "main", "old"]).success();
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.commit("mine", "text\n");
        // A merge of what the remote has on another branch.
        repo.git(["merge", "--quiet", "--no-edit", "old"]).success();
        push(&repo, &["origin", "main"]).success().silent();
        // An octopus.
        for name in ["one", "two"] {
            repo.git(["checkout", "--quiet", "-b", name, "main~1"]).success();
            repo.commit(name, "text\n");
        }
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.git(["merge", "--quiet", "--no-edit", "one", "two"]).success();
        push(&repo, &["origin", "main"]).success().silent();
        // What the merge itself adds.
        repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "-s", "ours", "one~1"]).code(0);
        repo.git(["checkout", "--quiet", "-b", "three", "main~1"]).success();
        repo.commit("three", "text\n");
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "three"]).success();
        repo.write("file", format!("text\nt = {}\n", fake::github_pat_other()));
        repo.git(["commit", "--quiet", "--all", "--message", "merge"]).success();
        blocked(&push(&repo, &["origin", "main"]), &format!("file:2:5 (commit {})", short(&repo, "HEAD")));
        // A branch that comes in with a merge is new as well.
        repo.git(["reset", "--quiet", "--hard", "origin/main"]).success();
        repo.git(["checkout", "--quiet", "-b", "four"]).success();
        repo.commit("four", format!("t = {}\n", fake::github_pat_other()));
        let guilty = short(&repo, "HEAD");
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.git(["merge", "--quiet", "--no-ff", "--no-edit", "four"]).success();
        blocked(&push(&repo, &["origin", "main"]), &format!("four:1:5 (commit {guilty})"));
    });
}

#[test]
fn a_second_root_is_new() {
    let repo = with_pushed_main();
    repo.git(["checkout", "--quiet", "--orphan", "pages"]).success();
    repo.commit("a", leak());
    blocked(&push(&repo, &["origin", "pages"]), &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn several_refs_make_one_report() {
    let repo = with_pushed_main();
    repo.commit("a", leak());
    let first = short(&repo, "HEAD");
    repo.git(["branch", "same"]).success();
    repo.git(["checkout", "--quiet", "-b", "more"]).success();
    repo.commit("b", format!("t = {}\n", fake::github_pat_other()));
    let output = push(&repo, &["origin", "main", "same", "more"]);
    output.code(1).says(&format!(
        "keyguard: push blocked: 2 secrets in 2 commits, the first: GitHub personal access token (classic) (checksum \
         valid) in a:1:10 (commit {first})\n"
    ));
    assert_eq!(output.text().matches("  id    kg1:").count(), 2, "{}", output.text());
    output.says("        Take each out of its commit (`git commit --amend`, `git rebase -i`).\n");
    output.says("  2.    Not keys? Allow each, commit keyguard.toml, and push again:\n        keyguard allow kg1:");
}

#[test]
fn the_configuration_is_that_of_what_is_pushed() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("file", "text\n");
        repo.commit("a", leak());
        let place = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
        let allow = "[[allow]]\npath = \"a\"\nreason = \"a fixture\"\n";
        // In the work tree or staged it is not published.
        repo.write("keyguard.toml", allow);
        blocked(&push(&repo, &["origin", "main"]), &place);
        repo.git(["add", "keyguard.toml"]).success();
        blocked(&push(&repo, &["origin", "main"]), &place);
        repo.git(["commit", "--quiet", "--message", "allow"]).success();
        // Each ref with its own.
        blocked(&push(&repo, &["origin", "main", "main~1:refs/heads/x"]), &place);
        push(&repo, &["origin", "main"]).success().silent();
    });
}

#[test]
fn a_broken_configuration_stops_the_push() {
    let repo = with_pushed_main();
    repo.commit("keyguard.toml", "[rules]\nonly = 1\n");
    let output = push(&repo, &["origin", "main"]);
    output.code(1).stdout("").says("error: push blocked: it could not be checked: in the commit that is pushed: ");
    output.says("keyguard.toml:2:8");
    // One in the work tree alone does not matter.
    repo.git(["reset", "--quiet", "--soft", "HEAD~1"]).success();
    repo.git(["commit", "--quiet", "--allow-empty", "--only", "--message", "x"]).success();
    push(&repo, &["origin", "main"]).success().silent();
}

#[test]
fn an_inline_marker_and_skip_are_obeyed() {
    let repo = with_pushed_main();
    repo.commit("a", format!("t = {} # keyguard:allow\n", fake::github_pat()));
    push(&repo, &["origin", "main"]).success().silent();
    repo.commit("b", leak());
    let skipped = repo.run("git").args(["push", "--quiet", "origin", "main"]).env("SKIP", "keyguard").output();
    skipped.success().stderr("keyguard: skipped, because SKIP names it; this push was not checked\n");
}

#[test]
fn what_scripts_read_on_standard_output_stays_clean() {
    let repo = with_pushed_main();
    repo.commit("a", leak());
    let output = repo.git(["push", "--porcelain", "origin", "main"]);
    output.code(1).stdout("").says(PUSHED);
    repo.commit("b", "text\n");
    repo.git(["reset", "--quiet", "--hard", "origin/main"]).success();
    repo.commit("b", "text\n");
    let output = repo.git(["push", "--porcelain", "origin", "main"]);
    output.success().stdout("To ../remote\n \trefs/heads/main:refs/heads/main\t[..]\nDone\n");
}

#[cfg(unix)]
#[test]
fn a_hook_that_reads_all_of_its_input_does_not_blind_ours() {
    use crate::install::write_program;
    let drain = "#!/bin/sh\ncat >/dev/null\necho theirs >&2\n";
    // Theirs is kept behind ours.
    let repo = Sandbox::new();
    write_program(&repo.root().join(".git/hooks/pre-push"), drain);
    let repo = with_remote_of(repo, "sha1");
    repo.commit("a", leak());
    let output = push(&repo, &["origin", "main"]);
    blocked(&output, &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
    assert!(!output.text().contains("theirs"), "{}", output.text());
    // Theirs comes first, and hands on what it read.
    let script = "#!/bin/sh\nrefs=$(cat)\necho \"$refs\" | wc -l >/dev/null\necho \"$refs\" | keyguard hook pre-push \"$@\" || exit 1\n";
    write_program(&repo.root().join(".git/hooks/pre-push"), script);
    blocked(&push(&repo, &["origin", "main"]), &format!("a:1:10 (commit {})", short(&repo, "HEAD")));
}

#[test]
fn a_shallow_clone_pushes_what_is_new() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("old", leak());
        repo.commit("file", "text\n");
        push(&repo, &["--no-verify", "origin", "main"]).success();
        let address = format!("file://{}", repo.tmp("remote").display());
        repo.git(["clone", "--quiet", "--depth=1", &address, "../shallow"]).success();
        let there = |args: &[&str]| repo.run("git").args(args).current_dir("../shallow").output();
        repo.run("keyguard").args(["install", "--hook", "pre-push"]).current_dir("../shallow").output().success();
        there(&["commit", "--quiet", "--allow-empty", "--message", "x"]).success();
        there(&["push", "--quiet", "origin", "HEAD"]).success().silent();
        fs::write(repo.tmp("shallow/a"), leak()).unwrap();
        there(&["add", "."]).success();
        there(&["commit", "--quiet", "--message", "x"]).success();
        let id = there(&["rev-parse", "HEAD"]).text();
        blocked(&there(&["push", "--quiet", "origin", "HEAD"]), &format!("a:1:10 (commit {})", &id[..10]));
    });
}

#[test]
fn a_partial_clone_fetches_nothing() {
    with_both(|repo| {
        let repo = with_remote_of(repo, "sha1");
        repo.commit("gone", leak());
        repo.git(["rm", "--quiet", "gone"]).success();
        repo.git(["commit", "--quiet", "--message", "x"]).success();
        repo.commit("file", "text\n");
        push(&repo, &["--no-verify", "origin", "main"]).success();
        repo.run("git").args(["config", "uploadpack.allowFilter", "true"]).current_dir("../remote").output().success();
        let address = format!("file://{}", repo.tmp("remote").display());
        repo.git(["clone", "--quiet", "--filter=blob:none", &address, "../partial"]).success();
        let there = |args: &[&str]| repo.run("git").args(args).current_dir("../partial").output();
        repo.run("keyguard").args(["install", "--hook", "pre-push"]).current_dir("../partial").output().success();
        let packs = || fs::read_dir(repo.tmp("partial/.git/objects/pack")).unwrap().count();
        let before = packs();
        // The old version of this file is not here.
        there(&["rm", "--quiet", "--cached", "file"]).success();
        let other = format!("t = {}\n", fake::github_pat_other());
        fs::write(repo.tmp("partial/gone"), &other).unwrap();
        there(&["add", "gone"]).success();
        there(&["commit", "--quiet", "--message", "x"]).success();
        let id = there(&["rev-parse", "HEAD"]).text();
        let hook = |tip: &str, remote: &str| {
            let input = format!("refs/heads/main {tip} refs/heads/main {remote}\n");
            let run = repo.run("keyguard").args(["hook", "pre-push", "origin", &address]).input(input);
            run.current_dir("../partial").output()
        };
        let zero = "0".repeat(40);
        hook(id.trim(), &zero).code(1).says(&format!("gone:1:5 (commit {})", &id[..10]));
        assert_eq!(packs(), before);
        // A commit whose content is not here cannot be looked at, and is not passed.
        let other = there(&["rev-parse", "HEAD~2"]).text();
        there(&["update-ref", "-d", "refs/remotes/origin/main"]).success();
        there(&["update-ref", "-d", "refs/remotes/origin/HEAD"]).code(0);
        hook(other.trim(), &zero).code(2).says("keyguard: push blocked: cannot inspect ");
        assert_eq!(packs(), before);
    });
}

#[test]
fn every_format_of_repositories() {
    for (variable, value, format) in [("X", "x", "sha256"), ("GIT_DEFAULT_REF_FORMAT", "reftable", "sha1")] {
        for reader in ["fast", "plumbing"] {
            let repo = Sandbox::without_repository().env(variable, value).env("KEYGUARD_READER", reader);
            repo.git(["init", "--quiet", "--initial-branch=main", &format!("--object-format={format}")]).success();
            if value == "reftable" && !repo.root().join(".git/reftable").is_dir() {
                not_tried("this git knows no reftable");
                continue;
            }
            let repo = with_remote_of(repo, format);
            repo.commit("file", "text\n");
            push(&repo, &["origin", "main"]).success().silent();
            repo.commit("a", leak());
            repo.git(["tag", "--annotate", "--message", &leak(), "v1"]).success();
            let commit = short(&repo, "HEAD");
            blocked(&push(&repo, &["origin", "main"]), &format!("a:1:10 (commit {commit})"));
            let output = push(&repo, &["origin", "main", "v1"]);
            output
                .code(1)
                .says(&format!("the message:1:10 (tag {}) and 1 other place\n", short(&repo, "v1")))
                .says(&format!("  also  in a:1:10 (commit {commit})\n"))
                .says("Then do the same in each other place.");
            repo.git(["reset", "--quiet", "--hard", "HEAD~1"]).success();
            repo.commit("b", "text\n");
            push(&repo, &["origin", "main"]).success().silent();
        }
    }
}

#[test]
fn replaced_commits_hide_nothing() {
    let repo = with_pushed_main();
    repo.commit("a", leak());
    let place = format!("a:1:10 (commit {})", short(&repo, "HEAD"));
    let clean = repo.git(["commit-tree", "-p", "HEAD~1", "-m", "clean", "HEAD~1^{tree}"]).text();
    repo.git(["replace", "HEAD", clean.trim()]).success();
    blocked(&push(&repo, &["origin", "main"]), &place);
}

#[test]
fn a_thousand_commits_take_a_moment() {
    let repo = with_remote();
    let stream: String = (0..1000).map(imported).collect();
    repo.run("git").args(["fast-import", "--quiet"]).input(stream).output().success();
    let start = Instant::now();
    repo.git(["log", "-p", "main"]).success();
    let git = start.elapsed();
    let start = Instant::now();
    push(&repo, &["--dry-run", "origin", "main"]).success().silent();
    let ours = start.elapsed();
    // The built program is not optimised here, hence so much room.
    assert!(ours < git * 20 + Duration::from_secs(5), "{ours:?} for 1,000 commits; git log -p: {git:?}");
}

/// A commit of one new file, as git-fast-import(1) reads it.
fn imported(number: usize) -> String {
    let content = format!("line {number}\n").repeat(50);
    let (time, folder, length) = (1_700_000_000 + number, number % 20, content.len());
    format!(
        "commit refs/heads/main\ncommitter C <c@keyguard.test> {time} +0000\ndata 1\nx\n\
         M 644 inline dir{folder}/file{number}\ndata {length}\n{content}\n"
    )
}
