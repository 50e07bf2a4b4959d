//! The hook at work: what counts as new, and what happens when something cannot be inspected.

use std::fs;

use snapbox::str;

use crate::sandbox::{Sandbox, fake, not_tried, write_program};

/// A line that holds a token, with a note to tell lines apart.
pub(crate) fn leak(note: &str) -> String {
    format!("# {note}\ntoken = \"{}\"\n", fake::github_pat())
}

/// Asserts that the hook stopped the commit for the token of [`leak`] at `place`, which it did not print in full.
#[track_caller]
pub(crate) fn blocked(output: &crate::sandbox::Output, place: &str) {
    output.code(1).says(&format!("commit blocked: GitHub personal access token (classic) (checksum valid) in {place}"));
    let token = fake::github_pat();
    assert!(!output.text().contains(&token[4..]), "the token is printed in full\n{}", output.text());
}

#[test]
fn a_plain_commit_is_blocked_and_named() {
    let repo = Sandbox::with_hook();
    repo.write("src/pay.py", leak("x"));
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "-m", "leak"]);
    commit.stdout("").stderr(str![[r#"
keyguard: commit blocked: GitHub personal access token (classic) (checksum valid) in src/pay.py:2:10
  |
2 | token = "ghp_****************"
  |          ^
...
Nothing was committed.

"#]]);
    blocked(&commit, "src/pay.py:2:10");
    repo.assert_commits(0);
}

#[test]
fn a_clean_commit_is_silent() {
    let repo = Sandbox::with_hook();
    repo.write("a.py", "key = os.environ[\"STRIPE_SECRET_KEY\"]\npassword = \"<your-password>\"\n");
    repo.write("ids.txt", "id = 6f9619ff-8b86-4d11-b42d-00c04fc964ff\n");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "clean"]).success().silent();
    repo.assert_commits(1);
}

#[test]
fn each_kind_of_the_promise_is_blocked() {
    let (id, secret) = fake::aws_pair();
    let postgres = format!("postgres://app:{}@db.internal/app", "q7Zt2LmXw9RbV4nYp6");
    let samples = [
        ("aws-key-pair", format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"), vec![id, secret]),
        ("github-pat-classic", format!("token = {}\n", fake::github_pat()), vec![fake::github_pat()]),
        ("stripe-live-secret-key", format!("key = {}\n", fake::stripe_live()), vec![fake::stripe_live()]),
        ("slack-bot-token", format!("SLACK={}\n", fake::slack_bot()), vec![fake::slack_bot()]),
        ("postgres-url", format!("DATABASE_URL={postgres}\n"), vec!["q7Zt2LmXw9RbV4nYp6".to_owned()]),
        ("private-key", fake::openssh_key(), fake::openssh_key().lines().skip(1).take(3).map(str::to_owned).collect()),
    ];
    for (name, content, secrets) in samples {
        let repo = Sandbox::with_hook();
        repo.write(name, content);
        repo.git(["add", "."]).success();
        let commit = repo.git(["commit", "-m", "leak"]);
        // Of a pair the secret is told, which is on the second line.
        let line = if name == "aws-key-pair" { 2 } else { 1 };
        commit.code(1).says("commit blocked: ").says(&format!("{name}:{line}:"));
        for secret in secrets {
            assert!(!commit.text().contains(&secret), "{name} is printed in full\n{}", commit.text());
        }
        repo.assert_commits(0);
    }
}

#[test]
fn old_keys_stay_silent() {
    let repo = Sandbox::with_hook();
    let filler: String = (0..30).map(|line| format!("line {line}\n")).collect();
    repo.commit("a", format!("{}{filler}", leak("old"))).commit("gone", "x\n");
    let commit = |message: &str| repo.git(["commit", "--quiet", "-am", message]);
    // A changed neighbour, a moved line, another half of the same line, other line ends, a last line break.
    repo.write("a", format!("{}{filler}", leak("renamed note")));
    commit("neighbour").success().silent();
    repo.write("a", format!("{filler}{}", leak("moved")));
    commit("moved").success().silent();
    repo.write("a", format!("{filler}{}", leak("x").replace("token", "key")));
    commit("half").success().silent();
    repo.write("a", format!("{filler}{}", leak("x").replace("token", "key")).replace('\n', "\r\n"));
    commit("crlf").success().silent();
    repo.write("a", format!("{filler}{}", leak("x").replace("token", "key")).trim_end());
    commit("no line break at the end").success().silent();
    // Renames, pure and with an edit, a change of mode, a deletion.
    repo.git(["mv", "a", "b"]).success();
    commit("rename").success().silent();
    repo.git(["mv", "b", "sub"]).success();
    repo.write("sub", format!("{filler}more\n{}", leak("x")));
    repo.git(["add", "."]).success();
    commit("rename and edit").success().silent();
    repo.git(["update-index", "--chmod=+x", "sub"]).success();
    repo.git(["commit", "--quiet", "-m", "mode"]).success().silent();
    repo.git(["rm", "--quiet", "gone"]).success();
    commit("delete").success().silent();
    // A copy is new.
    fs::copy(repo.root().join("sub"), repo.root().join("copy")).unwrap();
    repo.git(["add", "."]).success();
    blocked(&repo.git(["commit", "-m", "copy"]), "copy:33:10");
}

#[test]
fn thirty_renames_at_once_are_silent() {
    let repo = Sandbox::new();
    for number in 0..30 {
        repo.write(format!("old/f{number}"), format!("{number}\n{}", leak("x")));
    }
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "start"]).success();
    repo.install();
    repo.git(["config", "diff.renames", "false"]).success();
    repo.git(["mv", "old", "new"]).success();
    repo.git(["commit", "--quiet", "-m", "rename"]).success().silent();
}

