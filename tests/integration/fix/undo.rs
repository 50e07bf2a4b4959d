//! Going back, and being stopped half-way.

use std::fs;
#[cfg(unix)]
use std::path::Path;

use super::{index, read, repository, staged};
#[cfg(unix)]
use crate::kinds::{kill_at, kill_works};
use crate::sandbox::{Sandbox, fake};

fn text() -> String {
    format!("k = '{}'\n", fake::github_pat())
}

/// Everything that a fix may touch, as it is.
fn picture(repo: &Sandbox) -> String {
    let files = ["a.js", ".env", ".env.example", ".gitignore"];
    let of_file = |path: &str| format!("{path}: {:?}\n", fs::read_to_string(repo.root().join(path)).ok());
    let files: String = files.into_iter().map(of_file).collect();
    format!("{files}{}", repo.git(["ls-files", "-s"]).text())
}

#[test]
fn undo_puts_everything_back() {
    let repo = repository();
    repo.commit(".gitignore", "target\n");
    repo.write("a.js", text())
        .write(".env.example", "A=\n")
        .write(".env", "A=1\n")
        .write(".gitignore", "target\n.idea\n");
    repo.git(["add", "a.js"]).success();
    let before = picture(&repo);
    repo.keyguard(["fix", "--apply"]).success();
    assert_ne!(picture(&repo), before);
    let undone = repo.keyguard(["fix", "--undo"]);
    undone.success().says("The last fix is taken back.");
    assert!(!undone.text().contains(&fake::github_pat()));
    assert_eq!(picture(&repo), before);
    assert!(!repo.root().join(".git/keyguard/fix.json").exists(), "nothing of the key is kept");
    repo.keyguard(["fix", "--undo"]).code(2).stderr("error: there is no fix to take back\n");
}

