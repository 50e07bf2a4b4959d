//! What `keyguard install --global` puts before the hooks of every repository where git has no other way: each of them has
//! to run as if nothing stood there. git is the judge: what it does without the install, it does with it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in helpers too: a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::global::{Way, account, installed};
use crate::install::{set_mode, write_program};
use crate::sandbox::{Sandbox, fake};

fn shims(repo: &Sandbox) -> PathBuf {
    repo.home().join(".local/share/keyguard/hooks")
}

/// The names under which something stands in the folder for all repositories.
fn names(repo: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(shims(repo)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every hook of githooks(5).
const NAMES: &str = "applypatch-msg commit-msg fsmonitor-watchman p4-changelist p4-post-changelist p4-pre-submit \
    p4-prepare-changelist post-applypatch post-checkout post-commit post-index-change post-merge post-receive \
    post-rewrite post-update pre-applypatch pre-auto-gc pre-commit pre-merge-commit pre-push pre-rebase pre-receive \
    prepare-commit-msg proc-receive push-to-checkout reference-transaction sendemail-validate update";

/// Puts a hook under each name into `folder` that writes down how it was called, and then does what `then` says.
fn log_all(repo: &Sandbox, folder: &Path, then: &str) {
    fs::create_dir_all(folder).unwrap();
    let log = repo.tmp("log").display().to_string();
    for name in NAMES.split(' ').filter(|name| *name != "fsmonitor-watchman") {
        let update = if name == "push-to-checkout" { "git read-tree -u -m \"$1\"\n" } else { "" };
        let call = format!("{{ printf '%s' \"{name} as $0\"; printf ' [%s]' \"$@\"; echo; cat; }} >>'{log}'\n");
        write_program(&folder.join(name), format!("#!/bin/sh\n{call}{update}{then}\n"));
    }
}

fn log(repo: &Sandbox) -> String {
    fs::read_to_string(repo.tmp("log"))
        .unwrap_or_default()
        .replace(&repo.tmp("").display().to_string(), "/")
        // git is in that folder then, and says where it is.
        .replace("/tree/.git/hooks/push-to-checkout", "hooks/push-to-checkout")
}

/// Works in all kinds of repositories whose every hook writes a log.
fn work(repo: &Sandbox) {
    let git = |args: &str| repo.git(args.split(' ')).success().text();
    log_all(repo, &repo.root().join(".git/hooks"), "");
    repo.write("a", "1\n");
    git("add a");
    git("commit -qm one");
    git("commit -q --amend -m two");
    git("checkout -q -b side");
    repo.write("b", "1\n");
    git("add b");
    git("commit -qm side");
    git("checkout -q main");
    repo.write("a", "2\n");
    git("commit -qam three");
    git("merge -q --no-edit side");
    git("format-patch -q -1 side -o ../patches");
    git("checkout -q -b other main~1");
    git("am -q ../patches/0001-side.patch");
    git("checkout -q -b more side");
    git("rebase -q other");
    git("cherry-pick --keep-redundant-commits main~1");
    git("tag -a -m tag tag");
    git("-c gc.auto=1 -c gc.autoDetach=false gc --auto -q");
    git("init -q --initial-branch=main --bare ../bare");
    log_all(repo, &repo.tmp("bare/hooks"), "");
    git("push -q ../bare main side more");
    git("push -q ../bare :side");
    git("clone -q -b main ../bare ../tree");
    log_all(repo, &repo.tmp("tree/.git/hooks"), "");
    git("-C ../tree config receive.denyCurrentBranch updateInstead");
    git("-C ../tree fetch -q");
    git("-C ../tree merge -q -m pulled origin/more");
    git("push -q ../tree more:main --force");
    git("worktree add -q ../linked -b linked");
    git("-C ../linked commit -q --allow-empty -m linked");
    git("submodule --quiet add ../bare sub");
    log_all(repo, &repo.root().join(".git/modules/sub/hooks"), "");
    git("-C sub commit -q --allow-empty -m sub");
    git("init -q --separate-git-dir=../apart.git ../apart");
    log_all(repo, &repo.tmp("apart.git/hooks"), "");
    git("-C ../apart commit -q --allow-empty -m apart");
    git("--git-dir=../apart.git --work-tree=.. commit -q --allow-empty -m far");
    git("-C .git/hooks tag inside");
    git("-C ../bare tag bare");
    // A hook that is not executable does not run.
    set_mode(&repo.root().join(".git/hooks/post-commit"), 0o644);
    git("-c advice.ignoredHook=false commit -q --allow-empty -m last");
}

#[test]
fn git_calls_each_hook_with_the_same_arguments_and_input_as_before() {
    let (Some(with), Some(without)) = (installed(Way::HooksPath), account(Way::HooksPath)) else { return };
    work(&with);
    work(&without);
    let (with, without) = (log(&with), log(&without));
    let called = |log: &str| NAMES.split(' ').filter(|name| log.contains(&format!("{name} as"))).count();
    assert!(called(&without) >= 20, "{} hooks were called", called(&without));
    for (number, (with, without)) in with.lines().zip(without.lines()).enumerate() {
        assert_eq!(with, without, "with the install (left) and without it (right), line {}", number + 1);
    }
    assert_eq!(with.lines().count(), without.lines().count());
}

#[test]
fn each_name_that_git_knows_passes_arguments_input_and_status_on() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    assert_eq!(names(&repo).join(" "), NAMES);
    repo.write("message", "x\n");
    let args = ["message", "two  words", "", "it's $HOME"];
    for name in NAMES.split(' ') {
        let hook = repo.root().join(".git/hooks").join(name);
        let shim = || repo.run(shims(&repo).join(name).to_str().unwrap()).args(args).input("in\nput").output();
        let input = if ["pre-commit", "commit-msg"].contains(&name) { "cat >/dev/null" } else { "cat" };
        let script = format!("printf '[%s]' \"$@\"; {input}; exit 7\n");
        // The shell gets a script that has no `#!` line.
        for script in [format!("#!/bin/sh\n{script}"), script] {
            write_program(&hook, &script);
            let expected = if input == "cat" { "in\nput" } else { "" };
            shim().code(7).stderr("").stdout(format!("[message][two  words][][it's $HOME]{expected}"));
        }
        fs::remove_file(&hook).unwrap();
        let status = i32::from(["fsmonitor-watchman", "proc-receive", "push-to-checkout"].contains(&name));
        shim().code(status).stdout("");
    }
}

#[test]
fn keyguard_looks_first_and_again_when_the_hook_of_the_repository_stages() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    let hook = repo.root().join(".git/hooks/pre-commit");
    write_program(&hook, "#!/bin/sh\necho it ran\nexit 3\n");
    repo.write("a.env", format!("TOKEN={}\n", fake::github_pat())).git(["add", "a.env"]).success();
    let blocked = repo.git(["commit", "-m", "one"]);
    assert!(!blocked.code(1).says("commit blocked").text().contains("it ran"), "{}", blocked.text());
    repo.git(["rm", "--cached", "-q", "a.env"]).success();
    repo.git(["commit", "--allow-empty", "-m", "one"]).code(1).stderr("it ran\n").stdout("");
    write_program(&hook, "#!/bin/sh\ngit add a.env\n");
    repo.git(["commit", "--allow-empty", "-m", "one"]).code(1).says("in a.env:1:7");
    repo.assert_commits(0);
}

