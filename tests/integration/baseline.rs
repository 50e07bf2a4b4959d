//! `keyguard baseline`: keys that were committed already do not block, new ones do.

use std::fs;

use snapbox::str;

#[cfg(unix)]
use crate::kinds::{at_every_call, kill_at, kill_works};
use crate::sandbox::{Output, Sandbox, fake, with_both_readers};

const FILE: &str = "keyguard.baseline.json";
const ELSEWHERE: &str = "not blocked, but keyguard.baseline.json lists the key for other files";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

fn other_leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat_other())
}

fn baseline(repo: &Sandbox) -> String {
    fs::read_to_string(repo.root().join(FILE)).unwrap()
}

fn status(repo: &Sandbox) -> String {
    repo.git(["status", "--porcelain"]).text()
}

/// The fingerprint of the key in `file`.
#[track_caller]
fn fingerprint(repo: &Sandbox, file: &str) -> String {
    let scan = repo.keyguard(["scan", "--format", "json", file]);
    let report: serde_json::Value = serde_json::from_str(&scan.text()).unwrap();
    let mut findings =
        [&report["findings"], &report["suppressed"]].into_iter().flat_map(|list| list.as_array().unwrap());
    findings.next().unwrap()["fingerprint"].as_str().unwrap().to_owned()
}

/// A repository with a hook, and a token in the committed file `old`.
fn with_old_key(repo: Sandbox) -> Sandbox {
    repo.git(["config", "user.name", "Ann"]).success();
    repo.commit("old", leak());
    repo
}

/// The same with its baseline committed.
fn with_baseline() -> Sandbox {
    let repo = with_old_key(Sandbox::with_hook());
    repo.keyguard(["baseline"]).success();
    repo.git(["commit", "--quiet", "-m", "baseline"]).success();
    repo
}

/// Stages a file and commits.
fn commit(repo: &Sandbox, file: &str, content: &str) -> Output {
    repo.write(file, content);
    repo.git(["add", "--force", file]).success();
    repo.git(["commit", "--quiet", "-m", "x"])
}

