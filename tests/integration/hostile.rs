//! What the author of a hostile repository might try: keys in odd places of commits, and content that takes for ever.

use crate::sandbox::{Output, Sandbox, fake};

const TOKEN: &str = "GitHub personal access token (classic) (checksum valid) in";

/// A repository with a first commit on `main`; `origin` has it too, and is guarded by pre-push here.
fn with_remote() -> Sandbox {
    let repo = Sandbox::new();
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../remote"]).success();
    repo.git(["remote", "add", "origin", "../remote"]).success();
    repo.commit("file", "text\n");
    push(&repo, &["origin", "main"]).success();
    repo.keyguard(["install", "--hook", "pre-push"]).success();
    repo
}

/// The same, guarded by pre-receive on the other side.
fn with_server() -> Sandbox {
    let repo = with_remote();
    repo.keyguard(["uninstall"]).success();
    repo.run("keyguard").args(["install", "--hook", "pre-receive"]).current_dir("../remote").output().success();
    repo
}

fn push(repo: &Sandbox, args: &[&str]) -> Output {
    repo.git(["push", "--quiet"].iter().chain(args))
}

/// Writes an object, well-formed or not, and gives its name.
fn object(repo: &Sandbox, kind: &str, content: &str) -> String {
    let run = repo.run("git").args(["hash-object", "--literally", "-t", kind, "-w", "--stdin"]).input(content).output();
    run.success().text().trim().to_owned()
}

fn id(repo: &Sandbox, name: &str) -> String {
    repo.git(["rev-parse", "--verify", name]).text().trim().to_owned()
}

#[test]
fn headers_of_commits_and_tags_are_read() {
    let key = fake::github_pat();
    for repo in [with_remote(), with_server()] {
        let (tree, parent) = (id(&repo, "main^{tree}"), id(&repo, "main"));
        let start = format!("tree {tree}\nparent {parent}\n");
        let author = "author Ada <ada@keyguard.test> 1 +0000\n";
        let committer = "committer Carl <carl@keyguard.test> 1 +0000\n";
        let tag = format!("object {parent}\ntype commit\ntag v1\n");
        let tagger = "tagger Carl <carl@keyguard.test> 1 +0000\n";
        for (kind, content, place) in [
            ("commit", format!("{start}author {key} <a@b> 1 +0000\n{committer}\nx\n"), "3:8"),
            ("commit", format!("{start}{author}committer Carl <{key}@b> 1 +0000\n\nx\n"), "4:17"),
            ("commit", format!("{start}{author}{committer}mergetag object {parent}\n tag x\n \n {key}\n\nx\n"), "8:2"),
            ("commit", format!("{start}{author}{committer}extra {key}\n\nx\n"), "5:7"),
            // Nothing ends the header.
            ("commit", format!("{start}{author}{committer}{key}\n"), "5:1"),
            ("tag", format!("{tag}tagger {key} <a@b> 1 +0000\n\nx\n"), "4:8"),
            ("tag", format!("{tag}{tagger}extra {key}\n\nx\n"), "5:7"),
            ("tag", format!("object {parent}\ntype commit\ntag {key}\n{tagger}\nx\n"), "3:5"),
        ] {
            let made = object(&repo, kind, &content);
            let name = if kind == "tag" { "refs/tags/odd" } else { "refs/heads/odd" };
            repo.git(["update-ref", name, &made]).success();
            let output = push(&repo, &["origin", name]);
            output.code(1).says(&format!("{TOKEN} the header:{place} ({kind} {})", &made[..10]));
            assert!(!output.text().contains(&key[8..]), "the key is printed\n{}", output.text());
            let json = repo.keyguard(["scan", "--history", "--format", "json"]);
            json.code(1).says("\"path\": null");
            assert!(!json.text().contains(&key[8..]), "the key is printed\n{}", json.text());
            repo.git(["update-ref", "-d", name]).success();
        }
    }
}

#[test]
fn a_key_in_the_header_says_how_to_make_the_commit_again() {
    let repo = with_remote();
    let key = fake::github_pat();
    repo.write("a", "text\n").git(["add", "a"]).success();
    repo.git(["commit", "--quiet", "--message", "x", "--author", &format!("{key} <ada@keyguard.test>")]).success();
    let output = push(&repo, &["origin", "main"]);
    output.code(1).says("Take it out of the header, which names author and committer.");
    output.says("`git commit --amend --reset-author`");
    repo.git(["commit", "--quiet", "--amend", "--no-edit", "--reset-author"]).success();
    push(&repo, &["origin", "main"]).success().silent();
}