#[test]
fn a_private_key_whose_body_alone_changed_is_found() {
    let repo = Sandbox::with_hook();
    let key = fake::openssh_key();
    let other: Vec<_> = key
        .lines()
        .enumerate()
        .map(|(i, line)| if i == 2 { line.replace('A', "B") } else { line.to_owned() })
        .collect();
    repo.commit("id", other.join("\n") + "\n").write("id", &key);
    repo.git(["commit", "-am", "leak"]).code(1).says("in id:1:1");
    // Indented or with other line ends it is the same key.
    repo.commit("id", &key);
    repo.write("id", key.replace('\n', "\r\n"));
    repo.git(["commit", "--quiet", "-am", "crlf"]).success().silent();
    repo.write("id", key.lines().map(|line| format!("  {line}\n")).collect::<String>());
    repo.git(["commit", "--quiet", "-am", "indent"]).success().silent();
}

#[test]
fn a_key_in_a_name_is_found_and_masked() {
    let repo = Sandbox::with_hook();
    let token = fake::github_pat();
    repo.write(format!("backup-{token}.txt"), "nothing\n");
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "-m", "leak"]);
    commit.code(1).says("in backup-ghp_****************.txt:1:8");
    assert!(!commit.text().contains(&token));
}

#[test]
fn index_versions_2_to_4_are_read() {
    for version in ["2", "3", "4"] {
        let repo = Sandbox::with_hook();
        for number in 0..30 {
            repo.write(format!("dir{}/file{number}", number % 3), format!("{number}\n"));
        }
        repo.git(["add", "."]).success();
        repo.git(["commit", "--quiet", "-m", "start"]).success().silent();
        repo.git(["update-index", "--index-version", version]).success();
        repo.write("dir1/file4", leak("x")).write("new", "x\n").write("zz/y", "x\n");
        repo.git(["add", "-N", "zz"]).success();
        blocked(&repo.git(["commit", "-m", "leak", "--", "dir1/file4"]), "dir1/file4:2:10");
        repo.git(["add", "dir1", "new"]).success();
        blocked(&repo.git(["commit", "-m", "leak"]), "dir1/file4:2:10");
        repo.git(["checkout", "--quiet", "HEAD", "--", "dir1"]).success();
        repo.git(["commit", "--quiet", "-m", "clean"]).success().silent();
    }
}

#[test]
fn a_folder_that_becomes_a_file_and_back() {
    let repo = Sandbox::with_hook();
    repo.commit("a/b/c", "x\n").commit("a.b", "x\n").commit("a0", "x\n");
    repo.git(["rm", "-rq", "a"]).success();
    repo.write("a", leak("x"));
    repo.git(["add", "."]).success();
    blocked(&repo.git(["commit", "-m", "leak"]), "a:2:10");
    blocked(&repo.git(["commit", "-m", "leak", "--", "a", "a/b/c"]), "a:2:10");
}

