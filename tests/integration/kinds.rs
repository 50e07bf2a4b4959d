//! Every kind of hook: installed, chained, taken out again, and never half there.
//!
//! Modes, links, signals and the shell are at stake, so all of this is for Unix.

#![cfg(unix)]
#![expect(clippy::needless_raw_string_hashes, reason = "snapshots are written by a program")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use snapbox::str;

use crate::install::{Entry, entry, hooks, picture, set_mode, write_program};
use crate::sandbox::{Sandbox, not_tried};

const KINDS: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];
/// Tells that it ran.
const THEIRS: &str = "#!/bin/sh\necho theirs >&2\n";

fn hook(repo: &Sandbox, name: &str) -> PathBuf {
    repo.root().join(".git/hooks").join(name)
}

fn is_shim(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.contains("\n# keyguard shim v"))
}

/// A bare repository beside the work tree, called `origin` in it.
fn with_remote() -> Sandbox {
    let repo = Sandbox::new();
    repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../remote"]).success();
    repo.git(["remote", "add", "origin", "../remote"]).success();
    repo.commit("file", "text\n");
    repo
}

fn commit(repo: &Sandbox) -> crate::sandbox::Output {
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"])
}

#[test]
fn all_kinds_come_and_go_together() {
    let repo = Sandbox::new();
    let before = hooks(&repo);
    repo.keyguard(["install", "--all"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (.git/hooks/pre-commit)
installed: every merge here is now checked for keys (.git/hooks/pre-merge-commit)
installed: every commit message here is now checked for keys (.git/hooks/commit-msg)
installed: every push from here is now checked for keys (.git/hooks/pre-push)

"#]]);
    for kind in KINDS {
        let text = fs::read_to_string(hook(&repo, kind)).unwrap();
        assert!(text.contains(&format!("hook {kind} --shim-version 1 --hooks-dir \"${{0%/*}}\" \"$@\"\n")), "{text}");
        assert_eq!(entry(&hook(&repo, kind)).mode(), "100755 1");
    }
    repo.keyguard(["install", "--all"]).success().stderr("").stdout(str![[r#"
already installed: commits here are checked for keys (.git/hooks/pre-commit)
already installed: merges here are checked for keys (.git/hooks/pre-merge-commit)
already installed: commit messages here are checked for keys (.git/hooks/commit-msg)
already installed: pushes from here are checked for keys (.git/hooks/pre-push)

"#]]);
    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
uninstalled: commits here are no longer checked for keys (.git/hooks/pre-commit)
uninstalled: merges here are no longer checked for keys (.git/hooks/pre-merge-commit)
uninstalled: commit messages here are no longer checked for keys (.git/hooks/commit-msg)
uninstalled: pushes from here are no longer checked for keys (.git/hooks/pre-push)

"#]]);
    assert_eq!(hooks(&repo), before);
}

#[test]
fn single_kinds_come_and_go() {
    let repo = Sandbox::new();
    let before = hooks(&repo);
    repo.keyguard(["install", "--hook", "pre-push", "--hook", "commit-msg", "--hook", "pre-push"])
        .success()
        .stderr("")
        .stdout(str![[r#"
installed: every commit message here is now checked for keys (.git/hooks/commit-msg)
installed: every push from here is now checked for keys (.git/hooks/pre-push)

"#]]);
    assert!(!hook(&repo, "pre-commit").exists());
    repo.keyguard(["uninstall", "--hook", "commit-msg"]).success().stderr("").stdout(str![[r#"
uninstalled: commit messages here are no longer checked for keys (.git/hooks/commit-msg)

"#]]);
    assert!(is_shim(&hook(&repo, "pre-push")));
    repo.keyguard(["uninstall", "--hook", "pre-commit"]).success().stderr("").stdout(str![[r#"
keyguard is not installed as pre-commit here, so there is nothing to do

"#]]);
    repo.keyguard(["uninstall", "--dry-run"]).success().stderr("").stdout(str![[r#"
would remove .git/hooks/pre-push

"#]]);
    repo.keyguard(["uninstall"]).success();
    assert_eq!(hooks(&repo), before);

    repo.keyguard(["install", "--hook", "post-commit"]).code(2).stdout("").says("[possible values: pre-commit,");
    repo.keyguard(["install", "--hook", "pre-push", "--all"]).code(2).stdout("").says("cannot be used with");
    // Somebody may push to a repository with a work tree too.
    repo.keyguard(["install", "--hook", "pre-receive"]).success().says("every push to here");
    repo.keyguard(["uninstall"]).success();
    assert_eq!(hooks(&repo), before);
}

#[test]
fn foreign_hooks_of_every_kind_are_kept_and_come_back() {
    let repo = Sandbox::new();
    for (kind, mode) in KINDS.into_iter().zip([0o755, 0o700, 0o555, 0o644]) {
        write_program(&hook(&repo, kind), THEIRS);
        set_mode(&hook(&repo, kind), mode);
    }
    let before = hooks(&repo);
    repo.keyguard(["install", "--all"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (.git/hooks/pre-commit)
the hook that was there is kept and runs after it
installed: every merge here is now checked for keys (.git/hooks/pre-merge-commit)
the hook that was there is kept and runs after it
installed: every commit message here is now checked for keys (.git/hooks/commit-msg)
the hook that was there is kept and runs after it
installed: every push from here is now checked for keys (.git/hooks/pre-push)
the hook that was there is kept; git did not run it, so it does not run

"#]]);
    repo.keyguard(["uninstall"]).success();
    assert_eq!(hooks(&repo), before);
}

#[test]
fn a_conflict_in_one_hook_leaves_all_as_they_were() {
    let repo = Sandbox::new();
    write_program(&hook(&repo, "commit-msg"), THEIRS);
    write_program(&hook(&repo, "commit-msg.chained-keyguard"), "#!/bin/sh\nexit 1\n");
    write_program(&hook(&repo, "pre-commit"), THEIRS);
    let before = hooks(&repo);
    repo.keyguard(["install", "--all"]).code(2).stdout("").says("another hook has taken keyguard's place");
    assert_eq!(hooks(&repo), before);
    fs::remove_file(hook(&repo, "commit-msg.chained-keyguard")).unwrap();
    write_program(&hook(&repo, "pre-push"), "#!/usr/bin/env python3\nimport os\nname = os.path.basename(__file__)\n");
    let before = hooks(&repo);
    repo.keyguard(["install", "--all"]).code(2).stdout("").says("looks at its own name");
    assert_eq!(hooks(&repo), before);
}

#[test]
fn the_last_shim_takes_the_folder_that_was_made_with_it() {
    for (first, last) in [("pre-commit", "pre-push"), ("pre-push", "pre-commit")] {
        let repo = Sandbox::new();
        fs::remove_dir_all(repo.root().join(".git/hooks")).unwrap();
        repo.keyguard(["install", "--hook", first]).success();
        repo.keyguard(["install", "--hook", last]).success();
        repo.keyguard(["uninstall", "--hook", first]).success();
        assert!(is_shim(&hook(&repo, last)));
        repo.keyguard(["uninstall"]).success();
        assert!(!repo.root().join(".git/hooks").exists(), "{first}");
    }
}

#[test]
fn a_bare_repository_takes_pre_receive_alone() {
    let repo = with_remote();
    let bare = |arguments: &[&str]| repo.run("keyguard").args(arguments).current_dir("../remote").output();
    let before = picture(&repo.tmp("remote/hooks"));
    for arguments in [&["install"][..], &["install", "--hook", "pre-receive", "--hook", "pre-push"]] {
        bare(arguments).code(2).stdout("").stderr(str![[r#"
error: this repository is bare: nobody commits in it
help: to check what is pushed to it: keyguard install --hook pre-receive
help: to check commits, install keyguard in a clone of it

"#]]);
    }
    assert_eq!(picture(&repo.tmp("remote/hooks")), before);
    bare(&["install", "--all"]).success().stderr("").stdout(str![[r#"
installed: every push to here is now checked for keys (hooks/pre-receive)

"#]]);
    bare(&["install", "--hook", "pre-receive"]).success().stdout(str![[r#"
already installed: pushes to here are checked for keys (hooks/pre-receive)

"#]]);
    repo.git(["push", "--quiet", "origin", "main"]).success().silent();
    bare(&["uninstall"]).success().stderr("").stdout(str![[r#"
uninstalled: pushes to here are no longer checked for keys (hooks/pre-receive)

"#]]);
    assert_eq!(picture(&repo.tmp("remote/hooks")), before);
}

#[test]
fn every_chained_hook_gets_what_git_gives() {
    let play = |verb: &str| {
        let repo = with_remote();
        for kind in KINDS {
            write_program(&hook(&repo, kind), format!("#!/bin/sh\necho {kind}: \"$*\" >&2\ncat >&2\n"));
        }
        write_program(&repo.tmp("remote/hooks/pre-receive"), "#!/bin/sh\necho pre-receive: \"$*\"\ncat\n");
        repo.keyguard([verb, "--all"].iter().take(if verb == "install" { 2 } else { 1 })).success();
        repo.run("keyguard").args([verb, "--hook", "pre-receive"]).current_dir("../remote").output().success();
        let mut told = commit(&repo).success().text();
        repo.git(["checkout", "--quiet", "-b", "topic", "HEAD~1"]).success();
        repo.git(["commit", "--quiet", "--allow-empty", "--no-verify", "--message", "y"]).success();
        told += &repo.git(["merge", "--quiet", "--no-edit", "main"]).success().text();
        told += &repo.git(["push", "--quiet", "origin", "main", "topic"]).success().text();
        told
    };
    let alone = play("uninstall");
    assert_eq!(play("install"), alone);
    for line in [
        "pre-commit: \n",
        "pre-merge-commit: \n",
        "commit-msg: .git/COMMIT_EDITMSG\n",
        "pre-push: origin ../remote\nrefs/heads/main ",
        "remote: pre-receive: ",
        "refs/heads/topic",
    ] {
        assert!(alone.contains(line), "{line}\n{alone}");
    }
}

#[test]
fn a_chained_hook_that_reads_nothing_or_all_does_not_disturb() {
    // More than a pipe holds.
    let zeros = "0".repeat(40);
    for (script, expected) in [
        ("#!/bin/sh\nexit 0\n", ""),
        ("#!/bin/sh\nexec <&-\nsleep 0.1\n", ""),
        ("#!/bin/sh\nhead -c 5 >&2\n", "refs/"),
        ("#!/bin/sh\nwc -l | tr -d ' ' >&2\n", "10000\n"),
        ("#!/bin/sh\nsleep 5 <&0 >/dev/null 2>&1 &\n", ""),
    ] {
        // Refs that are deleted: nothing is published with them.
        let lines = [
            ("pre-push", format!("(delete) {zeros} refs/heads/a {zeros}\n")),
            ("pre-receive", format!("{zeros} {zeros} refs/heads/a\n")),
        ];
        for (kind, line) in lines {
            let input = line.repeat(10_000);
            let expected = if expected == "refs/" { &input[..5] } else { expected };
            let repo = Sandbox::new();
            write_program(&hook(&repo, kind), script);
            repo.keyguard(["install", "--hook", kind]).success();
            let run = repo.run("keyguard").args(["hook", kind, "--hooks-dir", ".git/hooks", "origin", "url"]);
            run.input(&input).output().success().stdout("").stderr(expected);
        }
    }
}

#[test]
fn the_exit_status_of_a_chained_hook_is_kept() {
    for kind in KINDS.into_iter().chain(["pre-receive"]) {
        let repo = Sandbox::new();
        write_program(&hook(&repo, kind), "#!/bin/sh\n[ \"$1\" = 0 ] || kill -s \"$1\" $$\nexit \"$2\"\n");
        repo.keyguard(["install", "--hook", kind]).success();
        for (signal, status, expected) in
            [("0", "0", 0), ("0", "1", 1), ("0", "77", 77), ("KILL", "0", 137), ("TERM", "0", 143)]
        {
            // commit-msg reads the file that its first argument names.
            repo.write(signal, "a message\n");
            repo.keyguard(["hook", kind, "--hooks-dir", ".git/hooks", signal, status]).code(expected).silent();
        }
    }
}

#[test]
fn a_chained_hook_may_call_git_which_runs_hooks_of_other_kinds() {
    let repo = with_remote();
    write_program(&hook(&repo, "pre-push"), "#!/bin/sh\ngit commit --quiet --allow-empty --message inner\n");
    write_program(&hook(&repo, "pre-commit"), THEIRS);
    repo.keyguard(["install", "--all"]).success();
    repo.git(["push", "--quiet", "origin", "main"]).success().stdout("").stderr("theirs\n");
    repo.assert_commits(2);
}

#[test]
fn skip_names_what_was_not_checked_and_still_runs_the_other_hook() {
    let repo = with_remote();
    write_program(&hook(&repo, "pre-push"), "#!/bin/sh\necho theirs >&2\ncat >/dev/null\n");
    repo.keyguard(["install", "--hook", "pre-push"]).success();
    let repo = repo.env("SKIP", "keyguard");
    repo.git(["push", "--quiet", "origin", "main"])
        .success()
        .stdout("")
        .stderr("keyguard: skipped, because SKIP names it; this push was not checked\ntheirs\n");
}

#[test]
fn without_the_program_nothing_is_pushed_or_merged() {
    let is_elsewhere =
        ["/usr/local/bin", "/opt/homebrew/bin"].iter().any(|folder| Path::new(folder).join("keyguard").exists());
    if is_elsewhere {
        not_tried("the shim finds a keyguard in a folder of this machine");
        return;
    }
    let repo = with_remote();
    repo.keyguard(["install", "--all"]).success();
    repo.run("keyguard").args(["install", "--all"]).current_dir("../remote").output().success();
    fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
    let path = repo.path();
    let repo = repo.env("PATH", path);
    repo.git(["push", "--quiet", "origin", "main"]).code(1).stdout("").stderr(str![[r#"
error: keyguard is not installed, so this push was not checked and not made
help: install it again, or take its hook away: rm '.git/hooks/pre-push'
error: failed to push some refs to '../remote'

"#]]);
    repo.git(["push", "--quiet", "--no-verify", "origin", "main"])
        .code(1)
        .says("error: keyguard is not installed, so this push was not checked and not accepted");
    fs::remove_file(hook(&repo, "pre-commit")).unwrap();
    commit(&repo).code(1).says("so this commit was not checked and not made").says("rm '.git/hooks/commit-msg'");
    repo.git(["checkout", "--quiet", "-b", "topic"]).success();
    repo.git(["commit", "--quiet", "--no-verify", "--allow-empty", "--message", "y"]).success();
    repo.git(["checkout", "--quiet", "main"]).success();
    repo.git(["merge", "--quiet", "--no-ff", "--no-edit", "topic"])
        .code(1)
        .says("so this merge was not checked and not made");
    repo.assert_commits(1);
}

#[test]
fn one_script_for_many_hooks_knows_which_it_is() {
    for script in [
        "#!/bin/sh\ncase $(basename \"$0\") in\npre-commit) echo one ;;\npre-push) cat >/dev/null; echo two ;;\nesac >&2\n",
        "#!/bin/bash -e\nhook=${0##*/}\n[[ $hook != pre-commit ]] || echo one >&2\n[[ $hook != pre-push ]] || echo two >&2\n",
        "self=\"$0\"\ncase \"$self\" in *pre-commit) echo one ;; *pre-push) echo two ;; esac >&2\n",
    ] {
        let repo = with_remote();
        write_program(&repo.tmp("scripts/many"), script);
        symlink(repo.tmp("scripts/many"), hook(&repo, "pre-commit")).unwrap();
        write_program(&hook(&repo, "pre-push"), script);
        let before = hooks(&repo);
        for verb in ["uninstall", "install"] {
            repo.keyguard([verb, "--hook", "pre-commit", "--hook", "pre-push"]).success();
            commit(&repo).success().stdout("").stderr("one\n");
            repo.git(["push", "--quiet", "origin", "main"]).success().stdout("").stderr("two\n");
        }
        repo.keyguard(["uninstall"]).success();
        assert_eq!(hooks(&repo), before);
    }
}

#[test]
fn hooks_that_load_or_run_what_lies_beside_them_work() {
    // A folder of parts, a file of functions, husky 4, and one that moves to the root by its own path.
    let scripts = [
        "#!/bin/sh\nfor part in \"$(dirname \"$0\")/$(basename \"$0\").d\"/*; do \"$part\" || exit; done\n",
        "#!/bin/sh\n. \"$(dirname \"$0\")/functions\"\nsay\n",
        "#!/bin/sh\n# husky\n. \"$(dirname \"$0\")/husky.sh\"\n",
        "#!/bin/sh\ncd \"$(dirname \"$0\")/../..\" && [ -d .git ] && echo theirs >&2\n",
        "#!/usr/bin/env bash\nset -eu\n. \"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)/functions\"\nsay\n",
        "#!/bin/sh\n[ -x \"$0.local\" ] && exec \"$0.local\" \"$@\"\nexit 1\n",
    ];
    for script in scripts {
        let repo = Sandbox::new();
        write_program(&hook(&repo, "pre-commit"), script);
        write_program(&hook(&repo, "pre-commit.d/part"), THEIRS);
        write_program(&hook(&repo, "pre-commit.local"), THEIRS);
        fs::write(hook(&repo, "functions"), "say() { echo theirs >&2; }\n").unwrap();
        let husky = "hookName=`basename \"$0\"`\n[ \"$hookName\" != pre-commit ] || echo theirs >&2\n";
        fs::write(hook(&repo, "husky.sh"), husky).unwrap();
        commit(&repo).success().stdout("").stderr("theirs\n");
        repo.install();
        commit(&repo).success().stdout("").stderr("theirs\n");
    }
}

#[test]
fn a_program_for_many_hooks_is_told_its_name() {
    let repo = with_remote();
    // `cat` names itself when it cannot read what git calls the hook with.
    let cat = std::env::split_paths(&repo.path()).map(|folder| folder.join("cat")).find(|file| file.is_file()).unwrap();
    symlink(cat, hook(&repo, "pre-push")).unwrap();
    let push = || repo.git(["push", "--quiet", "origin", "main"]).code(1).says("pre-push: ").text();
    let alone = push();
    repo.keyguard(["install", "--hook", "pre-push"]).success();
    assert_eq!(push(), alone);
}

#[test]
fn a_hook_that_cannot_do_without_its_name_is_refused_with_what_to_add() {
    let python = "#!/usr/bin/env python3\nimport os, sys\nhook = os.path.basename(sys.argv[0])\n";
    let repo = Sandbox::new();
    for kind in ["pre-commit", "commit-msg", "pre-push"] {
        write_program(&hook(&repo, kind), python);
    }
    let before = hooks(&repo);
    let install = |kind: &str| repo.keyguard(["install", "--hook", kind]);
    install("pre-commit").code(2).stdout("").stderr(str![[r#"
error: the hook that is there looks at its own name, and would not work under another
help: add this line at the top of [ROOT]/.git/hooks/pre-commit: keyguard hook pre-commit || exit 1

"#]]);
    install("commit-msg").code(2).says("/commit-msg: keyguard hook commit-msg \"$@\" || exit 1\n");
    install("pre-push").code(2).stdout("").stderr(str![[r#"
error: the hook that is there looks at its own name, and would not work under another
help: add this line at the top of [ROOT]/.git/hooks/pre-push: refs=$(cat); echo "$refs" | keyguard hook pre-push "$@" || exit 1
help: what reads standard input in that script gets a copy: echo "$refs" | command

"#]]);
    assert_eq!(hooks(&repo), before);
    // One that git does not run needs no name.
    set_mode(&hook(&repo, "pre-commit"), 0o644);
    install("pre-commit").success();
    repo.keyguard(["uninstall"]).success();

    write_program(
        &hook(&repo, "pre-commit"),
        "#!/bin/sh\nkeyguard hook pre-commit || exit 1\nexec sudo \"$0\" ${0##*/}\n",
    );
    install("pre-commit").success().stdout(str![[r#"
already installed: commits here are checked for keys (.git/hooks/pre-commit)

"#]]);
}

#[test]
fn a_hooks_folder_in_the_work_tree_names_every_file_to_add() {
    let repo = Sandbox::new();
    let folder = repo.root().join("hooks");
    // An absolute path is no less within.
    repo.git(["config", "core.hooksPath", folder.to_str().unwrap()]).success();
    write_program(&folder.join("pre-push"), THEIRS);
    repo.keyguard(["install", "--all"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (hooks/pre-commit)
installed: every merge here is now checked for keys (hooks/pre-merge-commit)
installed: every commit message here is now checked for keys (hooks/commit-msg)
installed: every push from here is now checked for keys (hooks/pre-push)
the hook that was there is kept and runs after it
commit it, and others have it too: git add hooks/pre-commit hooks/pre-merge-commit hooks/commit-msg hooks/pre-push hooks/pre-push.chained-keyguard

"#]]);
    for kind in KINDS {
        assert!(fs::read_to_string(folder.join(kind)).unwrap().contains("\nkeyguard=''\n"));
    }
}

#[test]
fn the_owner_of_the_hooks_is_named_with_a_line_for_each_kind() {
    let repo = Sandbox::new();
    repo.write(".husky/_/h", "");
    repo.git(["config", "core.hooksPath", ".husky/_"]).success();
    repo.keyguard(["install", "--hook", "commit-msg", "--hook", "pre-push"]).code(2).stdout("").stderr(str![[r#"
error: husky owns the hooks of this repository (.husky/_)
help: keyguard install --into husky --hook commit-msg --hook pre-push
help: or add this line to .husky/commit-msg: keyguard hook commit-msg "$@" || exit 1
help: or add this line to .husky/pre-push: refs=$(cat); echo "$refs" | keyguard hook pre-push "$@" || exit 1
help: what reads standard input in that script gets a copy: echo "$refs" | command

"#]]);
    repo.write(".husky/commit-msg", "keyguard hook commit-msg \"$1\" || exit 1\n");
    repo.keyguard(["install", "--hook", "commit-msg"]).success().says("already installed");

    let repo = Sandbox::new();
    repo.git(["config", "extensions.worktreeConfig", "true"]).success();
    repo.git(["config", "--worktree", "core.hooksPath", repo.tmp("shared").to_str().unwrap()]).success();
    repo.keyguard(["install", "--hook", "pre-merge-commit"]).code(2).stdout("").stderr(str![[r#"
error: git takes hooks from outside this repository ([TMP]/shared)
help: to take hooks from the repository: git config --worktree --unset-all core.hooksPath
help: or call keyguard from [TMP]/shared/pre-merge-commit with the line: keyguard hook pre-merge-commit || exit 1

"#]]);
    write_program(&repo.tmp("shared/pre-merge-commit"), "#!/bin/sh\nkeyguard hook pre-merge-commit || exit 1\n");
    repo.keyguard(["install", "--hook", "pre-merge-commit"]).success().says("already installed");
    assert!(!hook(&repo, "pre-merge-commit").exists());
}

#[test]
fn the_lines_to_add_work() {
    let repo = with_remote();
    let line = "refs=$(cat); echo \"$refs\" | keyguard hook pre-push \"$@\" || exit 1";
    write_program(&hook(&repo, "pre-push"), format!("#!/bin/sh\n{line}\necho \"$refs\" | cat >&2\n"));
    repo.keyguard(["install", "--hook", "pre-push"]).success().says("already installed");
    repo.git(["push", "--quiet", "origin", "main"]).success().stdout("").says("refs/heads/main");
}

#[test]
fn if_needed_installs_in_silence() {
    let repo = Sandbox::new();
    write_program(&hook(&repo, "pre-commit"), THEIRS);
    repo.keyguard(["install", "--if-needed"]).success().silent();
    assert!(is_shim(&hook(&repo, "pre-commit")));
    commit(&repo).success().stdout("").stderr("theirs\n");
    repo.keyguard(["install", "--if-needed", "--all"]).success().silent();
    assert!(KINDS.iter().all(|kind| is_shim(&hook(&repo, kind))));
    repo.keyguard(["install", "--if-needed", "--dry-run"]).code(2).says("cannot be used with");
}

#[test]
fn if_needed_leaves_what_guards_already() {
    let repo = Sandbox::with_hook();
    let edited = fs::read_to_string(hook(&repo, "pre-commit")).unwrap() + "# mine\n";
    let by_hand = "#!/bin/sh\n\"$HOME/bin/keyguard\" hook pre-commit || exit 1\nmake\n".to_owned();
    for text in [edited, by_hand] {
        write_program(&hook(&repo, "pre-commit"), text);
        let before = hooks(&repo);
        repo.keyguard(["install", "--if-needed"]).success().silent();
        assert_eq!(hooks(&repo), before);
    }

    // pre-commit and prek move the hook that they find.
    let repo = Sandbox::with_hook();
    fs::rename(hook(&repo, "pre-commit"), hook(&repo, "pre-commit.legacy")).unwrap();
    let theirs = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n";
    write_program(&hook(&repo, "pre-commit"), theirs);
    let before = hooks(&repo);
    repo.keyguard(["install", "--if-needed"]).success().silent();
    assert_eq!(hooks(&repo), before);

    let repo = Sandbox::new();
    repo.write(".husky/_/h", "").write(".husky/pre-commit", "keyguard hook pre-commit\n");
    repo.git(["config", "core.hooksPath", ".husky/_"]).success();
    repo.keyguard(["install", "--if-needed"]).success().silent();
    // A new worktree has the hooks of its repository.
    let repo = Sandbox::with_hook();
    repo.commit("file", "text\n");
    repo.git(["worktree", "add", "--quiet", "../linked"]).success();
    repo.run("keyguard").args(["install", "--if-needed"]).current_dir("../linked").output().success().silent();
}

#[test]
fn if_needed_mends_what_does_not_guard() {
    let repo = Sandbox::with_hook();
    let shim = entry(&hook(&repo, "pre-commit"));
    set_mode(&hook(&repo, "pre-commit"), 0o644);
    repo.keyguard(["install", "--if-needed"]).success().silent();
    assert_eq!(entry(&hook(&repo, "pre-commit")), shim);
    let moved = fs::read_to_string(hook(&repo, "pre-commit")).unwrap().replace("keyguard='/", "keyguard='/gone/");
    write_program(&hook(&repo, "pre-commit"), moved);
    repo.keyguard(["install", "--if-needed"]).success().silent();
    assert_eq!(entry(&hook(&repo, "pre-commit")), shim);
    write_program(&hook(&repo, "pre-commit"), "#!/bin/sh\n# keyguard hook pre-commit\n");
    repo.keyguard(["install", "--if-needed"]).success().silent();
    assert_eq!(entry(&hook(&repo, "pre-commit")), shim);
}

#[test]
fn if_needed_is_silent_where_there_is_nothing_and_loud_where_it_cannot_protect() {
    let sandbox = Sandbox::without_repository();
    sandbox.keyguard(["install", "--if-needed"]).success().silent();
    let repo = Sandbox::new();
    let bin = repo.tmp("bin");
    repo.run("keyguard").args(["install", "--if-needed"]).env("PATH", &bin).output().success().silent();
    repo.run("keyguard").args(["install"]).env("PATH", &bin).output().code(2).says("run git");
    assert!(!hook(&repo, "pre-commit").exists());
    repo.git(["config", "core.hooksPath", "/dev/null"]).success();
    repo.keyguard(["install", "--if-needed"]).code(2).stdout("").says("error: git runs no hooks here");
    repo.git(["config", "core.hooksPath", ".husky/_"]).success();
    repo.keyguard(["install", "--if-needed"]).code(2).stdout("").says("error: husky owns the hooks");
}

#[test]
fn several_installs_at_the_same_time_do_no_harm() {
    for _ in 0..3 {
        let repo = Sandbox::new();
        for kind in KINDS {
            write_program(&hook(&repo, kind), THEIRS);
        }
        let before = hooks(&repo);
        let script = "for i in 1 2 3 4 5 6; do keyguard install --all --if-needed & all=\"$all $!\"; done\n\
                      for one in $all; do wait $one || exit; done";
        repo.run("sh").args(["-c", script]).output().success().silent();
        for kind in KINDS {
            assert!(is_shim(&hook(&repo, kind)), "{kind}");
            assert_eq!(fs::read_to_string(hook(&repo, &format!("{kind}.chained-keyguard"))).unwrap(), THEIRS);
        }
        repo.keyguard(["uninstall"]).success();
        assert_eq!(hooks(&repo), before);
    }
}

#[test]
fn pre_commit_that_moved_a_shim_of_another_kind_keeps_its_place() {
    let repo = with_remote();
    repo.keyguard(["install", "--all"]).success();
    let legacy = hook(&repo, "pre-push.legacy");
    fs::rename(hook(&repo, "pre-push"), &legacy).unwrap();
    let theirs =
        "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n\"$0.legacy\" \"$@\" && echo theirs >&2\n";
    write_program(&hook(&repo, "pre-push"), theirs);
    let before = hooks(&repo);
    repo.keyguard(["install", "--all"]).success().says("already installed: pushes from here");
    assert_eq!(hooks(&repo), before);
    repo.git(["push", "--quiet", "origin", "main"]).success().stdout("").stderr("theirs\n");
    repo.keyguard(["uninstall"]).success();
    assert!(!legacy.exists());
    assert_eq!(fs::read_to_string(hook(&repo, "pre-push")).unwrap(), theirs);
}

#[test]
fn a_program_replaced_in_place_behind_its_link_is_the_one_that_runs() {
    let repo = Sandbox::new();
    for version in ["1.0", "2.0"] {
        fs::create_dir_all(repo.tmp("cellar").join(version)).unwrap();
    }
    fs::copy(env!("CARGO_BIN_EXE_keyguard"), repo.tmp("cellar/1.0/keyguard")).unwrap();
    write_program(&repo.tmp("cellar/2.0/keyguard"), "#!/bin/sh\necho \"$2 by version 2\" >&2\n");
    fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
    symlink("../cellar/1.0/keyguard", repo.tmp("bin/keyguard")).unwrap();
    repo.run("sh").args(["-c", "exec keyguard install --all"]).output().success();
    fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
    symlink("../cellar/2.0/keyguard", repo.tmp("bin/keyguard")).unwrap();
    fs::remove_dir_all(repo.tmp("cellar/1.0")).unwrap();
    commit(&repo).success().stdout("").stderr("pre-commit by version 2\ncommit-msg by version 2\n");
}

#[test]
fn what_a_killed_install_left_is_removed_and_nothing_else() {
    let repo = Sandbox::with_hook();
    let installed = hooks(&repo);
    let shim = fs::read_to_string(hook(&repo, "pre-commit")).unwrap();
    for (name, text) in [(".keyguard-aB3xYz", &*shim), (".keyguard-000000", "")] {
        fs::write(hook(&repo, name), text).unwrap();
    }
    repo.keyguard(["install", "--dry-run"]).success().stdout(str![[r#"
would remove .git/hooks/.keyguard-000000
would remove .git/hooks/.keyguard-aB3xYz

"#]]);
    repo.keyguard(["install"]).success().says("already installed");
    assert_eq!(hooks(&repo), installed);

    for (name, text) in [(".keyguard-my-notes", &*shim), (".keyguard-aB3xYz", "my notes\n"), ("keyguard-aB3xYz", "")] {
        fs::write(hook(&repo, name), text).unwrap();
    }
    symlink("nowhere", hook(&repo, ".keyguard-link00")).unwrap();
    let before = hooks(&repo);
    repo.keyguard(["install"]).success();
    assert_eq!(hooks(&repo), before);
}

/// The system calls that change a folder or a file; not every machine has them all.
const CALLS: [&str; 17] = [
    "open",
    "openat",
    "write",
    "chmod",
    "fchmod",
    "fchmodat",
    "fsync",
    "link",
    "linkat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
];

/// Runs keyguard under strace, which kills it before call `number` of those named `call`; whether it came to that.
pub(crate) fn kill_at(repo: &Sandbox, arguments: &[&str], (call, number): (&str, usize)) -> bool {
    let script = "strace -qq -o \"$log\" -e \"inject=?$call:signal=KILL:when=$number\" keyguard \"$@\" >&2; echo $?";
    let run = repo.run("sh").args(["-c", script, "sh"]).args(arguments).env("log", repo.tmp("strace.log"));
    let output = run.env("call", call).env("number", number.to_string()).output();
    // strace dies of what its program died of.
    output.success().text().starts_with("137\n")
}

/// Every moment at which keyguard can be killed, one call after the other; `play` says whether it came to that.
pub(crate) fn at_every_call(mut play: impl FnMut((&str, usize)) -> bool) {
    for call in CALLS {
        let mut number = 1;
        while play((call, number)) {
            number += 1;
        }
    }
}

/// Whether strace is there and may trace.
pub(crate) fn kill_works(repo: &Sandbox) -> bool {
    let is_there = std::env::split_paths(&repo.path()).any(|folder| folder.join("strace").is_file());
    let works =
        is_there && kill_at(repo, &["--version"], ("openat", 1)) && !kill_at(repo, &["--version"], ("openat", 9999));
    if !works {
        not_tried("killing at every system call, which needs strace and leave to trace");
    }
    works
}

/// Asserts that each hook is the old one or the shim with the old one beside it, and that git runs the old one.
#[track_caller]
fn assert_old_or_new(repo: &Sandbox, before: &BTreeMap<PathBuf, Entry>) {
    for kind in KINDS {
        let place = hook(repo, kind);
        let Some(old) = before.get(&place) else {
            assert!(place.symlink_metadata().is_err() || is_shim(&place), "{kind}");
            continue;
        };
        let kept = hook(repo, &format!("{kind}.chained-keyguard"));
        let holder = if is_shim(&place) { kept } else { place };
        // It may have two names for a moment.
        assert_eq!(entry(&holder).content(), old.content(), "{kind}");
    }
    commit(repo).success().stdout("").stderr("theirs\ntheirs\n");
}

#[test]
fn killed_at_any_call_install_leaves_the_old_or_the_new_state() {
    let repo = Sandbox::new();
    if !kill_works(&repo) {
        return;
    }
    write_program(&hook(&repo, "pre-commit"), THEIRS);
    symlink(repo.tmp("theirs"), hook(&repo, "commit-msg")).unwrap();
    write_program(&repo.tmp("theirs"), THEIRS);
    let before = hooks(&repo);
    repo.keyguard(["install", "--all"]).success();
    let after = hooks(&repo);
    for (verb, start, end) in [("install", &before, &after), ("uninstall", &after, &before)] {
        let arguments: &[&str] = if verb == "install" { &["install", "--all"] } else { &["uninstall"] };
        let back = if verb == "install" { "uninstall" } else { "install" };
        let mut states = Vec::new();
        at_every_call(|moment| {
            restore(&repo, back, start);
            let is_killed = kill_at(&repo, arguments, moment);
            let state = shape(&repo);
            if !states.contains(&state) {
                assert_old_or_new(&repo, &before);
                states.push(state);
            }
            repo.keyguard(arguments).success();
            assert!(&hooks(&repo) == end, "{verb} again after a kill at {moment:?}: {:?}", shape(&repo));
            is_killed
        });
        // At the least before the first and after each of four hooks.
        assert!(states.len() > 4, "{verb} was killed in {} states only", states.len());
    }
}

/// The names in the hooks folder, and which of them are shims.
fn shape(repo: &Sandbox) -> Vec<(String, bool)> {
    let name = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(".keyguard-") { "temporary".to_owned() } else { name }
    };
    hooks(repo).keys().map(|path| (name(path), is_shim(path))).collect()
}

#[test]
fn killed_at_any_call_an_edited_shim_is_never_lost() {
    if !kill_works(&Sandbox::new()) {
        return;
    }
    for verb in ["install", "uninstall"] {
        at_every_call(|moment| {
            let repo = Sandbox::new();
            write_program(&hook(&repo, "pre-commit"), THEIRS);
            repo.install();
            let edited = fs::read_to_string(hook(&repo, "pre-commit")).unwrap() + "# mine\n";
            write_program(&hook(&repo, "pre-commit"), &edited);
            let is_killed = kill_at(&repo, &[verb], moment);
            commit(&repo).success().stdout("").stderr("theirs\n");
            repo.keyguard([verb]).success();
            commit(&repo).success().stdout("").stderr("theirs\n");
            assert_eq!(fs::read_to_string(hook(&repo, "pre-commit.edited-keyguard")).unwrap(), edited);
            assert!(!hook(&repo, "pre-commit.edited-keyguard-2").exists());
            assert_eq!(is_shim(&hook(&repo, "pre-commit")), verb == "install");
            is_killed
        });
    }
}

/// Brings the hooks back to `start`, by installing or uninstalling.
#[track_caller]
fn restore(repo: &Sandbox, verb: &str, start: &BTreeMap<PathBuf, Entry>) {
    let arguments: &[&str] = if verb == "install" { &["install", "--all"] } else { &["uninstall"] };
    repo.keyguard(arguments).success();
    assert_eq!(&hooks(repo), start, "{verb} brings it back");
}

#[test]
fn killed_at_many_moments_install_leaves_the_old_or_the_new_state() {
    let repo = Sandbox::new();
    write_program(&hook(&repo, "pre-commit"), THEIRS);
    write_program(&hook(&repo, "commit-msg"), THEIRS);
    let before = hooks(&repo);
    let start = std::time::Instant::now();
    repo.keyguard(["install", "--all"]).success();
    let whole = start.elapsed();
    let after = hooks(&repo);
    for step in 0..40 {
        for (verb, end) in [("uninstall", &before), ("install", &after)] {
            let delay = whole * step / 30;
            let script = "keyguard \"$@\" >/dev/null & sleep \"$delay\"; kill -9 $!; wait $! 2>/dev/null; exit 0";
            let arguments: &[&str] = if verb == "install" { &["install", "--all"] } else { &["uninstall"] };
            let run = repo.run("sh").args(["-c", script, "sh"]).args(arguments);
            run.env("delay", format!("{:.6}", delay.as_secs_f64())).output().success();
            assert_old_or_new(&repo, &before);
            repo.keyguard(arguments).success();
            assert_eq!(&hooks(&repo), end);
        }
    }
}
