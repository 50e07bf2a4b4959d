//! The surroundings of a commit: whatever the environment, the streams and the limits, the decision is right, nothing is
//! left behind and nothing leaks.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::sandbox::{Output, Sandbox, fake, not_tried, with_both_readers};

/// Two lines, the second of which holds a token.
fn leak() -> String {
    format!("# x\ntoken = \"{}\"\n", fake::github_pat())
}

/// What a shell has to do so that `"$@"` runs in odd surroundings. `$BOX` is the folder around everything; what is
/// written to `$BOX/seen` counts as printed.
type Surroundings = &'static str;

/// Every file below `folder` with its content. git rewrites an index whenever it looks closely at files.
fn picture(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut open = vec![folder.to_owned()];
    let mut files = BTreeMap::new();
    while let Some(path) = open.pop() {
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_none_or(|name| name != "index" && name != "seen") {
            let content = if kind.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            files.insert(path, content);
        }
    }
    files
}

/// Asserts that two pictures show the same files.
#[track_caller]
fn assert_same(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>, when: &str) {
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let changed: Vec<_> = before.keys().chain(after.keys()).filter(differs).collect();
    assert!(changed.is_empty(), "{when}: left behind, changed or removed: {changed:?}");
}

/// Runs `git commit` in the surroundings.
fn commit_in(repo: &Sandbox, surroundings: Surroundings) -> Output {
    let command = ["git", "commit", "--quiet", "--message", "x"];
    let output = repo.run("sh").args(["-c", surroundings, "sh"]).args(command).env("BOX", repo.tmp("")).output();
    fs::write(repo.tmp("printed"), output.text()).unwrap();
    output
}

/// What was printed, on streams and into `$BOX/seen`.
fn printed(repo: &Sandbox) -> String {
    let read = |name: &str| fs::read(repo.tmp(name)).unwrap_or_default();
    String::from_utf8_lossy(&[read("printed"), read("seen")].concat()).into_owned()
}

/// Whether the report can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    Shown,
    Lost,
}

/// Plays a blocked commit and a clean one in the surroundings, with so many commits before.
fn judge(repo: &Sandbox, surroundings: Surroundings, report: Report, commits: usize) {
    let scratch = repo.tmp("scratch");
    fs::create_dir_all(&scratch).unwrap();
    fs::remove_file(repo.tmp("seen")).ok();
    repo.write("a", leak());
    repo.git(["add", "a"]).success();
    // git writes the trees of a commit before it asks the hook: once, so that the second time nothing is written.
    repo.git(["commit", "--message", "x"]).code(1);
    fs::write(repo.tmp("printed"), "").unwrap();
    let parts = || [picture(&repo.root()), picture(&repo.home()), picture(&scratch)];
    let before = parts();
    commit_in(repo, surroundings).code(1);
    for (before, after) in before.iter().zip(&parts()) {
        assert_same(before, after, surroundings);
    }
    repo.assert_commits(commits);
    if report == Report::Shown {
        let printed = printed(repo);
        let wanted = "commit blocked: GitHub personal access token (classic) (checksum valid) in a:2:10";
        assert!(printed.contains(wanted), "{surroundings}:\n{printed}");
    }
    assert!(!printed(repo).contains(&fake::github_pat()[4..]), "{surroundings}: the token is printed in full");
    assert_leaked_nowhere(repo, surroundings);

    repo.write("a", format!("clean {commits}\n"));
    repo.git(["add", "a"]).success();
    let before = parts();
    commit_in(repo, surroundings).success();
    repo.assert_commits(commits + 1);
    let [root, home, scratch] = parts();
    assert_same(&before[1], &home, surroundings);
    assert_same(&before[2], &scratch, surroundings);
    let stray = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        [".lock", "tmp", "keyguard"].iter().any(|part| name.contains(part))
    };
    let stray: Vec<_> = root.keys().filter(stray).collect();
    assert!(stray.is_empty(), "{surroundings}: left behind: {stray:?}");
}

/// Asserts that the token stands in no file but the one that it was written to.
#[track_caller]
fn assert_leaked_nowhere(repo: &Sandbox, when: &str) {
    let token = fake::github_pat();
    for (path, content) in picture(&repo.tmp("")) {
        let leaks = memchr::memmem::find(&content, &token.as_bytes()[4..]).is_some();
        assert!(!leaks || path == repo.root().join("a"), "{when}: the token stands in {}", path.display());
    }
}

#[track_caller]
fn judge_in_all(surroundings: &[Surroundings], report: Report) {
    with_both_readers(|repo| {
        repo.commit("a", "x\n");
        for (number, script) in surroundings.iter().enumerate() {
            judge(repo, script, report, number + 1);
        }
    });
}

