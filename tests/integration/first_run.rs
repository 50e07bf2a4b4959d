//! What `keyguard install` offers for the repository at hand.

use std::fs;

use crate::sandbox::{Sandbox, fake};

const KEYS: &str = "tracked files already and will not block. To see them: keyguard scan .";
const IGNORE: &str = "git does not ignore .env. To have it do so: printf '\\n.env\\n' >>.gitignore\n";
const TRACKED: &str = "git tracks .env. To take it out and keep the file: git rm --cached .env\n";

#[test]
fn a_plain_repository_is_offered_nothing() {
    let repo = Sandbox::new();
    repo.commit("a", "text\n");
    repo.write("untracked", fake::github_pat());
    let text = repo.keyguard(["install"]).success().text();
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn keys_that_are_there_are_counted() {
    let repo = Sandbox::new();
    repo.commit("a", fake::github_pat()).commit("b", fake::github_pat());
    repo.keyguard(["install"])
        .success()
        .says("1 key is in tracked files already and will not block. To see it: keyguard scan .\n");
    repo.commit("c", fake::stripe_live());
    repo.keyguard(["install"]).success().says(&format!("2 keys are in {KEYS}\n"));
    // What was recorded is not offered again.
    repo.keyguard(["baseline"]).success();
    let text = repo.keyguard(["install"]).success().text();
    assert!(!text.contains(KEYS), "{text}");
    fs::remove_file(repo.root().join("keyguard.baseline.json")).unwrap();
    repo.git(["reset", "--quiet"]).success();
    // Nothing of old commits, and nothing where silence or a forecast is asked for.
    let forecast = repo.keyguard(["install", "--dry-run"]).success().text();
    assert!(!forecast.contains(KEYS), "{forecast}");
    repo.keyguard(["install", "--if-needed"]).success().silent();
    repo.git(["rm", "--quiet", "b", "c"]).success();
    repo.commit("a", "x\n");
    repo.git(["commit", "--quiet", "--no-verify", "--allow-empty", "--message", "x"]).success();
    let text = repo.keyguard(["install"]).success().text();
    assert!(!text.contains(KEYS), "{text}");
}

#[test]
fn a_file_of_variables_is_to_be_ignored_and_described() {
    let repo = Sandbox::new();
    repo.write(".env", format!("# a comment\nTOKEN={}\nHOST=db\nabc=\n", fake::github_pat()));
    let output = repo.keyguard(["install"]);
    output.success().says(IGNORE);
    let text = output.text();
    assert!(!text.contains(TRACKED) && !text.contains(&fake::github_pat()[4..]), "{text}");
    // The commands do what they say, and write no value.
    let command = text.split("To list their names: ").nth(1).unwrap().lines().next().unwrap();
    repo.run("sh").args(["-c", command]).output().success().silent();
    assert_eq!(fs::read_to_string(repo.root().join(".env.example")).unwrap(), "TOKEN=\nHOST=\n");
    repo.write("sub/x", "");
    let below = repo.run("keyguard").args(["install"]).current_dir("sub").output();
    below.success().says("To have it do so: printf '\\n.env\\n' >>../.gitignore\n");
    repo.run("sh").args(["-c", "printf '\\n.env\\n' >>../.gitignore"]).current_dir("sub").output().success().silent();
    let text = repo.keyguard(["install"]).success().text();
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_tracked_file_of_variables_is_named() {
    let repo = Sandbox::new();
    repo.commit(".env", "HOST=db\n").write(".gitignore", ".env\n").write(".env.sample", "HOST=\n");
    let text = repo.keyguard(["install"]).success().text();
    assert!(text.ends_with(TRACKED) && !text.contains("To list"), "{text}");
}
