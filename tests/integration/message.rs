//! commit-msg and pre-merge-commit: what a commit says, and what a merge brings into this branch.

use std::fs;

use crate::sandbox::{Output, Sandbox, fake, not_tried};

const BLOCKED: &str =
    "keyguard: commit blocked: GitHub personal access token (classic) (checksum valid) in the message:";
const SCISSORS: &str = "------------------------ >8 ------------------------";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

/// A repository with the commit-msg hook, a first commit, and something staged.
fn with_staged() -> Sandbox {
    let repo = Sandbox::new();
    repo.commit("file", "text\n");
    repo.keyguard(["install", "--hook", "commit-msg"]).success();
    repo.write("more", "text\n");
    repo.git(["add", "more"]).success();
    repo
}

fn commit(repo: &Sandbox, args: &[&str]) -> Output {
    repo.git(["commit", "--quiet"].iter().chain(args))
}

/// Commits with an editor that runs this shell script on the file `$1`.
fn edit(repo: &Sandbox, script: &str, args: &[&str]) -> Output {
    let editor = repo.tmp("editor");
    fs::write(&editor, format!("{script}\n")).unwrap();
    let editor = format!("sh '{}'", editor.display());
    repo.run("git").args(["commit", "--quiet"].iter().chain(args)).env("GIT_EDITOR", editor).output()
}

/// A script that puts `text` in front of what git wrote.
fn prepend(text: &str) -> String {
    format!("cat - \"$1\" >\"$1.new\" <<'END'\n{text}END\nmv \"$1.new\" \"$1\"")
}

#[track_caller]
fn blocked(repo: &Sandbox, output: &Output, place: &str) {
    output.code(1);
    let text = output.text();
    assert_eq!(text.lines().next(), Some(format!("{BLOCKED}{place}").as_str()), "{text}");
    assert!(!text.contains(&fake::github_pat()[8..]), "the token is printed");
    repo.assert_commits(1);
}

#[test]
fn a_key_in_the_message_blocks_and_says_where_the_message_is() {
    let repo = with_staged();
    let output = commit(&repo, &["--message", "subject", "--message", &leak()]);
    blocked(&repo, &output, "3:10");
    output.says("1.    Take it out of the message.\n").says("Not a key? Say so, and commit again:\n");
    output.says("\nThe message is kept in .git/COMMIT_EDITMSG.\n\nNothing was committed.\n");
    assert_eq!(fs::read_to_string(repo.root().join(".git/COMMIT_EDITMSG")).unwrap(), format!("subject\n\n{}", leak()));
    commit(&repo, &["--message", "no key"]).success().silent();
}

#[test]
fn every_source_of_a_message() {
    let repo = with_staged();
    fs::write(repo.tmp("message"), format!("subject\n\n{}", leak())).unwrap();
    blocked(&repo, &commit(&repo, &["--file", "../message"]), "3:10");
    let piped = repo.run("git").args(["commit", "--quiet", "--file=-"]).input(format!("x\n{}", leak())).output();
    blocked(&repo, &piped, "2:10");
    blocked(&repo, &commit(&repo, &["--cleanup=verbatim", "--message", &format!("\n\nx\n# {}", leak())]), "4:12");
    blocked(&repo, &commit(&repo, &["--all", "--message", &leak()]), "1:10");
    blocked(&repo, &commit(&repo, &["--allow-empty", "--message", &leak()]), "1:10");
    blocked(&repo, &commit(&repo, &["--message", "x", "--trailer", &format!("Key: {}", fake::github_pat())]), "3:6");
    blocked(&repo, &edit(&repo, &prepend(&leak()), &[]), "1:10");
    blocked(
        &repo,
        &edit(&repo, "true", &["--template", "../message", "--allow-empty-message", "--edit", "--file", "../message"]),
        "3:10",
    );
    blocked(&repo, &edit(&repo, "echo more >>\"$1\"", &["--template", "../message"]), "3:10");
}

