//! `keyguard audit`: every key that was ever committed, once, the one to rotate first at the top.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use snapbox::str;
use time::OffsetDateTime;

use crate::sandbox::{Output, Sandbox, fake};

fn leak(name: &str) -> String {
    format!("token = \"{}\"\n", fake::github_token(name))
}

/// Plays a scenario with each of the two readers.
#[track_caller]
fn with_both(scenario: impl Fn(Sandbox)) {
    for reader in ["fast", "plumbing"] {
        scenario(Sandbox::new().env("KEYGUARD_READER", reader));
    }
}

fn audit(repo: &Sandbox) -> Output {
    repo.keyguard(["audit"])
}

/// The report for machines, held against its schema.
#[track_caller]
fn report(output: &Output) -> Value {
    let report: Value = serde_json::from_str(&output.text()).unwrap_or_else(|_| panic!("{}", output.text()));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    crate::report::validate(&schema, &report, "report");
    report
}

#[track_caller]
fn keys(repo: &Sandbox) -> Vec<Value> {
    report(&repo.keyguard(["audit", "--format", "json"]))["keys"].as_array().unwrap().clone()
}

/// Commits what is staged, so many days ago.
#[track_caller]
fn commit_days_ago(repo: &Sandbox, days: i64, message: &str) -> String {
    // An hour more, so that the number of days is the same until the end of the test.
    let date = OffsetDateTime::now_utc().unix_timestamp() - days * 24 * 60 * 60 - 60 * 60;
    commit_at(repo, &format!("{date} +0000"), message)
}

#[track_caller]
fn commit_at(repo: &Sandbox, date: &str, message: &str) -> String {
    repo.git(["add", "--all"]).success();
    let commit = ["commit", "--quiet", "--allow-empty", "--no-verify", "--message", message];
    repo.run("git").args(commit).env("GIT_AUTHOR_DATE", date).output().success();
    head(repo)
}

fn head(repo: &Sandbox) -> String {
    repo.git(["rev-parse", "HEAD"]).text().trim().to_owned()
}

/// The paths at which HEAD holds a key.
fn at_head(key: &Value) -> Vec<&str> {
    key["at_head"].as_array().unwrap().iter().map(|place| place["path"].as_str().unwrap()).collect()
}

#[test]
fn a_key_is_told_once_with_its_story() {
    with_both(|repo| {
        repo.write("a", leak("one"));
        let first = commit_days_ago(&repo, 100, "x");
        repo.git(["mv", "a", "moved"]).success();
        repo.write("moved", format!("0\n{}", leak("one")));
        commit_days_ago(&repo, 50, "x");
        repo.write("copy", leak("one"));
        let last = commit_days_ago(&repo, 10, "x");
        let output = audit(&repo);
        let (first, last) = (&first[..10], &last[..10]);
        output.code(1).stderr("").stdout(format!(
            "1. GitHub personal access token (classic): ghp_****************
  age   100 days, past 90 days: since [..]
  now   at HEAD:
        copy:1:10
        moved:2:10
  from  a:1:10 (commit {first}) by Ada Author
  last  copy:1:10 (commit {last}) by Ada Author
        2 places in all
  key   can read and push to every repository you can, within the token's coarse
        scopes
  says  A classic token: it cannot be limited to single repositories.
  why   rule github-pat-classic, high confidence; checksum valid
  do    Replace it, then revoke it:
        https://github.com/settings/tokens
  name  kg1:[..]

1 key to rotate, 1 past 90 days, in 3 commits
Not a key? Say so by its name: keyguard allow kg1:... --reason \"...\"
"
        ));
        for line in output.text().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    });
}

