//! `keyguard install --global`: one install for all repositories of a user, in git's configuration where git reads hooks
//! there (2.54), else through `core.hooksPath`.
//!
//! A newer git than the one on PATH is named by `KEYGUARD_TEST_GIT`.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in helpers too: a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::install::{set_mode, write_program};
use crate::sandbox::{Sandbox, fake, inherited, link_program};

/// A way in which git can be had to run hooks in all repositories, and a git for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Config,
    HooksPath,
}

/// A sandbox with a repository, whose user has a configuration and a git for `way`; `None`, said aloud, if there is no
/// such git.
pub(crate) fn account(way: Way) -> Option<Sandbox> {
    let repo = Sandbox::without_repository();
    let config = repo.home().join(".gitconfig");
    let repo = repo.env("GIT_CONFIG_GLOBAL", config);
    use_git(&repo, way).then(|| {
        repo.git(["init", "--quiet", "--initial-branch=main"]).success();
        repo
    })
}

/// The same with keyguard installed.
pub(crate) fn installed(way: Way) -> Option<Sandbox> {
    let repo = account(way)?;
    repo.keyguard(["install", "--global"]).success();
    Some(repo)
}

/// Plays a scenario with each way that this machine has a git for.
fn both(scenario: impl Fn(&Sandbox, Way)) {
    for way in [Way::Config, Way::HooksPath] {
        if let Some(repo) = account(way) {
            scenario(&repo, way);
        }
    }
}

/// Has `repo` use a git for `way`.
#[expect(clippy::print_stderr, reason = "a case that no git here can make is not passed over in silence")]
fn use_git(repo: &Sandbox, way: Way) -> bool {
    let is_fit = |git: &Path| {
        let answer = std::process::Command::new(git).arg("version").output().unwrap();
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let minor = text.split('.').nth(1).unwrap().parse::<u32>().unwrap();
        (minor >= 54) == (way == Way::Config)
    };
    let on_path = repo.run("sh").args(["-c", "PATH=${PATH#*:}; command -v git"]).output().text();
    let candidates = [Some(PathBuf::from(on_path.trim())), inherited("KEYGUARD_TEST_GIT").map(PathBuf::from)];
    let Some(git) = candidates.into_iter().flatten().find(|git| is_fit(git)) else {
        let needed =
            if way == Way::Config { "git 2.54, perhaps named by KEYGUARD_TEST_GIT" } else { "a git before 2.54" };
        eprintln!("not tried: this takes {needed}");
        return false;
    };
    fs::remove_file(repo.tmp("bin/git")).ok();
    symlink(git, repo.tmp("bin/git")).unwrap();
    true
}

fn config(repo: &Sandbox) -> String {
    fs::read_to_string(repo.home().join(".gitconfig")).unwrap_or_default()
}

fn data(repo: &Sandbox) -> PathBuf {
    repo.home().join(".local/share/keyguard")
}

/// Stages a key and commits in a way.
#[track_caller]
fn assert_blocked(repo: &Sandbox, args: &[&str]) {
    repo.write("a.env", format!("TOKEN={}\n", fake::github_pat()));
    repo.git(["add", "a.env"]).success();
    let blocked = repo.run("git").args(["commit", "--quiet", "-m", "a key"]).args(args).output();
    let text = blocked.code(1).says("commit blocked: GitHub ").text();
    assert_eq!(text.matches("commit blocked").count(), 1, "{text}");
    repo.git(["rm", "--quiet", "--force", "a.env"]).success();
}

