//! What no edit can do is left to the user with its command, and stops nothing else.

use std::fs;

use super::{assert_nowhere, index, read, repository, staged};
use crate::sandbox::{Sandbox, fake};

fn text() -> String {
    format!("k = '{}'\n", fake::github_pat())
}

/// Runs a command as the report gives it.
#[track_caller]
fn run(repo: &Sandbox, command: &str) {
    repo.run("sh").args(["-c", command]).output().success();
}

#[test]
fn a_key_in_the_name_of_a_file_is_renamed_away() {
    let name = format!("sub/backup {}.txt", fake::github_pat());
    let repo = staged(&name, "x\n");
    let command = "git mv 'sub/backup ghp_'*.txt NEW_NAME";
    let blocked = repo.git(["commit", "-m", "x"]);
    blocked
        .code(1)
        .says("name | sub/backup ghp_****************.txt\n     |            ^\n")
        .says(&format!("  1.    Rename the file: the key stands in its name.\n        {command}\n"))
        .says("  2.    Not a key? Say so, and commit again:\n");
    assert!(!blocked.text().contains("keyguard fix") && !blocked.text().contains("environment"), "{}", blocked.text());
    let refused = repo.keyguard(["fix", "--apply"]);
    refused.code(2).says(&format!("the key stands in the file's name: rename the file: {command}\n"));
    let json = repo.keyguard(["scan", "--staged", "--format", "json"]);
    json.code(1).says("\"part\": \"name\"");
    run(&repo, command);
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    commit.success();
    assert_nowhere(&repo, &fake::github_pat(), &[&blocked, &refused, &json, &commit]);
    assert!(repo.root().join("NEW_NAME").exists());
}

