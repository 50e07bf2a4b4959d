//! Every form of commit, each through the installed hook and real git, with both readers.
//!
//! A form is tried in both directions: a key that it brings in is blocked at its place, and what is clean goes through
//! in silence, though a key stands in HEAD already. The last part holds the operations that call no hook: that a key
//! passes there is git's doing, and the README says so.

use std::fs;

use crate::guard::{blocked, leak};
use crate::sandbox::{Output, Run, Sandbox, with_both_readers, write_program};

/// A history whose tip holds a key already.
fn start(repo: &Sandbox) {
    repo.commit("old", leak("in HEAD already")).commit("a", "1\n").commit("b", "1\n");
}

/// Commits what is staged.
fn commit(repo: &Sandbox) -> Output {
    repo.git(["commit", "--quiet", "-m", "x"])
}

/// Describes a run of git in another folder.
fn git_in<'s>(repo: &'s Sandbox, folder: &str, args: &[&str]) -> Run<'s> {
    repo.run("git").current_dir(folder).args(args)
}

#[track_caller]
fn passes(output: &Output) {
    output.success().silent();
}

/// Stages `content` as `path`.
#[track_caller]
fn stage(repo: &Sandbox, path: &str, content: impl AsRef<[u8]>) {
    repo.write(path, content);
    repo.git(["add", "--", path]).success();
}

/// Plays the two directions in a work tree beside the repository's own, in which the hook is at work.
#[track_caller]
fn guarded(repo: &Sandbox, folder: &str) {
    let file = repo.root().join(folder).join("dir/new");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, leak("x")).unwrap();
    git_in(repo, folder, &["add", "dir"]).output().success();
    blocked(&git_in(repo, folder, &["commit", "--quiet", "-m", "leak"]).output(), "dir/new:2:10");
    fs::write(&file, format!("clean in {folder}\n")).unwrap();
    git_in(repo, folder, &["add", "dir"]).output().success();
    passes(&git_in(repo, folder, &["commit", "--quiet", "-m", "clean"]).output());
}

#[test]
fn plain_takes_what_is_staged_and_not_the_work_tree() {
    with_both_readers(|repo| {
        start(repo);
        stage(repo, "a", leak("staged"));
        repo.write("a", "2\n");
        blocked(&commit(repo), "a:2:10");
        stage(repo, "a", "2\n");
        repo.write("a", leak("not staged"));
        passes(&commit(repo));
        repo.assert_commits(4);
    });
}

#[test]
fn all() {
    with_both_readers(|repo| {
        start(repo);
        repo.write("a", leak("x"));
        blocked(&repo.git(["commit", "-am", "leak"]), "a:2:10");
        repo.write("a", "2\n").write("untracked", leak("x"));
        passes(&repo.git(["commit", "--quiet", "-am", "clean"]));
        repo.assert_commits(4);
    });
}

#[test]
fn only_a_path() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("sub/c", "1\n");
        repo.write("b", "2\n").write("sub/c", leak("c"));
        stage(repo, "a", leak("staged, and not part of this commit"));
        passes(&repo.git(["commit", "--quiet", "-m", "b", "b"]));
        blocked(&repo.git(["commit", "-m", "c", "sub"]), "sub/c:2:10");
        blocked(&repo.git(["commit", "-m", "c", "-o", "sub/c"]), "sub/c:2:10");
        repo.write("sub/c", "2\n");
        passes(&repo.git(["commit", "--quiet", "-m", "c", "--only", "--", "sub/c"]));
        blocked(&commit(repo), "a:2:10");
        repo.assert_commits(6);
    });
}

#[test]
fn only_a_path_that_the_index_no_longer_holds() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["rm", "--quiet", "--cached", "a"]).success();
        repo.write("a", leak("x"));
        blocked(&repo.git(["commit", "-m", "leak", "--", "a"]), "a:2:10");
        fs::remove_file(repo.root().join("a")).unwrap();
        passes(&repo.git(["commit", "--quiet", "-m", "gone", "--", "a"]));
        repo.assert_commits(4);
    });
}