#[test]
fn a_new_repository_and_a_clone_are_made_as_before() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    repo.commit("a", "1\n");
    repo.git(["init", "-q", "../new"]).success().silent();
    repo.git(["clone", "-q", ".", "../clone"]).success().silent();
    repo.git(["clone", "-q", "--bare", ".", "../clone.git"]).success().silent();
    // A template brings a hook into the clone, which runs at once.
    write_program(
        &repo.tmp("template/hooks/post-checkout"),
        format!("#!/bin/sh\necho cloned >>'{}'\n", repo.tmp("seen").display()),
    );
    repo.git(["clone", "-q", "--template=../template", ".", "../second"]).success();
    assert_eq!(fs::read_to_string(repo.tmp("seen")).unwrap(), "cloned\n");
}

/// Pushes two commits, one by one, into a repository that has a work tree; what comes of it.
fn push_into_work_tree(repo: &Sandbox, prepare: impl Fn(&Path)) -> String {
    let target = repo.tmp("target");
    let content = || fs::read_to_string(target.join("a")).unwrap_or_default();
    let push = |what: &str| repo.run("git").args(["push", "-q", "../target", what]).raw().status.success();
    repo.git(["init", "-q", "--initial-branch=main", "../target"]).success();
    repo.git(["-C", "../target", "config", "receive.denyCurrentBranch", "updateInstead"]).success();
    let first = format!("{} {:?}", push("main~1:refs/heads/main"), content());
    prepare(&target);
    let second = format!("{} {:?}", push("main:main"), content());
    let status = repo.git(["-C", "../target", "status", "--porcelain"]).text();
    fs::remove_dir_all(&target).unwrap();
    format!("{first} {second} {status}")
}