#[test]
fn json_tells_the_same() {
    with_both(|repo| {
        repo.write("a", leak("one"));
        let first = commit_days_ago(&repo, 91, "x");
        repo.write("b", format!("\n{}", leak("one")));
        let last = commit_days_ago(&repo, 0, "x");
        let output = repo.keyguard(["audit", "--format", "json"]);
        let report = report(output.code(1).stderr(""));
        assert_eq!((&report["head"], &report["exit"]), (&json!(last), &json!(1)));
        assert_eq!((&report["complete"], &report["shallow"]), (&json!(true), &json!(false)));
        assert_eq!((&report["max_age_days"], &report["stats"]["commits"]), (&json!(90), &json!(2)));
        let key = &report["keys"][0];
        for (name, value) in [
            ("rule", json!("github-pat-classic")),
            ("confidence", json!("high")),
            ("validity", json!("valid")),
            ("secret", json!("ghp_****************")),
            ("age_days", json!(91)),
            ("past_max_age", json!(true)),
            ("places", json!(2)),
            ("on_remote", Value::Null),
            ("allowed", Value::Null),
            ("at_head", json!([{ "path": "a", "line": 1, "column": 10 }, { "path": "b", "line": 2, "column": 10 }])),
        ] {
            assert_eq!(key[name], value, "{name}");
        }
        assert_eq!((&key["first"]["id"], &key["last"]["id"]), (&json!(first), &json!(last)));
        assert_eq!(key["first"]["author"], "Ada Author <ada@keyguard.test>");
        assert_eq!((&key["last"]["path"], &key["last"]["line"]), (&json!("b"), &json!(2)));
        // The whole card, as a scan has it.
        let scan = repo.keyguard(["scan", "a", "--format", "json"]).code(1).text();
        let finding: Value = serde_json::from_str::<Value>(&scan).unwrap()["findings"][0].take();
        for field in ["revoke", "rotate", "narrower", "last_use", "audit_log", "docs"] {
            assert!(key["remedy"][field].is_string(), "{field}");
            assert_eq!(key["remedy"][field], finding["remedy"][field], "{field}");
        }
        assert!(!key["insights"].as_array().unwrap().is_empty());
        assert_eq!(key["insights"], finding["insights"]);
    });
}

#[test]
fn head_is_what_counts_and_not_the_work_tree() {
    with_both(|repo| {
        repo.commit("gone", leak("gone"));
        repo.git(["rm", "--quiet", "gone"]).success();
        repo.commit("renamed", format!("{}{}", "text\n".repeat(9), leak("kept")));
        repo.git(["mv", "renamed", "twice"]).success();
        repo.write("twice", format!("{}{}", "text\n".repeat(12), leak("kept")));
        commit_days_ago(&repo, 0, "x");
        repo.git(["mv", "twice", "sub dir"]).success();
        commit_days_ago(&repo, 0, "x");
        fs::remove_file(repo.root().join("sub dir")).unwrap();
        let keys = keys(&repo);
        assert_eq!(keys.len(), 2);
        // Both are proven, high and full, and equally old: what HEAD holds goes first.
        assert_eq!(at_head(&keys[0]), ["sub dir"]);
        assert_eq!(keys[0]["at_head"][0]["line"], 13);
        assert_eq!(keys[0]["places"], 1, "a rename is no other place");
        assert_eq!(at_head(&keys[1]), [""; 0]);
        audit(&repo).code(1).says("        sub dir:13:10\n").says("  now   not at HEAD, but in the history\n");
    });
}

#[test]
fn many_places_are_counted() {
    let repo = Sandbox::new();
    for name in ["a", "b", "c", "d", "e"] {
        repo.write(name, leak("one"));
    }
    commit_days_ago(&repo, 0, "x");
    let output = audit(&repo);
    output.code(1).says("        c:1:10\n        and 2 more\n").says("        5 places in all\n");
    assert!(!output.text().contains("d:1:10"), "{}", output.text());
    repo.keyguard(["audit", "--verbose"]).code(1).says("        d:1:10\n        e:1:10\n  from");
}