#[test]
fn include_adds_a_path_to_what_is_staged() {
    with_both_readers(|repo| {
        start(repo);
        stage(repo, "a", leak("staged"));
        repo.write("b", "2\n");
        blocked(&repo.git(["commit", "-m", "leak", "--include", "b"]), "a:2:10");
        stage(repo, "a", "2\n");
        repo.write("b", leak("included"));
        blocked(&repo.git(["commit", "-m", "leak", "-i", "b"]), "b:2:10");
        stage(repo, "a", leak("staged"));
        repo.git(["commit", "-m", "leak", "-i", "b"]).code(1).says(" in a:2:10 and 1 other place\n");
        stage(repo, "a", "2\n");
        repo.write("b", "2\n");
        passes(&repo.git(["commit", "--quiet", "-m", "clean", "-i", "b"]));
        repo.git(["diff", "--name-only", "HEAD~", "HEAD"]).success().stdout("a\nb\n");
    });
}

#[test]
fn patch_takes_the_chosen_hunks() {
    with_both_readers(|repo| {
        start(repo);
        let old: String = (0..40).map(|line| format!("line {line}\n")).collect();
        repo.commit("p", &old);
        repo.write("p", old.replace("line 3\n", "line three\n").replace("line 35\n", &leak("x")));
        let patch =
            |answers: &str| repo.run("git").args(["commit", "--quiet", "-p", "-m", "patch"]).input(answers).output();
        patch("y\nn\n").success();
        // git itself shows the hunk.
        patch("y\n").code(1).says("commit blocked: GitHub personal access token (classic)").says("in p:37:10\n");
        repo.assert_commits(5);
    });
}

#[test]
fn paths_from_a_file() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("with\nline break", "1\n");
        repo.write("a", leak("a")).write("b", "2\n").write("with\nline break", leak("c"));
        let paths = |options: &[&str], paths: &str| {
            let run = repo.run("git").args(["commit", "--quiet", "-m", "x", "--pathspec-from-file=-"]);
            run.args(options).input(paths).output()
        };
        passes(&paths(&[], "b\n"));
        blocked(&paths(&[], "a\n"), "a:2:10");
        blocked(&paths(&["--pathspec-file-nul"], "with\nline break\0"), "with\\u{a}line break:2:10");
        repo.write("with\nline break", "2\n");
        passes(&paths(&["--pathspec-file-nul"], "with\nline break\0"));
        repo.assert_commits(6);
    });
}

#[test]
fn an_index_of_the_users_own() {
    with_both_readers(|repo| {
        start(repo);
        let own = repo.tmp("own-index");
        let git = |args: &[&str]| repo.run("git").args(args).env("GIT_INDEX_FILE", &own).output();
        stage(repo, "a", leak("in the other index"));
        git(&["read-tree", "HEAD"]).success();
        repo.write("b", leak("x"));
        git(&["add", "b"]).success();
        blocked(&git(&["commit", "-m", "leak"]), "b:2:10");
        repo.write("b", "2\n");
        git(&["add", "b"]).success();
        passes(&git(&["commit", "--quiet", "-m", "clean"]));
    });
}

#[test]
fn amend_adds_a_key() {
    with_both_readers(|repo| {
        start(repo);
        repo.write("b", leak("added"));
        blocked(&repo.git(["commit", "-a", "--amend", "-m", "leak"]), "b:2:10");
        repo.write("b", "2\n");
        passes(&repo.git(["commit", "--quiet", "-a", "--amend", "-m", "clean"]));
        repo.assert_commits(3);
    });
}

#[test]
fn amend_removes_a_key() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("c", leak("a mistake")).write("c", "mended\n");
        passes(&repo.git(["commit", "--quiet", "-a", "--amend", "-m", "mended"]));
        repo.assert_commits(4);
    });
}

#[test]
fn amend_of_the_root_commit() {
    with_both_readers(|repo| {
        repo.commit("old", leak("in the root already"));
        stage(repo, "new", "clean\n");
        passes(&repo.git(["commit", "--quiet", "--amend", "-m", "clean"]));
        stage(repo, "new", leak("added"));
        blocked(&repo.git(["commit", "--amend", "-m", "leak"]), "new:2:10");
        repo.assert_commits(1);
    });
}

#[test]
fn reset_soft_and_again() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("c", leak("went in unseen")).commit("d", "1\n");
        repo.git(["reset", "--soft", "HEAD~2"]).success();
        blocked(&commit(repo), "c:2:10");
        stage(repo, "c", "mended\n");
        passes(&commit(repo));
        repo.git(["reset", "--soft", "HEAD~1"]).success();
        passes(&commit(repo));
    });
}

