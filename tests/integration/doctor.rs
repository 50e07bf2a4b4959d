//! `keyguard doctor`: what it says of a hook is what the hook does, and it leaves everything as it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;
use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake, not_tried, write_program};

const HOOK: &str = ".git/hooks/pre-commit";
const BLOCKED: &str = "BLOCKED: a commit here that brings in a key is stopped\n";
const OPEN: &str = "NOT GUARDED: a commit here that brings in a key goes through\n";
const UNTRIED: &str = "NOT PROVEN: the hook was not tried, because keyguard did not write it\n";

/// Runs doctor and asserts that nothing changed: no byte, no mode, no time of the index, no file left behind.
#[track_caller]
fn doctor(repo: &Sandbox, args: &[&str]) -> Output {
    let tmp = repo.tmp("tmp");
    fs::create_dir_all(&tmp).unwrap();
    let before = picture(&repo.root());
    let output = repo.run("keyguard").args(["doctor"]).args(args).env("TMPDIR", &tmp).output();
    let after = picture(&repo.root());
    for (path, entry) in &after {
        assert_eq!(before.get(path), Some(entry), "{path} changed");
    }
    let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    assert!(gone.is_empty(), "gone: {gone:?}");
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0, "something is left in TMPDIR");
    output
}

/// Every file below a folder: its mode and content, and when an index was written.
fn picture(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>, i64)> {
    let mut picture = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        // git holds it for a while after a commit, in the background.
        if path.ends_with("objects/maintenance.lock") {
            continue;
        }
        let metadata = path.symlink_metadata().unwrap();
        let content = if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            Vec::new()
        } else if metadata.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else {
            fs::read(&path).unwrap_or_default()
        };
        let time = if path.ends_with("index") { metadata.mtime_nsec() + metadata.mtime() * 1_000_000_000 } else { 0 };
        picture.insert(path.display().to_string(), (metadata.mode(), content, time));
    }
    picture
}

fn write_hook(repo: &Sandbox, path: &str, text: &str) {
    write_program(&repo.root().join(path), text);
}

fn without_hook(repo: &Sandbox) {
    fs::remove_file(repo.root().join(HOOK)).unwrap();
}

/// Whether the git on PATH is too old for something; says so aloud.
fn is_older(repo: &Sandbox, minor: u32, what: &str) -> bool {
    let version = repo.git(["version"]).text();
    let number = version.split('.').nth(1).unwrap().parse::<u32>().unwrap();
    if number < minor {
        not_tried(format_args!("{what} takes git 2.{minor}, this is {}", version.trim()));
    }
    number < minor
}