#[test]
fn a_push_into_a_work_tree_does_what_git_does_by_itself() {
    let (Some(with), Some(without)) = (installed(Way::HooksPath), account(Way::HooksPath)) else { return };
    for repo in [&with, &without] {
        repo.commit("a", "1\n").commit("a", "2\n");
    }
    let both = |prepare: &dyn Fn(&Sandbox, &Path)| {
        let [with, without] = [&with, &without].map(|repo| push_into_work_tree(repo, |target| prepare(repo, target)));
        assert_eq!(with, without, "with the install (left) and without it (right)");
        with
    };
    assert_eq!(both(&|_, _| ()), "true \"1\\n\" true \"2\\n\" ");
    let edit = |target: &Path| fs::write(target.join("a"), "mine\n").unwrap();
    assert_eq!(both(&|_, target| edit(target)), "true \"1\\n\" false \"mine\\n\"  M a\n");
    let stage = |repo: &Sandbox, target: &Path| {
        edit(target);
        repo.git(["-C", "../target", "add", "a"]).success();
    };
    assert_eq!(both(&stage), "true \"1\\n\" false \"mine\\n\" M  a\n");
}

#[test]
fn a_push_to_references_that_nobody_receives_is_refused() {
    for repo in [installed(Way::HooksPath), account(Way::HooksPath)].into_iter().flatten() {
        repo.commit("a", "1\n");
        repo.git(["init", "-q", "--bare", "../server"]).success();
        repo.git(["-C", "../server", "config", "receive.procReceiveRefs", "refs/for"]).success();
        repo.git(["push", "-q", "../server", "main:refs/for/main"]).code(1).says("cannot find hook 'proc-receive'");
    }
}

#[test]
fn hooks_that_lead_back_to_the_shims_end() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    let own = repo.root().join(".git/hooks");
    fs::remove_dir_all(&own).unwrap();
    symlink(shims(&repo), &own).unwrap();
    repo.write("a", "1\n").git(["add", "a"]).success();
    repo.git(["commit", "-qm", "one"]).success().silent();
    fs::remove_file(&own).unwrap();
    fs::create_dir(&own).unwrap();
    for name in ["pre-commit", "post-commit"] {
        symlink(shims(&repo).join(name), own.join(name)).unwrap();
    }
    repo.git(["commit", "-q", "--amend", "-m", "two"]).success().silent();
    repo.assert_commits(1);
}

#[test]
fn a_hook_that_calls_the_one_for_all_repositories_runs_once() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    let log = repo.tmp("log").display().to_string();
    for name in ["pre-commit", "commit-msg", "post-commit"] {
        let once = format!("grep -qs {name} '{log}' && exit 1\necho {name} >>'{log}'\n");
        let call = format!("\"$(git config core.hooksPath)/{name}\" \"$@\"\n");
        write_program(&repo.root().join(".git/hooks").join(name), format!("#!/bin/sh\n{once}{call}"));
    }
    repo.git(["commit", "-q", "--allow-empty", "-m", "one"]).success().silent();
    assert_eq!(fs::read_to_string(repo.tmp("log")).unwrap(), "pre-commit\ncommit-msg\npost-commit\n");
}

