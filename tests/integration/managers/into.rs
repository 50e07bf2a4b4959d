//! `keyguard install --into` and `uninstall`: what becomes of other tools' files.
//!
//! Modes and links are at stake, so all of this is for Unix.

#![expect(clippy::needless_raw_string_hashes, reason = "snapshots are written by a program")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use snapbox::str;

use crate::install::{entry, set_mode, write_program};
use crate::sandbox::{Output, Sandbox, fake};

const LEFTHOOK: &str = "lefthook.yml";
const PRE_COMMIT: &str = ".pre-commit-config.yaml";
const TOML: &str = "prek.toml";
/// A configuration of pre-commit with a hook of its own.
const THEIRS: &str = "# kept\nrepos:\n-   repo: local\n    hooks:\n    -   {id: lint, name: lint, language: system, entry: 'true'} # too\n";

fn into(repo: &Sandbox, manager: &str, args: &[&str]) -> Output {
    repo.run("keyguard").args(["install", "--into", manager]).args(args).output()
}

fn read(repo: &Sandbox, path: &str) -> String {
    fs::read_to_string(repo.root().join(path)).unwrap()
}

/// Adds keyguard for every kind of hook, twice, and takes it out: the file has to be as it was, mode and all.
#[track_caller]
fn assert_round_trip(manager: &str, path: &str, before: &str) -> String {
    let repo = Sandbox::new();
    repo.write(path, before);
    set_mode(&repo.root().join(path), 0o640);
    let was = entry(&repo.root().join(path));
    for args in [&[][..], &["--hook", "commit-msg"], &["--all"]] {
        into(&repo, manager, &[args, &["--dry-run"]].concat()).success().stderr("").says("would ");
        assert_eq!(entry(&repo.root().join(path)), was, "a dry run writes nothing");
        into(&repo, manager, args).success().stderr("").says(&format!("added to {path}: {manager} has every commit"));
        let after = entry(&repo.root().join(path));
        assert_eq!(after.mode(), was.mode());
        let again = into(&repo, manager, args);
        again.success().stderr("").says(&format!("already in {path}: {manager} has commit"));
        assert!(!again.text().contains("added"), "{}", again.text());
        assert_eq!(entry(&repo.root().join(path)), after);
        into(&repo, manager, &[args, &["--dry-run"]].concat()).success().stderr("").stdout("nothing to do\n");
        let uninstall = if args.is_empty() { vec!["uninstall"] } else { vec!["uninstall", "--into", manager] };
        repo.keyguard(uninstall.iter().chain(&["--dry-run"])).success().says("would take the lines of keyguard out");
        assert_eq!(entry(&repo.root().join(path)), after);
        repo.keyguard(&uninstall).success().stderr("").says(&format!("taken out of {path}: "));
        assert_eq!(entry(&repo.root().join(path)), was);
    }
    repo.keyguard(["uninstall", "--into", manager])
        .success()
        .stderr("")
        .stdout("keyguard is not installed there, so there is nothing to do\n");
    into(&repo, manager, &[]).success();
    read(&repo, path)
}

/// Asserts that nothing is written, and that the lines to add are told.
#[track_caller]
fn assert_refused(manager: &str, path: &str, before: &str, why: &str) {
    let repo = Sandbox::new();
    repo.write(path, before);
    let lines = if manager == "lefthook" {
        "          run: keyguard hook pre-commit\n"
    } else {
        "keyguard hook pre-commit --files\n"
    };
    for args in [&[][..], &["--dry-run"], &["--if-needed"]] {
        let output = into(&repo, manager, args);
        output.code(2).stdout("").says(&format!("error: {path} {why}\nhelp: ")).says(lines);
        assert_eq!(read(&repo, path), before);
    }
}

#[test]
fn pre_commit_gets_a_local_hook_behind_its_own() {
    for manager in ["pre-commit", "prek"] {
        let after = assert_round_trip(manager, PRE_COMMIT, THEIRS);
        let block = "-   repo: local\n    hooks:\n    -   {id: lint, name: lint, language: system, entry: 'true'} # too\n\
            - repo: local\n  hooks:\n  - id: keyguard\n    name: look for keys\n    language: system\n    \
            entry: keyguard hook pre-commit --files\n    types: []\n    types_or: [file, symlink]\n    \
            require_serial: true\n    stages: [pre-commit]\n";
        assert_eq!(after, format!("# kept\nrepos:\n{block}"));
    }
    assert_round_trip("prek", ".pre-commit-config.yml", THEIRS);
    assert_round_trip("pre-commit", PRE_COMMIT, &format!("\u{feff}{}", THEIRS.replace('\n', "\r\n")));
    assert_round_trip("pre-commit", PRE_COMMIT, THEIRS.trim_end());
    assert_round_trip("pre-commit", PRE_COMMIT, &format!("fail_fast: true\n{THEIRS}\n# the end\nexclude: x\n"));
}