#[test]
fn a_hook_in_gits_configuration_looks_at_each_commit_and_message() {
    let Some(repo) = account(Way::Config) else { return };
    repo.keyguard(["install", "--global"]).success().stderr("").stdout(
        "installed for all repositories: commits are now checked for keys (hook.keyguard)\n\
         installed for all repositories: commit messages are now checked for keys (hook.keyguard-commit-msg)\n\
         try it in a repository: keyguard doctor\n",
    );
    let shims = data(&repo).join("shims").display().to_string();
    let expected = format!(
        "[hook \"keyguard-commit-msg\"]\n\tcommand = '{shims}/commit-msg'\n\tevent = commit-msg\n\
         [hook \"keyguard\"]\n\tcommand = '{shims}/pre-commit'\n\tevent = pre-commit\n"
    );
    assert_eq!(config(&repo), expected);
    repo.keyguard(["install", "--global"]).success().stdout(
        "already installed for all repositories: commits are checked for keys (hook.keyguard)\n\
         already installed for all repositories: commit messages are checked for keys (hook.keyguard-commit-msg)\n",
    );
    repo.write("a", "1\n").git(["add", "a"]).success();
    repo.git(["commit", "--quiet", "-m", "one"]).success().stderr("");
    assert_blocked(&repo, &[]);
    let message = format!("use {}", fake::github_pat());
    repo.git(["commit", "--allow-empty", "-m", &message]).code(1).says("in the message:1:5");
    repo.keyguard(["doctor"]).success().says("BLOCKED").says("too, and not tried: commit-msg");
    let picture: Vec<_> = fs::read_dir(repo.root().join(".git/hooks")).unwrap().collect();
    assert!(picture.iter().all(|entry| entry.as_ref().unwrap().path().to_string_lossy().ends_with(".sample")));
}

#[test]
fn a_local_hooks_path_does_not_silence_gits_configuration() {
    let Some(repo) = installed(Way::Config) else { return };
    for folder in [".husky/_", "/dev/null", "/nowhere", ""] {
        repo.git(["config", "core.hooksPath", folder]).success();
        assert_blocked(&repo, &[]);
        repo.keyguard(["doctor", "--quiet"]).success().says("BLOCKED");
        repo.keyguard(["install", "--if-needed"]).success().silent();
    }
}

#[test]
fn what_a_hook_stages_afterwards_is_looked_at() {
    both(|repo, _| {
        repo.keyguard(["install", "--global"]).success();
        repo.write("a", "1\n").git(["add", "a"]).success();
        repo.git(["commit", "--quiet", "-m", "one"]).success();
        let hook = format!("#!/bin/sh\necho TOKEN={} >b.env\ngit add b.env\n", fake::github_pat());
        write_program(&repo.root().join(".git/hooks/pre-commit"), hook);
        for args in [&["commit", "-qam", "two"][..], &["commit", "-qm", "two", "a"], &["commit", "-qim", "two", "a"]] {
            repo.write("a", "2\n");
            let text = repo.git(args).code(1).says("in b.env:1:7").text();
            assert_eq!(text.matches("commit blocked").count(), 1, "{text}");
            repo.git(["reset", "--quiet", "--hard"]).success();
        }
        repo.assert_commits(1);
        fs::remove_file(repo.root().join(".git/hooks/pre-commit")).unwrap();
        // No hook of ours runs before a merge; the message is where it is seen.
        repo.git(["checkout", "--quiet", "-b", "side"]).success();
        repo.commit("side", "1\n");
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.commit("main", "1\n");
        let hook = format!("#!/bin/sh\necho TOKEN={} >b.env\ngit add b.env\n", fake::github_pat());
        write_program(&repo.root().join(".git/hooks/pre-merge-commit"), hook);
        repo.git(["merge", "--quiet", "--no-edit", "side"]).code(1).says("in b.env:1:7");
        repo.assert_commits(2);
    });
}