#[test]
fn rotate_first_goes_first() {
    let repo = Sandbox::new();
    // The newest first, so that neither the walk nor the names give this order.
    let unproven = format!("key = \"{}\"\n", fake::stripe_live());
    for (number, (content, days)) in [
        (leak("allowed"), 300),
        (unproven, 200),
        (leak("gone young"), 2),
        (leak("gone old"), 20),
        (leak("here young"), 1),
        (leak("here old"), 10),
    ]
    .into_iter()
    .enumerate()
    {
        repo.write(format!("file{number}"), content);
        commit_days_ago(&repo, days, "x");
    }
    let name = keys(&repo).into_iter().find(|key| key["first"]["path"] == "file0").unwrap();
    let allow = ["allow", name["fingerprint"].as_str().unwrap(), "--reason", "a demo"];
    repo.keyguard(allow).success();
    repo.git(["rm", "--quiet", "file2", "file3"]).success();
    commit_days_ago(&repo, 0, "x");
    let keys = keys(&repo);
    let order: Vec<_> = keys.iter().map(|key| key["first"]["path"].as_str().unwrap()).collect();
    assert_eq!(order, ["file5", "file4", "file3", "file2", "file1", "file0"]);
    assert_eq!(keys[5]["allowed"], json!({ "kind": "entry", "reason": "a demo", "expires": null }));
    audit(&repo).code(1).says("5 keys to rotate, 1 past 90 days, in 7 commits (1 allowed)\n");
}

#[test]
fn what_is_allowed_is_told_and_does_not_count() {
    let repo = Sandbox::new();
    repo.commit("a", leak("one"));
    let name = keys(&repo)[0]["fingerprint"].as_str().unwrap().to_owned();
    repo.keyguard(["allow", &name, "--reason", "a \u{1b}[31mdemo"]).success();
    let output = audit(&repo);
    output.success().says("  ok    entry: a \\u{1b}[31mdemo\n").says("0 keys to rotate, in 1 commit (1 allowed)\n");
    repo.keyguard(["audit", "--quiet"]).success().silent();
    // In another file it counts: an entry for a path allows that path alone.
    let entry = "[[allow]]\nrule = \"github-pat-classic\"\npath = \"a\"\nreason = \"demo\"\n";
    repo.write("keyguard.toml", entry);
    audit(&repo).success();
    repo.commit("b", leak("one"));
    let keys = keys(&repo);
    assert_eq!((keys.len(), &keys[0]["allowed"]), (1, &Value::Null));
    // One that has expired says so once.
    repo.write("keyguard.toml", format!("[[allow]]\nfingerprint = \"{name}\"\nreason = \"x\"\nexpires = 2020-01-01\n"));
    let report = report(&repo.keyguard(["audit", "--format", "json"]));
    assert_eq!(report["notices"].as_array().unwrap().len(), 1, "{report}");
}

#[test]
fn what_the_baseline_names_is_allowed() {
    with_both(|repo| {
        repo.commit("a", leak("one"));
        repo.keyguard(["baseline"]).success();
        let keys = keys(&repo);
        assert_eq!(keys[0]["allowed"], json!({ "kind": "baseline", "reason": null, "expires": null }));
        audit(&repo).success().says("  ok    baseline\n").says("0 keys to rotate, in 1 commit (1 allowed)\n");
        // It names keys, as allow entries by fingerprint do, so that a policy from outside the repository obeys it too.
        fs::create_dir_all(repo.home().join(".config/keyguard")).unwrap();
        fs::write(repo.home().join(".config/keyguard/config.toml"), "enforce = true\n").unwrap();
        audit(&repo).success();
        repo.commit("b", leak("new"));
        audit(&repo).code(1).says("1 key to rotate, 1 past 90 days, in 2 commits (1 allowed)\n");
        repo.write("keyguard.baseline.json", "nonsense");
        audit(&repo).code(2).stdout("").says("keyguard.baseline.json:1:2: ");
    });
}