#[test]
fn undo_overwrites_no_later_change() {
    let repo = staged("a.js", &text());
    repo.keyguard(["fix", "--apply"]).success();
    repo.write("a.js", "k = process.env.GITHUB_TOKEN\nmore\n");
    repo.keyguard(["fix", "--undo"]).code(2).says("`a.js` has changed since");
    assert_eq!(read(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\nmore\n");
    repo.write("a.js", "k = process.env.GITHUB_TOKEN\n");
    repo.write(".env", format!("{}B=2\n", read(&repo, ".env")));
    repo.keyguard(["fix", "--undo"]).success().says(".env has changed since, so it is left as it is");
    assert_eq!((read(&repo, "a.js"), index(&repo, "a.js")), (text(), text()));
    assert!(read(&repo, ".env").ends_with("B=2\n"));
}

#[test]
fn a_second_fix_goes_on_where_the_first_was_stopped() {
    // A run that was killed after each of its steps, by what it had written until then.
    let repo = staged("a.js", &text());
    let before = picture(&repo);
    repo.keyguard(["fix", "--apply"]).success();
    let after = picture(&repo);
    let journal = read(&repo, ".git/keyguard/fix.json").replace("\"is_done\":true", "\"is_done\":false");
    let files = [".gitignore", ".env", ".env.example", "a.js"].map(|path| (path, read(&repo, path)));
    for stopped in 0..=files.len() {
        let repo = staged("a.js", &text());
        fs::create_dir_all(repo.root().join(".git/keyguard")).unwrap();
        repo.write(".git/keyguard/fix.json", &journal);
        for (path, content) in &files[..stopped] {
            repo.write(path, content);
        }
        // Either on to the end ...
        repo.keyguard(["fix", "--apply"]).success();
        // What was there untracked when the second run came is the user's to stage.
        let staged_by_hand = repo.git(["add", ".gitignore", ".env.example"]);
        staged_by_hand.success();
        assert_eq!(picture(&repo), after, "stopped after {stopped} files");
        // ... and from there all the way back.
        repo.keyguard(["fix", "--undo"]).success();
        assert!(!repo.root().join(".env").exists() && !repo.root().join(".gitignore").exists());
        assert_eq!((read(&repo, "a.js"), index(&repo, "a.js")), (text(), text()), "stopped after {stopped} files");
    }
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!(picture(&repo), before);
}

#[test]
fn killed_at_any_moment_each_file_is_old_or_new() {
    let expected = "k = process.env.GITHUB_TOKEN\n";
    for delay in (0..60).step_by(4) {
        let repo = staged("a.js", &text());
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_keyguard"))
            .args(["fix", "--apply"])
            .current_dir(repo.root())
            .env("HOME", repo.home())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let (now, staged) = (read(&repo, "a.js"), index(&repo, "a.js"));
        assert!(now == text() || now == expected, "after {delay} ms");
        assert!(staged == text() || staged == expected, "after {delay} ms");
        // The value is nowhere lost, and the next run ends well.
        assert!(now == text() || read(&repo, ".env").contains(&fake::github_pat()), "after {delay} ms");
        fs::remove_file(repo.root().join(".git/index.lock")).ok();
        repo.keyguard(["fix", "--apply"]).success();
        assert_eq!((read(&repo, "a.js").as_str(), index(&repo, "a.js").as_str()), (expected, expected));
        repo.git(["commit", "--quiet", "-m", "x"]).success();
    }
}

/// Names that a killed run has left in a folder.
#[cfg(unix)]
fn leftovers(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains(".keyguard-")).collect()
}

#[cfg(unix)]
#[test]
fn killed_at_any_call_nothing_is_left_where_git_would_stage_it() {
    let repo = staged("a.js", &text());
    if !kill_works(&repo) {
        return;
    }
    let workshop = repo.root().join(".git/keyguard");
    let reset = || {
        for path in [".env", ".env.example", ".gitignore", "a.js"] {
            fs::remove_file(repo.root().join(path)).ok();
        }
        fs::remove_dir_all(&workshop).ok();
        repo.git(["rm", "--quiet", "--cached", "--ignore-unmatch", ".env.example", ".gitignore"]).success();
        repo.write("a.js", text()).git(["add", "a.js"]).success();
    };
    let mut most = 0;
    for call in ["write", "fsync", "rename", "renameat", "renameat2"] {
        for number in 1.. {
            reset();
            let is_killed = kill_at(&repo, &["fix", "--apply"], (call, number));
            assert_eq!(leftovers(&repo.root()), [""; 0], "after a kill at {call} {number}");
            most = most.max(leftovers(&workshop).len());
            // Whichever file the next run writes, it clears that away.
            fs::remove_file(repo.root().join(".git/index.lock")).ok();
            repo.write("a.js", format!("k = '{}'\n", fake::github_pat_other())).git(["add", "a.js"]).success();
            repo.keyguard(["fix", "--apply"]).success();
            assert_eq!((leftovers(&repo.root()), leftovers(&workshop)), (vec![], vec![]), "{call} {number}");
            if !is_killed {
                break;
            }
        }
    }
    assert!(most > 0, "no kill came while a file was unfinished");
}

#[cfg(unix)]
#[test]
fn undo_killed_at_any_call_loses_no_key() {
    let repo = staged("a.js", &text());
    if !kill_works(&repo) {
        return;
    }
    let holds =
        |path: &str| fs::read_to_string(repo.root().join(path)).is_ok_and(|now| now.contains(&fake::github_pat()));
    for call in ["unlink", "rename"] {
        for number in 1.. {
            for path in [".env", ".env.example", ".gitignore", ".git/index.lock", ".git/keyguard/fix.json"] {
                fs::remove_file(repo.root().join(path)).ok();
            }
            repo.git(["rm", "--quiet", "--cached", "--ignore-unmatch", ".env.example", ".gitignore"]).success();
            repo.write("a.js", text()).git(["add", "a.js"]).success();
            repo.keyguard(["fix", "--apply"]).success();
            let is_killed = kill_at(&repo, &["fix", "--undo"], (call, number));
            assert!(holds("a.js") || holds(".env"), "after a kill at {call} {number}");
            if !is_killed {
                break;
            }
            // Another fix knows where that one began ...
            fs::remove_file(repo.root().join(".git/index.lock")).ok();
            if repo.root().join(".git/keyguard/fix.json").exists() {
                repo.write("b.js", format!("k = '{}'\n", fake::github_pat_other())).git(["add", "b.js"]).success();
                repo.keyguard(["fix", "--apply"]).success();
                assert!(holds("a.js") || holds(".env"), "after a fix behind a kill at {call} {number}");
                // ... and goes back there.
                repo.keyguard(["fix", "--undo"]).success();
                assert!(holds("a.js") && !repo.root().join(".env").exists(), "{call} {number}");
                repo.git(["rm", "--quiet", "--force", "b.js"]).success();
            }
        }
    }
}

#[test]
fn an_undo_that_fails_says_so_and_goes_on_later() {
    let repo = staged("a.js", &text());
    let before = picture(&repo);
    repo.keyguard(["fix", "--apply"]).success();
    repo.write(".git/index.lock", "");
    repo.keyguard(["fix", "--undo"])
        .code(2)
        .says("the last fix is not taken back, or only in part: ")
        .says("help: see to that, then go on with: keyguard fix --undo\n");
    assert!(read(&repo, ".env").contains(&fake::github_pat()), "nothing else holds it");
    fs::remove_file(repo.root().join(".git/index.lock")).unwrap();
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!(picture(&repo), before);
}

#[test]
fn what_was_written_behind_a_stopped_fix_is_gone_back_to() {
    let repo = staged("a.js", &text());
    repo.keyguard(["fix", "--apply"]).success();
    let journal = read(&repo, ".git/keyguard/fix.json").replace("\"is_done\":true", "\"is_done\":false");
    repo.write(".git/keyguard/fix.json", journal);
    let own = "k = process.env.GITHUB_TOKEN\nmore\n";
    repo.write("a.js", own).git(["add", "a.js"]).success();
    repo.write("b.js", format!("k = '{}'\n", fake::github_pat_other())).git(["add", "b.js"]).success();
    repo.keyguard(["fix", "--apply"]).success();
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!((read(&repo, "a.js").as_str(), index(&repo, "a.js").as_str()), (own, own));
    assert!(read(&repo, ".env").contains(&fake::github_pat()), "a.js reads it");
}

#[test]
fn a_mark_of_an_entry_is_not_lost() {
    for (option, letter, mark) in
        [("--skip-worktree", "S", "skip-worktree"), ("--assume-unchanged", "h", "assume-unchanged")]
    {
        let no = option.replace("--", "--no-");
        let repo = repository();
        repo.commit(".gitignore", "target\n").commit(".env.example", "A=\n");
        repo.write("a.js", text()).git(["add", "a.js"]).success();
        let marks = || repo.git(["ls-files", "-v"]).text();
        repo.git(["update-index", option, "a.js"]).success();
        let before = (picture(&repo), marks());
        repo.keyguard(["fix", "--apply"]).code(2).says(&format!(
            "git has it marked as {mark}, which staging it would undo: first git update-index {no} a.js\n"
        ));
        assert_eq!((picture(&repo), marks()), before);
        repo.git(["update-index", &no, "a.js"]).success();
        // What goes with the edit is edited where it does no harm.
        repo.git(["update-index", option, ".gitignore", ".env.example"]).success();
        fs::remove_file(repo.root().join(".env.example")).unwrap();
        let staged = (index(&repo, ".gitignore"), index(&repo, ".env.example"), marks());
        let before = picture(&repo);
        repo.keyguard(["fix", "--apply"])
            .success()
            .says(&format!(
                ".gitignore is not staged by this, as git has it marked as {mark}: git update-index {no} .gitignore && \
                 git add .gitignore\n"
            ))
            .says(&format!("git update-index {no} .env.example && git add .env.example\n"));
        assert_eq!((index(&repo, ".gitignore"), index(&repo, ".env.example"), marks()), staged);
        assert!(marks().contains(&format!("{letter} .gitignore\n")));
        assert_eq!(read(&repo, ".gitignore"), "target\n/.env\n");
        assert_eq!(read(&repo, ".env.example"), "A=\nGITHUB_TOKEN=\n");
        assert_eq!(index(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\n");
        repo.keyguard(["fix", "--undo"]).success();
        assert_eq!((picture(&repo), marks()), (before, staged.2));
    }
}

#[test]
fn what_is_to_be_added_later_stays_so() {
    let repo = staged("a.js", &text());
    repo.write(".gitignore", "target\n").git(["add", "-N", ".gitignore"]).success();
    let flags = || repo.git(["diff", "--name-status", "--", ".gitignore"]).text();
    let before = flags();
    assert_eq!(before, "A\t.gitignore\n");
    repo.keyguard(["fix", "--apply"]).success().says("as git has it marked as intent-to-add: git add .gitignore\n");
    assert_eq!(flags(), before);
    assert_eq!(read(&repo, ".gitignore"), "target\n/.env\n");
    // A file of variables that is to leave the index would come back without its mark.
    let repo = staged(".env", &format!("K={}\n", fake::github_pat()));
    repo.git(["update-index", "--skip-worktree", ".env"]).success();
    let before = picture(&repo);
    repo.keyguard(["fix", "--apply"])
        .code(2)
        .says("`.env` cannot be unstaged: git has it marked as skip-worktree, which staging it would undo");
    assert_eq!(picture(&repo), before);
}

#[test]
fn a_locked_index_stops_everything() {
    let repo = staged("a.js", &text());
    let before = picture(&repo);
    repo.write(".git/index.lock", "");
    let stopped = repo.keyguard(["fix", "--apply"]);
    stopped.code(2).stdout("").says("another git is at work on the index");
    fs::remove_file(repo.root().join(".git/index.lock")).unwrap();
    assert_eq!(picture(&repo), before);
}