#[test]
fn orphan_branch() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["checkout", "--quiet", "--orphan", "fresh"]).success();
        blocked(&commit(repo), "old:2:10");
        repo.git(["rm", "--quiet", "--cached", "old"]).success();
        passes(&commit(repo));
        repo.assert_commits(1);
    });
}

#[test]
fn detached_head() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["checkout", "--quiet", "--detach", "HEAD~1"]).success();
        stage(repo, "a", leak("x"));
        blocked(&commit(repo), "a:2:10");
        stage(repo, "a", "2\n");
        passes(&commit(repo));
        repo.assert_commits(3);
    });
}

#[test]
fn fixup_and_squash() {
    with_both_readers(|repo| {
        start(repo);
        for form in ["--fixup=HEAD", "--squash=HEAD", "--fixup=amend:HEAD"] {
            repo.write("a", leak("x"));
            blocked(&repo.git(["commit", "-a", form]), "a:2:10");
            repo.write("a", form);
            passes(&repo.git(["commit", "--quiet", "-a", form]));
        }
        stage(repo, "a", leak("staged, and not part of this commit"));
        passes(&repo.git(["commit", "--quiet", "--fixup=reword:HEAD"]));
        repo.assert_commits(7);
    });
}

/// A branch `side` that changed `a` as main did, and brings in `theirs` with a key.
fn conflict(repo: &Sandbox) {
    start(repo);
    repo.git(["switch", "--quiet", "-c", "side"]).success();
    repo.write("theirs", leak("came in over there")).write("a", "side\n");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--no-verify", "-m", "side"]).success();
    repo.git(["switch", "--quiet", "main"]).success();
    repo.commit("a", "main\n");
}

#[test]
fn cherry_pick_continue_after_a_conflict() {
    with_both_readers(|repo| {
        conflict(repo);
        repo.git(["cherry-pick", "side"]).code(1);
        stage(repo, "a", "both\n");
        // It is a new commit of this branch: what it takes over is new here.
        blocked(&repo.git(["cherry-pick", "--continue"]), "theirs:2:10");
        stage(repo, "theirs", "clean\n");
        stage(repo, "a", leak("added while resolving"));
        blocked(&repo.git(["cherry-pick", "--continue"]), "a:2:10");
        stage(repo, "a", "both\n");
        repo.git(["cherry-pick", "--continue"]).success();
        repo.assert_commits(5);
    });
}

#[test]
fn cherry_pick_without_a_commit() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("c", leak("x"));
        repo.git(["reset", "--quiet", "--hard", "HEAD~1"]).success();
        repo.git(["cherry-pick", "--no-commit", "ORIG_HEAD"]).success();
        blocked(&commit(repo), "c:2:10");
        stage(repo, "c", "mended\n");
        passes(&commit(repo));
    });
}

#[test]
fn revert_without_a_commit() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("old", "mended\n").commit("b", leak("x"));
        repo.git(["revert", "--no-commit", "HEAD"]).success();
        passes(&commit(repo));
        repo.git(["revert", "--no-commit", "HEAD~2"]).success();
        blocked(&commit(repo), "old:2:10");
    });
}

#[test]
fn revert_continue_after_a_conflict() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("a", leak("x")).commit("a", "2\n").commit("a", "3\n");
        repo.git(["revert", "--no-edit", "HEAD~1"]).code(1);
        stage(repo, "a", leak("taken from the conflict"));
        blocked(&repo.git(["revert", "--continue"]), "a:2:10");
        stage(repo, "a", "4\n");
        repo.git(["revert", "--continue"]).success();
    });
}

#[test]
fn merge_squash_is_a_commit_of_ones_own() {
    with_both_readers(|repo| {
        conflict(repo);
        repo.git(["merge", "--squash", "side"]).code(1);
        stage(repo, "a", "both\n");
        blocked(&commit(repo), "theirs:2:10");
        stage(repo, "theirs", "clean\n");
        passes(&commit(repo));
        repo.git(["rev-list", "--parents", "--max-count=1", "HEAD"]).success();
        repo.assert_commits(5);
    });
}

