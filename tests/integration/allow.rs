//! Saying that something is no secret: `keyguard allow`, the entries that it writes, and markers in the text.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake};

const OPENING: &str = "# What keyguard is told about this repository. Every key: `keyguard config show`.\n";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

fn other_leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat_other())
}

/// The fingerprint that a report gives.
#[track_caller]
fn fingerprint(output: &Output) -> String {
    let found = output.text().split("allow kg1:").nth(1).and_then(|rest| rest.get(..16)).map(str::to_owned);
    format!("kg1:{}", found.unwrap_or_else(|| panic!("no fingerprint in\n{}", output.text())))
}

fn config(repo: &Sandbox) -> String {
    fs::read_to_string(repo.root().join("keyguard.toml")).unwrap()
}

fn status(repo: &Sandbox) -> String {
    repo.git(["status", "--porcelain"]).text()
}

/// A repository with a name in its configuration, a first commit and a hook.
fn repository() -> Sandbox {
    let repo = Sandbox::with_hook();
    repo.git(["config", "user.name", "Ann"]).success();
    repo.commit("a", "x\n").commit("other", "x\n");
    repo
}

/// A text with a token, staged.
fn staged(content: &str) -> Sandbox {
    let repo = repository();
    repo.write("a", content);
    repo.git(["add", "a"]).success();
    repo
}

#[test]
fn the_next_commit_passes_and_another_key_on_the_line_does_not() {
    let repo = staged(&leak());
    let blocked = repo.git(["commit", "-m", "x"]);
    let fingerprint = fingerprint(blocked.code(1));
    let allow = repo.keyguard(["allow", &fingerprint, "--reason", "public demo"]);
    allow.success().stdout("added 1 entry to keyguard.toml and staged it; commit again\n").stderr("");
    let entry = format!("\n[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"public demo\"\nby = \"Ann\"\n");
    assert_eq!(config(&repo), format!("{OPENING}{entry}"));
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    commit.success().stdout("").stderr("keyguard: this commit adds 1 allow entry to keyguard.toml\n");
    repo.git(["status", "--porcelain"]).silent();

    // A change of the line, another place, and another token on that line.
    repo.write("a", format!("const {}", leak())).write("b", leak());
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "y"]).success().silent();
    repo.write("a", format!("{} {}", leak().trim(), other_leak()));
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "-m", "z"]);
    commit.code(1).says("GitHub personal access token (classic) (checksum valid) in a:1:61");
    assert!(!commit.text().contains(&fake::github_pat_other()[4..]), "{}", commit.text());
}

#[test]
fn a_commit_that_adds_entries_says_so() {
    let repo = repository();
    let entry =
        |digit: u8| format!("[[allow]]\nfingerprint = \"kg1:{}\"\nreason = \"x\"\n\n", digit.to_string().repeat(16));
    let commit = |content: &str| {
        repo.write("keyguard.toml", content);
        repo.git(["add", "."]).success();
        repo.git(["commit", "--quiet", "-m", "x"])
    };
    commit(&(entry(1) + &entry(2))).success().stderr("keyguard: this commit adds 2 allow entries to keyguard.toml\n");
    commit(&(entry(2) + &entry(1))).success().silent();
    commit(&entry(2)).success().silent();
    commit(&entry(2).replace("\"x\"", "\"y\""))
        .success()
        .stderr("keyguard: this commit adds 1 allow entry to keyguard.toml\n");
}