#[test]
fn the_chained_hook_runs_after_the_scan_and_what_it_stages_is_scanned() {
    let repo = Sandbox::new();
    write_program(
        &repo.root().join(".git/hooks/pre-commit"),
        "#!/bin/sh\necho ran >>ran.log\ngit add generated 2>/dev/null\nexit ${HOOK_EXIT-0}\n",
    );
    repo.install();
    repo.write("a", leak("x"));
    repo.git(["add", "a"]).success();
    blocked(&repo.git(["commit", "-m", "leak"]), "a:2:10");
    assert!(!repo.root().join("ran.log").exists(), "no hook runs for a commit that will not happen");

    repo.write("a", "clean\n").write("generated", leak("staged by the hook"));
    repo.git(["add", "a"]).success();
    blocked(&repo.git(["commit", "-m", "leak"]), "generated:2:10");
    assert!(repo.root().join("ran.log").exists());

    repo.git(["rm", "--cached", "-q", "generated"]).success();
    repo.write("generated", "clean\n");
    repo.run("git").args(["commit", "-m", "no"]).env("HOOK_EXIT", "3").output().code(1);
    repo.git(["commit", "--quiet", "-m", "yes"]).success();
    repo.assert_commits(1);
}

#[test]
fn skip_says_so_and_still_runs_the_other_hook() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(".git/hooks/pre-commit"), "#!/bin/sh\necho other hook\n");
    repo.install();
    repo.write("a", leak("x"));
    repo.git(["add", "."]).success();
    let commit = repo.run("git").args(["commit", "--quiet", "-m", "x"]).env("SKIP", "black,keyguard").output();
    commit.success().stderr("keyguard: skipped, because SKIP names it; this commit was not checked\nother hook\n");
    repo.assert_commits(1);
}

#[test]
fn a_broken_configuration_stops_the_commit() {
    let repo = Sandbox::with_hook();
    repo.write("keyguard.toml", "min-confidence = \"medium\"\n\n[rules]\ndisabled = [\"x\"]\n").write("a", "x\n");
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "-m", "x"]);
    commit.code(1).says("error: commit blocked: ").says("keyguard.toml:4:1: unknown field `disabled`");
    repo.assert_commits(0);
    repo.keyguard(["hook", "pre-commit"]).code(2);
}

#[test]
fn an_unreadable_blob_stops_the_commit() {
    let repo = Sandbox::with_hook();
    repo.write("dir/a", "some content\n");
    repo.git(["add", "."]).success();
    let id = repo.git(["rev-parse", ":dir/a"]).text().trim().to_owned();
    let object = repo.root().join(".git/objects").join(&id[..2]).join(&id[2..]);
    fs::remove_file(&object).unwrap();
    fs::write(&object, b"broken").unwrap();
    repo.run("keyguard").args(["hook", "pre-commit"]).output().code(2).says("cannot inspect dir/a").says(&id);
    repo.git(["commit", "-m", "x"]).code(1).says("commit blocked: cannot inspect dir/a");
    repo.assert_commits(0);
}

#[test]
fn a_truncated_index_is_told() {
    let repo = Sandbox::with_hook();
    repo.commit("a", "x\n").write("b", "x\n");
    repo.git(["add", "."]).success();
    let index = repo.root().join(".git/index");
    let content = fs::read(&index).unwrap();
    for length in [0, 5, 40, content.len() / 2, content.len() - 30, content.len() - 1] {
        fs::write(&index, &content[..length]).unwrap();
        let scan = repo.keyguard(["scan", "--staged"]);
        scan.code(2).says("the index is broken or cut off").says("git reset");
        assert_ne!(repo.git(["commit", "-m", "x"]).text(), "");
    }
    fs::remove_file(&index).unwrap();
    repo.keyguard(["scan", "--staged"]).success();
}