#[test]
fn merge_without_a_commit() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["switch", "--quiet", "-c", "side"]).success();
        repo.commit("theirs", leak("came in over there"));
        repo.git(["switch", "--quiet", "main"]).success();
        repo.commit("c", "1\n");
        repo.git(["merge", "--quiet", "--no-commit", "--no-ff", "side"]).success();
        stage(repo, "ours", leak("added before the merge is concluded"));
        blocked(&commit(repo), "ours:2:10");
        stage(repo, "ours", "clean\n");
        passes(&commit(repo));
        repo.assert_commits(6);
    });
}

#[test]
fn conflicted_merge_counts_what_no_parent_has() {
    with_both_readers(|repo| {
        conflict(repo);
        repo.git(["merge", "side"]).code(1);
        stage(repo, "a", leak("added while resolving"));
        blocked(&repo.git(["commit", "-m", "merge"]), "a:2:10");
        blocked(&repo.git(["merge", "--continue"]), "a:2:10");
        repo.write("a", leak("added while resolving"));
        blocked(&repo.git(["commit", "-am", "merge"]), "a:2:10");
        stage(repo, "a", "both\n");
        passes(&repo.git(["commit", "--quiet", "-m", "merge"]));
        repo.assert_commits(6);
    });
}

#[test]
fn conflicted_merge_left_open_is_no_commit() {
    with_both_readers(|repo| {
        conflict(repo);
        repo.git(["merge", "side"]).code(1);
        repo.git(["commit", "-m", "merge"])
            .code(128)
            .says("Committing is not possible because you have unmerged files");
        repo.assert_commits(4);
    });
}

#[test]
fn octopus_concluded_by_hand() {
    with_both_readers(|repo| {
        start(repo);
        for side in ["one", "two", "three"] {
            repo.git(["switch", "--quiet", "-c", side, "main"]).success();
            repo.commit(side, leak(side)).commit("dir/shared", "the same in each\n");
        }
        repo.git(["switch", "--quiet", "main"]).success();
        repo.commit("c", "1\n");
        repo.git(["merge", "--quiet", "--no-commit", "one", "two", "three"]).success();
        let heads = fs::read_to_string(repo.root().join(".git/MERGE_HEAD")).unwrap();
        assert_eq!(heads.lines().count(), 3, "{heads}");
        stage(repo, "dir/shared", leak("in no parent"));
        blocked(&commit(repo), "dir/shared:2:10");
        stage(repo, "dir/shared", "mended\n");
        stage(repo, "two", format!("more\n{}", leak("two")));
        passes(&commit(repo));
        repo.git(["rev-parse", "--verify", "--quiet", "HEAD^4"]).success();
    });
}

/// Puts `command` before each commit of the list of things to do.
fn rebase<'s>(repo: &'s Sandbox, command: &str, args: &[&str]) -> Run<'s> {
    let editor = repo.tmp("sequence-editor");
    fs::write(&editor, format!("sed 's/^pick/{command}/' \"$1\" >\"$1.new\" && mv \"$1.new\" \"$1\"\n")).unwrap();
    let editor = format!("sh '{}'", editor.display());
    repo.run("git").args(["rebase", "--quiet", "-i"]).args(args).env("GIT_SEQUENCE_EDITOR", editor)
}

#[test]
fn rebase_edit_and_amend() {
    with_both_readers(|repo| {
        start(repo);
        rebase(repo, "edit", &["HEAD~1"]).output().success();
        repo.write("b", leak("x"));
        blocked(&repo.git(["commit", "-a", "--amend", "--no-edit"]), "b:2:10");
        repo.write("b", "2\n");
        passes(&repo.git(["commit", "--quiet", "-a", "--amend", "--no-edit"]));
        stage(repo, "c", leak("a commit more"));
        blocked(&commit(repo), "c:2:10");
        stage(repo, "c", "1\n");
        passes(&commit(repo));
        repo.git(["rebase", "--continue"]).success();
        repo.assert_commits(4);
    });
}

#[test]
fn rebase_reword_runs_the_hook_and_what_it_rewords_is_there_already() {
    let repo = with_log();
    repo.commit("a", "1\n").commit("b", leak("in the commit that is reworded"));
    rebase(&repo, "reword", &["HEAD~1"]).output().success();
    assert_eq!(runs(&repo), 1, "reword runs the hook");
    repo.assert_commits(2);
}

