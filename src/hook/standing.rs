//! What stands under the name of a hook now.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::manager::Manager;
use super::{Kind, TEMPORARY, shim};

/// What stands at a path.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nothing.
    Nothing,
    /// A shim of ours, or a link to one.
    Ours(Ours),
    /// Somebody else's hook.
    Foreign,
}

/// A shim of ours.
#[derive(Debug)]
pub(crate) struct Ours {
    /// The number of folders that it says were made for it.
    pub(super) folders: usize,
    /// Whether it is a file, not a link, and as this version of keyguard writes it.
    pub(super) is_untouched: bool,
    /// Whether everybody may run it.
    pub(super) is_open_to_all: bool,
    /// The program that it names first; empty when it names none, or was edited.
    pub(super) program: PathBuf,
    /// Its text.
    pub(super) text: Vec<u8>,
}

/// Looks at `path`.
pub(crate) fn look(kind: Kind, path: &Path) -> Result<Standing> {
    let Some(metadata) = metadata(path)? else { return Ok(Standing::Nothing) };
    if !metadata.is_file() && !metadata.is_symlink() {
        bail!("`{}` is neither a file nor a link\nhelp: move it away, then install again", path.display());
    }
    // A link to a shim counts as ours: chained, it would call keyguard, which would run it again, for ever.
    if path.metadata().is_ok_and(|target| !target.is_file()) {
        return Ok(Standing::Foreign);
    }
    let text = match fs::read(path) {
        Ok(text) => text,
        // A link to nowhere, or a program that may be run and not read.
        Err(error) if metadata.is_symlink() || error.kind() == ErrorKind::PermissionDenied => {
            return Ok(Standing::Foreign);
        }
        Err(error) => return Err(error).with_context(|| format!("read the hook `{}`", path.display())),
    };
    Ok(match shim::recognise(kind, &text) {
        Some(found) => Standing::Ours(Ours {
            folders: found.folders,
            is_untouched: found.is_untouched && metadata.is_file(),
            is_open_to_all: is_open_to_all(&metadata),
            program: found.program,
            text,
        }),
        None => Standing::Foreign,
    })
}

/// How many folders the shim in `folder` says were made for it.
pub(super) fn folders_made_for(kind: Kind, folder: &Path) -> usize {
    match look(kind, &place(kind, folder)) {
        Ok(Standing::Ours(ours)) => ours.folders,
        _ => 0,
    }
}

/// Whether a shim stands in `folder` that git runs and that finds its program; one that only passes on has none.
pub(crate) fn is_in_force(kind: Kind, folder: &Path) -> bool {
    let place = place(kind, folder);
    let finds_program =
        |ours: &Ours| ours.text != shim::PASS_ON && (ours.program.as_os_str().is_empty() || ours.program.is_file());
    is_executable(&place) && matches!(look(kind, &place), Ok(Standing::Ours(ours)) if finds_program(&ours))
}

/// Whether a line of the script at `path` runs keyguard.
pub(crate) fn calls_us(kind: Kind, path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    let call = format!("keyguard hook {}", kind.name());
    let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '-');
    let calls = |line: &str| line.replace(['"', '\''], "").split_once(&call).is_some_and(|(_, rest)| ends(rest));
    !shim::is_shim(&text) && String::from_utf8_lossy(&text).lines().any(|line| !is_comment(line) && calls(line))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// What installs that were killed have left in `folder`: the shim before it got its name.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let is_ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let random = name.strip_prefix(TEMPORARY).unwrap_or_default();
        let is_named = random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        // Nothing was written yet, or all was: a shim is smaller than what one call writes.
        is_named && is_file && fs::read(path).is_ok_and(|text| text.is_empty() || shim::is_shim(&text))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut leftovers: Vec<_> = entries.map(|entry| entry.path()).filter(|path| is_ours(path)).collect();
    leftovers.sort_unstable();
    leftovers
}

/// The place of our shim in `folder`: the hook itself, or where pre-commit and prek moved it.
///
/// Those two run `pre-commit.legacy` before anything else. To take the first place again would set up a ring: we run
/// their hook as the foreign one, and it runs us.
pub(crate) fn place(kind: Kind, folder: &Path) -> PathBuf {
    if was_moved(kind, folder) { legacy(kind, folder) } else { folder.join(kind.name()) }
}

/// Whether the hook kept at `kept` is of the tool that runs us already: it was first, and took the first place again.
pub(crate) fn runs_us(kind: Kind, folder: &Path, kept: &Path) -> bool {
    is_by_pre_commit(kept) && was_moved(kind, folder)
}

fn was_moved(kind: Kind, folder: &Path) -> bool {
    let legacy = legacy(kind, folder);
    let is_ours = legacy.is_file() && fs::read(&legacy).is_ok_and(|text| shim::is_shim(&text));
    is_ours && is_by_pre_commit(&folder.join(kind.name()))
}

fn legacy(kind: Kind, folder: &Path) -> PathBuf {
    folder.join(format!("{}.legacy", kind.name()))
}

/// Whether two names stand for one file, or for two that nobody can tell apart.
pub(crate) fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (first, second) = (one.symlink_metadata()?, other.symlink_metadata()?);
    if is_one_inode(&first, &second) {
        return Ok(true);
    }
    if first.is_symlink() && second.is_symlink() {
        return Ok(fs::read_link(one)? == fs::read_link(other)?);
    }
    let is_alike = first.is_file() && second.is_file() && first.permissions() == second.permissions();
    Ok(is_alike && first.len() == second.len() && fs::read(one)? == fs::read(other)?)
}

/// Whether git would run the hook at `path`.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && may_be_run(&metadata))
}

/// What is known of `path` itself, not of what it links to; `None` if nothing stands there.
pub(crate) fn metadata(path: &Path) -> Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("look at `{}`", path.display())),
    }
}

fn is_by_pre_commit(path: &Path) -> bool {
    path.is_file() && matches!(Manager::of_hook_at(path), Some(Manager::PreCommit | Manager::Prek))
}

#[cfg(unix)]
pub(super) fn is_one_inode(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
pub(super) fn is_one_inode(_: &Metadata, _: &Metadata) -> bool {
    false
}

#[cfg(unix)]
fn may_be_run(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_be_run(_: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn is_open_to_all(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o555 == 0o555
}

#[cfg(not(unix))]
fn is_open_to_all(_: &Metadata) -> bool {
    true
}