#[test]
fn a_file_in_the_clear_is_told_until_it_is_encrypted() {
    with_both(|repo| {
        const PLAIN: &str = "host: db1\nregion: north\n";
        repo.write(".gitattributes", "secrets/** filter=git-crypt\n");
        repo.write("plain", PLAIN);
        commit_days_ago(&repo, 3, "x");
        assert_eq!(keys(&repo).len(), 0);
        // The very content that stands elsewhere too, and then one that was moved here.
        repo.write("secrets/a", PLAIN).write("b", "other\n");
        commit_days_ago(&repo, 2, "x");
        repo.git(["mv", "b", "secrets/b"]).success();
        commit_days_ago(&repo, 1, "x");
        let found = keys(&repo);
        let places: Vec<_> = found.iter().map(at_head).collect();
        assert_eq!(places, [["secrets/a"], ["secrets/b"]], "{found:#?}");
        assert_eq!((&found[0]["rule"], &found[0]["age_days"]), (&json!("unencrypted-file"), &json!(2)));
        let remedy = "  do    Change every secret that the file holds\n        Encrypt it with git-crypt: ";
        audit(&repo).code(1).says(remedy);
        repo.write("secrets/a", b"\0GITCRYPT\0\x8f\x01\xfe ciphertext").git(["rm", "--quiet", "secrets/b"]).success();
        commit_days_ago(&repo, 0, "x");
        assert!(keys(&repo).iter().all(|key| at_head(key).is_empty()));
        let output = audit(&repo);
        output.code(1).says("  do    Change every secret that the file holds\n  name  kg1:");
    });
}

#[test]
fn dates_that_cannot_be_true_give_no_age() {
    for date in ["@0 +0000", "@315532800 +0000", "@4102444800 +0000"] {
        let repo = Sandbox::new();
        repo.write("a", leak("one"));
        commit_at(&repo, date, "x");
        // The same key again, on a day that is possible: it is older than that.
        repo.write("b", leak("one"));
        commit_days_ago(&repo, 5, "x");
        repo.write("c", leak("young"));
        commit_days_ago(&repo, 3, "x");
        let keys = keys(&repo);
        assert_eq!((&keys[0]["age_days"], &keys[0]["past_max_age"]), (&Value::Null, &Value::Null), "{date}");
        assert_eq!((&keys[0]["first"]["path"], &keys[0]["last"]["path"]), (&json!("a"), &json!("b")), "{date}");
        assert_eq!(keys[1]["age_days"], 3, "an unknown age goes first");
        audit(&repo).code(1).says("  age   unknown: what brought it in is dated ");
    }
    let repo = Sandbox::new();
    repo.write("a", leak("one"));
    commit_days_ago(&repo, -1, "a clock that is a little fast");
    assert_eq!(keys(&repo)[0]["age_days"], 0);
}

#[test]
fn the_first_commit_is_the_oldest_one() {
    // On two branches, of which the younger one is walked first or last.
    for (one, other) in [(20, 10), (10, 20)] {
        let repo = Sandbox::new();
        repo.commit("file", "text\n");
        repo.git(["checkout", "--quiet", "-b", "topic"]).success();
        repo.write("a", leak("one"));
        commit_days_ago(&repo, one, "x");
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.write("b", leak("one"));
        commit_days_ago(&repo, other, "x");
        assert_eq!(keys(&repo)[0]["age_days"], 20);
    }
}

#[test]
fn the_age_that_is_too_old_can_be_set() {
    let repo = Sandbox::new();
    repo.write("a", leak("one"));
    commit_days_ago(&repo, 30, "x");
    audit(&repo).code(1).says("  age   30 days: since ");
    repo.write("keyguard.toml", "[rotate]\nmax-age-days = 29\n");
    audit(&repo).code(1).says("  age   30 days, past 29 days: since ").says("1 key to rotate, 1 past 29 days, in");
    repo.write("keyguard.toml", "[rotate]\nmax-age-days = 30\n");
    assert_eq!(keys(&repo)[0]["past_max_age"], false);
    repo.write("keyguard.toml", "[rotate]\nmax-age = 30\n");
    audit(&repo).code(2).says("keyguard.toml:2:1: unknown field `max-age`");
}