#[test]
fn another_folder_of_hooks_for_all_repositories_stays() {
    let Some(repo) = account(Way::HooksPath) else { return };
    repo.git(["config", "--global", "core.hooksPath", "~/hooks"]).success();
    let before = fs::read(repo.home().join(".gitconfig")).unwrap();
    repo.keyguard(["install", "--global"]).code(2).stdout("").stderr(
        "error: core.hooksPath is set already, to `~/hooks`, and git has room for one such folder\n\
         help: call keyguard from ~/hooks/pre-commit with the line: keyguard hook pre-commit || exit 1\n\
         help: call keyguard from ~/hooks/commit-msg with the line: keyguard hook commit-msg \"$@\" || exit 1\n",
    );
    repo.keyguard(["uninstall", "--global"]).success().says("nothing to do");
    assert_eq!(fs::read(repo.home().join(".gitconfig")).unwrap(), before);
    assert!(!repo.home().join(".local").exists());
    // The same from a file that is included.
    fs::write(repo.home().join("more"), "[core]\n\thooksPath = /elsewhere\n").unwrap();
    fs::write(repo.home().join(".gitconfig"), "[include]\n\tpath = more\n").unwrap();
    repo.keyguard(["install", "--global"]).code(2).says("to `/elsewhere`");
}

#[test]
fn behind_the_shims_a_manager_is_told_how_to_get_in() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    repo.write("lefthook.yml", "output: false\n");
    let into = || repo.keyguard(["install", "--into", "lefthook"]);
    let step = "one step more, for git does not come to lefthook yet: GIT_CONFIG_GLOBAL=/dev/null lefthook install\n";
    into().success().says("added to lefthook.yml: ").says(step);
    write_program(&repo.root().join(".git/hooks/pre-commit"), "#!/bin/sh\ncall_lefthook run pre-commit\n");
    assert!(!into().text().contains("one step more"));
}

#[test]
fn a_hook_that_another_tool_forced_into_the_folder_is_named_with_what_mends_it() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    fs::rename(shims(&repo).join("pre-commit"), shims(&repo).join("pre-commit.old")).unwrap();
    write_program(&shims(&repo).join("pre-commit"), "#!/bin/sh\n# lefthook\n");
    // What goes by there is seen with the message.
    repo.write("a.env", format!("TOKEN={}\n", fake::github_pat())).git(["add", "a.env"]).success();
    repo.git(["commit", "-m", "one"]).code(1).says("commit blocked: GitHub ");
    let hook = "[HOME]/.local/share/keyguard/hooks/pre-commit";
    let doctor = repo.keyguard(["doctor"]);
    let help = format!("help: mv '{hook}' '{hook}.moved' && keyguard install --global\n");
    doctor.code(1).says("is lefthook's; keyguard's is").says(&help);
    fs::rename(shims(&repo).join("pre-commit"), shims(&repo).join("pre-commit.moved")).unwrap();
    repo.keyguard(["install", "--global"]).success();
    repo.keyguard(["doctor"]).success();
}

#[test]
fn a_setting_from_another_home_is_keyguards_too() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    let [moved, stays] = ["moved", "stays"].map(|home| repo.tmp(home).join("keyguard/hooks"));
    let set = |folder: &Path| {
        repo.git(["config", "--global", "core.hooksPath", folder.to_str().unwrap()]).success();
    };
    let setting = || repo.git(["config", "--global", "core.hooksPath"]).text();
    // Dotfiles came here without the folder, or the folder for data is another one now.
    set(&moved);
    repo.keyguard(["uninstall", "--global"]).success().says("uninstalled: commits are no longer checked for keys");
    assert_eq!(setting(), "");
    for is_there in [false, true] {
        if is_there {
            fs::create_dir_all(moved.parent().unwrap()).unwrap();
            fs::rename(shims(&repo), &moved).unwrap();
        }
        set(&moved);
        repo.keyguard(["install", "--global"])
            .success()
            .says("installed for all repositories: commits are now checked");
        assert_eq!(setting(), "[HOME]/.local/share/keyguard/hooks\n");
    }
    // Nobody said whose a folder of that name is.
    write_program(&stays.join("commit-msg"), "#!/bin/sh\n");
    set(&stays);
    repo.keyguard(["install", "--global"]).code(2).says("error: core.hooksPath is set already, to `[TMP]/stays/");
    repo.keyguard(["uninstall", "--global"]).success();
    assert_eq!(setting(), "[TMP]/stays/keyguard/hooks\n");
}