#[test]
fn a_merge_is_not_blocked_for_what_the_other_side_brings() {
    both(|repo, _| {
        repo.keyguard(["install", "--global"]).success();
        repo.commit("a", "1\n");
        repo.git(["checkout", "--quiet", "-b", "side"]).success();
        repo.commit("side.env", format!("TOKEN={}\n", fake::github_pat()));
        repo.git(["checkout", "--quiet", "main"]).success();
        repo.commit("b", "1\n");
        repo.git(["merge", "--quiet", "--no-edit", "side"]).success().silent();
        // Neither is a pick, an amended commit or a reworded one.
        repo.git(["commit", "--quiet", "--amend", "-m", "again"]).success().silent();
        repo.git(["reset", "--quiet", "--hard", "main~1"]).success();
        repo.git(["cherry-pick", "side"]).success();
        let reword = "sed -i.bak 1s/pick/reword/";
        let rebase = repo.run("git").args(["rebase", "-q", "-i", "HEAD~1"]).env("GIT_SEQUENCE_EDITOR", reword);
        rebase.env("GIT_EDITOR", "true").output().success();
    });
}

#[test]
fn with_a_shim_in_the_repository_too_the_first_to_look_blocks() {
    both(|repo, way| {
        repo.keyguard(["install"]).success();
        repo.keyguard(["install", "--global"]).success();
        assert_blocked(repo, &[]);
        repo.write("a", "1\n").git(["add", "a"]).success();
        repo.git(["commit", "--quiet", "-m", "one"]).success().silent();
        repo.keyguard(["doctor"]).success();
        let again = repo.keyguard(["install"]);
        let place = if way == Way::Config { "(.git/hooks/pre-commit)" } else { "keyguard/hooks/pre-commit)" };
        again.success().says("already installed").says(place);
        let still = "what is installed for all repositories still looks here: keyguard uninstall --global\n";
        repo.keyguard(["uninstall"]).success().says("uninstalled").says(".git/hooks/pre-commit").says(still);
        assert_blocked(repo, &[]);
        let idle = format!("keyguard is not installed here, so there is nothing to do\n{still}");
        repo.keyguard(["uninstall"]).success().stdout(idle);
        repo.keyguard(["uninstall", "--global"]).success();
        assert!(!repo.keyguard(["uninstall"]).text().contains("still looks"));
    });
}

#[test]
fn doctor_says_what_switches_the_configured_hook_off() {
    let Some(repo) = installed(Way::Config) else { return };
    repo.git(["config", "hook.keyguard.enabled", "false"]).success();
    repo.keyguard(["doctor"]).code(1).says("hook.keyguard.enabled is false (local)");
    repo.keyguard(["install", "--global"]).success();
    repo.git(["config", "--unset", "hook.keyguard.enabled"]).success();
    for switch in ["hook.keyguard.enabled", "hook.pre-commit.enabled"] {
        repo.git(["config", "--global", switch, "no"]).success();
        repo.keyguard(["install", "--global"]).code(2).stdout("").stderr(format!(
            "error: {switch} is false in git's configuration, so git would not run the hook\n\
             help: git config --global --unset-all {switch}\n"
        ));
        repo.git(["config", "--global", "--unset", switch]).success();
    }
}

#[test]
fn a_command_under_our_name_that_we_did_not_write_stays() {
    let Some(repo) = account(Way::Config) else { return };
    repo.git(["config", "--global", "hook.keyguard.command", "my own"]).success();
    repo.git(["config", "--global", "hook.keyguard.event", "pre-commit"]).success();
    let before = config(&repo);
    repo.keyguard(["install", "--global"]).code(2).stdout("").stderr(
        "error: hook.keyguard.command is set already, to `my own`, and keyguard did not do that\n\
         help: if it can go: git config --global --remove-section hook.keyguard\n",
    );
    repo.keyguard(["uninstall", "--global"]).success().says("nothing to do");
    assert_eq!(config(&repo), before);
    assert!(!data(&repo).exists());
}