#[test]
fn a_key_in_a_name_stops_no_other() {
    let repo = staged("a.js", &text());
    let name = format!("{}.js", fake::github_pat_other());
    repo.write(&name, format!("k = '{}'\n", fake::stripe_live())).git(["add", "."]).success();
    let both = repo.git(["commit", "-m", "x"]);
    both.code(1);
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed
        .code(1)
        .says("\nLeft to you, and blocking until then:\nghp_****************.js:1:1: ")
        .says("rename the file: git mv ghp_*.js NEW_NAME\n")
        .says("a key stands in the file's name, too: rename the file first: git mv ghp_*.js NEW_NAME\n")
        .says("Done and staged; do what is left and commit again.");
    assert_eq!(index(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\n");
    run(&repo, "git mv ghp_*.js b.js");
    repo.keyguard(["fix", "--apply"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    for key in [fake::github_pat(), fake::github_pat_other(), fake::stripe_live()] {
        assert_nowhere(&repo, &key, &[&both, &fixed]);
    }
}

#[test]
fn two_keys_one_of_them_in_a_name_are_told_how() {
    let repo = staged("a.js", &text());
    let name = format!("{}.txt", fake::stripe_live());
    repo.write(&name, "x\n").git(["add", "."]).success();
    repo.git(["commit", "-m", "x"]).code(1).says("  do    git mv sk_live_*.txt NEW_NAME\n");
}

#[test]
fn a_staged_file_of_variables_leaves_the_index_and_stays() {
    let repo = staged("a.js", &text());
    let own = format!("K={}\n", fake::stripe_live());
    repo.write(".env.production", &own).git(["add", "."]).success();
    let before = repo.git(["ls-files", "-s"]).text();
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed.success().says(".env.production  a file of variables\n");
    assert_eq!((read(&repo, ".env.production"), index(&repo, "a.js")), (own, "k = process.env.GITHUB_TOKEN\n".into()));
    assert_eq!(read(&repo, ".gitignore"), "/.env.production\n/.env\n");
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!(repo.git(["ls-files", "-s"]).text(), before);
    repo.keyguard(["fix", "--apply"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    assert_nowhere(&repo, &fake::stripe_live(), &[&fixed]);
}

#[test]
fn a_message_offers_what_takes_a_file_of_variables_out() {
    let repo = staged(".env.production", &format!("K={}\n", fake::stripe_live()));
    let blocked = repo.git(["commit", "-m", "x"]).code(1).text();
    let advice = "  1.    Keep this file out of git. It stays where it is:\n        ";
    let command = blocked.split_once(advice).expect(&blocked).1.lines().next().unwrap().to_owned();
    run(&repo, &command);
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn a_staged_file_of_variables_stops_no_other_key() {
    let repo = staged("a.js", &text());
    repo.write(".env.production", format!("K={}\n", fake::stripe_live()));
    repo.git(["add", "."]).success();
    // Another version than the staged one, which would be lost.
    repo.write(".env.production", "K=\n");
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed
        .code(1)
        .says("\nLeft to you, and blocking until then:\n.env.production:1:3: ")
        .says("name it in .gitignore, and run: git rm --cached .env.production\n");
    assert_eq!(index(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\n");
    repo.git(["commit", "-m", "x"]).code(1);
    run(&repo, "git rm --force --cached .env.production");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    assert_nowhere(&repo, &fake::stripe_live(), &[&fixed]);
}

#[test]
fn the_file_of_variables_itself_leaves_the_index_and_stays() {
    let own = format!("A=1\nK={}\n", fake::stripe_live());
    let repo = staged("a.js", &text());
    repo.write(".env", &own).git(["add", "."]).success();
    let before = repo.git(["ls-files", "-s"]).text();
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed.success().says(
        ".env  a file of variables\n  - (the whole file)\n  + (not staged; the file stays, and git ignores it)\n",
    );
    assert_eq!(read(&repo, ".env"), format!("{own}GITHUB_TOKEN={}\n", fake::github_pat()));
    repo.git(["status", "--porcelain"]).success().stdout("A  .env.example\nA  .gitignore\nA  a.js\n");
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!((read(&repo, ".env"), repo.git(["ls-files", "-s"]).text()), (own, before));
    repo.keyguard(["fix", "--apply"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    assert_nowhere(&repo, &fake::stripe_live(), &[&fixed]);
}

#[test]
fn a_staged_file_of_variables_that_would_be_lost_is_refused() {
    // Another version in the work tree, none there, and one that holds no key that is to be moved.
    for (variables, in_work_tree) in
        [(fake::stripe_live(), Some("B=2\n")), (fake::stripe_live(), None), ("1".to_owned(), Some("A=1\n"))]
    {
        let repo = staged("a.js", &text());
        repo.write(".env", format!("A={variables}\n")).git(["add", "."]).success();
        fs::remove_file(repo.root().join(".env")).unwrap();
        if let Some(content) = in_work_tree {
            repo.write(".env", content);
        }
        let before = repo.git(["ls-files", "-s"]).text();
        repo.keyguard(["fix", "--apply"]).code(2).says("git tracks `.env`").says("git rm --cached -- .env");
        assert_eq!(repo.git(["ls-files", "-s"]).text(), before);
    }
}

#[test]
fn a_file_of_variables_too_large_to_be_one_is_left_alone() {
    let repo = staged("a.js", &text());
    let file = fs::File::create(repo.root().join(".env")).unwrap();
    file.set_len(6 << 30).unwrap();
    let reason = "`.env` has more than 1 MB";
    repo.git(["commit", "-m", "x"]).code(1).says(reason);
    repo.keyguard(["fix", "--apply"]).code(2).says(reason);
    assert_eq!((file.metadata().unwrap().len(), index(&repo, "a.js")), (6 << 30, text()));
}

#[cfg(unix)]
#[test]
fn a_file_of_any_name_moves_out_and_is_ignored() {
    for name in ["id\nrsa", "id\r", "id ", "d [1]*?/id\\"] {
        let repo = repository();
        repo.write(name, fake::openssh_key()).write("a.js", text());
        repo.git(["add", "."]).success();
        repo.keyguard(["fix", "--apply"]).success();
        assert!(!repo.root().join(name).exists(), "{name:?}");
        repo.write(name, "x");
        repo.git(["status", "--porcelain"]).success().stdout("A  .env.example\nA  .gitignore\nA  a.js\n");
        repo.git(["commit", "--quiet", "-m", "x"]).success();
    }
}
