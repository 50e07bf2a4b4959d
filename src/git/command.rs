//! git itself, for what only git does: staging a file, finding its hooks folder.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::change::BytePath;

/// A `git` command in `folder`; its prompt and its pager stay off.
pub(crate) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).stdin(Stdio::null()).env("GIT_TERMINAL_PROMPT", "0");
    // Asking must not write: `git status` would refresh the index by the way.
    command.env("GIT_OPTIONAL_LOCKS", "0");
    command
}

/// Runs a `git` command; its output is the result, its complaint the error.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().context("run git")?;
    if !output.status.success() {
        bail!("git says: {}", complaint(&output.stderr));
    }
    Ok(output.stdout)
}

/// The version of `git`: its first two numbers.
pub(crate) fn version(folder: &Path) -> Result<(u32, u32)> {
    let answer = output(git(folder).arg("version"))?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let mut numbers = text.split_whitespace().nth(2).unwrap_or_default().split('.').map(|number| number.parse().ok());
    let mut next = || numbers.next().flatten();
    next().zip(next()).with_context(|| format!("read git's version in `{}`", text.trim()))
}

/// The sentence in which a git that failed says why; what `GIT_TRACE` adds is none.
pub(crate) fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let is_complaint = |line: &&str| line.starts_with("fatal:") || line.starts_with("error:");
    let line = text.lines().find(is_complaint).or_else(|| text.trim().lines().next());
    line.unwrap_or("nothing, but it failed").to_owned()
}

/// Stages the file `name` of the work tree `folder`.
pub(crate) fn stage(folder: &Path, name: &str) -> Result<()> {
    output(git(folder).args(["add", "--", name])).with_context(|| format!("stage `{name}`")).map(drop)
}

/// How git sees one file of the work tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Tracked and without unstaged changes, or not there at all.
    Settled,
    /// Tracked, with changes that are not staged.
    Changed,
    /// Not tracked, ignored or not.
    Untracked,
}

/// Asks git for the state of the file `name`.
pub(crate) fn status(folder: &Path, name: &str) -> Result<Status> {
    let arguments = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored", "--", name];
    let status = output(git(folder).args(arguments))?;
    Ok(match status.get(..2) {
        Some(b"??" | b"!!") => Status::Untracked,
        Some([_, b' ']) | None => Status::Settled,
        Some(_) => Status::Changed,
    })
}

/// The files below `folder` that the index has otherwise than HEAD, deleted ones and submodules apart.
pub(crate) fn staged_names(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let arguments = ["diff", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--diff-filter=d"];
    let names = output(git(folder).args(arguments).args(["--relative", "--ignore-submodules=all"]))?;
    Ok(names.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect())
}

/// The files that are tracked or staged in the work tree whose root is `folder`.
pub(crate) fn tracked_names(folder: &Path) -> Result<Vec<BytePath>> {
    let names = output(git(folder).args(["ls-files", "--cached", "-z"]))?;
    Ok(names.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(BytePath::from).collect())
}

/// Whether a tracked file of the work tree differs from the index.
pub(crate) fn has_unstaged(folder: &Path) -> Result<bool> {
    let arguments = ["diff", "--quiet", "--no-ext-diff", "--ignore-submodules=all"];
    Ok(!git(folder).args(arguments).status().context("run git")?.success())
}

/// Whether git would ignore the file `name`.
pub(crate) fn is_ignored(folder: &Path, name: &str) -> Result<bool> {
    let status = git(folder).args(["check-ignore", "--quiet", "--", name]).status().context("run git")?;
    Ok(status.success())
}

/// Whether the rules for ignoring name the file of that path, which git tracks or not.
pub(crate) fn is_ignored_path(folder: &Path, path: &BytePath) -> Result<bool> {
    let mut git = git(folder);
    // Behind `./` no letter of the path has a meaning.
    git.args(["check-ignore", "--quiet", "--no-index", "--"]).arg(Path::new(".").join(path.as_path()));
    match git.status().context("run git")?.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => bail!("git cannot say what it ignores"),
    }
}

/// A word as a shell reads it back.
pub(crate) fn quoted_word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    if text.bytes().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A path as git reads it from a list of paths, where a bare `:` would end it.
pub(crate) fn quoted_path(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) if text.contains([':', '"']) && !cfg!(windows) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
        }
        _ => path.into(),
    }
}