#[test]
fn a_finding_and_a_failure_together_are_a_finding() {
    let repo = Sandbox::with_hook();
    repo.write("a", "gone\n").write("b", leak("x"));
    repo.git(["add", "."]).success();
    let id = repo.git(["rev-parse", ":a"]).text().trim().to_owned();
    fs::remove_file(repo.root().join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    repo.keyguard(["hook", "pre-commit"]).code(1).says("in b:2:10").says("cannot inspect a: ").says(&id);
}

#[test]
fn many_findings_stay_on_one_screen() {
    let repo = Sandbox::with_hook();
    for number in 0..40 {
        repo.write(format!("f{number}"), format!("t = {}\n", fake::github_token(&number.to_string())));
    }
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "-m", "leak"]);
    commit.code(1).says("40 secrets in 40 files, the first: ").says("keyguard allow --last");
    assert!(commit.text().lines().count() < 24, "{}", commit.text());
}

#[test]
fn a_new_key_is_new_whatever_word_the_old_text_holds() {
    let repo = Sandbox::with_hook();
    let url = |password: &str| format!("DB=postgres://app:{password}@db.prod.corp-net.io/x\n");
    repo.commit("a", "select * from orders7;\n").commit("b", format!("x = {}ZZ\n", fake::aws_pair().0));
    repo.write("a", format!("select * from orders7;\n{}", url("orders7")));
    repo.git(["commit", "-am", "a password that is a word of the old text"]).code(1).says("in a:2:19");
    repo.git(["checkout", "--quiet", "a"]).success();
    repo.write("b", format!("x = {}\n", fake::aws_pair().0));
    repo.git(["commit", "-am", "a key that was part of something longer"]).code(1).says("in b:1:5");
}

#[test]
fn a_moved_password_is_old() {
    let repo = Sandbox::with_hook();
    let line = format!("DB=postgres://app:{}@db.prod.corp-net.io/x\n", "k7orders7");
    repo.commit("a", &line).write("a", format!("first\n{line}"));
    repo.git(["commit", "--quiet", "-am", "moved"]).success().silent();
}

#[test]
fn a_rename_to_a_name_that_is_a_key_is_blocked() {
    let repo = Sandbox::with_hook();
    repo.commit("a.txt", "x\n");
    repo.git(["mv", "a.txt", &format!("{}.txt", fake::github_pat())]).success();
    repo.git(["commit", "-m", "leak"]).code(1).says("in ghp_****************.txt:1:1");
}

#[test]
fn what_the_other_side_added_to_a_file_that_we_renamed_is_theirs() {
    let repo = Sandbox::with_hook();
    let filler: String = (0..50).map(|line| format!("line {line}\n")).collect();
    repo.commit("a.txt", &filler).commit("clash", "base\n");
    repo.git(["switch", "--quiet", "-c", "side"]).success();
    repo.commit("a.txt", format!("{filler}{}", leak("theirs"))).commit("clash", "side\n");
    repo.git(["switch", "--quiet", "main"]).success();
    repo.git(["mv", "a.txt", "b.txt"]).success();
    repo.git(["commit", "--quiet", "-m", "rename"]).success();
    repo.commit("clash", "main\n");
    repo.git(["merge", "side"]).code(1);
    repo.write("clash", "both\n");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "merge"]).success().silent();
}

#[test]
fn a_false_mark_does_not_block_again() {
    let repo = Sandbox::with_hook();
    let old = [b"\xff\xfe", leak("x").as_bytes()].concat();
    repo.commit("a", &old).write("a", [&old[..], b"more\n"].concat());
    repo.git(["commit", "--quiet", "-am", "more"]).success().silent();
}

#[test]
fn a_namespace_changes_nothing() {
    let repo = Sandbox::with_hook();
    repo.write("a", "x\n");
    repo.git(["add", "."]).success();
    repo.run("git").args(["commit", "--quiet", "-m", "x"]).env("GIT_NAMESPACE", "n").output().success().silent();
    repo.write("a", leak("x"));
    let commit = repo.run("git").args(["commit", "-am", "x"]).env("GIT_NAMESPACE", "n").output();
    blocked(&commit, "a:2:10");
}

#[test]
fn formats_that_libgit2_does_not_know_are_read_all_the_same() {
    for option in ["--object-format=sha256", "--ref-format=reftable"] {
        let repo = Sandbox::without_repository();
        if repo.git(["init", "--quiet", option]).text().contains("unknown option") {
            not_tried(format_args!("this git has no {option}"));
            continue;
        }
        repo.keyguard(["install"]).success();
        repo.commit("old", leak("old")).write("old", format!("{}more\n", leak("old"))).write("new", "x\n");
        repo.git(["add", "."]).success();
        repo.git(["commit", "--quiet", "-m", "clean"]).success().silent();
        repo.write("new", leak("new"));
        blocked(&repo.git(["commit", "-am", "leak"]), "new:2:10");
    }
}

