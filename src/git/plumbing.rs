//! Staged changes as git's own commands tell them, in repositories that the fast reader cannot read: split index,
//! reftable, extensions of a git that is newer than we are.
//!
//! `git diff-index --raw -z` is for programs: no setting, attribute or diff driver changes what it says.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use super::Repo;
use super::command;
use super::id::Id;
use super::tree::{Delta, Side};
use crate::change::BytePath;

impl Repo {
    /// The content of a file in a commit; `None` where git has neither.
    pub(crate) fn file_in_commit(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        // `--end-of-options` would be no help: the name is one word that begins with hexadecimal digits.
        let name = format!("{commit}:{path}");
        commit.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
        command::output(self.reading().args(["cat-file", "blob", &name])).ok()
    }
}

/// How the index differs from one commit.
pub(super) struct Difference {
    pub(super) deltas: Vec<Delta>,
    /// Files of the index that a merge conflict keeps open.
    pub(super) unmerged: Vec<BytePath>,
}

/// What the index brings in against HEAD, or against nothing before the first commit.
pub(super) fn against_head(repo: &Repo) -> Result<Difference> {
    against(repo, "HEAD").or_else(|error| {
        // Before the first commit HEAD names nothing. Where it names something broken, all counts as new: no key is missed.
        let is_born = command::output(repo.reading().args(["rev-parse", "--quiet", "--verify", "HEAD"])).is_ok();
        if is_born {
            return Err(error);
        }
        let [sha1, sha256] = EMPTY_TREES.map(|tree| against(repo, tree));
        sha1.or(sha256)
    })
}

/// The names of the tree without files, by SHA-1 and by SHA-256; git knows the one of the repository's kind.
const EMPTY_TREES: [&str; 2] =
    ["4b825dc642cb6eb9a060e54bf8d69288fbee4904", "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"];

/// What the index brings in against `commit`.
pub(super) fn against(repo: &Repo, commit: &str) -> Result<Difference> {
    let mut git = repo.reading();
    git.args(["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ita-invisible-in-index"]);
    // Of a folder that a sparse index holds as a whole, or has just lost, only `-r` tells the files.
    git.args(["-r", "--ignore-submodules=none", commit, "--"]).stdin(Stdio::null());
    parse(&command::output(&mut git).context("list the staged changes")?)
}

/// `:old-mode SP new-mode SP old-id SP new-id SP status NUL path NUL`, again and again (git-diff-index(1)).
fn parse(output: &[u8]) -> Result<Difference> {
    let mut difference = Difference { deltas: Vec::new(), unmerged: Vec::new() };
    let mut fields = output.split(|byte| *byte == 0).peekable();
    while let Some(line) = fields.next().filter(|line| !line.is_empty()) {
        let path = fields.next().filter(|path| !path.is_empty()).context("git diff-index ended within a line")?;
        let path = BytePath::from(path);
        let words: Vec<_> = line.strip_prefix(b":").unwrap_or_default().split(|byte| *byte == b' ').collect();
        let &[old_mode, new_mode, old_id, new_id, status] = words.as_slice() else {
            bail!("git diff-index gave a line of another form");
        };
        let (old, new) = (side(old_mode, old_id)?, side(new_mode, new_id)?);
        if status.starts_with(b"U") {
            difference.unmerged.push(path);
        } else {
            difference.deltas.push(Delta { path, old, new });
        }
    }
    difference.unmerged.dedup();
    Ok(difference)
}

fn side(mode: &[u8], id: &[u8]) -> Result<Option<Side>> {
    let mode = str::from_utf8(mode).ok().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let (mode, id) = mode.zip(Id::from_hex(id)).context("git diff-index gave no mode or no name")?;
    Ok((mode != 0).then_some(Side { mode, id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let (old, new, none) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let lines = format!(
            ":100644 100755 {old} {new} M\0a b\0:000000 120000 {none} {new} A\0link\0:160000 000000 {old} {none} D\0x\ny\0\
             :000000 000000 {none} {none} U\0open\0:000000 000000 {none} {none} U\0open\0"
        );
        let Difference { deltas, unmerged } = parse(lines.as_bytes()).unwrap();
        assert_eq!(
            deltas.iter().map(|delta| delta.path.as_bytes()).collect::<Vec<_>>(),
            [&b"a b"[..], b"link", b"x\ny"]
        );
        assert_eq!(deltas[0].new.unwrap().mode, 0o100_755);
        assert!(deltas[1].old.is_none() && deltas[1].new.unwrap().is_link());
        assert!(deltas[2].new.is_none() && !deltas[2].old.unwrap().is_blob());
        assert_eq!(unmerged, [BytePath::from("open")]);
    }

    #[test]
    fn anything_else_is_an_error() {
        let id = "1".repeat(40);
        for wrong in [&format!(":100644 100644 {id} {id} M\0"), ":\0a\0", "x\0a\0", &format!(":1 9 {id} {id} M\0a\0")] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(parse(b"").unwrap().deltas.is_empty());
    }
}