#[test]
fn names_of_objects_in_a_header_are_no_values() {
    // A neighbour by name, as a token of forty hexadecimal digits has it.
    let repo = with_remote();
    let identity = "sonarqube token <sonar_token@keyguard.test>";
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "x", "--author", identity]).success();
    push(&repo, &["origin", "main"]).success().silent();
    repo.keyguard(["scan", "--history"]).success();
}

/// A repository with a kept hook of that name, and keyguard in front of it.
#[cfg(unix)]
fn with_kept(hook: &str, lines: &str) -> Sandbox {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Sandbox::new();
    let path = repo.root().join(".git/hooks").join(hook);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.keyguard(["install", "--hook", hook]).success();
    repo
}

#[cfg(unix)]
#[test]
fn what_a_kept_hook_writes_into_the_message_is_looked_at() {
    for write in ["echo \"$KEY\" >> \"$1\"", "echo \"$KEY\" > new; mv new \"$1\"", "printf '%s' \"$KEY\" > \"$1\""] {
        let repo = with_kept("commit-msg", write);
        let commit = |key: &str| {
            repo.run("git").args(["commit", "--quiet", "--allow-empty", "-m", "x"]).env("KEY", key).output()
        };
        commit(&fake::github_pat()).code(1).says(&format!("keyguard: commit blocked: {TOKEN} the message:"));
        repo.assert_commits(0);
        commit("Change-Id: I1").success().silent();
        repo.assert_commits(1);
    }
}

#[cfg(unix)]
#[test]
fn an_index_without_a_checksum_hides_no_change() {
    // The same length, and perhaps the same time: a key in place of a word as long.
    let repo = with_kept("pre-commit", "[ -z \"$KEY\" ] || { printf '%s\\n' \"$KEY\" > a && git add a; }");
    repo.git(["config", "index.skipHash", "true"]).success();
    let key = fake::github_pat();
    repo.write("a", format!("{}\n", "x".repeat(key.len())));
    repo.git(["add", "a"]).success();
    let commit = |args: &[&str]| repo.run("git").args(["commit", "--quiet"]).args(args).env("KEY", &key).output();
    for args in [&["-m", "x"][..], &["--all", "-m", "x"]] {
        commit(args).code(1).says(&format!("keyguard: commit blocked: {TOKEN} a:1:1"));
    }
    repo.assert_commits(0);
}

#[test]
fn the_comment_character_is_the_one_that_git_goes_by() {
    // The diff of `--verbose` shows a key that goes; git takes it off the message.
    let leak = format!("token = \"{}\"\n", fake::github_pat());
    let amend = |repo: &Sandbox, settings: &[(&str, &str)]| {
        let run = repo.run("git").args(["commit", "--quiet", "--amend", "--verbose"]).env("GIT_EDITOR", "true");
        let run = run.env("GIT_CONFIG_COUNT", settings.len().to_string());
        let run = settings.iter().enumerate().fold(run, |run, (place, (key, value))| {
            run.env(&format!("GIT_CONFIG_KEY_{place}"), key).env(&format!("GIT_CONFIG_VALUE_{place}"), value)
        });
        run.output()
    };
    for settings in [
        &[("core.commentChar", ";")][..],
        &[("core.commentString", ";"), ("core.commentChar", "#")],
        &[("core.commentChar", ";"), ("core.commentChar", "%")],
    ] {
        let repo = Sandbox::new();
        repo.commit("a", &leak);
        repo.commit("b", "text\n");
        repo.keyguard(["install", "--hook", "commit-msg"]).success();
        repo.write("a", "text\n");
        repo.git(["add", "a"]).success();
        amend(&repo, settings).success().silent();
        repo.git(["log", "-1", "--format=%B"]).success().stdout("b\n\n");
    }
}

