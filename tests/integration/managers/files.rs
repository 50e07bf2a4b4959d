//! `keyguard hook pre-commit --files`, called as pre-commit and prek call it.

use std::fs;

use crate::sandbox::{Output, Run, Sandbox, fake};

/// A call with these names.
fn entry<'s>(repo: &'s Sandbox, names: &[&str]) -> Run<'s> {
    repo.run("keyguard").args(["hook", "pre-commit", "--files"]).args(names).env("PRE_COMMIT", "1")
}

/// The same below `git commit`.
fn in_commit<'s>(repo: &'s Sandbox, names: &[&str]) -> Run<'s> {
    entry(repo, names).env("GIT_INDEX_FILE", ".git/index").env("GIT_EDITOR", ":")
}

/// A line with a key.
fn key() -> String {
    format!("TOKEN={}\n", fake::github_pat())
}

/// A repository whose file `old` holds a key in its first line.
fn with_old_key() -> Sandbox {
    let repo = Sandbox::new();
    repo.commit("old", format!("{}second\n", key()));
    repo
}

fn stage(repo: &Sandbox, path: &str, content: &str) {
    repo.write(path, content);
    repo.git(["add", "--force", "--", path]).success();
}

/// Asserts that one key is found, at that place, and told on stderr alone.
#[track_caller]
fn assert_found(output: &Output, place: &str) {
    output.code(1).stdout("").says(&format!("GitHub personal access token (classic) (checksum valid) in {place}"));
}

#[test]
fn in_a_commit_it_is_the_whole_commit_whatever_is_named() {
    let repo = with_old_key();
    stage(&repo, "old", &format!("{}second\nthird\n", key()));
    in_commit(&repo, &["old"]).output().success().silent();
    stage(&repo, "new", &key());
    for names in [&["old"][..], &["new"], &["old", "new"], &[], &["--help"]] {
        let output = in_commit(&repo, names).output();
        assert_found(&output, "new:1:7");
        output.says("keyguard: commit blocked: ").says("Nothing was committed.");
    }
}

#[test]
fn the_index_of_a_commit_of_paths_counts() {
    let repo = with_old_key();
    stage(&repo, "new", &key());
    let [index, other] = [".git/index", ".git/next-index-1.lock"].map(|file| repo.root().join(file));
    fs::copy(index, &other).unwrap();
    repo.git(["rm", "--cached", "--quiet", "new"]).success();
    let output = in_commit(&repo, &["new"]).env("GIT_INDEX_FILE", &other).output();
    assert_found(&output, "new:1:7");
    stage(&repo, "other", "text\n");
    in_commit(&repo, &["other"]).output().success().silent();
}

#[test]
fn in_a_part_of_the_work_tree_the_index_is_found_all_the_same() {
    let repo = with_old_key();
    stage(&repo, "part/new", &key());
    assert_found(&in_commit(&repo, &["new"]).current_dir("part").output(), "part/new:1:7");
    assert_found(&entry(&repo, &["new"]).current_dir("part").output(), "part/new:1:7");
}

#[test]
fn a_merge_that_takes_one_side_adds_nothing() {
    let repo = with_old_key();
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.commit("old", format!("{}topic\n", key()));
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.commit("old", format!("{}main\n", key()));
    repo.git(["merge", "--quiet", "topic"]).code(1);
    repo.git(["checkout", "--ours", "--", "old"]).success();
    repo.git(["add", "old"]).success();
    in_commit(&repo, &["old"]).output().success().silent();
    stage(&repo, "new", &format!("{}x\n", key()));
    assert_found(&in_commit(&repo, &["old", "new"]).output(), "new:1:7");
}

#[test]
fn a_commit_that_changes_nothing_is_let_through_without_names_only() {
    let repo = with_old_key();
    in_commit(&repo, &[]).output().success().silent();
    // A hook after the commit has the same environment, and asks about all files.
    assert_found(&in_commit(&repo, &["old"]).output(), "old:1:7");
}