#[test]
fn comment_lines_are_committed_where_no_editor_ran() {
    let repo = with_staged();
    let message = format!("subject\n\n# {}", leak());
    // `-m` and `-F` keep what looks like a comment.
    blocked(&repo, &commit(&repo, &["--message", &message]), "3:12");
    // With an editor git takes it out, or with `--cleanup` not: the file is the same.
    blocked(&repo, &edit(&repo, &prepend(&message), &[]), "3:12");
    blocked(&repo, &edit(&repo, &prepend(&message), &["--cleanup=whitespace"]), "3:12");
}

#[test]
fn the_diff_below_gits_scissors_is_no_message() {
    for setting in ["#", ";", "auto"] {
        let repo = Sandbox::new();
        repo.commit("file", format!("# a title\n{}", leak()));
        repo.git(["config", "core.commentChar", setting]).success();
        repo.keyguard(["install", "--hook", "commit-msg"]).success();
        // The diff shows a key that goes.
        repo.write("file", "# a title\n");
        repo.git(["add", "file"]).success();
        edit(&repo, &prepend("subject\n"), &["--verbose"]).success().silent();
        assert!(fs::read_to_string(repo.root().join(".git/COMMIT_EDITMSG")).unwrap().contains(SCISSORS));
        repo.git(["log", "-1", "--format=%B"]).success().stdout("subject\n\n");
        // With `--cleanup=scissors` there is no diff.
        repo.write("file", "x\n");
        repo.git(["add", "file"]).success();
        let scissors = ["--cleanup=scissors"];
        edit(&repo, &prepend(&format!("subject\n{}", leak())), &scissors).code(1).says(&format!("{BLOCKED}2:10"));
        edit(&repo, &prepend("subject\n"), &scissors).success().silent();
        repo.assert_commits(3);
    }
}

#[test]
fn a_comment_string_of_several_characters() {
    let repo = Sandbox::new();
    repo.commit("file", leak());
    repo.git(["config", "core.commentString", "//"]).success();
    repo.keyguard(["install", "--hook", "commit-msg"]).success();
    repo.write("file", "x\n");
    repo.git(["add", "file"]).success();
    let output = edit(&repo, &prepend("subject\n"), &["--verbose"]);
    if !fs::read_to_string(repo.root().join(".git/COMMIT_EDITMSG")).unwrap().contains(&format!("// {SCISSORS}")) {
        not_tried("this git knows no core.commentString");
        return;
    }
    output.success().silent();
}

#[test]
fn scissors_by_hand_cut_nothing() {
    let repo = with_staged();
    let own = format!("# {SCISSORS}\n");
    let text = format!("subject\n\n{own}{}", leak());
    blocked(&repo, &commit(&repo, &["--message", &text]), "4:10");
    blocked(&repo, &commit(&repo, &["--cleanup=verbatim", "--message", &text]), "4:10");
    blocked(&repo, &edit(&repo, &prepend(&text), &[]), "4:10");
    // Even with the comment behind it, where no editor ran.
    let text = format!("subject\n\n{own}# Do not modify or remove the line above.\n{}", leak());
    blocked(&repo, &commit(&repo, &["--message", &text]), "5:10");
    let other = format!("subject\n\n; {SCISSORS}\n; Do not modify or remove the line above.\n{}", leak());
    blocked(&repo, &edit(&repo, &prepend(&other), &[]), "5:10");
}

#[test]
fn an_old_message_is_old() {
    let repo = Sandbox::new();
    repo.write("file", "text\n");
    repo.git(["add", "file"]).success();
    repo.git(["commit", "--quiet", "--message", &format!("old\n\n{}", leak())]).success();
    repo.keyguard(["install", "--hook", "commit-msg"]).success();
    commit(&repo, &["--amend", "--no-edit", "--allow-empty"]).success().silent();
    edit(&repo, "echo more >>\"$1\"", &["--amend"]).success().silent();
    commit(&repo, &["--amend", "--reuse-message=HEAD"]).success().silent();
    let other = format!("old\n\n{}t = {}\n", leak(), fake::github_pat_other());
    commit(&repo, &["--amend", "--message", &other]).code(1).says(&format!("{BLOCKED}4:5"));
    repo.assert_commits(1);
}