#[test]
fn from_sub_directories() {
    with_both_readers(|repo| {
        start(repo);
        repo.commit("deep/er/c", "1\n").write("deep/er/c", leak("c")).write("deep/d", "1\n");
        blocked(&git_in(repo, "deep/er", &["commit", "-am", "leak"]).output(), "deep/er/c:2:10");
        blocked(&git_in(repo, "deep/er", &["commit", "-m", "leak", "c"]).output(), "deep/er/c:2:10");
        git_in(repo, "deep/er", &["add", "../d"]).output().success();
        passes(&git_in(repo, "deep/er", &["commit", "--quiet", "-m", "clean"]).output());
        stage(repo, "b", leak("x"));
        blocked(&git_in(repo, "deep/er", &["commit", "-m", "leak"]).output(), "b:2:10");
    });
}

#[test]
fn from_another_folder() {
    with_both_readers(|repo| {
        start(repo);
        let root = repo.root().into_os_string().into_string().unwrap();
        let (dir, tree) = (format!("--git-dir={root}/.git"), format!("--work-tree={root}"));
        for (number, options) in
            [vec!["-C", &*root], vec![&*dir, &*tree], vec!["-C", "../root/.git/.."]].iter().enumerate()
        {
            let git = |args: &[&str]| repo.run("git").current_dir("../home").args(options).args(args).output();
            repo.write("a", leak("x"));
            blocked(&git(&["commit", "-am", "leak"]), "a:2:10");
            blocked(&git(&["commit", "-m", "leak", "--", &format!("{root}/a")]), "a:2:10");
            repo.write("a", format!("clean {number}\n"));
            passes(&git(&["commit", "--quiet", "-am", "clean"]));
        }
        repo.assert_commits(6);
    });
}

#[test]
fn a_repository_named_by_the_environment() {
    with_both_readers(|repo| {
        start(repo);
        let git = |args: &[&str]| {
            let run = repo.run("git").current_dir("../home").args(args);
            run.env("GIT_DIR", repo.root().join(".git")).env("GIT_WORK_TREE", repo.root()).output()
        };
        repo.write("a", leak("x"));
        blocked(&git(&["commit", "-am", "leak"]), "a:2:10");
        repo.write("a", "2\n");
        passes(&git(&["commit", "--quiet", "-am", "clean"]));
        // In the git directory itself, where `.git` is nowhere above.
        let inside = |args: &[&str]| {
            let run = repo.run("git").current_dir(".git").args(args);
            run.env("GIT_DIR", ".").env("GIT_WORK_TREE", "..").output()
        };
        repo.write("a", leak("x"));
        blocked(&inside(&["commit", "-am", "leak"]), "a:2:10");
        repo.write("a", "3\n");
        passes(&inside(&["commit", "--quiet", "-am", "clean"]));
    });
}

#[test]
fn a_work_tree_named_by_the_configuration() {
    with_both_readers(|repo| {
        start(repo);
        let elsewhere = repo.tmp("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        repo.git(["config", "core.worktree", "../../elsewhere"]).success();
        let git = |args: &[&str]| repo.run("git").args(args).output();
        fs::write(elsewhere.join("a"), leak("x")).unwrap();
        git(&["add", "a"]).success();
        blocked(&git(&["commit", "-m", "leak"]), "a:2:10");
        // The configuration that counts is the one beside the files.
        fs::write(elsewhere.join("keyguard.toml"), "[rules]\ndisable = [\"github-pat-classic\"]\n").unwrap();
        git(&["add", "keyguard.toml"]).success();
        git(&["commit", "--quiet", "-m", "allowed"]).success();
        git(&["rm", "--quiet", "keyguard.toml"]).success();
        fs::write(elsewhere.join("b"), "2\n").unwrap();
        git(&["add", "b"]).success();
        passes(&git(&["commit", "--quiet", "-m", "clean"]));
    });
}

#[test]
fn linked_worktrees() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["worktree", "add", "--quiet", "../linked"]).success();
        guarded(repo, "../linked");
        // Each has an index of its own.
        stage(repo, "a", leak("in the main one"));
        fs::write(repo.tmp("linked/b"), "3\n").unwrap();
        passes(&git_in(repo, "../linked", &["commit", "--quiet", "-am", "clean"]).output());
        blocked(&commit(repo), "a:2:10");
    });
}