#[test]
fn by_hand_it_is_the_staged_hunks_where_all_that_is_staged_is_named() {
    let repo = with_old_key();
    repo.commit("gone", "x\n").commit("from", "one\ntwo\nthree\n");
    stage(&repo, "old", &format!("{}second\nthird\n", key()));
    stage(&repo, "ä b", "text\n");
    repo.git(["rm", "--quiet", "gone"]).success();
    repo.git(["mv", "from", "to"]).success();
    entry(&repo, &["old", "to", "ä b"]).output().success().silent();
    stage(&repo, "new", &key());
    let output = entry(&repo, &["ä b", "to", "new", "old"]).output();
    assert_found(&output, "new:1:7");
    output.says("1 secret in 4 files");
}

#[test]
fn by_hand_it_is_the_files_whole_else() {
    let repo = with_old_key();
    repo.commit("clean", "text\n");
    entry(&repo, &["clean"]).output().success().silent();
    // --all-files, in one call or in several.
    assert_found(&entry(&repo, &["clean", "old"]).output(), "old:1:7");
    assert_found(&entry(&repo, &["old"]).output(), "old:1:7");
    // Only a part of what is staged.
    stage(&repo, "old", &format!("{}second\nthird\n", key()));
    stage(&repo, "clean", "other text\n");
    assert_found(&entry(&repo, &["old"]).output(), "old:1:7");
    // All that is staged, and more in the work tree: the manager puts that away unless it was given the names.
    repo.git(["checkout", "HEAD", "--", "old"]).success();
    repo.write("clean", key());
    assert_found(&entry(&repo, &["clean"]).output(), "clean:1:7");
}

#[test]
fn a_file_is_looked_at_when_it_is_named_even_if_git_ignores_it() {
    let repo = with_old_key();
    repo.commit(".gitignore", "ignored\n").write("ignored", key()).write("sub/untracked", key());
    assert_found(&entry(&repo, &["ignored"]).output(), "ignored:1:7");
    assert_found(&entry(&repo, &["untracked"]).current_dir("sub").output(), "untracked:1:7");
}

#[test]
fn every_name_is_a_path() {
    let repo = with_old_key();
    for name in ["--help", "-", "--", ":(top)", "--hooks-dir", "--shim-version"] {
        repo.write(name, key());
        assert_found(&entry(&repo, &[name]).output(), &format!("{name}:1:7"));
        assert_found(&entry(&repo, &[name, "old"]).output(), &format!("{name}:1:7"));
    }
}

#[cfg(unix)]
#[test]
fn of_a_link_the_target_is_looked_at_and_never_followed() {
    use std::os::unix::fs::symlink;
    let repo = with_old_key();
    fs::create_dir(repo.root().join("folder")).unwrap();
    fs::write(repo.tmp("secret"), key()).unwrap();
    symlink(repo.tmp("secret"), repo.root().join("to-file")).unwrap();
    symlink("folder", repo.root().join("to-folder")).unwrap();
    symlink(fake::github_pat(), repo.root().join("to-nowhere")).unwrap();
    entry(&repo, &["to-file", "to-folder"]).output().success().silent();
    assert_found(&entry(&repo, &["to-file", "to-nowhere"]).output(), "to-nowhere:1:1");
}

#[test]
fn what_cannot_be_read_is_said_and_a_folder_is_no_file() {
    let repo = with_old_key();
    entry(&repo, &["nowhere"]).output().code(2).stdout("").says("keyguard: cannot inspect nowhere: No such file");
    assert_found(&entry(&repo, &["nowhere", "old"]).output(), "old:1:7");
    fs::create_dir(repo.root().join("folder")).unwrap();
    for names in [&["folder"][..], &[]] {
        entry(&repo, names).output().code(2).stdout("").stderr(
            "error: not checked: the hook manager named no file, and git is not making a commit\n\
             help: in its configuration give this hook its file names: no `pass_filenames: false`, no `always_run: true`\n",
        );
    }
    entry(&repo, &["old"]).current_dir("..").output().code(2).stdout("").says("error: not checked: ");
}