#[test]
fn fixups_and_squashes() {
    let repo = with_staged();
    commit(&repo, &["--fixup=HEAD"]).success().silent();
    repo.write("more", "text 2\n");
    repo.git(["add", "more"]).success();
    commit(&repo, &["--squash=HEAD~1", "--message", &leak()]).code(1).says(&format!("{BLOCKED}3:10"));
    commit(&repo, &["--squash=HEAD~1", "--message", "x"]).success().silent();
}

#[test]
fn other_encodings() {
    let repo = with_staged();
    let units: Vec<u8> = format!("\u{feff}subject\n\n{}", leak()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(repo.tmp("utf16"), units).unwrap();
    let utf16 = repo.run("git").args(["commit", "--quiet", "--file", "../utf16"]);
    let utf16 = utf16.env("GIT_EDITOR", "true").output();
    // git refuses NUL bytes by itself, but behind its hooks.
    blocked(&repo, &utf16, "3:10");
    fs::write(repo.tmp("latin"), [b"caf\xe9\n\n", leak().as_bytes()].concat()).unwrap();
    blocked(&repo, &commit(&repo, &["--file", "../latin"]), "3:10");
    let crlf = format!("subject\r\n\r\n{}", leak().replace('\n', "\r\n"));
    blocked(&repo, &commit(&repo, &["--cleanup=verbatim", "--message", &crlf]), "3:10");
}

#[test]
fn a_message_that_cannot_be_read_stops_the_commit() {
    let repo = with_staged();
    repo.keyguard(["hook", "commit-msg"])
        .code(2)
        .stdout("")
        .stderr("error: commit blocked: it could not be checked: git gave no file with the message\n");
    let missing = repo.keyguard(["hook", "commit-msg", "nowhere"]);
    missing.code(2).stdout("").says("error: commit blocked: it could not be checked: read the message: ");
}

#[test]
fn from_other_folders_and_work_trees() {
    let repo = with_staged();
    repo.write("sub/x", "");
    let there = repo.run("git").args(["commit", "--quiet", "--message", &leak()]).current_dir("sub").output();
    blocked(&repo, &there, "1:10");
    repo.git(["worktree", "add", "--quiet", "../linked"]).success();
    let linked = repo.run("git").args(["commit", "--quiet", "--allow-empty", "--message", &leak()]);
    let linked = linked.current_dir("../linked").output();
    blocked(&repo, &linked, "1:10");
    linked.says("The message is kept in [ROOT]/.git/worktrees/linked/COMMIT_EDITMSG.\n");
}

#[test]
fn allowing_a_key_of_a_message() {
    let repo = with_staged();
    let output = commit(&repo, &["--message", &leak()]);
    blocked(&repo, &output, "1:10");
    let fingerprint = output.text().split_once("keyguard allow ").unwrap().1[..20].to_owned();
    repo.write("keyguard.toml", format!("[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"x\"\n"));
    repo.git(["add", "keyguard.toml"]).success();
    // In the work tree alone another version does not count.
    repo.write("keyguard.toml", "[rules]\nonly = 1\n");
    commit(&repo, &["--message", &leak()]).success().silent();
    let repo = with_staged();
    let skipped = repo.run("git").args(["commit", "--quiet", "--message", &leak()]).env("SKIP", "keyguard").output();
    skipped.success().says("keyguard: skipped, because SKIP names it; this ");
}

/// A repository with both hooks of merges, `main`, and a branch `topic` with `content` in `a`.
fn with_topic(content: &str) -> Sandbox {
    let repo = Sandbox::new();
    repo.commit("file", "text\n");
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.commit("a", content);
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.commit("b", "text\n");
    for kind in ["pre-commit", "pre-merge-commit", "commit-msg"] {
        repo.keyguard(["install", "--hook", kind]).success();
    }
    repo
}

fn merge(repo: &Sandbox, args: &[&str]) -> Output {
    repo.git(["merge", "--quiet", "--no-edit"].iter().chain(args))
}

const MERGE: &str = "keyguard: merge blocked: GitHub personal access token (classic) (checksum valid) in";

#[test]
fn a_clean_merge_that_brings_in_a_key_is_blocked() {
    for reader in ["fast", "plumbing"] {
        let repo = with_topic(&leak()).env("KEYGUARD_READER", reader);
        for args in [&["topic"][..], &["--no-ff", "topic"], &["--no-commit", "topic"], &["--message", "x", "topic"]] {
            let output = merge(&repo, args);
            if args[0] == "--no-commit" {
                // git asks no hook here; pre-commit sees nothing that no parent has.
                output.success();
                repo.git(["commit", "--quiet", "--no-edit"]).success().silent();
                repo.git(["reset", "--quiet", "--hard", "HEAD~1"]).success();
                continue;
            }
            output.code(1).says(&format!("{MERGE} a:1:10\n"));
            output.says("\nThe merge is not concluded. To give it up: git merge --abort\n");
            repo.git(["merge", "--abort"]).success();
            repo.assert_commits(2);
        }
    }
}

#[test]
fn an_octopus_is_blocked() {
    let repo = with_topic(&leak());
    repo.git(["checkout", "--quiet", "-b", "other", "main"]).success();
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]).success();
    repo.commit("c", "text\n");
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.commit("d", "text\n");
    merge(&repo, &["other", "topic"]).code(1).says(&format!("{MERGE} a:1:10\n"));
}