#[test]
fn everything_that_a_ref_names_is_looked_at() {
    with_both(|repo| {
        repo.commit("file", "text\n");
        let add = |path: &str| {
            repo.write(path, leak(path));
            repo.git(["add", "--all"]).success();
        };
        for number in ["stash1", "stash2", "stash3"] {
            add(number);
            repo.git(["stash", "push", "--quiet"]).success();
        }
        repo.git(["notes", "add", "--message", &leak("note"), "HEAD"]).success();
        let commit_to = |name: &str| {
            repo.git(["checkout", "--quiet", "--detach", "main"]).success();
            add(name);
            commit_days_ago(&repo, 0, "x");
            repo.git(["update-ref", name, "HEAD"]).success();
        };
        for name in ["refs/heads/topic", "refs/tags/light", "refs/remotes/origin/topic", "refs/odd/place"] {
            commit_to(name);
        }
        repo.git(["tag", "--annotate", "--message", &leak("tag"), "v1", "main"]).success();
        repo.git(["checkout", "--quiet", "--detach", "main"]).success();
        repo.git(["commit", "--quiet", "--allow-empty", "--message", &leak("message")]).success();
        // Another work tree, whose HEAD no branch names.
        repo.git(["worktree", "add", "--quiet", "--detach", "../linked", "main"]).success();
        fs::write(repo.tmp("linked/linked"), leak("linked")).unwrap();
        let git = |args: &[&str]| repo.run("git").args(args).current_dir("../linked").output();
        git(&["add", "."]).success();
        git(&["commit", "--quiet", "--no-verify", "--message", "x"]).success();
        let names = |keys: &[Value]| {
            let name = |key: &Value| key["fingerprint"].as_str().unwrap().to_owned();
            keys.iter().map(name).collect::<Vec<_>>()
        };
        let here = keys(&repo);
        assert_eq!(here.len(), 11, "{here:#?}");
        let there = repo.run("keyguard").args(["audit", "--format", "json"]).current_dir("../linked").output();
        let there = report(&there)["keys"].as_array().unwrap().clone();
        assert_eq!(there.len(), 11);
        assert_eq!(at_head(&there.iter().find(|key| key["first"]["path"] == "linked").unwrap().clone()), ["linked"]);
        assert!(here.iter().all(|key| at_head(key).is_empty()));
        assert_ne!(names(&here), names(&there), "what HEAD holds goes first");
    });
}

#[test]
fn a_tag_and_a_message_are_places_too() {
    let repo = Sandbox::new();
    repo.commit("file", "text\n");
    repo.git(["tag", "--annotate", "--message", &leak("tag"), "v1"]).success();
    let output = audit(&repo);
    let tag: String = repo.git(["rev-parse", "v1"]).text().chars().take(10).collect();
    output.code(1).says(&format!("  from  the message:1:10 (tag {tag})\n")).says(", in 1 commit and 1 tag\n");
    let key = &keys(&repo)[0];
    assert_eq!((&key["first"]["object"], &key["first"]["part"]), (&json!("tag"), &json!("message")));
    assert_eq!(key["first"]["date"], "2026-01-02T03:04:05+00:00");
    assert!(key["age_days"].as_u64().is_some_and(|days| days > 0), "a tag says when it was made");
    // No tag is read for a tree or a blob by itself: what a commit brings in is first.
    repo.commit("a", leak("blob"));
    let (blob, commit) = (repo.git(["rev-parse", "HEAD:a"]).text(), head(&repo));
    repo.git(["tag", "blob", blob.trim()]).success();
    let keys = keys(&repo);
    let key = keys.iter().find(|key| at_head(key) == ["a"]).unwrap();
    assert_eq!(key["first"]["id"], commit);
    assert!(key["age_days"].is_u64());
}

#[test]
fn what_a_remote_has_is_public() {
    with_both(|repo| {
        repo.write("secret", leak("published"));
        commit_days_ago(&repo, 1, "x");
        repo.git(["rm", "--quiet", "secret"]).success();
        commit_days_ago(&repo, 1, "x");
        repo.git(["clone", "--quiet", "--bare", ".", "../there.git"]).success();
        assert_eq!(keys(&repo)[0]["on_remote"], Value::Null, "nothing is known of remotes");
        repo.git(["remote", "add", "origin", "../there.git"]).success();
        repo.git(["fetch", "--quiet", "origin"]).success();
        repo.write("here", leak("here"));
        commit_days_ago(&repo, 1, "x");
        repo.git(["tag", "--annotate", "--message", &leak("tag"), "v1"]).success();
        let keys = keys(&repo);
        let remote: Vec<_> = keys.iter().map(|key| key["on_remote"].clone()).collect();
        assert_eq!(remote, [json!(true), json!(false), Value::Null]);
        assert_eq!((at_head(&keys[0]).len(), at_head(&keys[1])), (0, vec!["here"]));
        audit(&repo)
            .code(1)
            .says("  now   not at HEAD, but in the history, on a remote\n")
            .says("  now   at HEAD, on no remote branch:\n        here:1:10\n");
    });
}

