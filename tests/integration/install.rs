//! `keyguard install` and `keyguard uninstall`: what they leave behind in a hooks folder.
//!
//! Modes, links and the shell are at stake, so all of this is for Unix.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in helpers too: a test that cannot go on has failed")]
#![expect(clippy::needless_raw_string_hashes, reason = "snapshots are written by a program")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use snapbox::str;

pub(crate) use crate::sandbox::write_program;
use crate::sandbox::{Sandbox, link_program};

const HOOK: &str = ".git/hooks/pre-commit";
const KEPT: &str = ".git/hooks/pre-commit.chained-keyguard";
const EDITED: &str = ".git/hooks/pre-commit.edited-keyguard";
const SHELL_HOOK: &str = "#!/bin/sh\necho the hook of somebody else\n";

/// A file as nobody could tell it from another: kind and mode, then the content or the target.
#[derive(PartialEq, Eq)]
pub(crate) struct Entry(String, Vec<u8>);

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let content = String::from_utf8_lossy(&self.1);
        write!(formatter, "{} {}", self.0, content.chars().take(80).collect::<String>().escape_debug())
    }
}

impl Entry {
    /// Kind and mode, and the number of names.
    pub(crate) fn mode(&self) -> &str {
        &self.0
    }

    /// The content or the target.
    pub(crate) fn content(&self) -> &[u8] {
        &self.1
    }
}

pub(crate) fn entry(path: &Path) -> Entry {
    let metadata = path.symlink_metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if metadata.is_symlink() {
        return Entry("link".to_owned(), fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec());
    }
    let content = if metadata.is_dir() { Vec::new() } else { fs::read(path).unwrap() };
    Entry(format!("{:o} {}", metadata.mode(), metadata.nlink()), content)
}

/// Everything below `folder`.
pub(crate) fn picture(folder: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            found.extend(picture(&path));
        }
        found.insert(path.clone(), entry(&path));
    }
    // The number of names of a folder changes with its sub-folders, not with us.
    found.insert(folder.to_path_buf(), Entry("folder".to_owned(), Vec::new()));
    found
}

pub(crate) fn hooks(repo: &Sandbox) -> BTreeMap<PathBuf, Entry> {
    picture(&repo.root().join(".git/hooks"))
}