#[test]
fn every_kind_of_hook_has_its_entry_for_pre_commit() {
    let repo = Sandbox::new();
    repo.write(PRE_COMMIT, THEIRS);
    into(&repo, "pre-commit", &["--all"]).success();
    let text = read(&repo, PRE_COMMIT);
    for call in ["pre-commit --files", "pre-merge-commit", "commit-msg", "pre-push --files"] {
        assert_eq!(text.matches(&format!("entry: keyguard hook {call}\n")).count(), 1, "{text}");
    }
}

#[test]
fn prek_has_a_file_of_its_own_form() {
    let before = "# kept\n[[repos]]\nrepo = \"local\"\nhooks = [\n  { id = \"a\", name = \"a\", language = \"system\", entry = \"true\" }, # too\n]\n";
    let after = assert_round_trip("prek", TOML, before);
    assert!(after.starts_with(before), "{after}");
    assert_eq!(
        &after[before.len()..],
        "\n[[repos]]\nrepo = \"local\"\n\n[[repos.hooks]]\nid = \"keyguard\"\nname = \"look for keys\"\n\
         language = \"system\"\nentry = \"keyguard hook pre-commit --files\"\ntypes = []\n\
         types_or = [\"file\", \"symlink\"]\nrequire_serial = true\nstages = [\"pre-commit\"]\n"
    );
    assert_round_trip("prek", TOML, "fail_fast = true\r\n");
    assert_round_trip("prek", TOML, "fail_fast = true\r\n# no end");
    // It goes before the other one, as prek has it.
    let repo = Sandbox::new();
    repo.write(TOML, before).write(PRE_COMMIT, THEIRS);
    into(&repo, "prek", &[]).success().says("added to prek.toml: ");
    assert_eq!(read(&repo, PRE_COMMIT), THEIRS);
}

#[test]
fn lefthook_gets_a_command_or_a_job_as_it_has_them() {
    let own = "pre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: lint {staged_files}\n";
    assert_round_trip("lefthook", LEFTHOOK, own.trim_end());
    let after = assert_round_trip("lefthook", LEFTHOOK, own);
    assert_eq!(after, format!("{own}    keyguard:\n      run: keyguard hook pre-commit\n"));
    let jobs = "pre-commit:\n    jobs:\n        # first\n        - run: lint\n          glob: '*.js'\n\npre-push:\n    jobs:\n        - run: test\n";
    let after = assert_round_trip("lefthook", LEFTHOOK, jobs);
    let (before, behind) = jobs.split_once("\n\n").unwrap();
    let job = "        - name: keyguard\n          run: keyguard hook pre-commit\n";
    assert_eq!(after, format!("{before}\n{job}\n{behind}"));
    let scripts = "pre-commit:\n  scripts:\n    \"a.sh\":\n      runner: sh\n";
    let after = assert_round_trip("lefthook", LEFTHOOK, scripts);
    assert_eq!(after, format!("{scripts}  commands:\n    keyguard:\n      run: keyguard hook pre-commit\n"));
    let section = "\npre-commit:\n  commands:\n    keyguard:\n      run: keyguard hook pre-commit\n";
    for text in ["# an example\n# pre-commit:\n", "output: false\n", "commit-msg:\n  jobs:\n    - run: x\n# end\n"] {
        let after = assert_round_trip("lefthook", LEFTHOOK, text);
        let at_end = text.strip_suffix("# end\n").unwrap_or(text);
        assert_eq!(after.replace("# end\n", ""), format!("{at_end}{section}"));
    }
}

