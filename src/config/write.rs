//! Writing a file of the user's as a whole: killed at any moment, the old one or the new one stands there.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tempfile::NamedTempFile;

/// Replaces a file as a whole, keeping its mode: never half a file, never through a link, never one that is read-only. A
/// new one gets what a file made by an editor would get; the umask takes its part.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, &Means { mode: EVERYBODY, workshop: None })
}

/// The same, but a new file is for its owner alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, &Means { mode: OWNER, workshop: None })
}

const EVERYBODY: u32 = 0o666;
const OWNER: u32 = 0o600;

/// The folder in git's own where files of the work tree are put together. What a killed run leaves may hold a key: here git
/// never stages it, and the next run clears it away, whichever file that one writes.
pub(crate) struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// Makes the folder, unless it is there, and clears away what killed runs have left in it.
    pub(crate) fn open(git_dir: &Path) -> Result<Self> {
        let folder = git_dir.join("keyguard");
        if folder.is_symlink() {
            bail!("`{}` is a link, so it is left alone", folder.display());
        }
        fs::create_dir_all(&folder).with_context(|| format!("make the folder `{}`", folder.display()))?;
        remove_leftovers(&folder, |name| name.rsplit_once(MARK).map(|(_, random)| random));
        Ok(Self { folder })
    }

    /// As [`write_atomically`] does.
    pub(crate) fn write_atomically(&self, path: &Path, content: &[u8]) -> Result<()> {
        write(path, content, &Means { mode: EVERYBODY, workshop: Some(&self.folder) })
    }

    /// As [`write_private`] does.
    pub(crate) fn write_private(&self, path: &Path, content: &[u8]) -> Result<()> {
        write(path, content, &Means { mode: OWNER, workshop: Some(&self.folder) })
    }
}

/// What stands in the name of an unfinished file before its random end.
const MARK: &str = ".keyguard-";

/// How a file is written.
struct Means<'a> {
    /// The mode of a new one.
    mode: u32,
    /// Where it is put together; `None` for beside the old one.
    workshop: Option<&'a Path>,
}

fn write(path: &Path, content: &[u8], means: &Means<'_>) -> Result<()> {
    let beside = path.parent().context("the file has no folder")?;
    let metadata = fs::symlink_metadata(path).ok();
    if metadata.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        bail!("`{}` is a link or a folder, so it is left alone\nhelp: put a file there", path.display());
    }
    if metadata.as_ref().is_some_and(|metadata| metadata.permissions().readonly()) {
        bail!("`{}` is read-only, so it is left alone\nhelp: make it writable first", path.display());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}{MARK}");
    remove_leftovers(beside, |name| name.strip_prefix(&prefix));
    let permissions = metadata.map(|metadata| metadata.permissions());
    if let Some(workshop) = means.workshop {
        let (file, is_held) = prepared(workshop, (&prefix, means.mode), content, permissions.clone())?;
        match file.persist(path) {
            // The work tree may lie on another disk than git's folder.
            Err(error) if error.error.kind() == ErrorKind::CrossesDevices => {}
            written => {
                drop((written.with_context(|| format!("write `{}`", path.display()))?, is_held));
                return Ok(());
            }
        }
    }
    let (file, is_held) = prepared(beside, (&prefix, means.mode), content, permissions)?;
    drop((file.persist(path).with_context(|| format!("write `{}`", path.display()))?, is_held));
    Ok(())
}

/// The new file without its name, and its lock, which is held until it has that: whoever finds one that nobody holds may
/// remove it.
#[cfg_attr(not(unix), expect(unused_variables, reason = "there are no modes"))]
fn prepared(
    folder: &Path,
    (prefix, mode): (&str, u32),
    content: &[u8],
    permissions: Option<Permissions>,
) -> Result<(NamedTempFile, bool)> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(Permissions::from_mode(mode));
    }
    let mut file =
        builder.prefix(prefix).tempfile_in(folder).with_context(|| format!("write into `{}`", folder.display()))?;
    let is_held = lock(file.as_file());
    file.write_all(content)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok((file, is_held))
}

/// Removes what a run that was killed has left in a folder: files of our own names, of which `random` gives the end, that no
/// process holds.
fn remove_leftovers(folder: &Path, random: impl Fn(&str) -> Option<&str>) {
    const RANDOM: usize = 6;
    let is_ours = |name: &OsStr| {
        let random = name.to_str().and_then(&random);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Where there is a disk in memory, git's folder is put on it.
    #[test]
    fn gits_folder_may_lie_on_another_disk() {
        let memory = Path::new("/dev/shm");
        let git_dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let work_tree = tempfile::tempdir().unwrap();
        let file = work_tree.path().join("file");
        for content in ["old", "new"] {
            let workshop = Workshop::open(git_dir.path()).unwrap();
            workshop.write_atomically(&file, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
            assert_eq!(fs::read_dir(&workshop.folder).unwrap().count(), 0);
        }
        assert_eq!(fs::read_dir(work_tree.path()).unwrap().count(), 1);
    }
}