#[test]
fn a_shallow_clone_says_so_once() {
    with_both(|repo| {
        repo.commit("old", leak("old"));
        repo.git(["rm", "--quiet", "old"]).success();
        commit_days_ago(&repo, 1, "x");
        repo.commit("a", leak("new"));
        let address = format!("file://{}", repo.root().display());
        repo.git(["clone", "--quiet", "--depth=1", &address, "../shallow"]).success();
        let run = |args: &[&str]| repo.run("keyguard").args(args).current_dir("../shallow").output();
        let output = run(&["audit"]);
        output.code(1).says("1 key to rotate").stderr(str![[r"
keyguard: this clone is shallow: what is older was not looked at; `git fetch --unshallow` gets it

"]]);
        let report = report(&run(&["audit", "--format", "json"]));
        assert_eq!((&report["shallow"], report["notices"].as_array().unwrap().len()), (&json!(true), 1));
        assert_eq!(report["keys"].as_array().unwrap().len(), 1);
        run(&["scan", "--history"]).code(1).says("this clone is shallow");
        run(&["scan", "--history=HEAD"]).code(1);
    });
}

#[test]
fn odd_repositories() {
    with_both(|repo| {
        audit(&repo).success().stderr("").stdout("0 keys to rotate, in 0 commits\n");
        repo.commit("a", leak("one"));
        repo.git(["clone", "--quiet", "--bare", ".", "../bare"]).success();
        let output = repo.run("keyguard").args(["audit", "--format", "json"]).current_dir("../bare").output();
        assert_eq!(at_head(&report(output.code(1))["keys"][0]), ["a"]);
        // HEAD names a branch that is yet to be born.
        repo.git(["checkout", "--quiet", "--orphan", "new"]).success();
        let report = report(&repo.keyguard(["audit", "--format", "json"]));
        assert_eq!((&report["head"], &report["exit"]), (&Value::Null, &json!(1)));
        assert!(at_head(&report["keys"][0]).is_empty());
    });
    let nowhere = Sandbox::without_repository().env("GIT_CEILING_DIRECTORIES", "/");
    audit(&nowhere).code(2).stdout("").says("error: this is not a git repository\nhelp: ");
}

#[test]
fn repositories_of_the_next_git() {
    for format in [["--object-format=sha256", "--ref-format=files"], ["--object-format=sha1", "--ref-format=reftable"]]
    {
        let repo = Sandbox::without_repository();
        if repo.git(["init", "--quiet"].iter().chain(&format)).exit() != 0 {
            crate::sandbox::not_tried(format!("audit of a repository with {}", format.join(" ")));
            continue;
        }
        repo.commit("a", leak("one"));
        repo.write("b", leak("stash"));
        repo.git(["add", "b"]).success();
        repo.git(["stash", "push", "--quiet"]).success();
        let keys = keys(&repo);
        assert_eq!((keys.len(), at_head(&keys[0])), (2, vec!["a"]));
    }
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    let repo = Sandbox::new();
    repo.write("a", "text\n").write("b", "other\n");
    commit_days_ago(&repo, 0, "x");
    let blob = repo.git(["rev-parse", "HEAD:b"]).text().trim().to_owned();
    fs::remove_file(repo.root().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let output = audit(&repo);
    output.code(2).stdout("0 keys to rotate, in 1 commit (1 not inspected)\n").says("error: cannot inspect b: ");
    let report = report(repo.keyguard(["audit", "--format", "json"]).code(2).stderr(""));
    assert_eq!((&report["complete"], &report["errors"][0]["path"]), (&json!(false), &json!("b")));
    // A key and a failure together are a key.
    repo.git(["rm", "--quiet", "--cached", "b"]).success();
    repo.commit("c", leak("one"));
    audit(&repo).code(1).says("error: cannot inspect b: ").says("1 key to rotate");
}

#[test]
fn a_head_that_cannot_be_read_hides_no_key() {
    let repo = Sandbox::new();
    repo.commit("a", leak("one"));
    repo.commit("sub/b", "text\n");
    let tree = repo.git(["rev-parse", "HEAD:sub"]).text().trim().to_owned();
    fs::remove_file(repo.root().join(".git/objects").join(&tree[..2]).join(&tree[2..])).unwrap();
    let output = audit(&repo);
    output
        .code(1)
        .says("error: what HEAD holds cannot be told: ")
        .says("1 key to rotate, 1 past 90 days, in 2 commits");
}

#[cfg(unix)]
#[test]
fn names_are_places_and_hold_no_key() {
    with_both(|repo| {
        let token = fake::github_token("name");
        repo.commit(&token, "text\n");
        let author = format!("\u{1b}[31mEve {}\u{7}", fake::github_token("author"));
        repo.write("a\u{1b}[2J", leak("one"));
        repo.git(["add", "--all"]).success();
        let commit = ["commit", "--quiet", "--no-verify", "--message", "x"];
        repo.run("git").args(commit).env("GIT_AUTHOR_NAME", author).output().success();
        for args in [&["audit"][..], &["audit", "-v"], &["audit", "--format", "json"]] {
            let output = repo.keyguard(args);
            let text = output.code(1).text();
            assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
            for name in ["name", "author", "one"] {
                assert!(!text.contains(&fake::github_token(name)), "{text}");
            }
        }
        audit(&repo).code(1).says("        ghp_**************** (its name)\n").says("        a\\u{1b}[2J:1:10\n");
        let keys = keys(&repo);
        let is_named =
            |key: &&Value| key["at_head"] == json!([{ "path": "ghp_****************", "line": null, "column": null }]);
        assert_eq!(keys.iter().filter(is_named).count(), 1, "{keys:#?}");
        // The header of the second commit holds the author's name.
        assert_eq!(keys.iter().filter(|key| key["first"]["part"] == "header").count(), 1);
    });
}

#[test]
fn a_commit_without_an_author_is_a_commit_and_long_names_are_cut() {
    with_both(|repo| {
        repo.commit("other", "x\n").write("a", leak("one")).git(["add", "a"]).success();
        let tree = repo.git(["write-tree"]).text().trim().to_owned();
        let object = |content: String| {
            let run = repo.run("git").args(["hash-object", "--literally", "-t", "commit", "-w", "--stdin"]);
            run.input(content).output().success().text().trim().to_owned()
        };
        let parent = repo.git(["rev-parse", "HEAD"]).text().trim().to_owned();
        let bare = object(format!("tree {tree}\nparent {parent}\ncommitter C <c@c> 1767323045 +0000\n\nx\n"));
        repo.git(["update-ref", "HEAD", &bare]).success();
        let text = audit(&repo).code(1).text();
        assert!(text.contains(&format!("a:1:10 (commit {})\n", &bare[..10])) && !text.contains("(tag "), "{text}");
        assert_eq!(keys(&repo)[0]["first"]["object"], "commit");
        let name = "Ada ".repeat(100);
        let long = object(format!("tree {tree}\nparent {parent}\nauthor {name}<a@a> 1767323045 +0000\n\nx\n"));
        repo.git(["update-ref", "HEAD", &long]).success();
        let expected = format!("a:1:10 (commit {}) by {}…\n", &long[..10], "Ada ".repeat(15).trim_end());
        audit(&repo).code(1).says(&expected);
    });
}

#[test]
fn the_report_can_go_to_a_file_and_nobody_has_to_read_it() {
    let repo = Sandbox::new();
    repo.commit("a", leak("one"));
    repo.keyguard(["audit", "--output", "../report"]).code(1).silent();
    assert!(fs::read_to_string(repo.tmp("report")).unwrap().contains("1 key to rotate"));
    repo.keyguard(["audit", "--output", "../no/report"]).code(1);
    #[cfg(unix)]
    repo.run("sh").args(["-c", "keyguard audit >/dev/full"]).output().code(1).silent();
}