#[test]
fn lefthook_hands_arguments_and_input_on() {
    let repo = Sandbox::new();
    repo.write(LEFTHOOK, "output: false\n");
    into(&repo, "lefthook", &["--all"]).success();
    let text = read(&repo, LEFTHOOK);
    for line in [
        "run: keyguard hook pre-commit\n",
        "run: keyguard hook pre-merge-commit\n",
        "run: keyguard hook commit-msg '{1}'\n",
        "run: keyguard hook pre-push '{1}' '{2}'\n      use_stdin: true\n",
    ] {
        assert_eq!(text.matches(line).count(), 1, "{text}");
    }
}

#[test]
fn the_configuration_is_the_one_that_lefthook_reads() {
    for path in ["lefthook.yaml", ".lefthook.yml", ".lefthook.yaml", ".config/lefthook.yml", ".config/lefthook.yaml"] {
        assert_round_trip("lefthook", path, "output: false\n");
    }
    let repo = Sandbox::new();
    repo.write(".config/lefthook.yml", "output: false\n").write("lefthook.yaml", "output: false\n");
    into(&repo, "lefthook", &[]).success().says("added to .config/lefthook.yml: ");
}

#[test]
fn what_leaves_a_doubt_is_refused_with_the_lines() {
    let doubt = "has a form in which keyguard cannot add lines without doubt";
    for text in [
        "pre-commit: {commands: {a: {run: b}}}\n",
        "pre-commit: &x\n  commands:\n    a: {run: b}\npre-push: *x\n",
        "x: &x\n  commands:\n    a: {run: b}\npre-commit:\n  <<: *x\n  parallel: true\n",
        "pre-commit:\n  commands:\n    keyguard:\n      run: other\n",
        "pre-commit:\n",
        "pre-commit:\n  jobs: []\n",
        "a: b\n---\nc: d\n",
        "pre-commit:\n\tcommands:\n",
        "pre-commit: 'open\n",
    ] {
        assert_refused("lefthook", LEFTHOOK, text, doubt);
    }
    for text in ["repos: []\n", "fail_fast: true\n", "- a\n", "repos:\n", "", "repos: [\n"] {
        assert_refused("pre-commit", PRE_COMMIT, text, doubt);
    }
    for path in ["lefthook.toml", "lefthook.json", ".lefthook.jsonc"] {
        assert_refused("lefthook", path, "{}\n", doubt);
    }
    let repo = Sandbox::new();
    repo.write(TOML, "repos = [{ repo = \"local\", hooks = [] }]\n");
    into(&repo, "prek", &[]).code(2).says(doubt).says("[[repos.hooks]]");
    fs::write(repo.root().join(LEFTHOOK), b"x: \xff\n").unwrap();
    into(&repo, "lefthook", &[]).code(2).says(doubt);
}

#[test]
fn a_file_that_is_not_to_be_written_is_left_alone() {
    let repo = Sandbox::new();
    repo.write("elsewhere", THEIRS).write(LEFTHOOK, "output: false\n").write(".husky/pre-commit", "npm test\n");
    symlink("elsewhere", repo.root().join(PRE_COMMIT)).unwrap();
    into(&repo, "pre-commit", &[])
        .code(2)
        .stdout("")
        .says("error: .pre-commit-config.yaml is a link, so keyguard does not write to it\nhelp: add them yourself:\n")
        .says("entry: keyguard hook pre-commit --files");
    for path in [LEFTHOOK, ".husky/pre-commit"] {
        set_mode(&repo.root().join(path), 0o444);
    }
    into(&repo, "lefthook", &[]).code(2).stdout("").says("error: lefthook.yml is read-only, so keyguard does not");
    into(&repo, "husky", &[]).code(2).stdout("").stderr(
        "error: .husky/pre-commit is read-only, so keyguard does not write to it\n\
         help: put this at its top yourself:\n    keyguard hook pre-commit || exit 1\n",
    );
    assert_eq!(read(&repo, "elsewhere"), THEIRS);
    assert_eq!(read(&repo, LEFTHOOK), "output: false\n");
    assert_eq!(read(&repo, ".husky/pre-commit"), "npm test\n");
    assert!(
        !fs::read_dir(repo.root())
            .unwrap()
            .any(|file| { file.unwrap().file_name().to_string_lossy().contains(".keyguard-") })
    );
}