#[test]
fn a_guarded_repository_is_proven() {
    let repo = Sandbox::with_hook();
    doctor(&repo, &[]).success().stderr("").stdout(str![[r"
BLOCKED: a commit here that brings in a key is stopped
  ok    .git/hooks/pre-commit is keyguard's and calls [BIN]/keyguard
  ok    a made-up GitHub token, staged in a temporary index, was stopped
  ok    it was stopped with the PATH of a graphical client (/usr/bin:/bin) too

"]]);
    doctor(&repo, &["--quiet"]).success().stdout(BLOCKED);
    repo.commit("a", "x\n");
    doctor(&repo, &[]).success();
    repo.assert_commits(1);
}

#[test]
fn a_repository_without_the_hook_is_not_guarded() {
    let repo = Sandbox::new();
    doctor(&repo, &[]).code(1).stderr("").stdout(str![[r"
NOT GUARDED: a commit here that brings in a key goes through
  wrong there is no pre-commit hook in .git/hooks
        help: keyguard install

"]]);
}

#[test]
fn nobody_commits_outside_a_work_tree() {
    let repo = Sandbox::without_repository();
    repo.keyguard(["doctor"]).code(2).stdout("").says("error: this is not a git repository\n");
    repo.git(["init", "--quiet", "--bare", "b"]).success();
    repo.run("keyguard").args(["doctor"]).current_dir("b").output().code(2).says("this repository is bare");
}

#[test]
fn what_is_staged_and_what_is_in_the_way_of_writing_does_not_matter() {
    let repo = Sandbox::with_hook();
    repo.commit("a", "1\n").write("a", "2\n").write("sub/b", "x");
    repo.git(["add", "a"]).success();
    write_hook(&repo, ".git/hooks/post-index-change", "#!/bin/sh\necho ran >>post-index-change.log\n");
    for setting in ["core.splitIndex", "core.untrackedCache", "core.fsmonitor", "feature.manyFiles", "core.autocrlf"] {
        repo.git(["config", setting, "true"]).success();
        doctor(&repo, &[]).success();
        repo.git(["config", "--unset", setting]).success();
    }
    let sub = repo.run("keyguard").args(["doctor", "-q"]).current_dir("sub").output();
    sub.success().stdout(BLOCKED);
}

/// Whatever a repository is made of: nothing changes, and what doctor says is what a commit then comes to.
#[test]
fn odd_repositories_stay_as_they_are() {
    let odd: [(&str, &[&[&str]]); 6] = [
        ("sha256", &[&["init", "-q", "--object-format=sha256"]]),
        ("reftable", &[&["init", "-q", "--ref-format=reftable"]]),
        ("split index", &[&["init", "-q"], &["update-index", "--split-index"]]),
        ("worktree configuration", &[&["init", "-q"], &["config", "extensions.worktreeConfig", "true"]]),
        ("index version 4", &[&["init", "-q"], &["update-index", "--index-version", "4"]]),
        ("separate git directory", &[&["init", "-q", "--separate-git-dir=../git"]]),
    ];
    for (name, commands) in odd {
        let repo = Sandbox::without_repository();
        if name == "reftable" && is_older(&repo, 45, "a reftable") {
            continue;
        }
        for command in commands {
            repo.git(*command).success();
        }
        let hooks =
            repo.git(["rev-parse", "--git-path", "hooks"]).text().replace("[TMP]", &repo.tmp("").to_string_lossy());
        let shim = repo.tmp("shim");
        let template = Sandbox::with_hook();
        fs::copy(template.root().join(HOOK), &shim).unwrap();
        let folder = repo.root().join(hooks.trim());
        fs::create_dir_all(&folder).unwrap();
        fs::copy(&shim, folder.join("pre-commit")).unwrap();
        repo.write("a", format!("t = '{}'\n", fake::github_pat()));
        repo.git(["add", "a"]).success();
        let output = doctor(&repo, &["-q"]);
        assert_eq!(output.text(), BLOCKED, "{name}");
        output.success();
        repo.git(["commit", "-m", "x"]).code(1);
        repo.assert_commits(0);
        repo.git(["commit", "-q", "--no-verify", "-m", "x"]).success();
        doctor(&repo, &[]).says("commits that no remote has: 1 of 1 would have been blocked");
    }
}

#[test]
fn clones_of_every_kind_stay_as_they_are() {
    let origin = Sandbox::new();
    origin.commit("a", "1\n").commit("sub/b", "2\n").commit("other/c", "3\n");
    origin.git(["config", "uploadpack.allowFilter", "true"]).success();
    let address = format!("file://{}", origin.root().display());
    for options in [&["--depth=1"][..], &["--filter=blob:none"], &["--shared"], &["--no-checkout"], &["--sparse"]] {
        let repo = Sandbox::without_repository();
        let from = if options == ["--shared"] { origin.root().display().to_string() } else { address.clone() };
        repo.git([&["clone", "-q"], options, &[&from, "."]].concat()).success();
        if options == ["--sparse"] {
            repo.git(["sparse-checkout", "set", "--cone", "--sparse-index", "sub"]).success();
        }
        repo.install();
        let output = doctor(&repo, &["-q"]);
        assert_eq!(output.text(), BLOCKED, "{options:?}");
        output.success();
    }
}

#[test]
fn a_submodule_and_a_repository_named_by_the_environment_are_proven() {
    let (inner, repo) = (Sandbox::new(), Sandbox::new());
    inner.commit("a", "1\n");
    let address = inner.root().display().to_string();
    repo.git(["submodule", "--quiet", "add", &address, "module"]).success();
    repo.run("keyguard").args(["install"]).current_dir("module").output().success();
    let before = picture(&repo.root());
    repo.run("keyguard").args(["doctor", "-q"]).current_dir("module").output().success().stdout(BLOCKED);
    assert!(before == picture(&repo.root()));

    let (git_dir, root) = (repo.root().join(".git"), repo.root());
    repo.install();
    let before = picture(&repo.root());
    let named = repo.run("keyguard").args(["doctor", "-q"]).env("GIT_DIR", git_dir).env("GIT_WORK_TREE", root);
    named.output().success().stdout(BLOCKED);
    assert!(before == picture(&repo.root()));
}

#[test]
fn a_linked_worktree_is_proven_too() {
    let repo = Sandbox::with_hook();
    repo.commit("a", "1\n");
    repo.git(["worktree", "add", "-q", "../wt"]).success();
    let before = (picture(&repo.root()), picture(&repo.tmp("wt")));
    repo.run("keyguard").args(["doctor", "-q"]).current_dir("../wt").output().success().stdout(BLOCKED);
    assert!(before == (picture(&repo.root()), picture(&repo.tmp("wt"))));
    doctor(&repo, &[]).success();
}

#[test]
fn a_hooks_path_that_leads_nowhere_in_a_worktree_is_named() {
    let repo = Sandbox::with_hook();
    repo.write(".gitignore", ".githooks\n").commit("a", "1\n");
    fs::create_dir(repo.root().join(".githooks")).unwrap();
    fs::rename(repo.root().join(HOOK), repo.root().join(".githooks/pre-commit")).unwrap();
    repo.git(["config", "core.hooksPath", ".githooks"]).success();
    doctor(&repo, &["-q"]).success();
    repo.git(["worktree", "add", "-q", "../wt"]).success();
    doctor(&repo, &["-q"]).code(1).stdout(str![[r"
NOT GUARDED: a commit that brings in a key is not stopped everywhere
  wrong in the worktree [TMP]/wt git finds no pre-commit hook
        help: cd '[TMP]/wt' && keyguard install

"]]);
    // It is so.
    repo.run("git").args(["commit", "--allow-empty", "-qm", "x"]).current_dir("../wt").output().success().silent();
}

#[test]
fn a_hooks_path_set_later_is_named_with_its_scope() {
    let repo = Sandbox::with_hook();
    repo.git(["config", "core.hooksPath", "other"]).success();
    doctor(&repo, &[]).code(1).stdout(str![[r"
NOT GUARDED: a commit here that brings in a key goes through
  wrong core.hooksPath is `other` (local): there is no pre-commit hook in other; keyguard's in .git/hooks/pre-commit is passed over
        help: keyguard install
        help: to take hooks from the repository: git config --local --unset-all core.hooksPath

"]]);
    repo.git(["config", "core.hooksPath", "/dev/null"]).success();
    doctor(&repo, &[]).code(1).says("core.hooksPath is `/dev/null` (local): git runs no hooks from there");
    repo.git(["config", "--unset", "core.hooksPath"]).success();
    let global = repo.tmp("global");
    fs::write(&global, format!("[core]\n\thooksPath = {}\n", repo.tmp("hooks").display())).unwrap();
    let repo = repo.env("GIT_CONFIG_GLOBAL", &global);
    doctor(&repo, &[])
        .code(1)
        .says("(global)")
        .says("help: to give this repository hooks of its own: git config --local");
    repo.git(["config", "core.hooksPath", ".git/hooks"]).success();
    doctor(&repo, &[]).success();
    let repo = repo
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.hooksPath")
        .env("GIT_CONFIG_VALUE_0", "nowhere");
    doctor(&repo, &[]).code(1).says("core.hooksPath is `nowhere` (command)");
}

#[test]
fn a_hook_that_may_not_be_run_is_named() {
    let repo = Sandbox::with_hook();
    fs::set_permissions(repo.root().join(HOOK), fs::Permissions::from_mode(0o644)).unwrap();
    doctor(&repo, &[]).code(1).stdout(str![[r"
NOT GUARDED: a commit here that brings in a key goes through
  wrong .git/hooks/pre-commit is not executable, so git does not run it
        help: chmod +x '[ROOT]/.git/hooks/pre-commit'

"]]);
}

#[test]
fn a_program_that_is_gone_is_named() {
    let repo = Sandbox::with_hook();
    let hook = fs::read_to_string(repo.root().join(HOOK)).unwrap();
    let named = format!("keyguard='{}'", repo.tmp("bin/keyguard").display());
    write_hook(&repo, HOOK, &hook.replace(&named, "keyguard='/gone/keyguard'"));
    let found = doctor(&repo, &[]);
    found.success().says("names /gone/keyguard, which is no program any more").says("help: keyguard install");
    // A graphical client finds none on its PATH.
    found.says("(/usr/bin:/bin) every").says("keyguard is not");
}

#[test]
fn old_and_edited_shims_are_named_and_not_run() {
    let repo = Sandbox::with_hook();
    let shim = fs::read_to_string(repo.root().join(HOOK)).unwrap();
    write_hook(&repo, HOOK, &shim.replace("shim v1", "shim v0"));
    doctor(&repo, &[]).code(1).stdout(str![[r"
NOT PROVEN: the hook was not tried, because keyguard did not write it
  wrong .git/hooks/pre-commit is of another version of keyguard
        help: keyguard install

"]]);
    let edited = shim.replacen("keyguard=", "echo ran >>log\nkeyguard=", 1);
    write_hook(&repo, HOOK, &edited);
    doctor(&repo, &[]).code(1).says(UNTRIED).says("with lines that keyguard did not write").says("--run-hooks");
    let tried = repo.keyguard(["doctor", "--run-hooks"]);
    tried.success().says(BLOCKED);
    assert_eq!(fs::read_to_string(repo.root().join("log")).unwrap(), "ran\nran\n", "once for each PATH");
}

#[test]
fn what_another_tool_wrote_is_run_when_asked() {
    let kinds = [
        ("#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n", "is pre-commit's"),
        ("#!/bin/sh\n# File generated by prek: https://github.com/j178/prek\n", "is prek's"),
        ("#!/bin/sh\ncall_lefthook() { :; }\n", "is lefthook's"),
        ("#!/bin/sh\n", "is a script that keyguard did not write"),
        ("\u{7f}ELF\0", "is a program that keyguard did not write"),
    ];
    for (text, name) in kinds {
        let repo = Sandbox::with_hook();
        write_hook(&repo, HOOK, text);
        doctor(&repo, &[]).code(1).says(UNTRIED).says(name).says("keyguard doctor --run-hooks").says("help: ");
        if text.starts_with("#!") {
            repo.keyguard(["doctor", "--run-hooks"]).code(1).says(OPEN).says(name);
        }
        write_hook(&repo, HOOK, &format!("{text}\nkeyguard hook pre-commit\n"));
        if text.starts_with("#!") {
            doctor(&repo, &[]).code(1).says(UNTRIED).says("and names keyguard").says("keyguard doctor --run-hooks");
            repo.keyguard(["doctor", "--run-hooks"]).says("was stopped");
        }
    }
}

#[test]
fn a_hook_that_a_graphical_client_would_not_find_keyguard_by_is_named() {
    let repo = Sandbox::new();
    write_hook(&repo, HOOK, "#!/bin/sh\ncommand -v keyguard >/dev/null || exit 0\nkeyguard hook pre-commit\n");
    let tried = repo.keyguard(["doctor", "--run-hooks"]);
    tried.code(1).says("is not stopped everywhere").says("with the PATH of a graphical client (/usr/bin:/bin) it goes");
    write_hook(&repo, HOOK, "#!/bin/sh\nkeyguard hook pre-commit || exit 1\n");
    let tried = repo.keyguard(["doctor", "--run-hooks"]);
    tried
        .success()
        .says("(/usr/bin:/bin) every commit is stopped")
        .says("help: have the hook call keyguard by its whole");
}

#[test]
fn a_hook_that_was_renamed_is_named() {
    for (ending, text, name) in
        [(".old", "call_lefthook\n", "lefthook's"), (".legacy", "# File generated by prek\n", "prek's")]
    {
        let repo = Sandbox::with_hook();
        fs::rename(repo.root().join(HOOK), repo.root().join(format!("{HOOK}{ending}"))).unwrap();
        write_hook(&repo, HOOK, &format!("#!/bin/sh\n{text}"));
        let words = format!("is {name}; keyguard's is .git/hooks/pre-commit{ending}");
        doctor(&repo, &["--format", "json"]).code(1).says(&words);
    }
}

#[test]
fn husky_is_told_in_its_own_script() {
    let repo = Sandbox::new();
    repo.write(".husky/pre-commit", "npm test\n");
    repo.git(["config", "core.hooksPath", ".husky/_"]).success();
    doctor(&repo, &[])
        .code(1)
        .says("husky's folder .husky/_ holds no")
        .says("help: npx husky")
        .says("help: keyguard install --into husky");
    write_hook(&repo, ".husky/_/pre-commit", "#!/bin/sh\nsh \"${0%/*/*}/pre-commit\"\n");
    repo.write(".husky/pre-commit", "keyguard hook pre-commit || exit 1\n");
    doctor(&repo, &[]).code(1).says(UNTRIED).says("is husky's");
    doctor(&repo, &["--run-hooks"]).says("was stopped");
}

#[test]
fn a_chained_hook_runs_only_when_asked() {
    let repo = Sandbox::new();
    write_hook(&repo, HOOK, "#!/bin/sh\necho ran >>log\n");
    repo.install();
    doctor(&repo, &[]).success();
    // Nor when the key is allowed, and the chained hook would have its turn.
    repo.write("keyguard.toml", "[rules]\ndisable = [\"github-pat-classic\"]\n");
    doctor(&repo, &[]).code(1);
    assert!(!repo.root().join("log").exists());
    repo.keyguard(["doctor", "--run-hooks"]).code(1).says(OPEN);
    assert!(repo.root().join("log").exists());
}

#[test]
fn an_error_for_another_reason_is_no_proof() {
    let repo = Sandbox::new();
    write_hook(&repo, HOOK, "#!/bin/sh\necho\necho ----\necho lint failed\nexit 1\n");
    let tried = repo.keyguard(["doctor", "--run-hooks"]);
    tried
        .code(1)
        .says("NOT PROVEN: every commit here is stopped, with a key and without")
        .says("the hook says: lint failed");
}

#[test]
fn what_the_configuration_lets_through_is_named() {
    let repo = Sandbox::with_hook();
    repo.write("keyguard.toml", "[rules]\ndisable = [\"github-pat-classic\"]\n");
    doctor(&repo, &[]).code(1).says(OPEN).says("`disable` names github-pat-classic (layer: repository)");
    repo.write("keyguard.toml", "[[allow]]\npath = \"keyguard-canary-*\"\nreason = \"tests\"\n");
    doctor(&repo, &[]).code(1).says(OPEN).says("the configuration allows it (tests)");
    repo.write("keyguard.toml", "[rules]\ndisable = [\"stripe-live-secret-key\"]\n");
    doctor(&repo, &[]).success().says("keyguard.toml has keyguard block less, by `disable` of stripe-live");
    repo.write("keyguard.toml", "nonsense = 1\n");
    doctor(&repo, &[]).code(1).says("NOT PROVEN: every commit here is stopped").says("keyguard.toml:1:1");
    // What is staged counts.
    repo.git(["add", "keyguard.toml"]).success();
    repo.write("keyguard.toml", "");
    doctor(&repo, &[]).code(1).says("keyguard.toml:1:1");
}

#[test]
fn the_environment_counts() {
    let repo = Sandbox::with_hook().env("SKIP", "lint,keyguard");
    doctor(&repo, &[]).code(1).says(OPEN).says("SKIP names keyguard here").says("help: unset SKIP");
    let repo = Sandbox::with_hook();
    fs::write(repo.home().join("k.toml"), "[rules]\nonly = [\"aws-access-key-id\"]\n").unwrap();
    let file = repo.home().join("k.toml");
    let repo = repo.env("KEYGUARD_CONFIG", file);
    doctor(&repo, &[]).code(1).says(OPEN).says("`only` leaves").says("KEYGUARD_CONFIG (");
}

#[test]
fn no_home_and_no_folder_for_temporary_files_are_needed() {
    let repo = Sandbox::with_hook();
    repo.run("keyguard").args(["doctor", "-q"]).env("TMPDIR", "").output().success();
    repo.run("keyguard").args(["doctor", "-q"]).env("HOME", "/nowhere").output().success();
    repo.run("keyguard").args(["doctor"]).env("TMPDIR", "/nowhere").output().code(2).says("help: set TMPDIR");
}

#[test]
fn two_doctors_at_once_do_not_meet() {
    let repo = Sandbox::with_hook();
    repo.commit("a", "x\n");
    let before = picture(&repo.root());
    let spawn = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keyguard"));
        command.arg("doctor").current_dir(repo.root()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.stdout(std::process::Stdio::piped()).spawn().unwrap()
    };
    for child in [spawn(), spawn(), spawn()] {
        let output = child.wait_with_output().unwrap();
        assert!(output.stdout.starts_with(BLOCKED.as_bytes()), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(before == picture(&repo.root()));
}

#[test]
fn an_older_git_has_the_file_run() {
    let repo = Sandbox::with_hook();
    repo.commit("a", "1\n");
    repo.git(["worktree", "add", "-q", "../wt"]).success();
    let real = repo.run("sh").args(["-c", "command -v git"]).output().text();
    let script = format!(
        "#!/bin/sh\ncase $1 in\nversion) echo git version 2.30.2 ;;\nhook) echo \"git: 'hook' is not a git command\" >&2; exit 1 ;;\n\
         *) exec {} \"$@\" ;;\nesac\n",
        real.trim()
    );
    write_program(&repo.tmp("bin/git"), script);
    doctor(&repo, &[]).success();
    repo.run("keyguard").args(["doctor", "-q"]).current_dir("../wt").output().success().stdout(BLOCKED);
    // A script without `#!` line goes to the shell.
    write_hook(&repo, HOOK, "keyguard hook pre-commit\n");
    repo.keyguard(["doctor", "--run-hooks"]).says("was stopped");
    repo.git(["config", "hook.keyguard.event", "pre-commit"]).success();
    without_hook(&repo);
    doctor(&repo, &[]).code(1).says("hook.keyguard is in git's configuration, which git reads from 2.54 on");
}

#[test]
fn hooks_in_gits_configuration_are_known() {
    let repo = Sandbox::new();
    if is_older(&repo, 54, "a hook in git's configuration") {
        return;
    }
    for (key, value) in [
        ("hook.keyguard.command", "keyguard hook pre-commit"),
        ("hook.keyguard.event", "pre-commit"),
        ("hook.a=b.command", "echo ran >>log"),
        ("hook.a=b.event", "pre-commit"),
        ("hook.w.command", "echo ran >>log"),
        ("hook.w.event", "post-index-change"),
    ] {
        repo.git(["config", key, value]).success();
    }
    write_hook(&repo, HOOK, "#!/bin/sh\necho ran >>log\n");
    let tried = doctor(&repo, &[]);
    tried.says("hook.keyguard in git's configuration is keyguard's").says("was stopped\n").says("also has it run: a=b");
    repo.git(["config", "hook.keyguard.enabled", "false"]).success();
    without_hook(&repo);
    let off = doctor(&repo, &[]);
    off.code(1).says("hook.keyguard.enabled is false (local)");
    off.says("help: git config --local --unset-all 'hook.keyguard.enabled'");
}

#[test]
fn other_shims_are_listed_and_not_run() {
    let repo = Sandbox::with_hook();
    repo.keyguard(["install", "--all"]).success();
    write_hook(&repo, ".git/hooks/commit-msg", "#!/bin/sh\nkeyguard hook commit-msg \"$@\" || exit 1\n");
    let line = "  ok    keyguard's too, and not tried: pre-merge-commit, commit-msg, pre-push\n";
    doctor(&repo, &[]).success().says(line);
    let push = ".git/hooks/pre-push";
    let shim = fs::read_to_string(repo.root().join(push)).unwrap();
    for (text, complaint) in [
        (shim.replace("shim v1", "shim v0"), "is of another version of keyguard"),
        (format!("{shim}exit 0\n"), "has lines that keyguard did not write"),
        (shim.replace(repo.tmp("bin").to_str().unwrap(), "/gone"), "names a program that is gone"),
    ] {
        write_hook(&repo, push, &text);
        let words = format!("  note  {push} {complaint}\n        help: keyguard install --hook pre-push\n");
        doctor(&repo, &[]).success().says("not tried: pre-merge-commit, commit-msg\n").says(&words);
    }
    fs::set_permissions(repo.root().join(push), fs::Permissions::from_mode(0o644)).unwrap();
    doctor(&repo, &[]).success().says("pre-push is not executable, so git does not run it\n        help: chmod +x ");
}

#[test]
fn commits_that_went_past_the_guard_are_named_before_a_push() {
    let repo = Sandbox::with_hook();
    let sneak = |path: &str, content: String| {
        repo.write(path, content);
        repo.git(["add", path]).success();
        repo.git(["commit", "-q", "--no-verify", "-m", path]).success();
    };
    sneak("a", "1\n".to_owned());
    doctor(&repo, &[]).success().says("  ok    commits that no remote has: none of 1 would have been blocked\n");
    sneak("src/a.py", format!("x = 1\nt = '{}'\n", fake::github_pat()));
    // What is gone again is still in the history.
    sneak("src/a.py", "x = 1\n".to_owned());
    let id = repo.git(["rev-parse", "--short=10", "HEAD~"]).text();
    let id = id.trim();
    let found = doctor(&repo, &[]);
    found.success().says(&format!(
        "  note  commits that no remote has: 1 of 3 would have been blocked (the exit code tells of the guard alone)
        GitHub personal access token (classic) (checksum valid) in src/a.py:2:6 (commit {id})
        help: keyguard scan --history='{id}^!'\n"
    ));
    assert!(!found.text().contains(&fake::github_pat()));
    repo.run("sh").args(["-c", &format!("keyguard scan --history='{id}^!'")]).output().code(1).says("src/a.py:2:6");
    doctor(&repo, &["-q"]).success().stdout(BLOCKED);

    repo.write("keyguard.toml", "[[allow]]\npath = \"src/*\"\nreason = \"tests\"\n");
    doctor(&repo, &[]).says("none of 3 would have been blocked");
    fs::remove_file(repo.root().join("keyguard.toml")).unwrap();

    let more: String = (0..6).map(|_| format!("s = '{}'\n", fake::stripe_live())).collect();
    sneak("b", more);
    without_hook(&repo);
    doctor(&repo, &[]).code(1).says("2 of 4 would have been blocked").says("\n        and 2 more\n        help: ");

    repo.git(["init", "-q", "--bare", "../remote"]).success();
    repo.git(["remote", "add", "origin", "../remote"]).success();
    repo.git(["push", "-q", "--no-verify", "origin", "HEAD:main"]).success();
    assert!(!doctor(&repo, &[]).text().contains("no remote has"), "it is out");
}

#[test]
fn commits_that_cannot_be_looked_at_change_no_verdict() {
    let repo = Sandbox::with_hook();
    repo.commit("a", "1\n").commit("b", "2\n");
    let blob = repo.git(["rev-parse", "HEAD:b"]).text();
    let (folder, file) = blob.trim().split_at(2);
    repo.commit("b", "3\n");
    fs::remove_file(repo.root().join(".git/objects").join(folder).join(file)).unwrap();
    let trouble = "  note  commits that no remote has: not all were looked at: ";
    doctor(&repo, &[]).success().says(BLOCKED).says(trouble);
}

#[test]
fn a_link_to_the_shim_is_the_shim() {
    let repo = Sandbox::with_hook();
    fs::rename(repo.root().join(HOOK), repo.root().join(".git/hooks/kept")).unwrap();
    symlink("kept", repo.root().join(HOOK)).unwrap();
    doctor(&repo, &[]).success();
}

#[test]
fn the_report_for_machines_is_described_and_ascii() {
    let read = |path: &str| -> Value {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    };
    let schema = read("docs/doctor.schema.json");
    let repo = Sandbox::with_hook();
    let text = doctor(&repo, &["--format", "json"]).success().text();
    let report: Value = serde_json::from_str(&text).unwrap();
    crate::report::validate(&schema, &report, "report");
    assert_eq!((&report["guarded"], &report["verdict"], &report["exit"]), (&true.into(), &"blocked".into(), &0.into()));
    let ids: Vec<_> = report["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["hook", "canary", "bare-path"]);
    assert_eq!(report["commits"], Value::Array(Vec::new()));

    repo.write("a", format!("t = '{}'\n", fake::github_pat()));
    repo.git(["add", "a"]).success();
    repo.git(["commit", "-q", "--no-verify", "-m", "x"]).success();
    let report: Value = serde_json::from_str(&doctor(&repo, &["--format", "json"]).success().text()).unwrap();
    crate::report::validate(&schema, &report, "report");
    let commit = &report["commits"][0];
    assert_eq!(commit["id"], repo.git(["rev-parse", "HEAD"]).text().trim());
    assert_eq!((&commit["findings"][0]["path"], &commit["findings"][0]["line"]), (&"a".into(), &1.into()));
    let findings = &schema["properties"]["commits"]["items"]["properties"]["findings"];
    assert_eq!(*findings, read("docs/report.schema.json")["properties"]["findings"], "both reports tell the same");

    repo.git(["config", "core.hooksPath", "h\u{1b}ü"]).success();
    let text = doctor(&repo, &["--format", "json", "--output", "../report.json"]).code(1).text();
    assert_eq!(text, "");
    let text = fs::read_to_string(repo.tmp("report.json")).unwrap();
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    crate::report::validate(&schema, &report, "report");
    assert_eq!((&report["guarded"], &report["verdict"]), (&false.into(), &"not-guarded".into()));
    assert!(!report["checks"][0]["help"].as_array().unwrap().is_empty());
}

#[test]
fn a_reader_that_has_gone_changes_no_verdict() {
    let repo = Sandbox::new();
    let run = repo.run("sh").args(["-c", "keyguard doctor >/dev/full"]).output();
    run.code(1).silent();
    repo.install();
    repo.run("sh").args(["-c", "keyguard doctor >/dev/full"]).output().code(2).says("write the report");
}