#[test]
fn thousands_of_old_keys_in_one_file_stay_old() {
    // So many that they are not looked up one by one.
    let old: Vec<_> = (0..2500).map(|number| fake::github_token(&format!("old {number}"))).collect();
    let repo = Sandbox::with_hook();
    repo.commit("a", old.join("\n") + "\n");
    repo.write("a", old.join(" changed\n") + "\n").git(["add", "a"]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success().silent();
    let one_more = format!("{} again\n{}\n", old.join(" again\n"), fake::github_pat());
    repo.write("a", one_more).git(["add", "a"]).success();
    let commit = repo.git(["commit", "--quiet", "--message", "x"]);
    commit.code(1).says(&format!("keyguard: commit blocked: {TOKEN} a:2501:1\n"));
}

#[test]
fn hundreds_of_files_that_are_renamed_and_edited_stay_old() {
    let repo = Sandbox::with_hook();
    let lines = |number: usize| (0..20).map(|line| format!("{number}: line {line}\n")).collect::<String>();
    let content = |number: usize| lines(number) + &fake::github_token(&format!("file {number}")) + "\n";
    for number in 0..300 {
        repo.write(format!("old/{number}"), content(number));
    }
    repo.git(["add", "old"]).success();
    repo.git(["commit", "--quiet", "--no-verify", "--message", "x"]).success();
    repo.git(["rm", "--quiet", "-r", "old"]).success();
    for number in 0..300 {
        repo.write(format!("new/n{number}"), content(number).replace("line 7", "line seven"));
    }
    repo.git(["add", "new"]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success().silent();
    // Far more pairs than are compared, none of them alike: each key is new.
    repo.git(["rm", "--quiet", "-r", "new"]).success();
    for number in 0..200 {
        let other = lines(number).replace(':', ";").repeat(3).replace("line", "word");
        repo.write(format!("third/{number}"), other + &fake::github_token(&format!("third {number}")) + "\n");
    }
    repo.git(["add", "third"]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).code(1).says("commit blocked: 200 secrets in 200 files");
}

#[test]
fn a_new_name_among_many_counts_unless_a_parent_has_it() {
    let key = fake::github_pat();
    let repo = Sandbox::with_hook();
    for number in 0..20 {
        repo.write(format!("a/{number}"), format!("{number}\n"));
    }
    repo.git(["add", "a"]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success();
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.git(["mv", "a", "b"]).success();
    repo.git(["mv", "b/7", &format!("b/{key}")]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).code(1).says("commit blocked: GitHub").says(" in b/ghp_");
    repo.git(["commit", "--quiet", "--no-verify", "--message", "x"]).success();
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.commit("c", "text\n");
    repo.git(["merge", "--quiet", "--no-commit", "topic"]).success();
    repo.git(["commit", "--quiet", "--message", "x"]).success().silent();
}

#[test]
fn a_remote_below_the_name_of_another_is_another_one() {
    let repo = with_remote();
    repo.git(["init", "--quiet", "--bare", "../private"]).success();
    // `git remote add` refuses such a name in newer gits, and older ones have left it in the configuration.
    repo.git(["config", "remote.origin/private.url", "../private"]).success();
    repo.git(["config", "remote.origin/private.fetch", "+refs/heads/*:refs/remotes/origin/private/*"]).success();
    repo.commit("a", format!("token = \"{}\"\n", fake::github_pat()));
    push(&repo, &["--no-verify", "origin/private", "main"]).success();
    repo.git(["rev-parse", "--verify", "refs/remotes/origin/private/main"]).success();
    let commit = id(&repo, "HEAD");
    push(&repo, &["origin", "main"]).code(1).says(&format!("{TOKEN} a:1:10 (commit {})", &commit[..10]));
    // What the remote itself has is known still.
    repo.commit("b", "text\n");
    push(&repo, &["origin/private", "main:other"]).success().silent();
    push(&repo, &["--no-verify", "origin", "main"]).success();
    push(&repo, &["origin", "main:other"]).success().silent();
}

#[test]
fn a_tag_that_the_server_has_may_get_another_name() {
    let repo = with_server();
    let hook = repo.tmp("remote/hooks/pre-receive");
    let leak = format!("token = \"{}\"\n", fake::github_pat());
    repo.git(["tag", "--annotate", "--message", &leak, "v1"]).success();
    repo.git(["tag", "blob", "HEAD:file"]).success();
    push(&repo, &["origin", "v1"]).code(1).says(&format!("{TOKEN} the message:1:10 (tag "));
    std::fs::rename(&hook, repo.tmp("aside")).unwrap();
    push(&repo, &["origin", "v1", "blob"]).success();
    std::fs::rename(repo.tmp("aside"), &hook).unwrap();
    push(&repo, &["origin", "v1:refs/tags/v2", "blob:refs/tags/other"]).success().silent();
    // Made again it is a new one.
    repo.git(["tag", "--force", "--annotate", "--message", &format!("again\n{leak}"), "v1"]).success();
    push(&repo, &["origin", "v1:refs/tags/v3"]).code(1).says(&format!("{TOKEN} the message:2:10 (tag "));
}