#[test]
fn homes_that_are_not_there_or_cannot_be_written() {
    judge_in_all(
        &[
            "unset HOME; \"$@\"",
            "HOME= \"$@\"",
            "HOME=/nowhere/at/all \"$@\"",
            "HOME=/dev/null \"$@\"",
            // Not even the superuser writes there.
            "HOME=/proc \"$@\"",
            "XDG_CONFIG_HOME=/nowhere XDG_CACHE_HOME=/nowhere XDG_RUNTIME_DIR=/nowhere \"$@\"",
            "mkdir -p \"$BOX/locked\"; chmod 500 \"$BOX/locked\"; HOME=$BOX/locked \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn temporary_folders_that_are_not_there_or_cannot_be_written() {
    judge_in_all(
        &[
            "TMPDIR=$BOX/scratch TMP=$BOX/scratch TEMP=$BOX/scratch \"$@\"",
            "unset TMPDIR; \"$@\"",
            "TMPDIR= \"$@\"",
            "TMPDIR=/nowhere/at/all \"$@\"",
            "TMPDIR=/dev/null \"$@\"",
            "TMPDIR=/proc \"$@\"",
            "TMPDIR=relative \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn languages_and_terminals_of_every_kind() {
    judge_in_all(
        &[
            "unset LC_ALL LANG; \"$@\"",
            "LANG=C LC_ALL=C \"$@\"",
            "LC_ALL=C.UTF-8 \"$@\"",
            "LC_ALL=tr_TR.UTF-8 LANGUAGE=tr \"$@\"",
            "LC_ALL=no-such_LANGUAGE.x@y \"$@\"",
            "LC_ALL=$(printf 'caf\\351') \"$@\"",
            "TERM=dumb COLUMNS=1 LINES=1 \"$@\"",
            "unset TERM NO_COLOR; COLUMNS=nonsense \"$@\"",
            "TZ=No/Where \"$@\"",
            "POSIXLY_CORRECT=1 CDPATH=/:/tmp IFS=/ ENV=/nowhere BASH_ENV=/nowhere \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn streams_that_are_closed_full_or_broken() {
    if !Path::new("/dev/full").exists() {
        not_tried("there is no /dev/full");
        return;
    }
    judge_in_all(&["\"$@\" <&-", "\"$@\" >&-", "\"$@\" <&- >&-", "\"$@\" >/dev/full", "\"$@\" </"], Report::Shown);
    judge_in_all(
        &[
            "\"$@\" 2>&-",
            "\"$@\" <&- 2>&-",
            "\"$@\" <&- >&- 2>&-",
            "\"$@\" 2>/dev/full",
            "\"$@\" >/dev/full 2>&1",
            "\"$@\" 2>/dev/null",
        ],
        Report::Lost,
    );
}

#[test]
fn a_reader_that_has_gone_away_changes_no_verdict() {
    judge_in_all(
        &[
            // The reader is gone before the first byte; the status of a pipe is its last command's.
            "{ sleep 0.2; \"$@\" 2>&1; echo $? >\"$BOX/seen\"; } | true; exit \"$(cat \"$BOX/seen\")\"",
            // SIGPIPE ignored, as some callers have it.
            "trap '' PIPE; { sleep 0.2; \"$@\" 2>&1; echo $? >\"$BOX/seen\"; } | true; exit \"$(cat \"$BOX/seen\")\"",
        ],
        Report::Lost,
    );
}

#[test]
fn the_bare_path_of_a_graphical_client() {
    if !Path::new("/usr/bin/git").is_file() {
        not_tried("there is no /usr/bin/git");
        return;
    }
    judge_in_all(
        &[
            "PATH=/usr/bin:/bin \"$@\"",
            "env -i BOX=\"$BOX\" KEYGUARD_READER=\"$KEYGUARD_READER\" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a \
             GIT_AUTHOR_EMAIL=a GIT_AUTHOR_DATE=2026-01-02T03:04:05Z GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c \
             GIT_COMMITTER_DATE=2026-01-02T03:04:05Z PATH=/usr/bin:/bin \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn traces_and_logs_hold_no_secret() {
    judge_in_all(
        &[
            // A trace tells times and numbers of processes, which differ from run to run.
            "GIT_TRACE=1 \"$@\" 2>\"$BOX/seen\"",
            "GIT_TRACE=$BOX/trace \"$@\"",
            "GIT_TRACE2=1 \"$@\" 2>\"$BOX/seen\"",
            "GIT_TRACE2_EVENT=$BOX/trace GIT_TRACE2_PERF=$BOX/perf \"$@\"",
            "GIT_TRACE=2 GIT_TRACE_SETUP=1 GIT_TRACE_PACK_ACCESS=1 GIT_TRACE_PERFORMANCE=1 GIT_TRACE_REFS=1 \
             GIT_TRACE_PACKET=1 \"$@\" 2>\"$BOX/seen\"",
            "GIT_CURL_VERBOSE=1 \"$@\" 2>\"$BOX/seen\"",
            "RUST_LOG=trace RUST_BACKTRACE=full RUST_LIB_BACKTRACE=1 \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn git_variables_neither_hide_nor_invent_anything() {
    judge_in_all(
        &[
            "GIT_PAGER='cat >taken' PAGER=false GIT_PAGER_IN_USE=1 \"$@\"",
            "GIT_EXTERNAL_DIFF=true \"$@\"",
            "GIT_DIFF_OPTS=--unified=0 \"$@\"",
            "GIT_LITERAL_PATHSPECS=1 \"$@\"",
            "GIT_ICASE_PATHSPECS=1 \"$@\"",
            "GIT_NOGLOB_PATHSPECS=1 \"$@\"",
            "GIT_GLOB_PATHSPECS=1 \"$@\"",
            "GIT_CEILING_DIRECTORIES=$BOX:$PWD \"$@\"",
            "GIT_DISCOVERY_ACROSS_FILESYSTEM=0 \"$@\"",
            "GIT_DEFAULT_HASH=sha256 GIT_DEFAULT_REF_FORMAT=reftable \"$@\"",
            "GIT_OPTIONAL_LOCKS=0 GIT_FLUSH=1 \"$@\"",
            "GIT_NO_REPLACE_OBJECTS=1 \"$@\"",
            "GIT_REPLACE_REF_BASE=refs/elsewhere/ \"$@\"",
            "GIT_ATTR_SOURCE=HEAD \"$@\"",
            "GIT_NO_LAZY_FETCH=1 GIT_PROTOCOL_FROM_USER=0 \"$@\"",
            "GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=diff.external GIT_CONFIG_VALUE_0=true GIT_CONFIG_KEY_1=core.quotePath \
             GIT_CONFIG_VALUE_1=false GIT_CONFIG_KEY_2=core.bigFileThreshold GIT_CONFIG_VALUE_2=1 \"$@\"",
            "GIT_CONFIG_PARAMETERS=\"'diff.noprefix=true' 'core.attributesFile=/nowhere'\" \"$@\"",
            "GIT_CONFIG_SYSTEM=/nowhere GIT_CONFIG_GLOBAL=/nowhere \"$@\"",
            "GIT_EDITOR=false GIT_ASKPASS=false SSH_ASKPASS=false GIT_SSH_COMMAND=false \"$@\"",
            "GIT_REFLOG_ACTION=nonsense GIT_PREFIX=nowhere/ GIT_MERGE_VERBOSITY=5 \"$@\"",
            "GIT_NOTES_REF=refs/heads/main \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn low_limits_and_strict_masks() {
    judge_in_all(
        &[
            "umask 077; \"$@\"",
            "umask 777; umask 022; \"$@\"",
            "ulimit -n 16; \"$@\"",
            "ulimit -f 64; \"$@\"",
            "ulimit -c 0; ulimit -t 60; \"$@\"",
            "ulimit -s 1024; \"$@\"",
            "nice -n 19 \"$@\"",
        ],
        Report::Shown,
    );
}

#[test]
fn the_hook_by_hand_writes_nothing_at_all() {
    with_both_readers(|repo| {
        repo.commit("base", "x\n").write("a", leak()).write("new/b", "x\n");
        repo.git(["add", "."]).success();
        let everything = || (picture(&repo.tmp("")), fs::read(repo.root().join(".git/index")).unwrap());
        let before = everything();
        repo.keyguard(["hook", "pre-commit"]).code(1).says("in a:2:10");
        repo.keyguard(["scan", "--staged"]).code(1).says("a:2:10");
        let after = everything();
        assert_same(&before.0, &after.0, "a finding");
        assert!(before.1 == after.1, "the index was written");
        repo.write("a", "clean\n");
        repo.git(["add", "a"]).success();
        let before = everything();
        repo.keyguard(["hook", "pre-commit"]).success().silent();
        let after = everything();
        assert_same(&before.0, &after.0, "nothing found");
        assert!(before.1 == after.1, "the index was written");
    });
}

#[test]
fn a_git_directory_that_cannot_be_written_is_read() {
    with_both_readers(|repo| {
        let protect = || _ = repo.run("chmod").args(["-R", "a-w,a+rX", ".git"]).output().success();
        let release = || _ = repo.run("chmod").args(["-R", "u+w", ".git"]).output().success();
        let as_nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "keyguard"];
        fs::set_permissions(repo.tmp(""), fs::Permissions::from_mode(0o755)).unwrap();
        repo.write("a", leak());
        repo.git(["add", "a"]).success();
        protect();
        // The superuser may write all the same, so it has to be somebody else.
        let is_superuser = repo.run("sh").args(["-c", "test -w .git && echo yes"]).output().text() == "yes\n";
        let probe = ["-c", "setpriv \"$@\" --version", "sh"];
        if is_superuser && !repo.run("sh").args(probe).args(as_nobody).output().text().starts_with("keyguard ") {
            not_tried("the superuser cannot run keyguard as somebody else here");
            return;
        }
        let hook = || {
            let run = if is_superuser { repo.run("setpriv").args(as_nobody) } else { repo.run("keyguard") };
            // git has checked whom the repository belongs to before it runs a hook.
            let trust = [("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")];
            let run = trust.into_iter().fold(run, |run, (name, value)| run.env(&format!("GIT_CONFIG_{name}"), value));
            run.args(["hook", "pre-commit"]).output()
        };
        hook().code(1).says("in a:2:10");
        release();
        repo.write("a", "clean\n");
        repo.git(["add", "a"]).success();
        protect();
        hook().success().silent();
        release();
    });
}

#[test]
fn an_interrupted_scan_commits_nothing_and_leaves_nothing_behind() {
    let repo = Sandbox::with_hook();
    if repo.run("sh").args(["-c", "timeout --version"]).output().text().contains("not found") {
        not_tried("there is no `timeout` to interrupt a command with its children");
        return;
    }
    // Words that wake a rule again and again take long to look at.
    repo.commit("base", "x\n").commit("long", "x\n").write("long", "AKIA ghp_ sk_live_ xoxb-\n".repeat(3_000_000));
    // git writes the trees of a commit before it asks the hook.
    let is_object = |path: &PathBuf| path.starts_with(repo.root().join(".git/objects"));
    for form in ["--quiet", "--all"] {
        repo.git(["add", "long"]).success();
        let before = picture(&repo.tmp(""));
        let commit = ["commit", "--message", "x", form];
        // As Ctrl-C does, the signal goes to the whole group of processes; 124 says that it was sent.
        repo.run("timeout").args(["--signal=INT", "0.7", "git"]).args(commit).output().code(124);
        repo.assert_commits(2);
        let mut after = picture(&repo.tmp(""));
        after.retain(|path, _| before.contains_key(path) || !is_object(path));
        assert_same(&before, &after, form);
    }
    repo.write("long", "short\n");
    repo.git(["commit", "--quiet", "--all", "--message", "x"]).success();
}

/// Runs `git commit` in two folders at once; the first one holds a key.
fn commit_at_once(repo: &Sandbox, first: &str, second: &str) {
    let script = "git -C \"$1\" commit --quiet --message x 2>\"$BOX/seen\" & git -C \"$2\" commit --quiet --message x; \
                  echo \"second: $?\"; wait $!; echo \"first: $?\"";
    let run = repo.run("sh").args(["-c", script, "sh", first, second]).env("BOX", repo.tmp("")).output();
    run.success().stdout("second: 0\nfirst: 1\n").stderr("");
    assert!(fs::read_to_string(repo.tmp("seen")).unwrap().contains("in a:2:10"));
}

#[test]
fn two_commits_at_once_in_two_worktrees() {
    with_both_readers(|repo| {
        repo.commit("base", "x\n");
        for name in ["one", "two"] {
            repo.git(["worktree", "add", "--quiet", &format!("../{name}")]).success();
        }
        for number in 0..10 {
            fs::write(repo.tmp("one/a"), leak()).unwrap();
            fs::write(repo.tmp("two/a"), format!("{number}\n")).unwrap();
            for name in ["../one", "../two"] {
                repo.git(["-C", name, "add", "a"]).success();
            }
            commit_at_once(repo, "../one", "../two");
        }
        let count = |branch: &str| repo.git(["rev-list", "--count", branch]).text().trim().to_owned();
        assert_eq!((count("one"), count("two")), ("1".to_owned(), "11".to_owned()));
    });
}

#[test]
fn two_commits_at_once_in_two_repositories() {
    with_both_readers(|repo| {
        repo.git(["init", "--quiet", "../other"]).success();
        repo.run("keyguard").current_dir("../other").args(["install"]).output().success();
        for number in 0..10 {
            repo.write("a", leak());
            fs::write(repo.tmp("other/a"), format!("{number}\n")).unwrap();
            for name in [".", "../other"] {
                repo.git(["-C", name, "add", "a"]).success();
            }
            commit_at_once(repo, ".", "../other");
        }
        repo.assert_commits(0);
    });
}