#[test]
fn submodules_and_their_superproject() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["clone", "--quiet", ".", "../module"]).success();
        repo.git(["submodule", "--quiet", "add", "../module", "sub"]).success();
        // The submodule itself is no content of the superproject.
        passes(&commit(repo));
        repo.run("keyguard").current_dir("sub").args(["install"]).output().success();
        guarded(repo, "sub");
        fs::write(repo.root().join("sub/a"), leak("committed unseen")).unwrap();
        git_in(repo, "sub", &["commit", "--quiet", "--no-verify", "-am", "unseen"]).output().success();
        repo.git(["add", "sub"]).success();
        passes(&commit(repo));
        // A file in its place is.
        repo.git(["rm", "--quiet", "--force", "sub"]).success();
        stage(repo, "sub", leak("x"));
        blocked(&commit(repo), "sub:2:10");
    });
}

#[test]
fn a_separate_git_directory() {
    with_both_readers(|repo| {
        start(repo);
        repo.git(["init", "--quiet", "--separate-git-dir=../git-dir"]).success();
        assert!(repo.root().join(".git").is_file());
        guarded(repo, ".");
    });
}

/// Clones the repository into `../clone` and installs keyguard there.
#[track_caller]
fn clone(repo: &Sandbox, options: &[&str]) {
    let run = repo.run("git").args(["clone", "--quiet"]).args(options);
    run.args(["../root", "../clone"]).output().success();
    repo.run("keyguard").current_dir("../clone").args(["install"]).output().success();
}

#[test]
fn objects_borrowed_from_another_repository() {
    with_both_readers(|repo| {
        start(repo);
        clone(repo, &["--shared"]);
        guarded(repo, "../clone");
        // A chain of two, the first of them relative.
        repo.git(["clone", "--quiet", "--shared", "../clone", "../second"]).success();
        repo.run("keyguard").current_dir("../second").args(["install"]).output().success();
        fs::write(repo.tmp("second/.git/objects/info/alternates"), "../../../clone/.git/objects\n").unwrap();
        guarded(repo, "../second");
        // A key that stands in a borrowed blob is old.
        fs::write(repo.tmp("second/old"), format!("more\n{}", leak("in HEAD already"))).unwrap();
        passes(&git_in(repo, "../second", &["commit", "--quiet", "-am", "more"]).output());
    });
}

#[test]
fn shallow_clone() {
    with_both_readers(|repo| {
        start(repo);
        let url = format!("file://{}", repo.root().display());
        let run = repo.run("git").args(["clone", "--quiet", "--depth=1", &url, "../clone"]);
        run.output().success();
        repo.run("keyguard").current_dir("../clone").args(["install"]).output().success();
        git_in(repo, "../clone", &["rev-parse", "--is-shallow-repository"]).output().success().stdout("true\n");
        guarded(repo, "../clone");
        fs::write(repo.tmp("clone/a"), leak("x")).unwrap();
        blocked(&git_in(repo, "../clone", &["commit", "-a", "--amend", "-m", "x"]).output(), "a:2:10");
    });
}

/// A clone in `../clone` that fetched as little as `filter` allows, and leaves a trace in `../fetched` should anything
/// ask for more.
#[track_caller]
fn partial_clone(repo: &Sandbox, filter: &str) {
    start(repo);
    repo.commit("dir/a", "1\n").commit("dir/a", leak("the next commit mends it")).commit("dir/a", "3\n");
    repo.git(["config", "uploadpack.allowFilter", "true"]).success();
    repo.git(["config", "uploadpack.allowAnySHA1InWant", "true"]).success();
    let url = format!("file://{}", repo.root().display());
    repo.git(["clone", "--quiet", &format!("--filter={filter}"), &url, "../clone"]).success();
    repo.run("keyguard").current_dir("../clone").args(["install"]).output().success();
    let spy = repo.tmp("upload-pack");
    fs::write(&spy, format!("echo fetched >>'{}'\nexec git-upload-pack \"$@\"\n", repo.tmp("fetched").display()))
        .unwrap();
    let spy = format!("sh '{}'", spy.display());
    git_in(repo, "../clone", &["config", "remote.origin.uploadpack", &spy]).output().success();
}