#[test]
fn without_a_configuration_it_is_told_what_to_write() {
    let repo = Sandbox::new();
    into(&repo, "husky", &[]).code(2).stdout("").stderr(str![[r#"
error: husky is not set up here: there is no folder .husky
help: set it up first: npx husky init

"#]]);
    into(&repo, "lefthook", &[]).code(2).stdout("").stderr(str![[r#"
error: lefthook has no configuration here
help: write it to lefthook.yml:
    pre-commit:
      commands:
        keyguard:
          run: keyguard hook pre-commit

"#]]);
    into(&repo, "prek", &["--hook", "commit-msg", "--hook", "pre-merge-commit"]).code(2).stdout("").stderr(str![[r#"
error: prek has no configuration here
help: write it to .pre-commit-config.yaml:
    repos:
    - repo: local
      hooks:
      - id: keyguard-pre-merge-commit
        name: look for keys
        language: system
        entry: keyguard hook pre-merge-commit
        pass_filenames: false
        always_run: true
        stages: [pre-merge-commit]
    - repo: local
      hooks:
      - id: keyguard-commit-msg
        name: look for keys
        language: system
        entry: keyguard hook commit-msg
        stages: [commit-msg]

"#]]);
    into(&repo, "gitmoji", &[]).code(2).stdout("").says("possible values: husky, lefthook, pre-commit, prek");
    repo.git(["init", "--quiet", "--bare", "bare"]).success();
    let bare = repo.run("keyguard").args(["install", "--into", "husky", "--all"]).current_dir("bare").output();
    bare.code(2).stdout("").says("error: husky runs no pre-receive hook\nhelp: keyguard install --hook pre-receive");
}

#[test]
fn husky_calls_keyguard_before_everything_else() {
    for (before, after) in [
        ("npm test\n", "OURS\nnpm test\n"),
        ("#!/bin/sh\nnpm test\n", "#!/bin/sh\nOURS\nnpm test\n"),
        (
            "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpm test\n",
            "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\nOURS\n\nnpm test\n",
        ),
        (
            "#!/bin/sh\n# husky\n\n. \"${0%/*}/_/husky.sh\"\nnpm test\n",
            "#!/bin/sh\n# husky\n\n. \"${0%/*}/_/husky.sh\"\nOURS\nnpm test\n",
        ),
        ("# keyguard hook pre-commit\nexit 0\n", "OURS\n# keyguard hook pre-commit\nexit 0\n"),
        ("npm test", "OURS\nnpm test"),
    ] {
        let repo = Sandbox::new();
        repo.write(".husky/pre-commit", before);
        set_mode(&repo.root().join(".husky/pre-commit"), 0o755);
        let was = entry(&repo.root().join(".husky/pre-commit"));
        into(&repo, "husky", &[]).success().stderr("").stdout(str![[r#"
added to .husky/pre-commit: husky has every commit here checked for keys
commit it, and others have it too: git add .husky/pre-commit
one step more, for git does not come to husky yet: npx husky

"#]]);
        assert_eq!(read(&repo, ".husky/pre-commit"), after.replace("OURS", "keyguard hook pre-commit || exit 1"));
        into(&repo, "husky", &[]).success().says("already in .husky/pre-commit: ");
        repo.keyguard(["uninstall"])
            .success()
            .stderr("")
            .stdout("taken out of .husky/pre-commit: commits here are no longer checked there\n");
        assert_eq!(entry(&repo.root().join(".husky/pre-commit")), was);
    }
}

#[test]
fn a_script_of_husky_is_made_where_there_is_none_and_goes_again() {
    let repo = Sandbox::new();
    fs::create_dir_all(repo.root().join("front/.husky/_")).unwrap();
    repo.git(["config", "core.hooksPath", "front/.husky/_"]).success();
    write_program(&repo.root().join("front/.husky/_/pre-commit"), "#!/bin/sh\nsh -e \"${0%/*/*}/pre-commit\"\n");
    into(&repo, "husky", &["--dry-run"])
        .success()
        .stderr("")
        .stdout("would add to front/.husky/pre-commit:\n    keyguard hook pre-commit || exit 1\n");
    into(&repo, "husky", &[]).success().stderr("").stdout(str![[r#"
added to front/.husky/pre-commit: husky has every commit here checked for keys
commit it, and others have it too: git add front/.husky/pre-commit

"#]]);
    let script = repo.root().join("front/.husky/pre-commit");
    assert_eq!(script.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    repo.write("a.env", format!("TOKEN={}\n", fake::github_pat()));
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "--message", "leak"]).code(1).says("keyguard: commit blocked: ");
    repo.keyguard(["uninstall"]).success();
    assert!(!script.exists());
    into(&repo, "husky", &["--if-needed"]).success().silent();
    into(&repo, "husky", &["--if-needed"]).success().silent();
    assert_eq!(fs::read_to_string(&script).unwrap(), "keyguard hook pre-commit || exit 1\n");
}

#[test]
fn behind_keyguard_a_script_of_husky_still_reads_what_git_tells() {
    let repo = Sandbox::new();
    repo.git(["init", "--quiet", "--bare", "../remote"]).success();
    repo.commit("a", "text\n");
    repo.git(["config", "core.hooksPath", ".husky/_"]).success();
    write_program(&repo.root().join(".husky/_/pre-push"), "#!/bin/sh\nsh -e \"${0%/*/*}/pre-push\" \"$@\"\n");
    repo.write(".husky/pre-push", "cat >told\n");
    into(&repo, "husky", &["--hook", "pre-push"]).success();
    repo.git(["push", "--quiet", "../remote", "main"]).success();
    assert!(read(&repo, "told").starts_with("refs/heads/main "), "{}", read(&repo, "told"));
    repo.git(["push", "--quiet", "../remote", "main"]).success();
    assert_eq!(read(&repo, "told"), "", "git tells nothing where all is there already");
    repo.keyguard(["uninstall"]).success();
    assert_eq!(read(&repo, ".husky/pre-push"), "cat >told\n");
}

#[test]
fn lines_that_keyguard_did_not_write_are_left_and_named() {
    let repo = Sandbox::new();
    let own = "pre-commit:\n  commands:\n    keys:\n      run: keyguard hook pre-commit # mine\n";
    repo.write(LEFTHOOK, own).write(".husky/pre-commit", "keyguard hook pre-commit\n");
    let remote = "repos:\n- repo: https://example.invalid/keyguard\n  rev: v1\n  hooks:\n  - id: keyguard\n";
    repo.write(PRE_COMMIT, remote);
    for manager in ["lefthook", "husky", "pre-commit", "prek"] {
        into(&repo, manager, &[]).success().says("already in ");
    }
    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
left in .husky/pre-commit: its lines for pre-commit are not keyguard's own
left in lefthook.yml: its lines for pre-commit are not keyguard's own
left in .pre-commit-config.yaml: its lines for pre-commit are not keyguard's own

"#]]);
    assert_eq!((read(&repo, LEFTHOOK), read(&repo, PRE_COMMIT)), (own.to_owned(), remote.to_owned()));
}

#[test]
fn a_plain_install_before_a_hook_of_lefthook_tells_of_the_lasting_way() {
    let repo = Sandbox::new();
    write_program(&repo.root().join(".git/hooks/pre-commit"), "#!/bin/sh\ncall_lefthook run pre-commit\n");
    repo.keyguard(["install"]).success().stderr("").stdout(str![[r#"
installed: every commit here is now checked for keys (.git/hooks/pre-commit)
the hook that was there is kept and runs after it
`lefthook install` takes that place back; to stay whatever it does: keyguard install --into lefthook

"#]]);
}

#[test]
fn the_one_step_that_is_still_needed_is_told() {
    let repo = Sandbox::new();
    repo.write(PRE_COMMIT, THEIRS).write(LEFTHOOK, "output: false\n");
    into(&repo, "lefthook", &[])
        .success()
        .says("one step more, for git does not come to lefthook yet: lefthook install\n");
    into(&repo, "prek", &["--hook", "pre-commit", "--hook", "commit-msg"])
        .success()
        .says("does not come to prek yet: prek install && prek install --hook-type commit-msg\n");
    let mark = "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n";
    write_program(&repo.root().join(".git/hooks/pre-commit"), mark);
    let output = into(&repo, "pre-commit", &[]);
    output.success();
    assert!(!output.text().contains("one step more"), "{}", output.text());
    // Also where ours is first and runs it.
    repo.install();
    let output = into(&repo, "pre-commit", &[]);
    assert!(!output.text().contains("one step more"), "{}", output.text());
    repo.keyguard(["uninstall"]).success().stderr("").stdout(str![[r#"
taken out of lefthook.yml: commits here are no longer checked there
taken out of .pre-commit-config.yaml: commits here are no longer checked there
taken out of .pre-commit-config.yaml: commit messages here are no longer checked there
uninstalled: commits here are no longer checked for keys (.git/hooks/pre-commit)
the hook that was there before is back

"#]]);
}