#[test]
fn a_merge_of_many_files_is_quick_to_judge_and_right() {
    let repo = Sandbox::with_hook();
    for number in 0..300 {
        repo.write(format!("dir/f{number}"), format!("{number}\n"));
    }
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "start"]).success();
    repo.commit("clash", "base\n");
    repo.git(["switch", "--quiet", "-c", "side"]).success();
    for number in 0..300 {
        repo.write(format!("dir/f{number}"), leak(&number.to_string()));
    }
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--no-verify", "-m", "side"]).success();
    repo.commit("clash", "side\n");
    repo.git(["switch", "--quiet", "main"]).success();
    repo.commit("clash", "main\n");
    repo.git(["merge", "side"]).code(1);
    repo.write("clash", "both\n").write("dir/new", leak("ours"));
    repo.git(["add", "."]).success();
    blocked(&repo.git(["commit", "-m", "merge"]), "dir/new:2:10");
    repo.git(["rm", "--quiet", "--force", "dir/new"]).success();
    repo.git(["commit", "--quiet", "-m", "merge"]).success().silent();
}

#[test]
fn escapes_hide_no_beginning() {
    let repo = Sandbox::new();
    let (id, _) = fake::aws_pair();
    for before in ["csv = \"id\\n", "url = %3D", "json = \"\\u003d", "log = \u{1b}[32m", "\"\\t"] {
        repo.run("keyguard").args(["scan", "--stdin"]).input(format!("{before}{id}\"\n")).output().code(1);
    }
    repo.run("keyguard").args(["scan", "--stdin"]).input(format!("x{id}\n")).output().success();
}

#[test]
fn text_of_two_encodings_is_read_in_both() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let wider = |text: &str| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<_>>();
    let repo = Sandbox::new();
    for (name, content) in [
        ("appended", [b"A=1\r\nB=2\r\nC=3\r\nD=4\r\n", &wide(&leak("x"))[..]].concat()),
        ("odd-offset", [b"A=1\n", &wide(&leak("x"))[..]].concat()),
        ("chinese", wide(&format!("{}\n{}", "\u{4e2d}\u{6587}".repeat(200), leak("x")))),
        ("utf32", wider(&format!("\u{feff}{}", leak("x")))),
    ] {
        repo.write(name, content);
        repo.keyguard(["scan", name]).code(1).says("GitHub personal access token (classic)");
    }
    repo.write("binary", [0, 1, 2, 3].repeat(5000));
    repo.keyguard(["scan", "binary"]).success();
}

#[test]
fn the_untracked_cache_does_not_say_what_is_staged() {
    let repo = Sandbox::with_hook();
    repo.git(["config", "core.untrackedCache", "true"]).success();
    for number in 0..50 {
        repo.write(format!("dir/f{number}"), "x\n").write(format!("TREE/u{number}"), "x\n");
    }
    repo.git(["add", "dir"]).success();
    repo.git(["status", "--short"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    repo.write("dir/f7", leak("x"));
    repo.git(["add", "dir"]).success();
    repo.git(["status", "--short"]).success();
    blocked(&repo.git(["commit", "-m", "leak"]), "dir/f7:2:10");
}

#[test]
fn an_empty_or_mistyped_only_does_not_pass_for_clean() {
    for only in ["[]", "[\"github-pat\"]"] {
        let repo = Sandbox::with_hook();
        repo.write("keyguard.toml", format!("[rules]\nonly = {only}\n")).write("a", leak("x"));
        repo.git(["add", "."]).success();
        repo.git(["commit", "-m", "x"]).code(1).says("keyguard.toml:").says("`only` of `[rules]`");
        repo.assert_commits(0);
    }
}

#[test]
fn a_rule_whose_matches_run_to_the_end_is_quick() {
    let repo = Sandbox::new();
    repo.write("keyguard.toml", "[[rule]]\nid = \"slow\"\ntitle = \"x\"\nregex = '(?<secret>[a-z])(?s:.*)'\n");
    repo.write("a", "word ".repeat(40_000));
    repo.keyguard(["scan", "a"]).code(1);
}