#[test]
fn a_program_or_a_shim_that_is_gone_stops_each_commit() {
    both(|repo, way| {
        repo.keyguard(["install", "--global"]).success();
        repo.write("a", "1\n").git(["add", "a"]).success();
        let keyguard = repo.tmp("bin/keyguard");
        let program = fs::read_link(&keyguard).unwrap();
        fs::remove_file(&keyguard).unwrap();
        let away = match way {
            Way::Config => "git config --global --remove-section hook.keyguard",
            Way::HooksPath => "git config --global --unset-all core.hooksPath",
        };
        repo.git(["commit", "-m", "one"]).code(1).stderr(format!(
            "error: keyguard is not installed, so this commit was not checked and not made\n\
             help: install it again, or take its hook away: {away}\n"
        ));
        let doctor = repo.run(program.to_str().unwrap()).args(["doctor"]).output();
        assert!(!doctor.code(1).says("every commit here is stopped").text().contains("help: keyguard install\n"));
        symlink(program, keyguard).unwrap();
        if way == Way::Config {
            fs::remove_dir_all(data(repo)).unwrap();
            // Each shell has its own words for it.
            repo.git(["commit", "-m", "one"]).code(1).says("shims/pre-commit: ");
            repo.keyguard(["doctor"]).code(1).says("shims/pre-commit: ").says("help: keyguard install --global");
            repo.keyguard(["install", "--global"]).success();
            repo.git(["commit", "--quiet", "-m", "one"]).success();
        }
    });
}