#[test]
fn between_two_commits_it_is_what_each_of_them_adds() {
    let repo = with_old_key();
    repo.commit("old", format!("{}second\nthird\n", key()));
    repo.commit("brief", key());
    let range = |from: &str, to: &str| {
        entry(&repo, &["old"]).env("PRE_COMMIT_FROM_REF", from).env("PRE_COMMIT_TO_REF", to).output()
    };
    range("HEAD~2", "HEAD~").success().silent();
    repo.commit("brief", "gone again\n");
    let output = range("HEAD~3", "HEAD");
    assert_found(&output, "brief:1:7 (commit ");
    output.says("1 secret in ");
    range("HEAD~3", "nowhere")
        .code(2)
        .stdout("")
        .stderr("error: not checked: `nowhere`, which the hook manager names, is no commit here\n");
    // No commit between them: then what the manager names.
    assert_found(&range("HEAD", "HEAD"), "old:1:7");
}

#[test]
fn a_commit_made_while_commits_are_pushed_is_looked_at_too() {
    let repo = with_old_key();
    repo.commit("clean", "text\n");
    stage(&repo, "new", &key());
    let output =
        in_commit(&repo, &["new"]).env("PRE_COMMIT_FROM_REF", "HEAD~").env("PRE_COMMIT_TO_REF", "HEAD").output();
    assert_found(&output, "new:1:7");
}

#[test]
fn a_first_push_is_every_commit_that_the_remote_lacks() {
    let repo = Sandbox::new();
    repo.commit("brief", key()).commit("brief", "gone again\n");
    let push =
        || entry(&repo, &["brief"]).env("PRE_COMMIT_REMOTE_NAME", "origin").env("PRE_COMMIT_REMOTE_URL", "../origin");
    // pre-commit names the branch alone, prek its last commit too.
    for run in [
        push().env("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"),
        push().env("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main").env("PRE_COMMIT_TO_REF", "HEAD"),
    ] {
        let output = run.output();
        assert_found(&output, "brief:1:7 (commit ");
        output.says("keyguard: push blocked: ");
    }
    // What the remote has under another name does not count.
    repo.git(["update-ref", "refs/remotes/origin/other", "HEAD"]).success();
    push().env("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main").output().success().silent();
    let next = push().env("PRE_COMMIT_FROM_REF", "HEAD~").env("PRE_COMMIT_TO_REF", "HEAD");
    next.output().success().silent();
}

#[test]
fn skip_is_obeyed_and_said() {
    let repo = with_old_key();
    entry(&repo, &["old"])
        .env("SKIP", "keyguard")
        .output()
        .success()
        .stdout("")
        .stderr("keyguard: skipped, because SKIP names it; this commit was not checked\n");
}

#[test]
fn the_manifest_gives_this_entry_twice_with_the_same_settings() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml")).unwrap();
    let hooks: Vec<Vec<_>> = text.split("- id: ").skip(1).map(|hook| hook.lines().collect()).collect();
    let [one, other] = &hooks[..] else { panic!("two hooks: {text}") };
    assert_eq!((one[0], other[0]), ("keyguard", "keyguard-system"));
    assert!(one.contains(&"  language: rust") && other.contains(&"  language: system"), "{text}");
    let differs = |line: &&&str| !line.contains("language:") && !line.contains("description:") && line.starts_with(' ');
    assert_eq!(one.iter().filter(differs).collect::<Vec<_>>(), other.iter().filter(differs).collect::<Vec<_>>());
    for line in ["  entry: keyguard hook pre-commit --files", "  types: []", "  types_or: [file, symlink]"] {
        assert!(one.contains(&line), "{text}");
    }
    // Called without names outside a commit, it would have nothing to look at.
    assert!(!text.contains("always_run") && !text.contains("pass_filenames"), "{text}");
}