#[test]
fn what_was_there_does_not_block_and_what_is_new_does() {
    with_both_readers(|repo| {
        repo.commit("old", leak());
        repo.keyguard(["baseline"]).success().stderr("").stdout(str![[r"
kg1:[..]  GitHub personal access token (classic) (checksum valid) in old:1:10
wrote 1 key (1 added) to keyguard.baseline.json and staged it; commit it
They are in the history all the same: revoke what is real.

"]]);
        let commit_it = repo.git(["commit", "--quiet", "-m", "x"]);
        commit_it.success().stderr("keyguard: this commit adds 1 key to keyguard.baseline.json, which do not block\n");

        // In its own file it is expected, wherever it stands there.
        commit(repo, "old", &format!("more\nx = 1; {}", leak())).success().silent();
        repo.keyguard(["scan", "old"]).success().stderr("0 secrets in 1 file (1 allowed)\n");
        // Elsewhere it is said aloud.
        let copy = commit(repo, "copy", &leak());
        copy.success().stderr(format!(
            "keyguard: GitHub personal access token (classic) (checksum valid) in copy:1:10: {ELSEWHERE}\n"
        ));
        let new = commit(repo, "old", &format!("{}{}", leak(), other_leak()));
        new.code(1).says("commit blocked: GitHub personal access token (classic) (checksum valid) in old:2:10\n");
        assert_eq!(new.text().matches("GitHub").count(), 1, "{}", new.text());
    });
}

#[test]
fn the_file_is_sorted_a_line_for_each_key_and_no_finding() {
    let repo = with_old_key(Sandbox::with_hook());
    repo.commit("src/b", leak()).commit("a", other_leak()).commit("c", format!("x = {}\n", fake::stripe_live()));
    repo.keyguard(["baseline"]).success().says("wrote 3 keys (3 added)");
    let text = baseline(&repo);
    let keys: Vec<_> = text.lines().filter(|line| line.contains("\"fingerprint\"")).collect();
    assert!(keys.len() == 3 && keys.is_sorted(), "{text}");
    assert!(text.contains("\"rule\": \"github-pat-classic\", \"paths\": [\"old\", \"src/b\"]}"), "{text}");
    let token = fake::github_pat();
    assert!(!text.contains(&token[4..]), "{text}");
    repo.keyguard(["scan", "--min-confidence", "low", FILE]).success().stderr("0 secrets in 1 file\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn what_is_not_committed_is_not_recorded() {
    let repo = with_old_key(Sandbox::with_hook());
    repo.write(".gitignore", ".env\n").write(".env", other_leak()).write("staged", other_leak());
    repo.write("old", leak() + &other_leak());
    repo.git(["add", "staged"]).success();
    repo.keyguard(["baseline"]).success().says("wrote 1 key (1 added)");
    commit(&repo, ".env", &other_leak()).code(1).says("in .env:1:10");
    // Before the first commit nothing is there.
    let repo = Sandbox::with_hook();
    repo.write("a", leak()).git(["add", "a"]).success();
    let none = repo.keyguard(["baseline"]);
    none.success().stdout("no committed file holds a key that would block, so there is nothing to record\n").stderr("");
    assert!(!repo.root().join(FILE).exists());
}

#[test]
fn twice_is_once_and_what_is_gone_is_dropped() {
    let repo = with_old_key(Sandbox::with_hook());
    repo.commit("two", other_leak());
    repo.keyguard(["baseline"]).success().says("wrote 2 keys (2 added)");
    let (text, old) = (baseline(&repo), status(&repo));
    let again = repo.keyguard(["baseline"]);
    again.success().stdout("keyguard.baseline.json is up to date: 2 keys; nothing was changed\n").stderr("");
    assert_eq!((baseline(&repo), status(&repo)), (text, old));
    repo.git(["commit", "--quiet", "-m", "x"]).success();

    repo.commit("two", "gone\n").commit("three", format!("x = {}\n", fake::stripe_live())).commit("four", leak());
    let check = repo.keyguard(["config", "check"]);
    check.success().stdout(str![[r"
keyguard.baseline.json: kg1:[..] (github-pat-classic) has no use any more in two; `keyguard baseline` drops that
ok: keyguard.baseline.json

"]]);
    let anew = repo.keyguard(["baseline"]);
    anew.success().says("Stripe secret key (high confidence) in three:1:5\nwrote 2 keys (1 added, 1 dropped) to");
    assert!(!baseline(&repo).contains("two") && baseline(&repo).contains("\"four\", \"old\""), "{}", baseline(&repo));
    repo.keyguard(["config", "check"]).success().stdout("ok: keyguard.baseline.json\n");
    // The last one leaves an empty list: the file is the user's.
    repo.commit("old", "").commit("three", "").commit("four", "");
    repo.keyguard(["baseline"]).success().says("wrote 0 keys (2 dropped)");
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
    commit(&repo, "two", &leak()).code(1);
}

#[test]
fn entries_and_markers_need_no_baseline() {
    let repo = with_old_key(Sandbox::with_hook());
    repo.commit("marked", format!("{} # keyguard:allow\n", other_leak().trim()));
    let old = fingerprint(&repo, "old");
    repo.keyguard(["allow", &old, "--reason", "x"]).success();
    repo.keyguard(["baseline"]).success().says("nothing to record");
    // What an expired entry allowed is not made to last by the way.
    let entry = format!("[[allow]]\nfingerprint = \"{old}\"\nreason = \"x\"\nexpires = 2026-01-31\n");
    repo.commit("keyguard.toml", entry);
    let left_out = repo.keyguard(["baseline"]);
    left_out.success().says("1 key is left out: its allow entry has expired, so it blocks again.\n");
    assert!(!repo.root().join(FILE).exists());
}

#[test]
fn an_expired_entry_blocks_whatever_the_baseline_says() {
    let repo = with_baseline();
    let entry = format!("[[allow]]\nfingerprint = \"{}\"\nreason = \"x\"\n", fingerprint(&repo, "old"));
    repo.commit("keyguard.toml", format!("{entry}expires = 2026-01-31\n"));
    let blocked = commit(&repo, "copy", &leak());
    blocked.code(1).says("in copy:1:10").says("expired on 2026-01-31, so it blocks again\n");
    repo.write("keyguard.toml", format!("{entry}expires = 2999-01-31\n"));
    repo.keyguard(["scan", "copy"]).success().stderr("0 secrets in 1 file (1 allowed)\n");
    repo.write("keyguard.toml", "");
    repo.keyguard(["scan", "copy"]).success().says(ELSEWHERE);
}

#[test]
fn the_report_for_machines_says_that_it_was_the_baseline() {
    let repo = with_baseline();
    let scan = repo.keyguard(["scan", "--format", "json", "old"]);
    let report: serde_json::Value = serde_json::from_str(&scan.success().text()).unwrap();
    assert_eq!(report["suppressed"][0]["by"], serde_json::json!({"kind": "baseline", "reason": null, "expires": null}));
    assert_eq!(report["findings"], serde_json::json!([]));
    repo.keyguard(["scan", "-v", "old"]).success().says("in old:1:10 (baseline)\n");
    repo.commit("b", other_leak());
    let written = repo.keyguard(["baseline", "--format", "json"]).success().text();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let expected = serde_json::json!({
        "version": 1, "file": FILE, "keys": 2, "added": 1, "dropped": 0, "written": true, "staged": true,
    });
    assert_eq!(written, expected);
}

#[test]
fn a_commit_goes_with_its_own_version() {
    let repo = with_old_key(Sandbox::with_hook());
    repo.write("copy", leak());
    repo.git(["add", "copy"]).success();
    // One that git does not track counts as it is.
    repo.keyguard(["baseline", "--no-stage"])
        .success()
        .says("\nStage it, then commit it: git add keyguard.baseline.json\n");
    assert_eq!(status(&repo), "A  copy\n?? keyguard.baseline.json\n");
    repo.keyguard(["hook", "pre-commit"]).success().says(ELSEWHERE);
    // A staged one goes before that of the work tree.
    let text = baseline(&repo);
    repo.write(FILE, "{\"version\": 1, \"keys\": []}");
    repo.git(["add", FILE]).success();
    repo.write(FILE, &text);
    let blocked = repo.git(["commit", "-m", "x"]);
    blocked.code(1).says(
        "\nkeyguard.baseline.json in the work tree lists this, but this commit has another version of it; stage it: git \
         add keyguard.baseline.json\n",
    );
    repo.git(["add", FILE]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn other_changes_of_the_file_are_not_staged() {
    let repo = with_baseline();
    repo.commit("b", other_leak());
    repo.write(FILE, baseline(&repo).replace("Keys", "Our keys"));
    repo.keyguard(["baseline"])
        .success()
        .says("it has other changes, so it was not staged.\nStage it, then commit it: ");
    assert_eq!(status(&repo), " M keyguard.baseline.json\n");
}

#[test]
fn it_works_from_anywhere_in_the_repository() {
    let repo = with_old_key(Sandbox::with_hook());
    repo.commit("sub/deep/a", other_leak());
    let at = |args: &[&str]| repo.run("keyguard").args(args).current_dir("sub/deep").output();
    let written = at(&["baseline", "--no-stage"]);
    written.success().says("in sub/deep/a:1:10").says("git add :/keyguard.baseline.json\n");
    assert!(baseline(&repo).contains("[\"sub/deep/a\"]"), "{}", baseline(&repo));
    // Paths of a scan are as they were given; the baseline's count from the root.
    for path in ["a", "./a", "../deep/a", "../../old"] {
        at(&["scan", path]).success().stderr("0 secrets in 1 file (1 allowed)\n");
    }
    at(&["scan", &repo.root().join("old").to_string_lossy()]).success().stderr("0 secrets in 1 file (1 allowed)\n");
    repo.write("sub/deep/b", leak());
    at(&["scan", "b"]).success().says(&format!("in b:1:10: {ELSEWHERE}\n"));
    at(&["scan", "--history"]).success().says("(2 allowed)");
    Sandbox::without_repository().keyguard(["baseline"]).code(2).says("this is not a git repository");
}

#[test]
fn a_broken_baseline_stops_what_needs_it_and_does_not_get_in() {
    let repo = with_baseline();
    let text = baseline(&repo);
    let key = text.lines().find(|line| line.contains("fingerprint")).unwrap();
    let twice = text.replace(key, &format!("{key},\n{key}"));
    let conflict = text.replace(key, &format!("<<<<<<< HEAD\n{key}\n=======\n>>>>>>> other"));
    for (broken, message) in [
        ("{\n  nonsense\n", "keyguard.baseline.json:2:3: key must be a string\nhelp: delete it, and"),
        (&twice, "keyguard.baseline.json:6:6: kg1:"),
        (&conflict, "keyguard.baseline.json:5:1: a merge conflict stands in the baseline\nhelp: take the file of"),
        ("{\"version\": 2}", "keyguard.baseline.json: a newer keyguard wrote it, in version 2;"),
        ("", "keyguard.baseline.json:1:0: EOF"),
    ] {
        let new = commit(&repo, FILE, broken);
        new.code(1).says(&format!("commit blocked: it could not be checked: {message}"));
        repo.keyguard(["hook", "pre-commit"]).code(2).says(message);
        repo.keyguard(["config", "check"]).code(2).says(message);
        repo.keyguard(["scan", "old"]).code(2).says(message);
        repo.keyguard(["baseline"]).code(2).says(message);
        assert_eq!(baseline(&repo), broken);
        // What got in all the same is in nobody's way until there is something to ask it.
        repo.git(["commit", "--quiet", "--no-verify", "-m", "x"]).success();
        commit(&repo, "harmless", message).success().silent();
        commit(&repo, "copy", &format!("# {broken:.3}\n{}", leak())).code(1).says(message);
        repo.git(["reset", "--quiet", "--hard", "HEAD~2"]).success();
    }
    // A key that was pasted into it is not printed.
    let pasted = commit(&repo, FILE, &format!("{{\"{}\": 1}}", fake::github_pat()));
    pasted.code(1).says("unknown field `ghp_****************`");
    assert!(!pasted.text().contains(&fake::github_pat()[4..]), "{}", pasted.text());
}

#[test]
fn line_ends_and_marks_of_the_checkout_are_no_change() {
    let repo = with_baseline();
    let text = format!("\u{feff}{}", baseline(&repo).replace('\n', "\r\n"));
    repo.write(FILE, text.trim_start_matches('\u{feff}'));
    repo.keyguard(["baseline"]).success().says("is up to date: 1 key; nothing was changed");
    repo.write(FILE, &text);
    repo.keyguard(["scan", "old"]).success();
    repo.commit("b", other_leak());
    repo.keyguard(["baseline"]).success();
    assert_eq!(baseline(&repo).matches('\n').count(), baseline(&repo).matches("\r\n").count());
}

#[test]
fn under_a_policy_it_counts_like_entries_by_fingerprint() {
    let repo = with_baseline();
    let folder = repo.home().join(".config/keyguard");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "enforce = true\n").unwrap();
    commit(&repo, "copy", &leak()).success().says(ELSEWHERE);
    commit(&repo, "new", &other_leak()).code(1).says("in new:1:10");
}

#[test]
fn a_push_goes_with_the_baseline_of_its_tip() {
    let repo = with_old_key(Sandbox::new());
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../remote"]).success();
    repo.git(["remote", "add", "origin", "../remote"]).success();
    repo.keyguard(["install", "--hook", "pre-push"]).success();
    let push = |what: &str| repo.git(["push", "--quiet", "origin", what]);
    push("main").code(1).says("push blocked: GitHub");
    repo.keyguard(["baseline"]).success();
    // The work tree's is not asked.
    push("main").code(1).says("push blocked: GitHub");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    push("main~1:refs/heads/topic").code(1).says("push blocked: GitHub");
    push("main").success().silent();
    repo.commit(FILE, "nonsense").commit("b", other_leak());
    push("main").code(1).says("in the commit that is pushed: keyguard.baseline.json:1:2: ");
}

#[test]
fn a_server_goes_with_the_baseline_of_its_default_branch() {
    let repo = with_old_key(Sandbox::new());
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../server"]).success();
    repo.git(["remote", "add", "origin", "../server"]).success();
    repo.run("keyguard").args(["install", "--hook", "pre-receive"]).current_dir("../server").output().success();
    let push = |what: &str| repo.git(["push", "--quiet", "origin", what]);
    repo.git(["checkout", "--quiet", "--orphan", "clean"]).success();
    repo.git(["rm", "--quiet", "-rf", "."]).success();
    repo.commit("file", "x\n");
    push("clean:main").success().silent();
    // What is pushed decides nothing.
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.keyguard(["baseline"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    push("main:topic").code(1).says("push rejected: GitHub");
    // What the default branch has, does.
    repo.git(["checkout", "--quiet", "clean"]).success();
    repo.git(["checkout", "--quiet", "main", "--", FILE]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    push("clean:main").success().silent();
    push("main:topic").success();
    // A broken one does not get there.
    repo.commit(FILE, "nonsense");
    push("clean:main").code(1).says("in what is pushed to the default branch: keyguard.baseline.json:1:2: ");
    push("clean:aside").success().silent();
}

#[test]
fn a_pair_is_recorded_with_both_halves() {
    let repo = Sandbox::with_hook();
    let (id, secret) = fake::aws_pair();
    repo.commit("aws", format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"));
    repo.keyguard(["baseline"]).success().says("wrote 2 keys (");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    commit(&repo, "one", &format!("aws_access_key_id = {id}\n")).success().says(ELSEWHERE);
    commit(&repo, "other", &format!("aws_secret_access_key = {secret}\n")).success().says(ELSEWHERE);
}

#[cfg(unix)]
#[test]
fn odd_names_of_files_are_listed() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = Sandbox::with_hook();
    let name = std::ffi::OsStr::from_bytes(b"50% \xff\x1b[31m\n\"x");
    repo.write(name, leak()).write("50%", other_leak());
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--no-verify", "-m", "x"]).success();
    let written = repo.keyguard(["baseline"]);
    written.success().says("wrote 2 keys");
    assert!(!written.text().contains('\u{1b}'), "{}", written.text());
    let text = baseline(&repo);
    assert!(text.contains(r#"["50%"]}"#) && text.contains(r#""path_encoding": "percent"}"#), "{text}");
    repo.keyguard(["config", "check"]).success().stdout("ok: keyguard.baseline.json\n");
    repo.keyguard(["scan", "."]).success().stderr("0 secrets in 3 files (2 allowed)\n");
}

#[cfg(unix)]
#[test]
fn links_and_read_only_files_are_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let repo = with_old_key(Sandbox::with_hook());
    fs::write(repo.tmp("target"), "theirs").unwrap();
    symlink("../target", repo.root().join(FILE)).unwrap();
    repo.keyguard(["baseline"]).code(2).says("`keyguard.baseline.json` is a link or a folder, and is not read\nhelp: ");
    assert_eq!(fs::read_to_string(repo.tmp("target")).unwrap(), "theirs");
    fs::remove_file(repo.root().join(FILE)).unwrap();
    for (verb, file) in [("baseline", FILE), ("allow", "keyguard.toml")] {
        let content = if verb == "baseline" { "{\"version\": 1, \"keys\": []}" } else { "# ours\n" };
        repo.write(file, content);
        let place = repo.root().join(file);
        fs::set_permissions(&place, fs::Permissions::from_mode(0o444)).unwrap();
        let args: &[&str] = if verb == "baseline" { &["baseline"] } else { &["allow", "--last", "--reason", "x"] };
        repo.write("old", other_leak());
        repo.keyguard(args).code(2).says("is read-only, so it is left alone\nhelp: make it writable first");
        assert_eq!(fs::read_to_string(&place).unwrap(), content);
        fs::remove_file(place).unwrap();
    }
}

/// Names in the work tree that a killed run has left.
#[cfg(unix)]
fn leftovers(repo: &Sandbox) -> usize {
    let names = fs::read_dir(repo.root()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(".keyguard-")).count()
}

#[cfg(unix)]
#[test]
fn killed_at_any_call_the_old_or_the_new_files_stand_there() {
    let repo = with_old_key(Sandbox::new());
    if !kill_works(&repo) {
        return;
    }
    repo.commit("keyguard.toml", "# ours\n").commit(FILE, "{\"version\": 1, \"keys\": []}");
    let key = fingerprint(&repo, "old");
    for (args, file) in [(&["baseline"][..], FILE), (&["allow", &key, "--days", "9", "--reason", "x"], "keyguard.toml")]
    {
        let read = || fs::read_to_string(repo.root().join(file)).unwrap();
        let old = read();
        repo.keyguard(args).success();
        let new = read();
        assert_ne!(old, new);
        let mut states = Vec::new();
        at_every_call(|moment| {
            repo.git(["reset", "--quiet", "--hard"]).success();
            let is_killed = kill_at(&repo, args, moment);
            let state = read();
            assert!(state == old || state == new, "{moment:?}: {state}");
            assert_eq!(leftovers(&repo), 0, "in the work tree after a kill at {moment:?}");
            if !states.contains(&state) {
                states.push(state);
            }
            repo.keyguard(args).success();
            assert_eq!((read(), leftovers(&repo)), (new.clone(), 0), "again after a kill at {moment:?}");
            is_killed
        });
        assert_eq!(states.len(), 2, "{args:?} was killed before and after");
        repo.git(["reset", "--quiet", "--hard"]).success();
    }
}

#[cfg(unix)]
#[test]
fn what_a_killed_run_left_is_removed_and_nothing_else() {
    let repo = with_old_key(Sandbox::new());
    for name in
        [".keyguard.baseline.json.keyguard-aB3xYz", ".keyguard.baseline.json.keyguard-notes", ".keyguard-aB3xYz"]
    {
        repo.write(name, "x");
    }
    let held = fs::File::create(repo.root().join(".keyguard.baseline.json.keyguard-000000")).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    repo.keyguard(["baseline"]).success();
    assert_eq!(
        status(&repo),
        "A  keyguard.baseline.json\n?? .keyguard-aB3xYz\n?? .keyguard.baseline.json.keyguard-000000\n\
         ?? .keyguard.baseline.json.keyguard-notes\n"
    );
}