#[test]
fn doctor_names_the_install_that_mends_a_program_which_is_found_on_path_alone() {
    both(|repo, _| {
        repo.keyguard(["install", "--global"]).success();
        fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
        let elsewhere = repo.tmp("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        link_program(&elsewhere);
        let path = format!("{}:{}", elsewhere.display(), repo.path().display());
        let program = elsewhere.join("keyguard");
        let doctor = repo.run(program.to_str().unwrap()).args(["doctor"]).env("PATH", path).output();
        doctor.success().says("with the PATH of a graphical client (/usr/bin:/bin) every commit is stopped");
        doctor.says("help: keyguard install --global\n");
        assert!(!doctor.text().contains("help: keyguard install\n"), "{}", doctor.text());
    });
}

#[test]
fn uninstall_takes_out_exactly_what_install_put_in() {
    both(|repo, way| {
        let own = "# mine\n[user]\n\tname = Ada ; and why\n[hook \"lint\"]\n\tcommand = true\n\tevent = pre-commit\n";
        fs::write(repo.home().join(".gitconfig"), own).unwrap();
        set_mode(&repo.home().join(".gitconfig"), 0o600);
        repo.keyguard(["install", "--global", "--all"]).success();
        assert!(config(repo).starts_with(own));
        repo.keyguard(["uninstall", "--global", "--dry-run"]).success().says("would take ").says("would remove ");
        assert_ne!(config(repo), own);
        let removed = repo.keyguard(["uninstall", "--global"]);
        assert_eq!(removed.success().text().matches("uninstalled: ").count(), 4, "{}", removed.text());
        assert_eq!(config(repo), own);
        assert_eq!(fs::metadata(repo.home().join(".gitconfig")).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!repo.home().join(".local").exists(), "folders that were made are gone");
        repo.keyguard(["uninstall", "--global"])
            .success()
            .stdout("keyguard is not installed for all repositories, so there is nothing to do\n");

        repo.keyguard(["install", "--global"]).success();
        let folder = data(repo).join(if way == Way::Config { "shims" } else { "hooks" });
        fs::write(folder.join("notes"), "mine\n").unwrap();
        let edited = fs::read_to_string(folder.join("commit-msg")).unwrap() + "# mine\n";
        fs::write(folder.join("commit-msg"), edited).unwrap();
        let left = repo.keyguard(["uninstall", "--global"]);
        left.success().says("stays: it holds what keyguard did not write").says("commit-msg.edited-keyguard");
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    });
}

#[test]
fn a_hook_of_one_more_kind_comes_and_goes() {
    both(|repo, _| {
        repo.keyguard(["install", "--global", "--hook", "pre-push"]).success().says("pushes are now checked");
        repo.keyguard(["install", "--global"]).success().says("already installed for all repositories: pushes");
        repo.commit("a.env", format!("TOKEN={}\n", fake::github_pat()));
        repo.git(["init", "--quiet", "--bare", "../server"]).success();
        repo.git(["push", "--quiet", "../server", "main"]).code(1).says("push blocked");
        repo.keyguard(["doctor"]).success().says("commit-msg, pre-push");
        let before = config(repo);
        repo.keyguard(["uninstall", "--global", "--hook", "pre-commit"]).code(2).stdout("").stderr(
            "error: what looks at commits for all repositories is one whole: pre-commit and commit-msg\n\
             help: to take all of it out: keyguard uninstall --global\n",
        );
        assert_eq!(config(repo), before);
        let one = repo.keyguard(["uninstall", "--global", "--hook", "pre-push"]);
        one.success().says("uninstalled: pushes are no longer checked");
        repo.keyguard(["uninstall", "--global", "--hook", "pre-push"])
            .success()
            .stdout("keyguard is not installed as pre-push for all repositories, so there is nothing to do\n");
        repo.git(["push", "--quiet", "../server", "main"]).success();
        repo.keyguard(["install", "--global"]).success().says("already installed");
        assert!(!repo.keyguard(["install", "--global"]).text().contains("pushes"));
    });
}

#[test]
fn another_git_has_the_install_move() {
    let Some(repo) = installed(Way::HooksPath) else { return };
    if !use_git(&repo, Way::Config) {
        return;
    }
    let moved = repo.keyguard(["install", "--global"]);
    moved.success().says("installed for all repositories: commits are now checked for keys (hook.keyguard)");
    moved.says(
        "moved: this git reads hooks from its configuration, so they need no folder (core.hooksPath is taken out)",
    );
    assert!(!config(&repo).contains("hooksPath"), "{}", config(&repo));
    assert!(!data(&repo).join("hooks").exists());
    assert_blocked(&repo, &[]);

    use_git(&repo, Way::HooksPath);
    repo.keyguard(["doctor"]).code(1).says("git reads from 2.54 on").says("help: keyguard install --global");
    let moved = repo.keyguard(["install", "--global"]);
    moved.success().says(
        "moved: this git reads no hooks from its configuration, so they stand in a folder (hook.keyguard.event is",
    );
    assert!(!config(&repo).contains("keyguard\"]"), "{}", config(&repo));
    assert!(!data(&repo).join("shims").exists());
    assert_blocked(&repo, &[]);
}

#[test]
fn if_needed_says_nothing_and_a_dry_run_does_nothing() {
    both(|repo, way| {
        let dry = repo.keyguard(["install", "--global", "--dry-run"]);
        let setting = if way == Way::Config { "hook.keyguard.event" } else { "core.hooksPath" };
        dry.success().says(&format!("would set {setting} in git's configuration to "));
        dry.says("/pre-commit\n").says("would make the folder [HOME]/.local/share/keyguard/");
        assert!(!repo.home().join(".local").exists() && !repo.home().join(".gitconfig").exists());
        repo.keyguard(["install", "--global", "--if-needed"]).success().silent();
        repo.keyguard(["install", "--global", "--if-needed"]).success().silent();
        repo.keyguard(["install", "--global", "--dry-run"]).success().stdout("nothing to do\n");
        assert_blocked(repo, &[]);
        repo.keyguard(["install", "--if-needed"]).success().silent();
        assert!(!repo.root().join(".git/hooks/pre-commit").exists());
    });
}

#[test]
fn no_repository_is_needed() {
    both(|repo, _| {
        repo.git(["init", "--quiet", "--bare", "../bare"]).success();
        for folder in ["../home", "../bare"] {
            let install = repo.run("keyguard").args(["install", "--global"]).current_dir(folder).output();
            install.success().says("installed for all repositories");
            let away = repo.run("keyguard").args(["uninstall", "--global"]).current_dir(folder).output();
            away.success().says("uninstalled");
        }
    });
}

#[test]
fn an_odd_home_and_a_narrow_umask_make_no_difference() {
    both(|repo, _| {
        let home = repo.tmp("home/a b$x'q");
        fs::create_dir(&home).unwrap();
        let run = |program: &str, args: &[&str]| {
            let run = repo.run(program).args(args).env("HOME", &home);
            run.env("GIT_CONFIG_GLOBAL", home.join(".gitconfig")).output()
        };
        run("sh", &["-c", "umask 077; keyguard install --global"]).success();
        for folder in ["shims", "hooks"].map(|name| home.join(".local/share/keyguard").join(name)) {
            for shim in fs::read_dir(folder).into_iter().flatten() {
                assert_eq!(shim.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o755);
            }
        }
        repo.write("a.env", format!("TOKEN={}\n", fake::github_pat())).git(["add", "a.env"]).success();
        run("git", &["commit", "-qm", "one"]).code(1).says("commit blocked");
        run("keyguard", &["doctor"]).success();
        run("keyguard", &["uninstall", "--global"]).success();
    });
}

#[test]
fn a_configuration_behind_a_link_stays_behind_it() {
    both(|repo, _| {
        fs::write(repo.home().join("dotfile"), "[user]\n\tname = Ada\n").unwrap();
        symlink("dotfile", repo.home().join(".gitconfig")).unwrap();
        repo.keyguard(["install", "--global"]).success();
        assert!(repo.home().join(".gitconfig").is_symlink());
        assert!(fs::read_to_string(repo.home().join("dotfile")).unwrap().contains("keyguard"));
        assert_blocked(repo, &[]);
        // The same setting as a person would write it.
        let home = repo.home().display().to_string();
        fs::write(repo.home().join("dotfile"), config(repo).replace(&home, "~")).unwrap();
        if config(repo).contains("hooksPath") {
            repo.keyguard(["install", "--global"]).success().says("already installed");
        }
        repo.keyguard(["uninstall", "--global"]).success();
        assert!(!config(repo).contains("hooksPath"), "{}", config(repo));
    });
}

#[test]
fn a_second_configuration_of_the_user_hides_nothing_from_an_uninstall() {
    both(|repo, way| {
        let here = repo.tmp("account");
        fs::create_dir_all(here.join(".config/git")).unwrap();
        fs::write(here.join(".config/git/config"), "[a]\n\tb = c\n").unwrap();
        let run = |program: &str, args: &[&str]| {
            let run = repo.run(program).args(args).env("HOME", &here).env("XDG_CONFIG_HOME", here.join(".config"));
            // The sandbox names a file, and then there is no other.
            run.without("GIT_CONFIG_GLOBAL").output()
        };
        run("keyguard", &["install", "--global"]).success();
        fs::write(here.join(".gitconfig"), "[d]\n\te = f\n").unwrap();
        run("keyguard", &["install", "--global"]).success().says("already installed for all repositories: commits");
        run("keyguard", &["uninstall", "--global"]).success().says("uninstalled: commits are no longer checked");
        let key = if way == Way::Config { "hook.keyguard.command" } else { "core.hooksPath" };
        run("git", &["config", key]).code(1).silent();
        assert_eq!(fs::read_to_string(here.join(".config/git/config")).unwrap(), "[a]\n\tb = c\n");
        assert_eq!(fs::read_to_string(here.join(".gitconfig")).unwrap(), "[d]\n\te = f\n");
    });
}

#[test]
fn a_git_that_is_too_old_is_named() {
    let Some(repo) = account(Way::HooksPath) else { return };
    fs::remove_file(repo.tmp("bin/git")).unwrap();
    write_program(&repo.tmp("bin/git"), "#!/bin/sh\necho git version 2.25.1\n");
    for verb in ["install", "uninstall"] {
        repo.keyguard([verb, "--global"]).code(2).stdout("").stderr(
            "error: git 2.25 is too old to install for all repositories: that takes 2.30\n\
             help: install in each repository: keyguard install\n",
        );
    }
}

#[test]
fn without_a_place_to_write_one_sentence_says_so() {
    both(|repo, way| {
        let run = |name: &str, value: &Path| {
            repo.run("env").args(["-u", name, "keyguard", "install", "--global"]).env("OTHER", value).output()
        };
        run("HOME", Path::new("")).code(2).stdout("").stderr(
            "error: HOME is not set, so there is no place for hooks of all repositories\n\
             help: set HOME, then install again\n",
        );
        let folder = repo.run("keyguard").args(["install", "--global"]).env("GIT_CONFIG_GLOBAL", repo.home()).output();
        folder.code(2).stdout("").stderr(
            "error: git's configuration of this user is `[HOME]`, which is no file\n\
             help: unset GIT_CONFIG_GLOBAL, or have it name a file\n",
        );
        assert!(!repo.home().join(".local").exists());
        // Somebody is writing it, or nobody may.
        fs::write(repo.home().join(".gitconfig.lock"), "").unwrap();
        let locked = repo.keyguard(["install", "--global"]);
        locked.code(2).stdout("").says("could not lock config file").says("help: if another tool writes git's config");
        locked.says(if way == Way::Config {
            "hook.keyguard-commit-msg.command = '"
        } else {
            "core.hooksPath = [HOME]"
        });
        repo.write("a", "1\n").git(["add", "a"]).success();
        repo.git(["commit", "--quiet", "-m", "one"]).success().silent();
        fs::remove_file(repo.home().join(".gitconfig.lock")).unwrap();
        repo.keyguard(["install", "--global"]).success();
        assert_blocked(repo, &[]);
        repo.keyguard(["uninstall", "--global"]).success();
        // A file stands where the folder has to.
        fs::write(repo.home().join(".local"), "").unwrap();
        repo.keyguard(["install", "--global"]).code(2).stdout("").says("Not a directory");
        assert_eq!(config(repo), "");
    });
}

/// Kills keyguard where it asks git to write the configuration: before one of the writes, or after it.
fn kill_at(repo: &Sandbox, write: usize, verb: &str) {
    let git = fs::read_link(repo.tmp("bin/git")).unwrap();
    let (count, stop) = (repo.tmp("count"), "kill -9 $PPID; exit 1");
    fs::write(&count, "").unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*--replace-all*|*--unset-all*) echo >>'{count}'\n\
         n=$(wc -l <'{count}')\n[ $n -gt {write} ] && {{ {stop}; }} ;;\nesac\nexec '{git}' \"$@\"\n",
        count = count.display(),
        git = git.display()
    );
    fs::remove_file(repo.tmp("bin/git")).unwrap();
    write_program(&repo.tmp("bin/git"), script);
    let _ = repo.keyguard([verb, "--global"]);
    fs::remove_file(repo.tmp("bin/git")).unwrap();
    symlink(git, repo.tmp("bin/git")).unwrap();
}

#[test]
fn killed_at_any_write_of_the_configuration_it_guards_or_does_not() {
    both(|repo, _| {
        for write in 0..4 {
            for verb in ["install", "uninstall"] {
                kill_at(repo, write, verb);
                repo.write("a", format!("{verb} {write}\n")).git(["add", "a"]).success();
                repo.git(["commit", "--quiet", "-m", "one"]).success().silent();
                repo.write("a.env", format!("TOKEN={}\n", fake::github_pat())).git(["add", "a.env"]).success();
                let commit = repo.git(["commit", "--quiet", "-m", "a key"]);
                let is_blocked = commit.text().contains("commit blocked: GitHub ");
                assert!(is_blocked || commit.text().is_empty(), "{}", commit.text());
                if !is_blocked {
                    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]).success();
                }
                repo.git(["reset", "--quiet", "--hard"]).success();
                repo.keyguard([verb, "--global"]).success();
                if verb == "install" {
                    assert_blocked(repo, &[]);
                } else {
                    assert!(!repo.home().join(".local").exists() && !config(repo).contains("keyguard"));
                }
            }
        }
    });
}