fn read(repo: &Sandbox, path: &str) -> String {
    fs::read_to_string(repo.root().join(path)).unwrap()
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A program that stands for keyguard and tells how it was called.
fn write_stub(path: &Path) {
    write_program(path, "#!/bin/sh\nprintf '%s|' \"$0\" \"$@\" >&2\n");
}

/// Installs, and asserts that afterwards the hook is kept as it was and the shim is in order; then that uninstalling
/// brings back every byte.
#[track_caller]
fn assert_round_trip(repo: &Sandbox) {
    let before = hooks(repo);
    let [hook, kept] = [HOOK, KEPT].map(|path| repo.root().join(path));
    let foreign = entry(&hook);
    repo.install();
    assert_eq!(entry(&kept), foreign);
    assert_eq!(hook.symlink_metadata().unwrap().mode(), 0o100_755);
    repo.keyguard(["install"]).success().stdout(str![[r#"
already installed: commits here are checked for keys (.git/hooks/pre-commit)

"#]]);
    repo.keyguard(["uninstall"]).success().stdout(str![[r#"
uninstalled: commits here are no longer checked for keys (.git/hooks/pre-commit)
the hook that was there before is back

"#]]);
    assert_eq!(hooks(repo), before);
}

#[test]
fn without_a_hook_the_shim_comes_and_goes() {
    let repo = Sandbox::new();
    let before = hooks(&repo);
    repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (.git/hooks/pre-commit)
try it: keyguard scan --staged

"#]]);
    let shim = read(&repo, HOOK);
    let head: Vec<_> = shim.lines().take(4).collect();
    assert_eq!(head[0], "#!/bin/sh");
    assert_eq!(head[1], "# keyguard shim v1. Written by `keyguard install`, removed by `keyguard uninstall`.");
    assert_eq!(head[3], format!("keyguard='{}'", repo.tmp("bin/keyguard").display()));
    assert_eq!(entry(&repo.root().join(HOOK)).0, "100755 1");

    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
uninstalled: commits here are no longer checked for keys (.git/hooks/pre-commit)

"#]]);
    assert_eq!(hooks(&repo), before);
    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
keyguard is not installed here, so there is nothing to do

"#]]);
}

#[test]
fn a_folder_made_for_the_shim_goes_with_it() {
    let repo = Sandbox::new();
    fs::remove_dir_all(repo.root().join(".git/hooks")).unwrap();
    repo.install();
    assert!(repo.root().join(HOOK).is_file());
    repo.keyguard(["uninstall"]).success();
    assert!(!repo.root().join(".git/hooks").exists());

    repo.install();
    repo.write(".git/hooks/commit-msg", SHELL_HOOK);
    repo.keyguard(["uninstall"]).success();
    assert_eq!(read(&repo, ".git/hooks/commit-msg"), SHELL_HOOK);
}

#[test]
fn a_hook_that_is_there_is_kept_as_it_is() {
    let contents: [&[u8]; 6] = [
        SHELL_HOOK.as_bytes(),
        b"#!/usr/bin/env python3\nprint('caf\xc3\xa9')\n",
        b"\x7fELF\x02\x01\x01\0\0\xff\xfe\r\n# keyguard shim v1",
        b"#!/bin/sh\r\necho carriage returns\r\n",
        b"echo no first line",
        b"",
    ];
    for content in contents {
        for mode in [0o755, 0o700, 0o555, 0o4711, 0o644] {
            let repo = Sandbox::new();
            let hook = repo.root().join(HOOK);
            write_program(&hook, content);
            set_mode(&hook, mode);
            assert_round_trip(&repo);
        }
    }
}

#[test]
fn a_link_is_kept_as_a_link_and_never_written_through() {
    let targets = ["../../scripts/check", "nowhere/at/all", "pre-commit", "../../scripts"];
    for target in targets {
        let repo = Sandbox::new();
        repo.write("scripts/check", SHELL_HOOK);
        symlink(target, repo.root().join(HOOK)).unwrap();
        assert_round_trip(&repo);
        assert_eq!(read(&repo, "scripts/check"), SHELL_HOOK);
    }
    let repo = Sandbox::new();
    symlink(repo.tmp("shared-hook"), repo.root().join(HOOK)).unwrap();
    write_program(&repo.tmp("shared-hook"), SHELL_HOOK);
    assert_round_trip(&repo);
    assert_eq!(fs::read_to_string(repo.tmp("shared-hook")).unwrap(), SHELL_HOOK);
}

#[test]
fn says_what_becomes_of_the_hook_that_is_there() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (.git/hooks/pre-commit)
the hook that was there is kept and runs after it
try it: keyguard scan --staged

"#]]);

    let repo = Sandbox::new();
    repo.write(HOOK, SHELL_HOOK);
    repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (.git/hooks/pre-commit)
the hook that was there is kept; git did not run it, so it does not run
try it: keyguard scan --staged

"#]]);
}

#[test]
fn installing_again_writes_nothing() {
    let repo = Sandbox::with_hook();
    let state = || {
        let metadata = repo.root().join(HOOK).metadata().unwrap();
        (metadata.ino(), metadata.mtime_nsec(), metadata.ctime_nsec())
    };
    let before = state();
    for arguments in [&["install"][..], &["install", "--dry-run"]] {
        repo.keyguard(arguments).success();
    }
    assert_eq!(state(), before);
}

#[test]
fn a_dry_run_changes_nothing() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    let before = hooks(&repo);
    repo.keyguard(["install", "--dry-run"]).success().stderr("").stdout(str![[r#"
would rename .git/hooks/pre-commit to .git/hooks/pre-commit.chained-keyguard
would write .git/hooks/pre-commit

"#]]);
    assert_eq!(hooks(&repo), before);

    repo.install();
    let before = hooks(&repo);
    repo.keyguard(["install", "--dry-run"]).success().stderr("").stdout(str![[r#"
nothing to do

"#]]);
    repo.keyguard(["uninstall", "--dry-run"]).success().stderr("").stdout(str![[r#"
would rename .git/hooks/pre-commit.chained-keyguard to .git/hooks/pre-commit

"#]]);
    assert_eq!(hooks(&repo), before);

    let repo = Sandbox::new();
    fs::remove_dir_all(repo.root().join(".git/hooks")).unwrap();
    repo.keyguard(["install", "--dry-run"]).success().stderr("").stdout(str![[r#"
would make the folder .git/hooks
would write .git/hooks/pre-commit

"#]]);
    assert!(!repo.root().join(".git/hooks").exists());
    repo.install().keyguard(["uninstall", "--dry-run"]).success().stderr("").stdout(str![[r#"
would remove .git/hooks/pre-commit
would remove the folder .git/hooks

"#]]);
}

#[test]
fn a_shim_for_another_place_or_not_executable_is_renewed() {
    let repo = Sandbox::with_hook();
    let shim = entry(&repo.root().join(HOOK));
    let moved = read(&repo, HOOK).replace("keyguard='/", "keyguard='/somewhere else/it'\\''s");
    repo.write(HOOK, moved);
    let renewed = str![[r#"
renewed: commits here are checked for keys (.git/hooks/pre-commit)
try it: keyguard scan --staged

"#]];
    repo.keyguard(["install"]).success().stderr("").stdout(renewed.clone());
    assert_eq!(entry(&repo.root().join(HOOK)), shim);

    set_mode(&repo.root().join(HOOK), 0o600);
    repo.keyguard(["install"]).success().stderr("").stdout(renewed);
    assert_eq!(entry(&repo.root().join(HOOK)), shim);
    assert!(!repo.root().join(KEPT).exists() && !repo.root().join(EDITED).exists());
}

#[test]
fn a_shim_that_was_edited_is_put_aside() {
    let repo = Sandbox::with_hook();
    let edited = read(&repo, HOOK) + "make lint\n";
    repo.write(HOOK, &edited);
    repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
renewed: commits here are checked for keys (.git/hooks/pre-commit)
the hook had been edited; that text is kept in .git/hooks/pre-commit.edited-keyguard
try it: keyguard scan --staged

"#]]);
    assert_eq!(read(&repo, EDITED), edited);
    assert!(!read(&repo, HOOK).contains("make lint"));
    assert!(!repo.root().join(KEPT).exists());

    let again = read(&repo, HOOK).replace("exit 2", "exit 0");
    repo.write(HOOK, &again);
    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
uninstalled: commits here are no longer checked for keys (.git/hooks/pre-commit)
the hook had been edited; that text is kept in .git/hooks/pre-commit.edited-keyguard-2

"#]]);
    assert!(!repo.root().join(HOOK).exists());
    assert_eq!(read(&repo, &format!("{EDITED}-2")), again);
}

#[test]
fn a_link_to_a_shim_is_not_chained() {
    let repo = Sandbox::with_hook();
    fs::rename(repo.root().join(HOOK), repo.tmp("shim")).unwrap();
    symlink(repo.tmp("shim"), repo.root().join(HOOK)).unwrap();
    repo.keyguard(["install"]).success().says("renewed");
    assert!(repo.root().join(HOOK).symlink_metadata().unwrap().is_file());
    assert!(repo.root().join(EDITED).symlink_metadata().unwrap().is_symlink());
    assert!(!repo.root().join(KEPT).exists());
}

#[test]
fn a_second_foreign_hook_is_a_conflict() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    repo.install();
    write_program(&repo.root().join(HOOK), "#!/bin/sh\necho another tool\n");
    let before = hooks(&repo);
    repo.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: another hook has taken keyguard's place, and the one kept before it is still there
help: to keep the new one: rm '[ROOT]/.git/hooks/pre-commit.chained-keyguard'
help: to keep the old one: mv '[ROOT]/.git/hooks/pre-commit.chained-keyguard' '[ROOT]/.git/hooks/pre-commit'
help: then install again; to run both, call one of them from the other

"#]]);
    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
keyguard is not installed here, so there is nothing to do
a hook kept by an earlier install is still in .git/hooks/pre-commit.chained-keyguard

"#]]);
    assert_eq!(hooks(&repo), before);
}

#[test]
fn a_script_that_puts_the_same_hook_there_again_is_no_conflict() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    let before = hooks(&repo);
    repo.install();
    let installed = hooks(&repo);
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    repo.install();
    assert_eq!(hooks(&repo), installed);
    repo.keyguard(["uninstall"]).success();
    assert_eq!(hooks(&repo), before);
}

#[test]
fn an_interrupted_install_is_finished_or_taken_back() {
    for verb in ["install", "uninstall"] {
        for target in [None, Some("../../nowhere")] {
            let repo = Sandbox::new();
            let [hook, kept] = [HOOK, KEPT].map(|path| repo.root().join(path));
            match target {
                Some(target) => symlink(target, &hook).unwrap(),
                None => write_program(&hook, SHELL_HOOK),
            }
            let before = hooks(&repo);
            // Killed after the second name was made, or where there are no second names, after the renaming.
            let interruptions: [fn(&Path, &Path) -> std::io::Result<()>; 2] =
                [|one, two| fs::hard_link(one, two), |one, two| fs::rename(one, two)];
            for interrupt in interruptions {
                interrupt(&hook, &kept).unwrap();
                repo.keyguard([verb]).success();
                let is_ours = fs::read_to_string(&hook).is_ok_and(|text| text.contains("keyguard shim"));
                assert_eq!(is_ours, verb == "install", "{verb}");
                repo.keyguard(["uninstall"]).success();
                assert_eq!(hooks(&repo), before, "{verb}");
            }
        }
    }
}

#[test]
fn uninstall_after_the_shim_was_removed_by_hand_restores_the_hook() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    let before = hooks(&repo);
    repo.install();
    fs::remove_file(repo.root().join(HOOK)).unwrap();
    repo.keyguard(["uninstall"]).success().says("is back");
    assert_eq!(hooks(&repo), before);
}

#[test]
fn a_folder_in_place_of_the_hook_is_refused() {
    let repo = Sandbox::new();
    fs::create_dir(repo.root().join(HOOK)).unwrap();
    repo.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: `[ROOT]/.git/hooks/pre-commit` is neither a file nor a link
help: move it away, then install again

"#]]);
}

#[test]
fn the_umask_changes_nothing() {
    for umask in ["077", "0777"] {
        let repo = Sandbox::new();
        write_program(&repo.root().join(HOOK), SHELL_HOOK);
        repo.run("sh").args(["-c", &format!("umask {umask}; exec keyguard install")]).output().success();
        assert_eq!(entry(&repo.root().join(HOOK)).0, "100755 1");
        assert_eq!(entry(&repo.root().join(KEPT)).0, "100755 1");
    }
}

#[test]
fn a_folder_that_may_not_be_written_stays_as_it_is() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), SHELL_HOOK);
    let folder = repo.root().join(".git/hooks");
    let before = hooks(&repo);
    set_mode(&folder, 0o555);
    // An administrator may write everywhere.
    if fs::write(folder.join("probe"), "").is_err() {
        repo.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: write the hook `[ROOT]/.git/hooks/pre-commit`: Permission denied (os error 13)[..]

"#]]);
    }
    set_mode(&folder, 0o755);
    fs::remove_file(folder.join("probe")).ok();
    assert_eq!(hooks(&repo), before);
}

#[test]
fn works_in_a_sub_directory() {
    let repo = Sandbox::new();
    repo.write("a/b/file", "");
    repo.run("keyguard").args(["install"]).current_dir("a/b").output().success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (../../.git/hooks/pre-commit)
try it: keyguard scan --staged

"#]]);
    assert!(repo.root().join(HOOK).is_file());
    repo.run("keyguard").args(["uninstall"]).current_dir("a/b").output().success();
    assert!(!repo.root().join(HOOK).exists());
}

#[test]
fn a_linked_worktree_shares_the_hooks_of_its_repository() {
    let repo = Sandbox::new();
    repo.commit("file", "text\n");
    repo.git(["worktree", "add", "--quiet", "../linked"]).success();
    let linked = |verb| repo.run("keyguard").args([verb]).current_dir("../linked").output();
    linked("install").success().stdout(str![[r#"
installed: every commit here is now checked for keys ([ROOT]/.git/hooks/pre-commit)
try it: keyguard scan --staged

"#]]);
    assert!(repo.root().join(HOOK).is_file());
    repo.keyguard(["install"]).success().says("already installed");
    linked("uninstall").success();
    assert!(!repo.root().join(HOOK).exists());
}

#[test]
fn a_submodule_has_hooks_of_its_own() {
    let repo = Sandbox::new();
    repo.commit("file", "text\n");
    repo.git(["clone", "--quiet", ".", "../library"]).success();
    repo.git(["submodule", "--quiet", "add", "../library", "library"]).success();
    repo.run("keyguard")
        .args(["install"])
        .current_dir("library")
        .output()
        .success()
        .says("/modules/library/hooks/pre-commit");
    assert!(repo.root().join(".git/modules/library/hooks/pre-commit").is_file());
    assert!(!repo.root().join(HOOK).exists());
}

#[test]
fn a_hooks_folder_in_the_work_tree_gets_a_shim_for_every_machine() {
    let repo = Sandbox::new();
    repo.git(["config", "core.hooksPath", "tools/githooks"]).success();
    repo.write("sub/file", "");
    repo.run("keyguard").args(["install"]).current_dir("sub").output().success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (../tools/githooks/pre-commit)
commit it, and others have it too: git add ../tools/githooks/pre-commit
try it: keyguard scan --staged

"#]]);
    assert!(read(&repo, "tools/githooks/pre-commit").contains("\nkeyguard=''\n"));
    assert!(!repo.root().join(HOOK).exists());
    repo.keyguard(["install"]).success().stdout(str![[r#"
already installed: commits here are checked for keys (tools/githooks/pre-commit)

"#]]);
    repo.keyguard(["uninstall"]).success();
    assert!(!repo.root().join("tools").exists());
}

#[test]
fn a_link_in_place_of_the_hooks_folder_counts_for_where_it_leads() {
    let repo = Sandbox::new();
    let folder = repo.root().join(".git/hooks");
    fs::remove_dir_all(&folder).unwrap();
    repo.write("githooks/README", "");
    symlink("../githooks", &folder).unwrap();
    repo.keyguard(["install"]).success().says("git add .git/hooks/pre-commit");
    assert!(read(&repo, "githooks/pre-commit").contains("\nkeyguard=''\n"));

    let repo = Sandbox::new();
    let folder = repo.root().join(".git/hooks");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(repo.tmp("shared")).unwrap();
    symlink(repo.tmp("shared"), &folder).unwrap();
    repo.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: git takes hooks from outside this repository (.git/hooks)
help: move `.git/hooks` away, then install again

"#]]);
}

#[test]
fn a_hooks_folder_outside_is_refused() {
    let repo = Sandbox::new();
    repo.git(["config", "core.hooksPath", repo.tmp("shared").to_str().unwrap()]).success();
    repo.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: git takes hooks from outside this repository ([TMP]/shared)
help: to take hooks from the repository: git config --local --unset-all core.hooksPath
help: or call keyguard from [TMP]/shared/pre-commit with the line: keyguard hook pre-commit || exit 1

"#]]);
    assert!(!repo.tmp("shared").exists() && !repo.root().join(HOOK).exists());
}

#[test]
fn a_global_hooks_folder_is_refused_with_the_command_that_helps() {
    let repo = Sandbox::new();
    let global = repo.home().join("gitconfig");
    fs::write(&global, "[core]\n\thooksPath = ~/hooks\n").unwrap();
    let repo = repo.env("GIT_CONFIG_GLOBAL", &global);
    repo.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: git takes hooks from outside this repository ([HOME]/hooks)
help: to give this repository hooks of its own: git config --local core.hooksPath '[ROOT]/.git/hooks'
help: or call keyguard from [HOME]/hooks/pre-commit with the line: keyguard hook pre-commit || exit 1

"#]]);
    let own = repo.root().join(".git/hooks");
    repo.git(["config", "--local", "core.hooksPath", own.to_str().unwrap()]).success();
    repo.keyguard(["install"]).success().says("installed");
}

#[test]
fn where_git_runs_no_hooks_nothing_is_installed() {
    let repo = Sandbox::new();
    repo.write("file", "");
    for (path, error) in [
        ("/dev/null", "core.hooksPath is `/dev/null`, not a folder"),
        ("file", "core.hooksPath is `file`, not a folder"),
        ("", "core.hooksPath is empty"),
    ] {
        repo.git(["config", "core.hooksPath", path]).success();
        let expected = format!(
            "error: git runs no hooks here: {error}\n\
             help: to take hooks from the repository: git config --local --unset-all core.hooksPath\n"
        );
        repo.keyguard(["install"]).code(2).stdout("").stderr(expected);
    }
}

#[test]
fn uninstall_finds_the_shim_after_the_hooks_folder_was_changed() {
    for path in ["/dev/null", "githooks", "/somewhere", ".husky/_"] {
        let repo = Sandbox::with_hook();
        repo.git(["config", "core.hooksPath", path]).success();
        repo.keyguard(["uninstall"]).success().says("uninstalled");
        assert!(!repo.root().join(HOOK).exists());
    }
}

#[test]
fn husky_is_told_in_its_own_script() {
    for folder in [".husky/_", ".husky"] {
        let repo = Sandbox::new();
        repo.write(".husky/_/h", "").write(".husky/pre-commit", "npm test\n# keyguard hook pre-commit\n");
        repo.git(["config", "core.hooksPath", folder]).success();
        let before = picture(&repo.root());
        let expected = format!(
            "error: husky owns the hooks of this repository ({folder})\n\
             help: keyguard install --into husky\n\
             help: or add this line to .husky/pre-commit: keyguard hook pre-commit || exit 1\n"
        );
        repo.keyguard(["install"]).code(2).stdout("").stderr(expected);
        assert_eq!(picture(&repo.root()), before);

        repo.write(".husky/pre-commit", "npm test\nkeyguard hook pre-commit\n");
        repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
already installed: commits here are checked for keys (.husky/pre-commit)

"#]]);
    }
}

#[test]
fn pre_commit_and_prek_that_moved_the_shim_keep_their_place() {
    for tool in ["pre-commit: https://pre-commit.com", "prek: https://github.com/j178/prek"] {
        let repo = Sandbox::new();
        write_program(&repo.root().join(HOOK), SHELL_HOOK);
        repo.install();
        fs::rename(repo.root().join(HOOK), repo.root().join(".git/hooks/pre-commit.legacy")).unwrap();
        write_program(&repo.root().join(HOOK), format!("#!/usr/bin/env bash\n# File generated by {tool}\n"));
        let theirs = entry(&repo.root().join(HOOK));
        repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
already installed: commits here are checked for keys (.git/hooks/pre-commit.legacy)

"#]]);
        repo.keyguard(["uninstall"]).success();
        assert_eq!(entry(&repo.root().join(HOOK)), theirs);
        assert_eq!(read(&repo, ".git/hooks/pre-commit.legacy"), SHELL_HOOK);
        assert!(!repo.root().join(KEPT).exists());
    }
}

/// What pre-commit writes, as far as it matters here: it runs the hook it found, and never within itself.
const PRE_COMMIT: &str = r#"#!/bin/sh
# File generated by pre-commit: https://pre-commit.com
if [ -n "$PRE_COMMIT_RUNNING_LEGACY" ]; then
    echo "bug: installed in migration mode" >&2
    exit 1
fi
[ ! -x "$0.legacy" ] || PRE_COMMIT_RUNNING_LEGACY=1 "$0.legacy" "$@" || exit
echo checked by pre-commit >&2
"#;

#[test]
fn pre_commit_is_chained_like_any_other_hook() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), PRE_COMMIT);
    write_program(&repo.root().join(".git/hooks/pre-commit.legacy"), SHELL_HOOK);
    assert_round_trip(&repo);
}

#[test]
fn pre_commit_that_was_installed_again_is_not_run_within_itself() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(HOOK), PRE_COMMIT);
    let before = hooks(&repo);
    repo.install();
    // `pre-commit install`
    fs::rename(repo.root().join(HOOK), repo.root().join(".git/hooks/pre-commit.legacy")).unwrap();
    write_program(&repo.root().join(HOOK), PRE_COMMIT);
    commit(&repo).success().stdout("").stderr("checked by pre-commit\n");
    repo.keyguard(["install"]).success().says("already installed");
    repo.keyguard(["uninstall"]).success().stdout(str![[r#"
uninstalled: commits here are no longer checked for keys (.git/hooks/pre-commit.legacy)

"#]]);
    assert_eq!(hooks(&repo), before);
}

#[test]
fn outside_of_a_work_tree_there_is_nothing_to_guard() {
    let sandbox = Sandbox::without_repository();
    for verb in ["install", "uninstall"] {
        sandbox.keyguard([verb]).code(2).stdout("").stderr(str![[r#"
error: this is not a git repository
help: change into one, or make one: git init

"#]]);
    }
    sandbox.git(["init", "--quiet", "--bare"]).success();
    sandbox.keyguard(["install"]).code(2).stdout("").stderr(str![[r#"
error: this repository is bare: nobody commits in it
help: to check what is pushed to it: keyguard install --hook pre-receive
help: to check commits, install keyguard in a clone of it

"#]]);
    let repo = Sandbox::new();
    repo.run("keyguard").args(["install"]).current_dir(".git").output().code(2).stdout("").stderr(str![[r#"
error: this is a git directory, not a work tree
help: change into the work tree first

"#]]);
}

#[test]
fn the_shim_names_the_link_on_the_path_and_not_what_it_leads_to() {
    let repo = Sandbox::new();
    let cellar = repo.tmp("cellar/keyguard/1.0.0");
    fs::create_dir_all(&cellar).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_keyguard"), cellar.join("keyguard")).unwrap();
    fs::create_dir(repo.tmp("links")).unwrap();
    symlink("../cellar/keyguard/1.0.0/keyguard", repo.tmp("links/keyguard")).unwrap();
    let path = format!(".:{}:{}", repo.tmp("links").display(), repo.path().display());
    repo.run("sh").args(["-c", "exec keyguard install"]).env("PATH", path).output().success();
    assert!(read(&repo, HOOK).contains(&format!("keyguard='{}'\n", repo.tmp("links/keyguard").display())));
}

#[test]
fn the_shim_calls_a_program_whose_path_has_every_odd_character() {
    let repo = Sandbox::new();
    let folder = repo.tmp("a b'c$HOME`id`\"\\\n*");
    fs::create_dir(&folder).unwrap();
    link_program(&folder);
    let program = folder.join("keyguard");
    let path = format!("{}:{}", folder.display(), repo.path().display());
    repo.run("sh").args(["-c", "exec keyguard install"]).env("PATH", path).output().success();
    fs::remove_file(&program).unwrap();
    write_stub(&program);
    // Another one on PATH has to wait.
    fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
    write_stub(&repo.tmp("bin/keyguard"));
    let output = repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]);
    let expected = format!("{}|hook|pre-commit|--shim-version|1|--hooks-dir|.git/hooks|", program.display());
    output
        .success()
        .says(&expected.replace(&*repo.tmp("").components().collect::<PathBuf>().to_string_lossy(), "[TMP]"));
    repo.assert_commits(1);
}

/// A repository with a shim whose program is gone, and a PATH on which there is none.
///
/// `None` where keyguard stands in a folder that the shim looks into by itself.
fn without_program() -> Option<Sandbox> {
    let repo = Sandbox::with_hook();
    fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
    let path = repo.path();
    let usual = ["/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    let is_elsewhere = std::env::split_paths(&path).chain(usual).any(|folder| folder.join("keyguard").exists());
    (!is_elsewhere).then(|| repo.env("PATH", path))
}

fn commit(repo: &Sandbox) -> crate::sandbox::Output {
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"])
}

#[test]
fn without_the_program_no_commit_is_made() {
    let Some(repo) = without_program() else { return };
    commit(&repo).code(1).stdout("").stderr(str![[r#"
error: keyguard is not installed, so this commit was not checked and not made
help: install it again, or take its hook away: rm '.git/hooks/pre-commit'

"#]]);
    // A file that a full disk or a crash left empty would be run as a script that succeeds.
    write_program(&repo.tmp("bin/keyguard"), "");
    commit(&repo).code(1).says("error: keyguard is not installed");
    // A folder of that name, and one that may not be run.
    fs::remove_file(repo.tmp("bin/keyguard")).unwrap();
    fs::create_dir(repo.tmp("bin/keyguard")).unwrap();
    commit(&repo).code(1).says("error: keyguard is not installed");
    repo.assert_commits(0);
}

#[test]
fn without_the_program_the_way_out_brings_the_old_hook_back() {
    let Some(repo) = without_program() else { return };
    write_program(&repo.root().join(KEPT), SHELL_HOOK);
    commit(&repo).code(1).stdout("").stderr(str![[r#"
error: keyguard is not installed, so this commit was not checked and not made
help: install it again, or take its hook away: mv '.git/hooks/pre-commit.chained-keyguard' '.git/hooks/pre-commit'

"#]]);
    repo.assert_commits(0);
}

#[test]
fn a_program_that_moved_is_found_on_the_path_or_in_the_usual_folders() {
    let Some(repo) = without_program() else { return };
    write_stub(&repo.home().join(".local/bin/keyguard"));
    commit(&repo).success().says("[HOME]/.local/bin/keyguard|hook|pre-commit|");
    write_stub(&repo.home().join(".cargo/bin/keyguard"));
    commit(&repo).success().says("[HOME]/.cargo/bin/keyguard|hook|pre-commit|");
    let folder = repo.tmp("other bin");
    write_stub(&folder.join("keyguard"));
    let path = format!("{}:{}", folder.display(), repo.path().display());
    let repo = repo.env("PATH", path);
    commit(&repo).success().says("[TMP]/other bin/keyguard|hook|pre-commit|");
}

#[test]
fn a_program_in_the_current_folder_is_not_run() {
    let Some(repo) = without_program() else { return };
    write_stub(&repo.root().join("keyguard"));
    for first in [".", "", "./"] {
        let path = format!("{first}:{}", repo.path().display());
        let output = repo.run("git").args(["commit", "--allow-empty", "--message", "x"]).env("PATH", &path).output();
        output.code(1).says("error: keyguard is not installed");
        // As `sh` is on many systems: it makes such a folder absolute.
        let hook = format!("if command -v bash >/dev/null; then bash --posix {HOOK}; else sh {HOOK}; fi");
        let output = repo.run("sh").args(["-c", &hook]).env("PATH", path).output();
        output.code(2).says("error: keyguard is not installed");
    }
    repo.assert_commits(0);
}

#[test]
fn the_shim_is_posix_shell() {
    let repo = Sandbox::with_hook();
    let shells = ["sh", "dash", "bash", "ksh", "zsh", "busybox"];
    let is_there = |shell: &&&str| std::env::split_paths(&repo.path()).any(|folder| folder.join(shell).is_file());
    for shell in shells.iter().filter(is_there) {
        let arguments: &[&str] = if *shell == "busybox" { &["sh", "-n", HOOK] } else { &["-n", HOOK] };
        repo.run(shell).args(arguments).output().success().silent();
    }
}

#[test]
fn an_installed_hook_blocks_a_key_wherever_the_commit_is_made() {
    let repo = Sandbox::new();
    repo.commit("file", "text\n");
    repo.git(["worktree", "add", "--quiet", "../linked"]).success();
    write_program(&repo.root().join(HOOK), "#!/bin/sh\necho the kept hook >&2\n");
    repo.install();
    let leak = format!("token = \"{}\"\n", crate::sandbox::fake::github_pat());
    for folder in ["", "sub", "../linked"] {
        let folder = repo.root().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let git = |arguments: &[&str]| repo.run("git").args(arguments).current_dir(&folder).output();
        fs::write(folder.join("config.py"), &leak).unwrap();
        git(&["add", "config.py"]).success();
        let blocked = git(&["commit", "--quiet", "--message", "leak"]);
        blocked.code(1).stdout("").says("github-pat-classic");
        assert!(!blocked.text().contains("the kept hook"), "{}", blocked.text());
        git(&["rm", "--quiet", "--force", "config.py"]).success();
        git(&["commit", "--quiet", "--allow-empty", "--message", "clean"])
            .success()
            .stdout("")
            .stderr("the kept hook\n");
    }
}

#[test]
fn a_repository_of_another_user_is_named_with_what_git_asks_for() {
    let repo = Sandbox::new();
    for verb in [&["install"][..], &["install", "--if-needed"], &["uninstall"], &["doctor"]] {
        repo.run("keyguard").args(verb).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").output().code(2).stdout("").stderr(
            "error: the repository belongs to another user\n\
             help: if you trust it: `git config --global --add safe.directory \"$PWD\"`\n",
        );
    }
}

#[test]
fn quietly_it_does_the_same_and_says_nothing() {
    let repo = Sandbox::new();
    repo.keyguard(["install", "--quiet"]).success().silent();
    repo.keyguard(["install"]).success().says("already installed");
    repo.keyguard(["uninstall", "-q"]).success().silent();
    repo.keyguard(["uninstall"]).success().says("nothing to do");
    repo.keyguard(["install", "--quiet", "--hook", "pre-receive"]).success().silent();
    repo.run("keyguard").args(["install", "-q"]).current_dir("..").output().code(2).says("not a git repository");
}