#[test]
fn a_merge_that_brings_in_no_key_is_silent() {
    let repo = with_topic("text\n");
    merge(&repo, &["topic"]).success().silent();
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]).success();
    // With what this branch had all the time, and with nothing at all.
    repo.commit("old", leak());
    repo.git(["checkout", "--quiet", "-b", "more", "HEAD~1"]).success();
    repo.commit("e", "text\n");
    repo.git(["checkout", "--quiet", "main"]).success();
    merge(&repo, &["more"]).success().silent();
    repo.git(["checkout", "--quiet", "-b", "side", "HEAD~1"]).success();
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "y"]).success();
    repo.git(["checkout", "--quiet", "main"]).success();
    merge(&repo, &["-s", "ours", "side"]).success().silent();
}

#[test]
fn what_git_merges_without_a_hook() {
    // Fast forward: no commit is made.
    let repo = with_topic(&leak());
    repo.git(["checkout", "--quiet", "-b", "behind", "topic~1"]).success();
    merge(&repo, &["topic"]).success();
    // Squash: pre-commit sees it as what is staged.
    repo.git(["checkout", "--quiet", "main"]).success();
    merge(&repo, &["--squash", "topic"]).success();
    let output = repo.git(["commit", "--quiet", "--no-edit"]);
    output
        .code(1)
        .says("keyguard: commit blocked: GitHub personal access token (classic) (checksum valid) in a:1:10\n");
}

#[test]
fn a_merge_with_conflicts_is_left_to_pre_commit() {
    let repo = with_topic(&leak());
    repo.git(["checkout", "--quiet", "topic"]).success();
    repo.commit("b", "other\n");
    repo.git(["checkout", "--quiet", "main"]).success();
    merge(&repo, &["topic"]).code(1).says("CONFLICT");
    repo.write("b", "both\n");
    repo.git(["add", "b"]).success();
    // The key is the other side's; what the resolution adds is this commit's.
    repo.write("b", format!("both\nt = {}\n", fake::github_pat_other()));
    repo.git(["add", "b"]).success();
    let output = repo.git(["commit", "--quiet", "--no-edit"]);
    output.code(1).says("keyguard: commit blocked: GitHub personal access token (classic) (checksum valid) in b:2:5\n");
    repo.write("b", "both\n");
    repo.git(["add", "b"]).success();
    repo.git(["commit", "--quiet", "--no-edit"]).success().silent();
}

#[test]
fn the_message_of_a_merge_is_looked_at() {
    let repo = with_topic("text\n");
    let output = merge(&repo, &["--message", &leak(), "topic"]);
    output.code(1).says(&format!("{BLOCKED}1:10\n"));
    output.says("\nThe message is kept in .git/MERGE_MSG.\n\nNothing was committed.\n");
    assert_eq!(fs::read_to_string(repo.root().join(".git/MERGE_MSG")).unwrap().trim_end(), leak().trim_end());
}