/// Whether anything was fetched since the last call.
fn has_fetched(repo: &Sandbox) -> bool {
    fs::remove_file(repo.tmp("fetched")).is_ok()
}

#[test]
fn partial_clones_fetch_nothing() {
    for filter in ["blob:none", "tree:0"] {
        with_both_readers(|repo| {
            partial_clone(repo, filter);
            guarded(repo, "../clone");
            fs::write(repo.tmp("clone/old"), format!("more\n{}", leak("in HEAD already"))).unwrap();
            passes(&git_in(repo, "../clone", &["commit", "--quiet", "-am", "more"]).output());
            assert!(!has_fetched(repo));
            // The trace is one: what is missing here is fetched when git is asked for it.
            git_in(repo, "../clone", &["cat-file", "-e", "origin/main~1:dir/a"]).output().success();
            assert!(has_fetched(repo), "the clone lacks nothing");
        });
    }
}

#[test]
fn an_old_version_that_a_partial_clone_lacks_is_no_old_text() {
    with_both_readers(|repo| {
        partial_clone(repo, "blob:none");
        let clone = |args: &[&str]| git_in(repo, "../clone", args).output();
        // HEAD's version of `dir/a`, which holds a key, was never fetched.
        clone(&["reset", "--soft", "HEAD~1"]).success();
        fs::write(repo.tmp("clone/dir/a"), leak("x")).unwrap();
        clone(&["add", "."]).success();
        blocked(&clone(&["commit", "-m", "leak"]), "dir/a:2:10");
        // A new blob beside it is read all the same.
        fs::write(repo.tmp("clone/dir/a"), "clean\n").unwrap();
        fs::write(repo.tmp("clone/dir/b"), leak("x")).unwrap();
        clone(&["add", "."]).success();
        blocked(&clone(&["commit", "-m", "leak"]), "dir/b:2:10");
        fs::write(repo.tmp("clone/dir/b"), "clean\n").unwrap();
        clone(&["add", "."]).success();
        passes(&clone(&["commit", "--quiet", "-m", "clean"]));
        assert!(!has_fetched(repo));
    });
}

#[test]
fn a_partial_clone_whose_source_is_gone() {
    for filter in ["blob:none", "tree:0"] {
        with_both_readers(|repo| {
            partial_clone(repo, filter);
            fs::rename(repo.root().join(".git"), repo.tmp("gone")).unwrap();
            guarded(repo, "../clone");
            git_in(repo, "../clone", &["cat-file", "-e", "origin/main~1:dir/a"]).output().code(128);
        });
    }
}

#[test]
fn settings_of_commits_change_nothing() {
    let signer = "cat >/dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo signature; :";
    for (name, value) in [
        ("commit.gpgSign", "true"),
        ("commit.verbose", "2"),
        ("commit.status", "false"),
        ("commit.cleanup", "scissors"),
        ("i18n.commitEncoding", "latin1"),
        ("core.abbrev", "4"),
        ("core.commentChar", "auto"),
        ("core.editor", "false"),
        ("core.pager", "false"),
        ("status.renames", "copies"),
        ("diff.renames", "copies"),
        ("diff.ignoreSubmodules", "all"),
        ("color.ui", "always"),
    ] {
        with_both_readers(|repo| {
            start(repo);
            let program = repo.tmp("signer");
            write_program(&program, format!("#!/bin/sh\n{signer}\n"));
            repo.run("git").args(["config", "gpg.program"]).args([&program]).output().success();
            repo.git(["config", name, value]).success();
            stage(repo, "a", leak("x"));
            blocked(&commit(repo), "a:2:10");
            stage(repo, "a", "2\n");
            passes(&commit(repo));
        });
    }
}

#[test]
fn stash_runs_no_hook_and_what_it_gives_back_is_looked_at() {
    with_both_readers(|repo| {
        start(repo);
        repo.write("a", leak("in the work tree"));
        stage(repo, "b", leak("staged"));
        repo.write("untracked", leak("untracked"));
        repo.git(["stash", "push", "--quiet", "--include-untracked"]).success();
        stage(repo, "a", "2\n");
        passes(&commit(repo));
        repo.git(["reset", "--quiet", "--hard", "HEAD~1"]).success();
        repo.git(["stash", "pop", "--quiet", "--index"]).success();
        blocked(&commit(repo), "b:2:10");
    });
}

