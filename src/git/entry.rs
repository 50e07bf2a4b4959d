//! Single entries of the index, read and written through git's own commands: whatever the index looks like, and never
//! through filters, because what the index holds has been through them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::command;
use crate::change::BytePath;

/// What the index says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Six octal digits.
    pub(crate) mode: String,
    /// The object's name in hexadecimal.
    pub(crate) id: String,
}

impl Entry {
    /// Whether it is a file, and no link and no submodule.
    pub(crate) fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// The entry of a file; `None` if the index has none.
///
/// # Errors
/// A file in conflict has several.
pub(crate) fn entry(root: &Path, path: &BytePath) -> Result<Option<Entry>> {
    let mut git = literal(root);
    let listed = command::output(git.args(["ls-files", "-s", "-z", "--full-name", "--"]).arg(path.as_path()))?;
    let mut found = None;
    for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let tab = memchr::memchr(b'\t', line).context("git ls-files gave a line of another form")?;
        // A folder of that name would have its files listed.
        if &line[tab + 1..] != path.as_bytes() {
            continue;
        }
        let mut words = str::from_utf8(&line[..tab])?.split(' ');
        let (mode, id, stage) = (words.next(), words.next(), words.next());
        if stage != Some("0") {
            bail!("the file is in conflict");
        }
        let (mode, id) = mode.zip(id).context("git ls-files gave a line of another form")?;
        found = Some(Entry { mode: mode.to_owned(), id: id.to_owned() });
    }
    Ok(found)
}

/// What an entry of the index is marked with; it is gone once the entry is set anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    SkipWorktree,
    AssumeUnchanged,
    IntentToAdd,
}

/// What the entry of a file is marked with, if it has one; the first of several.
pub(crate) fn mark(root: &Path, path: &BytePath) -> Result<Option<Mark>> {
    const MARKS: [(u32, Mark); 3] =
        [(1 << 30, Mark::SkipWorktree), (1 << 15, Mark::AssumeUnchanged), (1 << 29, Mark::IntentToAdd)];
    // No other form of the list tells all three.
    let mut git = literal(root);
    let listed = command::output(git.args(["ls-files", "--debug", "-z", "--full-name", "--"]).arg(path.as_path()))?;
    let head = [path.as_bytes(), b"\0"].concat();
    // A folder of that name would have its files listed.
    let Some(told) = listed.strip_prefix(&head[..]) else { return Ok(None) };
    let flags = str::from_utf8(told).ok().and_then(|told| told.split_once("flags: ")?.1.lines().next());
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 16).ok());
    let flags = flags.context("git ls-files gave no flags")?;
    Ok(MARKS.iter().find(|(bit, _)| flags & bit != 0).map(|(_, mark)| *mark))
}

/// Whether a filter makes something else of the file when git stages it.
pub(crate) fn has_filter(root: &Path, path: &BytePath) -> Result<bool> {
    let told = command::output(command::git(root).args(["check-attr", "-z", "filter", "--"]).arg(path.as_path()))?;
    let value = told.split(|byte| *byte == 0).nth(2).unwrap_or_default();
    Ok(!matches!(value, b"unspecified" | b"unset" | b""))
}

/// Whether HEAD has a file or a folder of that name.
pub(crate) fn is_in_head(root: &Path, path: &BytePath) -> bool {
    let mut git = literal(root);
    let listed = command::output(git.args(["ls-tree", "-z", "--full-tree", "HEAD", "--"]).arg(path.as_path()));
    listed.is_ok_and(|listed| !listed.is_empty())
}

/// The content of an object.
pub(crate) fn content(root: &Path, id: &str) -> Result<Vec<u8>> {
    command::output(command::git(root).args(["cat-file", "blob", id])).context("read what is staged")
}

/// Whether an object is there.
pub(crate) fn exists(root: &Path, id: &str) -> bool {
    command::output(command::git(root).args(["cat-file", "-e", id])).is_ok()
}

/// Stores a content as it is; gives its name.
pub(crate) fn store(root: &Path, content: &[u8]) -> Result<String> {
    let mut git = command::git(root);
    let id = fed(git.args(["hash-object", "-w", "--stdin"]), content).context("store what is to be staged")?;
    Ok(String::from_utf8(id)?.trim().to_owned())
}

/// Sets or removes entries, all or none.
pub(crate) fn set(root: &Path, entries: &[(BytePath, Option<Entry>)]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for (path, entry) in entries {
        // Mode 0 takes an entry out; any name of the right length goes with it.
        let head = match entry {
            Some(entry) => format!("{} {}\t", entry.mode, entry.id),
            None => format!("0 {}\t", "0".repeat(hash_length(root))),
        };
        lines.extend_from_slice(head.as_bytes());
        lines.extend_from_slice(path.as_bytes());
        lines.push(0);
    }
    let mut git = command::git(root);
    fed(git.args(["update-index", "-z", "--index-info"]), &lines).context("stage the edit").map(drop)
}

/// How many hexadecimal digits names have here.
fn hash_length(root: &Path) -> usize {
    let format = command::output(command::git(root).args(["rev-parse", "--show-object-format"]));
    if format.is_ok_and(|format| format.trim_ascii() == b"sha256") { 64 } else { 40 }
}

/// A git command that takes no path for a pattern.
fn literal(root: &Path) -> Command {
    let mut git = command::git(root);
    git.arg("--literal-pathspecs");
    git
}

/// Runs a git command that reads its input to the end before it writes.
fn fed(git: &mut Command, input: &[u8]) -> Result<Vec<u8>> {
    let git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = git.spawn().context("run git")?;
    // One that has failed already says why below.
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().context("run git")?;
    if !output.status.success() {
        bail!("git says: {}", command::complaint(&output.stderr));
    }
    written.transpose().context("run git")?;
    Ok(output.stdout)
}
