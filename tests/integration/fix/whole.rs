//! Files that are a secret as a whole leave the work tree.

use std::fs;
use std::path::PathBuf;

use super::{index, read, repository, staged};
use crate::sandbox::{Sandbox, fake};

/// The one file in the place for such files.
fn moved(repo: &Sandbox) -> Vec<PathBuf> {
    let mut open = vec![repo.home().join(".local/share/keyguard/moved")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files
}

#[test]
fn a_private_key_moves_out_and_is_ignored() {
    let key = fake::openssh_key();
    let repo = staged("deploy/id_ed25519", &key);
    repo.git(["commit", "-m", "x"]).code(1);
    let fix = repo.keyguard(["fix", "--apply"]);
    fix.success().says("deploy/id_ed25519  ").says("(moved to [HOME]/.local/share/keyguard/moved/root-");
    assert!(!repo.root().join("deploy/id_ed25519").exists());
    assert_eq!(read(&repo, ".gitignore"), "/deploy/id_ed25519\n");
    let files = moved(&repo);
    assert_eq!(files.len(), 1);
    assert_eq!(fs::read_to_string(&files[0]).unwrap(), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!repo.root().join(".env").exists(), "no variable is needed");
    repo.git(["status", "--porcelain"]).success().stdout("A  .gitignore\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn undo_brings_it_back() {
    let key = fake::openssh_key();
    let repo = staged("id_ed25519", &key);
    let before = repo.git(["ls-files", "-s"]).text();
    repo.keyguard(["fix", "--apply"]).success();
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!((read(&repo, "id_ed25519"), repo.git(["ls-files", "-s"]).text()), (key, before));
    assert!(moved(&repo).is_empty() && !repo.root().join(".gitignore").exists());
}

#[cfg(unix)]
#[test]
fn undo_brings_its_mode_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = staged("id_ed25519", &fake::openssh_key());
    let file = repo.root().join("id_ed25519");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    repo.keyguard(["fix", "--apply"]).success();
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o640);
}

#[test]
fn one_of_two_versions_is_not_lost() {
    let key = fake::openssh_key();
    let repo = staged("id_ed25519", &key);
    let other = key.replace("-----BEGIN", "# of the old server\n-----BEGIN");
    repo.write("id_ed25519", &other);
    let blocked = repo.git(["commit", "-m", "x"]);
    blocked.code(1).says("version of it; stage the\n        one to keep:\n        git add id_ed25519\n");
    repo.keyguard(["fix", "--apply"]).code(2).says("stage the one to keep: git add id_ed25519\n");
    assert_eq!((read(&repo, "id_ed25519"), index(&repo, "id_ed25519")), (other, key.clone()));
    // Where git itself writes other ends of lines there are no two versions.
    repo.write("id_ed25519", key.replace('\n', "\r\n"));
    repo.keyguard(["fix", "--apply"]).success();
}

#[test]
fn one_that_is_in_the_history_is_refused() {
    let repo = repository();
    repo.commit("id_ed25519", "not yet\n");
    repo.write("id_ed25519", fake::openssh_key());
    repo.git(["add", "id_ed25519"]).success();
    repo.keyguard(["fix", "--apply"]).code(2).says("git rm --cached -- id_ed25519");
    assert_eq!(read(&repo, "id_ed25519"), fake::openssh_key());
}

#[test]
fn a_key_of_several_lines_in_a_program_is_refused() {
    let text = format!("k = '''{}'''\n", fake::openssh_key());
    let repo = staged("a.py", &text);
    repo.keyguard(["fix", "--apply"]).code(2).says("it has several lines");
    assert_eq!(read(&repo, "a.py"), text);
}