#[test]
fn an_uninstall_without_the_folder_still_says_what_it_did() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    fs::remove_dir_all(shims(&repo)).unwrap();
    repo.keyguard(["uninstall", "--global"]).success().says("uninstalled: commits are no longer checked for keys");
    repo.git(["config", "--global", "core.hooksPath"]).code(1).silent();
}

#[test]
fn a_local_hooks_path_goes_before_the_global_one_and_doctor_says_so() {
    let Some(repo) = account(Way::HooksPath) else { return };
    let install = repo.keyguard(["install", "--global"]);
    install.success().says("where core.hooksPath is set in a repository, as husky does, git looks there alone\n");
    repo.keyguard(["doctor"]).success().says("BLOCKED");
    fs::create_dir_all(repo.root().join(".husky/_")).unwrap();
    write_program(&repo.root().join(".husky/_/pre-commit"), "#!/bin/sh\n");
    repo.git(["config", "core.hooksPath", ".husky/_"]).success();
    repo.keyguard(["doctor"]).code(1).says("husky").says("keyguard install --into husky");
    repo.git(["config", "core.hooksPath", "/nowhere"]).success();
    repo.keyguard(["doctor"]).code(1).says("core.hooksPath is `/nowhere` (local)");
}

#[test]
fn a_repository_may_still_have_a_hook_of_its_own_installed() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    let own = repo.keyguard(["install", "--hook", "pre-push", "--hook", "pre-commit"]);
    own.success().says("already installed: commits here are checked for keys ([HOME]/.local/share/keyguard/hooks/");
    own.says("installed: every push from here is now checked for keys (.git/hooks/pre-push)");
    repo.commit("a.env", format!("TOKEN={}\n", fake::github_pat()));
    repo.git(["init", "-q", "--bare", "../server"]).success();
    repo.git(["push", "-q", "../server", "main"]).code(1).says("push blocked");
    repo.keyguard(["doctor"]).success().says("too, and not tried: commit-msg, pre-push");
    repo.keyguard(["uninstall"]).success().says("pushes from here are no longer checked");
    repo.git(["push", "-q", "../server", "main"]).success();
}

#[test]
fn a_shim_that_was_edited_is_kept_and_one_that_is_missing_comes_back() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    let [edited, missing, foreign] = ["update", "post-merge", "pre-rebase"].map(|name| shims(&repo).join(name));
    let text = fs::read_to_string(&edited).unwrap();
    fs::write(&edited, format!("{text}# mine\n")).unwrap();
    fs::remove_file(&missing).unwrap();
    repo.keyguard(["install", "--global"]).success().says("renewed for all repositories: commits");
    assert_eq!(fs::read_to_string(&edited).unwrap(), text);
    assert_eq!(fs::read_to_string(shims(&repo).join("update.edited-keyguard")).unwrap(), format!("{text}# mine\n"));
    assert_eq!(fs::read_to_string(&missing).unwrap(), text);
    fs::write(&foreign, "#!/bin/sh\n").unwrap();
    repo.keyguard(["install", "--global"]).code(2).stdout("").stderr(
        "error: `[HOME]/.local/share/keyguard/hooks/pre-rebase` is not keyguard's, in a folder that is\n\
         help: move it away, then install again\n",
    );
    let left = repo.keyguard(["uninstall", "--global"]);
    left.success().says("[HOME]/.local/share/keyguard/hooks stays: it holds what keyguard did not write");
    assert_eq!(names(&repo), ["pre-rebase", "update.edited-keyguard"]);
}