#[test]
fn last_allows_what_blocks_the_staged_changes() {
    let repo = staged(&(leak() + &other_leak() + &leak()));
    repo.write("b", leak()).write("other", format!("x = {}\n", fake::stripe_live()));
    repo.git(["add", "b"]).success();
    repo.git(["commit", "-m", "x"]).code(1).says("keyguard allow --last");
    let allow = repo.keyguard(["allow", "--last", "--reason", "samples"]);
    allow.success().stderr("").stdout(str![[r"
kg1:[..]  GitHub personal access token (classic) in a:[..]:10
kg1:[..]  GitHub personal access token (classic) in a:[..]:10
added 2 entries to keyguard.toml and staged it; commit again

"]]);
    assert!(!allow.text().contains(&fake::github_pat()[4..]), "{}", allow.text());
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    // The key in an unstaged file is not among them.
    repo.git(["commit", "-am", "y"]).code(1).says("other:1:5");
}

#[test]
fn last_looks_at_tracked_files_when_nothing_staged_blocks() {
    let repo = repository();
    repo.write("a", leak()).write("untracked", other_leak());
    let objects = || repo.git(["count-objects", "-v"]).text();
    let index = || fs::read(repo.root().join(".git/index")).unwrap();
    let diff = || (repo.git(["diff"]).text(), repo.git(["diff", "--cached", "--", "a", "other"]).text());
    repo.git(["commit", "-am", "x"]).code(1);
    repo.git(["status"]).success();
    let before = (objects(), index(), diff());
    let (old, tmp) = (status(&repo), repo.tmp("tmp"));
    fs::create_dir(&tmp).unwrap();
    let allow =
        repo.run("keyguard").args(["allow", "--last", "--no-stage", "--reason", "x"]).env("TMPDIR", &tmp).output();
    allow.success().stderr("").stdout(str![[r"
nothing staged blocks, so this looked at all tracked files, as `git commit -a` does
kg1:[..]  GitHub personal access token (classic) in a:1:10
added 1 entry to keyguard.toml and did not stage it.
Stage it, then commit again: git add keyguard.toml

"]]);
    assert_eq!((objects(), index(), diff()), before, "neither objects nor index nor files have changed");
    assert_eq!(
        status(&repo),
        format!("{old}?? keyguard.toml\n")
            .replace("?? untracked\n?? keyguard.toml\n", "?? keyguard.toml\n?? untracked\n")
    );
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0, "nothing is left behind");
    repo.git(["commit", "--quiet", "-am", "x"]).success();
}

#[test]
fn last_has_nothing_to_do() {
    let repo = repository();
    let allow = repo.keyguard(["allow", "--last", "--reason", "x"]);
    allow.success().stdout("nothing blocks, neither in the staged changes nor in those of tracked files\n").stderr("");
    assert!(!repo.root().join("keyguard.toml").exists());
}

/// Before anything is tracked, and before the first commit.
#[test]
fn an_empty_repository_is_told_in_our_own_words() {
    let nothing = "nothing blocks, neither in the staged changes nor in those of tracked files\n";
    for arrange in [|_: &Sandbox| {}, |repo: &Sandbox| drop(repo.git(["add", "a"]))] {
        let repo = Sandbox::new();
        repo.write("a", "text\n").write("untracked", leak());
        arrange(&repo);
        repo.keyguard(["allow", "--last", "--reason", "x"]).success().stdout(nothing).stderr("");
        repo.keyguard(["fix"]).success().stdout(nothing).stderr("");
        repo.keyguard(["allow", "kg1:0123456789abcdef", "--reason", "x"])
            .success()
            .says("no key here has the fingerprint");
        assert!(repo.root().join("untracked").exists());
    }
}

#[test]
fn a_reason_holds_no_key() {
    let repo = staged(&leak());
    let fingerprint = fingerprint(&repo.keyguard(["scan", "--staged"]));
    let (token, other) = (fake::github_pat(), fake::github_pat_other());
    for named in [&[fingerprint.as_str()][..], &["--last"], &["--path", "x/**", "--rule", "jwt"]] {
        for reason in [
            format!("{other} is a test key"),
            format!("key {token} of the demo"),
            format!("password = \"{}\"", fake::letters("reason", "abcdefghkmnpqrstuvwxyzABCDEFGHKMNPQ23456789", 32)),
            format!("{other} # keyguard:allow -- no"),
            fake::postgres_url(),
        ] {
            let refused = repo.run("keyguard").args(["allow"]).args(named).args(["--reason", &reason]).output();
            refused.code(2).stdout("").says("error: the reason holds a key: ").says("\nhelp: say in words");
            assert!(!refused.text().contains(&reason), "{}", refused.text());
            assert!(!refused.text().contains(&token) && !refused.text().contains(&other), "{}", refused.text());
            assert!(!repo.root().join("keyguard.toml").exists());
        }
    }
    // The name goes there, too.
    repo.git(["config", "user.name", &other]).success();
    repo.keyguard(["allow", "--last", "--reason", "a demo"])
        .code(2)
        .says("error: the name of the user in git's configuration holds a key: GitHub personal access token");
    assert!(!repo.root().join("keyguard.toml").exists());
    repo.git(["config", "user.name", "Ann"]).success();
    let allow =
        repo.keyguard(["allow", "--last", "--reason", "the public demo's key, see https://example.com/docs#key"]);
    allow.success();
    // Not even one that is allowed.
    repo.keyguard(["allow", "--last", "--reason", &token])
        .code(2)
        .says("the reason holds a key: GitHub personal access token");
}

/// What hides a whole language or kind is told when it is checked, when it comes in, and by `doctor`.
#[test]
fn broad_entries_are_told() {
    let repo = repository();
    let entry = |fields: &str| format!("[[allow]]\n{fields}\nreason = \"x\"\n\n");
    let broad =
        entry("path = \"**/*.py\"") + &entry("regex = \"^xox\"") + &entry("path = \"tests/**\"\nregex = \"^xox\"");
    repo.write("keyguard.toml", &broad).git(["add", "."]).success();
    let told = repo.keyguard(["config", "check"]);
    told.success().stdout(str![[r"
keyguard.toml:1:1: the allow entry for path `**/*.py` covers nearly every .py file; is that meant?
keyguard.toml:5:1: the allow entry for regex `^xox` matches nearly every key of [..] kinds, such as [..]; is that meant?
keyguard.toml:1:1: the allow entry for path `**/*.py` matches nothing that is tracked
keyguard.toml:5:1: the allow entry for regex `^xox` matches nothing that is tracked
keyguard.toml:9:1: the allow entry for path `tests/**`, regex `^xox` matches nothing that is tracked
ok: keyguard.toml

"]]);
    repo.keyguard(["doctor"]).code(0).says("by the allow entry for path `**/*.py` (covers nearly every .py file)");
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    commit.success().stderr(str![[r"
keyguard: this commit adds 3 allow entries to keyguard.toml
keyguard: this commit has keyguard block less, by the allow entry for regex `^xox` (matches nearly every key of [..] kinds, such as [..]), the allow entry for path `**/*.py` (covers nearly every .py file) in keyguard.toml

"]]);
    // Told once.
    repo.write("keyguard.toml", broad + &entry("path = \"docs/**\"")).git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "x"])
        .success()
        .stderr("keyguard: this commit adds 1 allow entry to keyguard.toml\n");
}

/// Whether the very command that was blocked passes after `allow --last`.
#[track_caller]
fn blocked_then_passes(repo: &Sandbox, args: &[&str], input: &str) {
    let commit = || repo.run("git").args(["commit", "--quiet", "-m", "x"]).args(args).input(input).output();
    let commits = repo.git(["rev-list", "--all", "--count"]).text();
    commit().code(1).says("commit blocked");
    repo.keyguard(["allow", "--last", "--reason", "x"]).success();
    commit().success();
    let amended = args.contains(&"--amend");
    assert_eq!(repo.git(["rev-list", "--all", "--count"]).text() == commits, amended);
}

#[test]
fn the_very_same_command_passes() {
    for with_config in ["no file", "a tracked file"] {
        let new = || {
            let repo = repository();
            if with_config == "a tracked file" {
                repo.commit("keyguard.toml", "# ours\n");
            }
            repo.write("a", leak());
            repo
        };
        let repo = new();
        repo.git(["add", "a"]).success();
        blocked_then_passes(&repo, &[], "");
        blocked_then_passes(&new(), &["-a"], "");
        blocked_then_passes(&new(), &["-p"], "y\n");
        blocked_then_passes(&new(), &["-a", "--amend"], "");
        blocked_then_passes(&new(), &["--include", "a"], "");
        let repo = new();
        repo.git(["add", "a"]).success();
        blocked_then_passes(&repo, &["--amend"], "");
    }
}

#[test]
fn a_commit_of_single_paths_names_the_file() {
    // A new keyguard.toml is not in the commit's own index, so that of the work tree counts.
    let repo = repository();
    repo.write("a", leak());
    blocked_then_passes(&repo, &["a"], "");
    assert_eq!(status(&repo), "A  keyguard.toml\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success();

    // A tracked one counts as this commit has it.
    repo.write("a", other_leak());
    let commit = |paths: &[&str]| repo.run("git").args(["commit", "--quiet", "-m", "x"]).args(paths).output();
    let blocked = commit(&["a"]);
    blocked.code(1).says("\nTo allow something in a commit of single paths, name :/keyguard.toml among the paths.\n");
    repo.keyguard(["allow", "--last", "--reason", "x"]).success();
    let again = commit(&["a"]);
    again.code(1).says("keyguard.toml in the work tree allows this, but this commit has another version of it; ");
    again.says("name it in the command: git commit PATH :/keyguard.toml\n");
    commit(&["a", "keyguard.toml"]).success().stderr("keyguard: this commit adds 1 allow entry to keyguard.toml\n");
    repo.git(["status", "--porcelain"]).silent();
}

#[test]
fn a_file_changed_in_the_second_of_the_index_is_seen() {
    let repo = repository();
    repo.git(["config", "core.trustctime", "false"]).success();
    let moment = SystemTime::now() - Duration::from_secs(60);
    let date = |file: &str| {
        File::options().write(true).open(repo.root().join(file)).unwrap().set_modified(moment).unwrap();
    };
    repo.write("a", "x".repeat(leak().len()));
    date("a");
    repo.git(["commit", "--quiet", "-a", "-m", "x"]).success();
    // The same size and time as what is staged: only the index's own time tells that it may be another text.
    repo.write("a", leak());
    date("a");
    date(".git/index");
    let allow = repo.keyguard(["allow", "--last", "--reason", "x"]);
    allow.success().says("nothing staged blocks, so this looked at all tracked files").says(" in a:1:");
}

#[test]
fn other_changes_of_the_file_are_not_staged() {
    let repo = repository();
    repo.commit("keyguard.toml", "# ours\n").write("keyguard.toml", "# ours\nmin-confidence = \"low\"\n");
    repo.write("a", leak()).git(["add", "a"]).success();
    let blocked = repo.git(["commit", "-m", "x"]);
    let fingerprint = fingerprint(blocked.code(1));
    let allow = || repo.keyguard(["allow", &fingerprint, "--reason", "x"]);
    allow().success().stdout(str![[r"
added 1 entry to keyguard.toml; it has other changes, so it was not staged.
Stage it, then commit again: git add keyguard.toml

"]]);
    assert_eq!(status(&repo), "M  a\n M keyguard.toml\n");
    allow().success().stdout(str![[r"
already allowed in keyguard.toml; nothing was changed
Stage it, then commit again: git add keyguard.toml

"]]);
    let again = repo.git(["commit", "-m", "x"]);
    again.code(1).says("but this commit has another version of it; stage it: git add keyguard.toml");
    repo.git(["add", "keyguard.toml"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn staged_changes_of_the_file_stay_staged() {
    let repo = staged(&leak());
    repo.write("keyguard.toml", "min-confidence = \"low\"\n");
    repo.git(["add", "keyguard.toml"]).success();
    repo.keyguard(["allow", "--last", "--reason", "x"]).success().says("and staged it; commit again");
    assert_eq!(status(&repo), "M  a\nA  keyguard.toml\n");
    assert!(config(&repo).starts_with("min-confidence = \"low\"\n\n[[allow]]\n"), "{}", config(&repo));
}

#[test]
fn no_stage_leaves_it_to_the_user() {
    let repo = repository();
    repo.commit("keyguard.toml", "").write("a", leak());
    repo.git(["add", "a"]).success();
    let allow = repo.keyguard(["allow", "--last", "--no-stage", "--reason", "x"]);
    allow.success().says("and did not stage it.\nStage it, then commit again: git add keyguard.toml\n");
    assert_eq!(status(&repo), "M  a\n M keyguard.toml\n");
}

#[test]
fn a_file_that_git_does_not_track_stays_so() {
    let repo = staged(&leak());
    repo.write("keyguard.toml", "# mine\n");
    let allow = repo.keyguard(["allow", "--last", "--reason", "x"]);
    allow
        .success()
        .says("added 1 entry to keyguard.toml; git does not track it yet, so it counts as it is. Commit again\n");
    assert_eq!(status(&repo), "M  a\n?? keyguard.toml\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();

    let repo = staged(&leak());
    repo.write(".git/info/exclude", "*.toml\n");
    let allow = repo.keyguard(["allow", "--last", "--reason", "x"]);
    allow
        .success()
        .says("added 1 entry to keyguard.toml; git ignores that file, so it counts for you alone. Commit again\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
    repo.write("a", other_leak());
    repo.git(["add", "a"]).success();
    repo.keyguard(["allow", "--last", "--reason", "x"]).success().says("Commit again");
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
}

#[test]
fn it_works_from_anywhere_in_the_repository() {
    // Before the first commit, from a folder below.
    let repo = Sandbox::with_hook();
    repo.write("sub/deep/a", leak());
    repo.git(["add", "."]).success();
    let at = |program: &str, folder: &str, args: &[&str]| repo.run(program).current_dir(folder).args(args).output();
    at("git", "sub/deep", &["commit", "-m", "x"]).code(1);
    at("keyguard", "sub/deep", &["allow", "--last", "--reason", "x"]).success().says("and staged it");
    at("git", "sub/deep", &["commit", "--quiet", "-m", "x"]).success();
    assert!(!repo.root().join("sub/deep/keyguard.toml").exists() && config(&repo).contains("kg1:"));
    // Without a name in git's configuration there is no `by`.
    assert!(!config(&repo).contains("by = "), "{}", config(&repo));

    // In a linked worktree, where the file is one of its own.
    repo.git(["worktree", "add", "--quiet", "../linked"]).success();
    fs::write(repo.tmp("linked/b"), other_leak()).unwrap();
    at("git", "../linked", &["add", "b"]).success();
    at("git", "../linked", &["commit", "-m", "x"]).code(1);
    at("keyguard", "../linked", &["allow", "--last", "--reason", "x"]).success().says("and staged it");
    at("git", "../linked", &["commit", "--quiet", "-m", "x"]).success();
    assert_eq!(config(&repo).matches("kg1:").count(), 1);
    fs::write(repo.tmp("linked/b"), format!("x = {}\n", fake::stripe_live())).unwrap();
    at("git", "../linked", &["commit", "-am", "x"]).code(1);
    at("keyguard", "../linked", &["allow", "--last", "--reason", "x"]).success().says("looked at all tracked files");
    at("git", "../linked", &["commit", "--quiet", "-am", "x"]).success();

    Sandbox::without_repository().keyguard(["allow", "--last", "--reason", "x"]).code(2).says("not a git repository");
}

#[test]
fn entries_are_sorted_and_written_once() {
    let repo = repository();
    let text = "# head\n\n# why this place\n[[allow]]\npath = \"docs/**\" # here\nreason = \"samples\"\n\n# tail\n[scan]\nbinary = \"skip\"\n";
    repo.commit("keyguard.toml", text);
    let digits = ["9", "1", "5", "1"].map(|digit| format!("kg1:{}", digit.repeat(16)));
    let allow = |names: &[&String]| repo.run("keyguard").args(["allow", "--reason", "x"]).args(names).output();
    allow(&digits.iter().collect::<Vec<_>>())
        .success()
        .stdout("added 3 entries to keyguard.toml and staged it; commit again\n");
    let entry = |digit: &str| {
        format!("\n[[allow]]\nfingerprint = \"kg1:{}\"\nreason = \"x\"\nby = \"Ann\"\n", digit.repeat(16))
    };
    let (before, after) = text.split_at(text.find("\n# tail").unwrap());
    assert_eq!(config(&repo), [before, &entry("1"), &entry("5"), &entry("9"), after].concat());
    allow(&[&digits[0]]).success().stdout("already allowed in keyguard.toml; nothing was changed\n");
    allow(&[&digits[0], &"kg1:0000000000000000".to_owned()])
        .success()
        .stdout("added 1 entry to keyguard.toml and staged it; commit again\n");
    assert_eq!(config(&repo).matches("kg1:").count(), 4);
}

#[cfg(unix)]
#[test]
fn the_mode_of_the_file_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = repository();
    let mode = |repo: &Sandbox| fs::metadata(repo.root().join("keyguard.toml")).unwrap().permissions().mode() & 0o777;
    for wanted in [0o600, 0o640, 0o755] {
        repo.write("keyguard.toml", "");
        fs::set_permissions(repo.root().join("keyguard.toml"), fs::Permissions::from_mode(wanted)).unwrap();
        repo.keyguard(["allow", "kg1:0000000000000000", "--reason", "x"]).success();
        assert_eq!(mode(&repo), wanted);
    }
    let left: Vec<_> = fs::read_dir(repo.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn marks_and_line_ends_stay() {
    let repo = repository();
    repo.write("keyguard.toml", "\u{feff}# ours\r\nmin-confidence = \"low\"\r\n");
    repo.keyguard(["allow", "kg1:0000000000000000", "--reason", "x"]).success();
    let text = config(&repo);
    assert!(text.starts_with("\u{feff}# ours\r\nmin-confidence = \"low\"\r\n\r\n[[allow]]\r\n"), "{text}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    repo.keyguard(["config", "check"]).success();
}

#[test]
fn texts_of_people_are_written_safely() {
    let repo = repository();
    repo.git(["config", "user.name", "O'Hara \"Ann\"\u{1b}[31m\nb = 1"]).success();
    let allow =
        repo.keyguard(["allow", "kg1:0000000000000000", "--reason", "a \"b\" 'c' \\ \u{1b}]0;x\u{7}\n[[allow]]"]);
    allow.success();
    let text = config(&repo);
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
    assert_eq!(text.lines().count(), 6, "each value is one line\n{text}");
    let show = repo.keyguard(["config", "show"]);
    show.success()
        .says("a \\\"b\\\" 'c' \\\\ \\u001B]0;x\\u0007 [[allow]]")
        .says("O'Hara \\\"Ann\\\"\\u001B[31m b = 1");
    assert_eq!(show.text().matches("[[allow]]  # ").count(), 1, "{}", show.text());
}

#[test]
fn nothing_is_written_that_would_not_work() {
    let repo = repository();
    for (args, message) in [
        (
            &["allow", "kg1:12", "--reason", "x"][..],
            "this is no fingerprint: a fingerprint is `kg1:` and 16 hex digits",
        ),
        (&["allow", &fake::github_pat(), "--reason", "x"], "this is no fingerprint"),
        (&["allow", "kg1:0000000000000000", "--reason", " "], "the reason says nothing\nhelp: "),
        (&["allow", "kg1:0000000000000000"], "--reason"),
        (&["allow", "--reason", "x"], "required"),
        (&["allow", "--last", "kg1:0000000000000000", "--reason", "x"], "cannot be used with"),
    ] {
        let output = repo.keyguard(args);
        output.code(2).says(message);
        assert!(!output.text().contains(&fake::github_pat()[4..]), "{}", output.text());
        assert!(!repo.root().join("keyguard.toml").exists());
    }
    let huge = "[[rule]]\nid = \"a-b\"\ntitle = \"x\"\nregex = '(?:[a-z]{0,1000}){1,1000}y'\n";
    for (broken, message) in
        [("nonsense", "keyguard.toml:1:9: "), (huge, "keyguard.toml:4:9: `regex` of `[[rule]]` is too large")]
    {
        repo.write("keyguard.toml", broken);
        repo.keyguard(["allow", "kg1:0000000000000000", "--reason", "x"]).code(2).says(message);
        assert_eq!(config(&repo), broken);
    }
}

#[test]
fn entries_by_place_and_kind_hold_where_all_fields_do() {
    let repo = repository();
    repo.write("src/deep/a", leak());
    let token = fake::github_pat();
    let code = |fields: &str, code: i32| {
        repo.write("keyguard.toml", format!("[[allow]]\nreason = \"x\"\n{fields}\n"));
        repo.keyguard(["scan", "src"]).code(code);
    };
    code("path = \"src/**\"", 0);
    code("path = \"src/*\"", 1);
    code("path = \"*/deep/?\"", 0);
    code("path = \"deep/a\"", 1);
    code("path = \"src/**\"\nrule = \"jwt\"", 1);
    code("path = \"src/**\"\nrule = \"github-pat-classic\"", 0);
    // The secret alone is looked at, not its line.
    code("regex = \"^token\"", 1);
    code("regex = \"^ghp_\"", 0);
    code("regex = \"^ghp_\"\nstopword = \"nowhere\"", 1);
    code(&format!("stopword = \"{}\"", token[10..20].to_ascii_uppercase()), 0);
    code("stopword = \"token\"", 1);
    let fingerprint = fingerprint(&repo.keyguard(["scan", "src"]));
    code(&format!("fingerprint = \"{fingerprint}\""), 0);
    code(&format!("fingerprint = \"{fingerprint}\"\npath = \"other\""), 1);
    code(&format!("fingerprint = \"{fingerprint}\"\nrule = \"jwt\""), 1);
    code(&format!("path = \"**\"\nfingerprint = \"{fingerprint}\""), 0);
}

#[test]
fn expired_entries_block_again() {
    let repo = staged(&leak());
    let blocked = repo.git(["commit", "-m", "x"]);
    let fingerprint = fingerprint(blocked.code(1));
    let entry = |expires: &str| {
        let entry = format!(
            "[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"x\"\nby = \"A\\u001bnn\"\nexpires = {expires}\n"
        );
        repo.write("keyguard.toml", entry);
        repo.git(["commit", "--quiet", "-m", "x"])
    };
    let notice = format!(
        "\nkeyguard: the allow entry for {fingerprint} (by A\\u{{1b}}nn) expired on 2026-01-31, so it blocks again\n"
    );
    entry("2026-01-31").code(1).says("commit blocked: GitHub").says(&notice);
    repo.keyguard(["scan", "--staged"]).code(1).says(&notice);
    // The entry that `allow` renews counts from now on.
    repo.keyguard(["allow", &fingerprint, "--reason", "y"]).success().says("renewed 1 entry");
    repo.keyguard(["scan", "--staged", "-q"]).success();
    entry("2999-12-31").success().silent();
}

#[test]
fn the_last_day_of_an_entry_counts() {
    let repo = staged(&leak());
    let fingerprint = fingerprint(&repo.keyguard(["scan", "--staged"]));
    let today = time::OffsetDateTime::now_utc().date();
    for (day, code) in [(today, 0), (today.next_day().unwrap(), 0), (today.previous_day().unwrap(), 1)] {
        let entry = format!("[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"x\"\nexpires = {day}\n");
        repo.write("keyguard.toml", entry);
        repo.keyguard(["scan", "--staged", "-q"]).code(code);
    }
}

/// Scans `text`, in which `@` stands for a token, as a file called `name`; gives the lines that count.
fn lines_that_count(name: &str, text: &str) -> Vec<String> {
    let repo = Sandbox::new();
    repo.write(name, text.replace('@', &fake::github_pat()));
    let scan = repo.keyguard(["scan", "--format", "json", name]);
    assert!(!scan.text().contains(&fake::github_pat()[4..]), "{}", scan.text());
    let report: serde_json::Value = serde_json::from_str(&scan.text()).unwrap();
    report["findings"].as_array().unwrap().iter().map(|finding| finding["line"].to_string()).collect()
}

#[test]
fn markers_hold_on_their_line_and_alone_on_the_line_above() {
    for (text, lines) in [
        ("t = @ # keyguard:allow\nt = @\n", &["2"][..]),
        ("/* keyguard:allow */ t = @\nt = @\n", &["2"]),
        ("# keyguard:allow\nt = @\nt = @\n", &["3"]),
        ("  // keyguard:allow -- made up\n  t = @\n", &[]),
        ("x # keyguard:allow\nt = @\n", &["2"]),
        ("# keyguard:allow\n\nt = @\n", &["3"]),
        ("t = @\n# keyguard:allow\n", &["1"]),
        ("t = @ # keyguard:allow github-pat-classic\n", &[]),
        ("t = @ # keyguard:allow jwt, github-pat-classic -- two kinds\n", &[]),
        ("# keyguard:allow jwt github-pat-classic\nt = @\n", &[]),
        ("t = @ # keyguard:allow jwt\n", &["1"]),
        ("# keyguard:allow jwt -- github-pat-classic\nt = @\n", &["2"]),
        ("t = @ # keyguard:allowed\n", &["1"]),
        ("t = @ # keyguard:allow-all\n", &["1"]),
        ("t = @ # keyguard: allow\n", &["1"]),
        // A marker is a word of its own, with nothing but rules and a reason behind it.
        ("t = \"@ keyguard:allow\"\n", &["1"]),
        ("t = \"@keyguard:allow\"\n", &["1"]),
    ] {
        assert_eq!(lines_that_count("a", text), lines, "{text}");
    }
}

#[test]
fn markers_end_with_their_comment() {
    for text in [
        "<!-- keyguard:allow -->\n<a t=\"@\">\n",
        "<a t=\"@\"> <!-- keyguard:allow github-pat-classic -- sample -->\n",
        "t = \"@\"; /* keyguard:allow github-pat-classic */ x = 1;\n",
        "/* keyguard:allow github-pat-classic -- sample */\nt = \"@\";\n",
        "{# keyguard:allow github-pat-classic #}\n{{ \"@\" }}\n",
        "{{!-- keyguard:allow github-pat-classic --}}\n\"@\"\n",
        "-- keyguard:allow github-pat-classic -- sql\nselect '@'\n",
        "# keyguard:allow github-pat-classic\r\nt = @\r\n",
        "t = @ # keyguard:allow github-pat-classic\r\n",
        "t = @ # keyguard:allow\r\n",
        "# keyguard:allow\r\nt = @\r\n",
    ] {
        assert!(lines_that_count("a", text).is_empty(), "{text}");
        if text.contains("github-pat-classic") {
            assert!(!lines_that_count("a", &text.replace("github-pat-classic", "jwt")).is_empty(), "{text}");
        }
    }
    // Code behind the comment makes it a marker of its own line.
    assert_eq!(lines_that_count("a", "/* keyguard:allow */ x = 1;\nt = \"@\";\n"), ["2"]);
}

#[test]
fn a_secret_does_not_speak_for_itself() {
    let repo = Sandbox::new();
    let rule = "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nregex = 'acme_[^ ]+'\n";
    repo.write("keyguard.toml", rule);
    for marker in ["keyguard:allow", "gitleaks:allow", "ggignore"] {
        repo.write("a", format!("t = acme_1{marker}\n"));
        repo.keyguard(["scan", "a"]).code(1);
        repo.write("a", format!("t = acme_1 # {marker}\n"));
        repo.keyguard(["scan", "a"]).success();
    }
}

#[test]
fn markers_of_other_tools_are_honoured_and_counted() {
    let repo = Sandbox::with_hook();
    let markers = [
        "gitleaks:allow",
        "betterleaks:allow",
        "trufflehog:ignore",
        "kingfisher:ignore",
        "ggignore",
        "pragma: allowlist secret",
    ];
    let text: String = markers.iter().map(|marker| format!("t = {} # {marker}\n", fake::github_pat())).collect();
    repo.write("a", &text);
    repo.keyguard(["scan", "a"]).success().stderr("0 secrets in 1 file (6 allowed)\n");
    repo.git(["add", "."]).success();
    repo.keyguard(["hook", "pre-commit"]).success().silent();
    repo.write("keyguard.toml", "[markers]\nforeign = false\n");
    repo.keyguard(["scan", "a"]).code(1).says(" and 5 other places\n").says("\n1 secret in 1 file\n");
    repo.git(["commit", "-m", "x"]).code(1).says(" and 5 other places\n");
    repo.write("a", format!("t = {} # keyguard:allow\n", fake::github_pat()));
    repo.keyguard(["scan", "-v", "a"]).success().says("allowed: GitHub");
    // They stand on the line itself, as words.
    for text in ["# gitleaks:allow\nt = @\n", "t = @ # biggignore\n", "t = @ # gitleaks:allowed\n"] {
        assert!(!lines_that_count("a", text).is_empty(), "{text}");
    }
}

#[test]
fn markers_hold_for_private_keys_and_wide_text() {
    let repo = Sandbox::new();
    let key = fake::openssh_key();
    repo.write("a", format!("# keyguard:allow -- made for this test\n{key}"));
    repo.keyguard(["scan", "a"]).success();
    repo.write("a", key.replacen('\n', " # keyguard:allow\n", 1));
    let wide: Vec<u8> = format!("\u{feff}t = {} # keyguard:allow\r\n", fake::github_pat())
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    repo.write("b", wide);
    repo.keyguard(["scan", "b"]).success().says("1 allowed");
}

/// Today and some days, in UTC.
fn in_days(days: i64) -> time::Date {
    time::OffsetDateTime::now_utc().date().checked_add(time::Duration::days(days)).unwrap()
}

#[test]
fn an_entry_may_have_an_end() {
    let repo = staged(&leak());
    let fingerprint = fingerprint(&repo.keyguard(["scan", "--staged"]));
    let allow = |args: &[&str]| repo.run("keyguard").args(["allow", &fingerprint, "--reason", "x"]).args(args).output();
    allow(&["--days", "30"]).success().says("added 1 entry");
    let end = in_days(30);
    assert!(config(&repo).ends_with(&format!("by = \"Ann\"\nexpires = {end}\n")), "{}", config(&repo));
    // What holds as long is not written again; what holds longer is.
    allow(&["--days", "30"]).success().stdout("already allowed in keyguard.toml; nothing was changed\n");
    allow(&["--expires", &in_days(29).to_string()]).success().says("already allowed");
    allow(&["--expires", "2999-12-31"]).success().says("renewed 1 entry in keyguard.toml and staged it; commit again");
    allow(&["--days", "36500"]).success().says("already allowed");
    allow(&[])
        .success()
        .says("renewed 1 entry in keyguard.toml (now without an end, was 2999-12-31) and staged it; commit again");
    allow(&["--days", "3"]).success().says("already allowed");
    assert_eq!(config(&repo).matches("[[allow]]").count(), 1, "{}", config(&repo));
    repo.keyguard(["config", "check"]).success();

    for (args, message) in [
        (&["--expires", "2026-01-01"][..], "error: 2026-01-01 is over, so the entry would never hold\nhelp: "),
        (&["--expires", "2999-02-30"], "a date is year, month and day, such as 2027-03-01"),
        (&["--expires", "2999-01-01T00:00:00Z"], "a date is year"),
        (&["--expires", "soon"], "a date is year"),
        (
            &["--days", "0"],
            "--days takes a whole number from 1 to 36500\nhelp: it counts from today, such as --days 30",
        ),
        (&["--days", "-3"], "--days takes a whole number from 1 to 36500\nhelp: "),
        (&["--days=-3"], "--days takes a whole number from 1 to 36500\nhelp: "),
        (&["--days", "x"], "--days takes a whole number from 1 to 36500\nhelp: "),
        (&["--days", "3", "--expires", "2999-01-01"], "cannot be used with"),
    ] {
        let before = config(&repo);
        allow(args).code(2).says(message);
        assert_eq!(config(&repo), before);
    }
    // The last day that can be named is a day.
    repo.write("keyguard.toml", "");
    allow(&["--expires", &in_days(0).to_string()]).success().says("added 1 entry");
    repo.keyguard(["scan", "--staged", "-q"]).success();
}

#[test]
fn files_of_one_kind_are_allowed_by_rule_and_path() {
    let repo = repository();
    repo.write("tests/data/a", leak()).write("b", leak());
    let allow = |args: &[&str]| repo.run("keyguard").args(["allow", "--reason", "x"]).args(args).output();
    let rule = ["--rule", "github-pat-classic"];
    let by_path = |path: &str| allow(&["--path", path, rule[0], rule[1]]);
    let written = by_path("tests/**");
    written
        .success()
        .stderr("keyguard: no tracked file matches `tests/**`; globs count from the root of the repository\n");
    written.stdout("added 1 entry to keyguard.toml and staged it; commit again\n");
    repo.git(["add", "."]).success();
    by_path("tests/**").success().stdout("already allowed in keyguard.toml; nothing was changed\n").stderr("");
    let entry = "\n[[allow]]\nrule = \"github-pat-classic\"\npath = \"tests/**\"\nreason = \"x\"\nby = \"Ann\"\n";
    assert_eq!(config(&repo), format!("{OPENING}{entry}"));
    repo.git(["commit", "-m", "x"]).code(1).says("in b:1:10").says("Nothing was committed");
    for (args, message) in [
        (
            &["--path", "**/*.*", rule[0], rule[1]][..],
            "such an entry is not written: `path` matches every file\nhelp: ",
        ),
        (&["--path", "a[", rule[0], rule[1]], "such an entry is not written: `path` is no glob"),
        (
            &["--path", "a/**", "--rule", "no-such-rule"],
            "--rule names no rule that there is\nhelp: see `keyguard rules",
        ),
        (&["--path", "a/**"], "--rule"),
        (&[rule[0], rule[1]], "--path"),
        (&["--path", "a/**", rule[0], rule[1], "kg1:0000000000000000"], "cannot be used with"),
        (&["--path", "a/**", rule[0], rule[1], "--last"], "cannot be used with"),
        (&["--last", rule[0], rule[1]], "cannot be used with"),
    ] {
        let before = config(&repo);
        allow(args).code(2).says(message);
        assert_eq!(config(&repo), before);
    }
}

#[test]
fn a_fingerprint_that_no_key_here_has_is_questioned() {
    const UNKNOWN: &str = "keyguard: no key here has the fingerprint kg1:";
    let repo = repository();
    let allow = |fingerprint: &str| repo.keyguard(["allow", fingerprint, "--reason", "x"]);
    let of = |text: &str| fingerprint(&repo.run("keyguard").args(["scan", "--stdin"]).input(text).output());
    let stranger = allow("kg1:0000000000000000");
    stranger.success().stderr(format!("{UNKNOWN}0000000000000000: is it typed as the report has it?\n"));
    stranger.stdout("added 1 entry to keyguard.toml and staged it; commit again\n");

    // Staged, changed, in the message that was written last, in HEAD, in a commit that was not pushed.
    let keys: Vec<_> = ["a", "b", "c", "d", "e"].map(fake::github_token).into();
    repo.commit("gone", &keys[0]).commit("gone", "").commit("head", &keys[1]);
    repo.write("staged", &keys[2]).git(["add", "staged"]).success();
    repo.write("a", &keys[3]).write(".git/COMMIT_EDITMSG", &keys[4]);
    let objects = || repo.git(["count-objects", "-v"]).text();
    let names: Vec<_> = keys.iter().map(|key| of(key)).collect();
    for name in &names {
        let before = objects();
        repo.keyguard(["allow", name, "--no-stage", "--reason", "x"]).success().stderr("");
        assert_eq!(objects(), before, "nothing of what is looked at is staged");
    }
    repo.write("untracked", leak());
    allow(&of(&leak())).success().says(UNKNOWN);

    // One that differs in a digit or two is a slip.
    let right = &names[2];
    let last = if right.ends_with('0') { "1" } else { "0" };
    let wrong = format!("{}{last}", right.strip_suffix(|_: char| true).unwrap());
    let before = config(&repo);
    allow(&wrong).code(2).says(&format!("no key here has the fingerprint {wrong}\nhelp: did you mean {right}?"));
    assert_eq!(config(&repo), before);
}

#[test]
fn entries_are_listed_with_their_end_and_their_use() {
    let repo = repository();
    let list = |args: &[&str]| repo.run("keyguard").args(["allow", "--list"]).args(args).output();
    list(&[]).success().stdout("there is no allow entry\n").stderr("");
    repo.commit("a", leak());
    let used = fingerprint(&repo.keyguard(["scan", "a"]));
    let folder = repo.home().join(".config/keyguard");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "[[allow]]\nstopword = \"elsewhere\"\nreason = \"ours\"\n").unwrap();
    repo.write(
        "keyguard.toml",
        format!(
            "[[allow]]\nfingerprint = \"{used}\"\npath = \"a\"\nreason = \"d\\u001bemo\"\nby = \"Ann\"\nexpires = 2999-01-01\n\n\
             [[allow]]\nrule = \"jwt\"\npath = \"x/**\"\nreason = \"x\"\n\n\
             [[allow]]\nfingerprint = \"kg1:0000000000000000\"\nreason = \"y\"\nexpires = 2026-01-31\n"
        ),
    );
    list(&[]).success().stderr("").stdout(str![[r"
stopword `elsewhere`  ([HOME]/.config/keyguard/config.toml:1:1)
  ours
kg1:[..], path `a`  (keyguard.toml:1:1)
  d\u{1b}emo; by Ann; until 2999-01-01
path `x/**`, rule `jwt`  (keyguard.toml:8:1)
  x
kg1:0000000000000000  (keyguard.toml:13:1)
  y; expired on 2026-01-31

"]]);
    list(&["--unused"]).success().stdout(str![[r"
path `x/**`, rule `jwt`  (keyguard.toml:8:1)
  x; matches nothing that is tracked
kg1:0000000000000000  (keyguard.toml:13:1)
  y; expired on 2026-01-31; matches nothing that is tracked

"]]);
    list(&["--expired"]).success().says("kg1:0000000000000000  (keyguard.toml:13:1)\n  y; expired on 2026-01-31\n");
    assert_eq!(list(&["--expired"]).text().lines().count(), 2);
    list(&["--expired", "--unused"]).success().says("path `x/**`").says("kg1:0");
    // What is to be listed says that something is.
    for args in [&["--unused"][..], &["--expired"], &["--expired", "--unused"], &["--unused", "--format", "json"]] {
        let short = repo.run("keyguard").args(["allow"]).args(args).output();
        assert_eq!(short.success().text(), list(args).success().text(), "{args:?}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&list(&["--unused", "--format", "json"]).success().text()).unwrap();
    assert_eq!(json["entries"][1]["fingerprint"], "kg1:0000000000000000");
    assert_eq!(
        [&json["entries"][1]["expired"], &json["entries"][1]["unused"], &json["entries"][1]["expires"]],
        [&serde_json::json!(true), &serde_json::json!(true), &serde_json::json!("2026-01-31")]
    );

    // `config check` tells the same, and finds nothing wrong.
    let check = repo.keyguard(["config", "check"]);
    check.success().says("keyguard.toml:13:1: the allow entry for kg1:0000000000000000 expired on 2026-01-31, so it ");
    check.says("keyguard.toml:8:1: the allow entry for path `x/**`, rule `jwt` matches nothing that is tracked\n");
    assert!(!check.text().contains(&used) && !check.text().contains("elsewhere"), "{}", check.text());
    let json: serde_json::Value =
        serde_json::from_str(&repo.keyguard(["config", "check", "--format", "json"]).success().text()).unwrap();
    assert_eq!(json["notices"].as_array().unwrap().len(), 3, "{json}");
    list(&["--reason", "x"]).code(2).says("cannot be used with");
    repo.keyguard(["allow", "--unused", "--last", "--reason", "x"]).code(2).says("cannot be used with");
    repo.keyguard(["allow", "--expired", "--reason", "x"]).code(2).says("cannot be used with");
}

#[test]
fn an_entry_that_only_something_staged_needs_is_in_use() {
    let repo = staged(&leak());
    repo.keyguard(["allow", "--last", "--reason", "x"]).success();
    repo.keyguard(["config", "check"]).success().stdout("ok: keyguard.toml\n");
}

#[test]
fn the_answer_for_machines_says_what_was_written() {
    let repo = staged(&leak());
    let allow = || {
        let output = repo.keyguard(["allow", "--last", "--reason", "x", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&output.success().text()).unwrap()
    };
    let answer = allow();
    assert_eq!([&answer["added"], &answer["staged"]], [&serde_json::json!(1), &serde_json::json!(true)]);
    assert!(config(&repo).contains(answer["entries"][0]["fingerprint"].as_str().unwrap()), "{answer}");
    assert_eq!(allow()["entries"], serde_json::json!([]));
    let unknown = repo.keyguard(["allow", "kg1:0000000000000000", "--reason", "x", "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&unknown.success().text()).unwrap();
    assert!(answer["notices"][0].as_str().unwrap().starts_with("no key here has"), "{answer}");
}

#[test]
fn advice_fits_the_folder_it_is_given_in() {
    let repo = repository();
    repo.commit("keyguard.toml", "").write("sub/a", leak());
    repo.git(["add", "sub/a"]).success();
    let args = ["allow", "--last", "--no-stage", "--reason", "x"];
    let allow = repo.run("keyguard").args(args).current_dir("sub").output();
    allow.success().says("\nStage it, then commit again: git add :/keyguard.toml\n");
    repo.run("git").args(["add", ":/keyguard.toml"]).current_dir("sub").output().success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn a_marker_that_names_another_rule_says_so() {
    let repo = Sandbox::with_hook();
    let line = format!("{} # keyguard:allow jwt\n", leak().trim());
    repo.write("a", &line);
    repo.git(["add", "a"]).success();
    let blocked = repo.git(["commit", "-m", "x"]);
    blocked.code(1).says(
        "\nkeyguard: the marker beside GitHub personal access token (classic) (checksum valid) in a:1:10 \
         (github-pat-classic) names another rule, so it does not count\n",
    );
    repo.write("a", format!("# keyguard:allow jwt\n{}{line}", leak()));
    repo.keyguard(["scan", "a"]).code(1).says("in a:2:10").says("so it does not count (and 1 more)\n");
    repo.write("a", line.replace("jwt", "jwt, github-pat-classic"));
    repo.keyguard(["scan", "a"]).success().stderr("0 secrets in 1 file (1 allowed)\n");
}

#[test]
fn a_path_that_no_tracked_file_matches_is_told() {
    let repo = repository();
    repo.commit("sub/data/a", "x\n");
    let allow = |path: &str| {
        let args = ["allow", "--reason", "x", "--rule", "github-pat-classic", "--path", path];
        repo.run("keyguard").args(args).current_dir("sub").output()
    };
    let answer = allow("data/**");
    answer
        .success()
        .stderr("keyguard: no tracked file matches `data/**`; globs count from the root of the repository\n");
    answer.says("added 1 entry to keyguard.toml");
    allow("sub/data/**").success().stderr("keyguard: nothing that is tracked matches this entry now\n");
}

#[test]
fn an_entry_that_has_expired_is_renewed_in_place() {
    let repo = staged(&leak());
    let fingerprint = fingerprint(&repo.keyguard(["scan", "--staged"]));
    let head = format!("# demo\n[[allow]]\nfingerprint = \"{fingerprint}\" # of a course\nreason = ");
    repo.write("keyguard.toml", format!("{head}\"x\"\nby = \"Bob\"\nexpires = 2026-01-31\n"));
    repo.git(["add", "keyguard.toml"]).success();
    repo.keyguard(["config", "check"]).success().says("expired on 2026-01-31");
    let renewed = repo.keyguard(["allow", "--last", "--days", "30", "--reason", "still a demo"]);
    renewed.success().says("renewed 1 entry in keyguard.toml and staged it; commit again\n");
    let end = in_days(30);
    assert_eq!(config(&repo), format!("{head}\"still a demo\"\nby = \"Ann\"\nexpires = {end}\n"));
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    assert!(!repo.keyguard(["config", "check"]).success().text().contains("expired"), "the entry holds");
}

#[test]
fn a_marker_that_names_no_rule_says_where_a_reason_goes() {
    let repo = repository();
    let with = |line: String, marker: &str| format!("{} # keyguard:allow {marker}\n", line.trim());
    repo.write("b", with(leak(), "only a test") + &with(other_leak(), "made up"));
    repo.keyguard(["scan", "b"]).code(1).says(
        "in b:1:10 (github-pat-classic) names no rule that there is, so it does not count (and 1 more): put the reason \
         behind `--`\n",
    );
    let scan = |marker: &str| {
        repo.write("b", with(leak(), marker));
        repo.keyguard(["scan", "b"])
    };
    scan("jwt test").code(1).says("names another rule, so it does not count\n");
    scan("-- only a test").success();
}

#[test]
fn an_expired_entry_by_place_is_told_once() {
    let repo = repository();
    repo.write("tests/a", leak() + &other_leak());
    repo.write(
        "keyguard.toml",
        "[[allow]]\nrule = \"github-pat-classic\"\npath = \"tests/**\"\nreason = \"x\"\nby = \"Ann\"\nexpires = 2026-01-31\n",
    );
    let scan = repo.keyguard(["scan", "tests"]);
    scan.code(1).says(
        "keyguard: the allow entry for path `tests/**`, rule `github-pat-classic` (by Ann) expired on 2026-01-31, so it \
         blocks again\n",
    );
    assert_eq!(scan.text().matches("expired").count(), 1, "{}", scan.text());
}