/// A repository in which a hook stood before keyguard's: it counts how often the hook is run.
fn with_log() -> Sandbox {
    let repo = Sandbox::new();
    write_program(
        &repo.root().join(".git/hooks/pre-commit"),
        "#!/bin/sh\necho ran >>\"$(git rev-parse --git-common-dir)/ran\"\n",
    );
    repo.install();
    repo
}

/// How often the hook was run since the last call.
fn runs(repo: &Sandbox) -> usize {
    let log = repo.root().join(".git/ran");
    let count = fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    fs::remove_file(log).ok();
    count
}

#[test]
fn no_verify_runs_no_hook() {
    let repo = with_log();
    stage(&repo, "a", leak("x"));
    passes(&repo.git(["commit", "--quiet", "--no-verify", "-m", "leak"]));
    assert_eq!(runs(&repo), 0);
    stage(&repo, "b", "1\n");
    passes(&commit(&repo));
    assert_eq!(runs(&repo), 1, "the log is one");
}

/// A repository with a branch `side` whose one commit brings in a key and clashes with nothing.
fn with_side() -> Sandbox {
    let repo = with_log();
    start(&repo);
    repo.git(["switch", "--quiet", "-c", "side"]).success();
    repo.commit("theirs", leak("x"));
    repo.git(["switch", "--quiet", "main"]).success();
    repo.commit("c", "1\n");
    repo
}

/// Asserts that a key went into HEAD, and that no hook was asked.
#[track_caller]
fn went_in_unseen(repo: &Sandbox, path: &str) {
    assert_eq!(runs(repo), 0, "the hook was run");
    repo.git(["show", &format!("HEAD:{path}")]).success().says(&leak("x"));
}

#[test]
fn a_clean_cherry_pick_runs_no_hook() {
    let repo = with_side();
    repo.git(["cherry-pick", "side"]).success();
    went_in_unseen(&repo, "theirs");
}

#[test]
fn a_clean_revert_runs_no_hook() {
    let repo = with_side();
    repo.commit("d", leak("x")).commit("d", "mended\n");
    repo.git(["revert", "--no-edit", "HEAD"]).success();
    went_in_unseen(&repo, "d");
}

#[test]
fn an_automatic_merge_runs_no_hook() {
    let repo = with_side();
    repo.git(["merge", "--quiet", "--no-edit", "side"]).success();
    went_in_unseen(&repo, "theirs");
    repo.git(["switch", "--quiet", "-c", "other", "main~1"]).success();
    repo.commit("e", "1\n");
    repo.git(["switch", "--quiet", "main"]).success();
    repo.git(["merge", "--quiet", "--ff-only", "main"]).success();
    repo.git(["merge", "--quiet", "--no-edit", "other"]).success();
    assert_eq!(runs(&repo), 0);
}

#[test]
fn rebase_picks_run_no_hook() {
    for (options, picked) in [(&["side"][..], "d"), (&["main", "side"], "theirs")] {
        let repo = with_side();
        repo.commit("d", leak("x"));
        repo.git(["rebase", "--quiet"].iter().chain(options)).success();
        went_in_unseen(&repo, picked);
    }
}

#[test]
fn rebase_continue_runs_no_hook() {
    let repo = with_log();
    start(&repo);
    repo.git(["switch", "--quiet", "-c", "side"]).success();
    repo.commit("a", "side\n");
    repo.git(["switch", "--quiet", "main"]).success();
    repo.commit("a", "main\n");
    repo.git(["rebase", "--quiet", "side"]).code(1);
    stage(&repo, "a", leak("x"));
    repo.git(["rebase", "--continue"]).success();
    went_in_unseen(&repo, "a");
    // After `edit` it amends what is staged, and asks no hook either.
    rebase(&repo, "edit", &["HEAD~1"]).output().success();
    stage(&repo, "b", leak("x"));
    repo.git(["rebase", "--continue"]).success();
    went_in_unseen(&repo, "b");
}

#[test]
fn am_runs_no_hook() {
    let repo = with_side();
    repo.git(["format-patch", "--quiet", "--output-directory=../patches", "main..side"]).success();
    repo.git(["am", "--quiet", "../patches/0001-theirs.patch"]).success();
    went_in_unseen(&repo, "theirs");
}
