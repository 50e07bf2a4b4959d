//! Writing a file of the user's as a whole: killed at any moment, the old one or the new one stands there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Replaces a file as a whole, keeping its mode: never half a file, never through a link, never one that is read-only. A
/// new one gets what a file made by an editor would get; the umask takes its part.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    write_with_mode(path, content, 0o666)
}

/// The same, but a new file is for its owner alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    write_with_mode(path, content, 0o600)
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "there are no modes"))]
fn write_with_mode(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let folder = path.parent().context("the file has no folder")?;
    let metadata = fs::symlink_metadata(path).ok();
    if metadata.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        bail!("`{}` is a link or a folder, so it is left alone\nhelp: put a file there", path.display());
    }
    if metadata.as_ref().is_some_and(|metadata| metadata.permissions().readonly()) {
        bail!("`{}` is read-only, so it is left alone\nhelp: make it writable first", path.display());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.keyguard-");
    remove_leftovers(folder, &prefix);
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file =
        builder.prefix(&prefix).tempfile_in(folder).with_context(|| format!("write into `{}`", folder.display()))?;
    // Held until the file has its name: whoever finds one that nobody holds may remove it.
    let is_held = lock(file.as_file());
    file.write_all(content)?;
    if let Some(metadata) = metadata {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    let written = file.persist(path).with_context(|| format!("write `{}`", path.display()))?;
    drop((written, is_held));
    Ok(())
}

/// Removes what a run that was killed has left here: a file of our own name that no process holds.
fn remove_leftovers(folder: &Path, prefix: &str) {
    const RANDOM: usize = 6;
    let is_ours = |name: &OsStr| {
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
        random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_ours(&entry.file_name()) && File::open(entry.path()).is_ok_and(|file| lock(&file)) {
            // One that stays is as harmless as before.
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// Takes the lock of an open file, which ends with the process; whether that went.
#[cfg(unix)]
fn lock(file: &File) -> bool {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Elsewhere an open file cannot be removed anyway.
#[cfg(not(unix))]
fn lock(_: &File) -> bool {
    true
}
