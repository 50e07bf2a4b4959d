//! Carries out a plan.
//!
//! Whenever it is killed, either the old hook or the new one stands under the hook's name: the shim is complete before
//! it gets that name, and the old hook keeps its name until then. A plan made anew finishes the rest, and removes what was
//! left. One works at a time: what stands in the folder has to be what was planned for.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

use super::TEMPORARY;
use super::plan::{Plan, Step};
use super::setting;
use super::standing::is_one_inode;
use crate::git::lock;

/// Makes a plan and does what it says, for the repository with the git directory `repository`.
pub(crate) fn carry_out(repository: &Path, plan: impl FnOnce() -> Result<Plan>) -> Result<Plan> {
    // Several packages of one repository may be prepared at the same time. Where there are no locks, there is no harm
    // in trying without.
    let _lock = lock::exclusive(repository);
    let plan = plan()?;
    plan.steps.iter().try_for_each(Step::apply)?;
    Ok(plan)
}

impl Step {
    fn apply(&self) -> Result<()> {
        match self {
            Self::MakeFolder(folder) => {
                fs::create_dir_all(folder).with_context(|| format!("make the folder `{}`", folder.display()))
            }
            Self::Write { place, text, keep_as } => {
                write(place, text, keep_as.as_deref()).with_context(|| format!("write the hook `{}`", place.display()))
            }
            Self::Rename { from, to } => fs::rename(from, to)
                .map(|()| sync_folder_of(to))
                .with_context(|| format!("rename `{}` to `{}`", from.display(), to.display())),
            Self::Keep { place, name } => {
                keep(place, name).with_context(|| format!("give `{}` another name", place.display()))
            }
            Self::Remove(file) => match fs::remove_file(file) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                other => other
                    .map(|()| sync_folder_of(file))
                    .with_context(|| format!("remove the hook `{}`", file.display())),
            },
            Self::RemoveFolders(folder, count) => {
                // One that has got an entry meanwhile is not ours to remove.
                folder.ancestors().take(*count).take_while(|folder| fs::remove_dir(folder).is_ok()).for_each(drop);
                Ok(())
            }
            Self::Set { key, value } => setting::set(key, value),
            Self::Unset { key, value } => setting::unset(key, value),
        }
    }
}

/// Writes the shim beside `place`, gives what stands there its other name, and moves the shim in.
fn write(place: &Path, text: &[u8], keep_as: Option<&Path>) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    file.write_all(text)?;
    #[cfg(unix)]
    make_executable(&file)?;
    file.as_file().sync_all()?;
    let Some(kept) = keep_as else { return persist(file, place) };
    keep(place, kept)?;
    persist(file, place).inspect_err(|_| {
        // The first error is the one to tell; a hook whose name is still missing is found by the next plan.
        let _ = match place.symlink_metadata() {
            Ok(_) if has_both_names(place, kept) => fs::remove_file(kept),
            Ok(_) => Ok(()),
            Err(_) => fs::rename(kept, place),
        };
    })
}

fn persist(file: NamedTempFile, place: &Path) -> io::Result<()> {
    file.persist(place)?;
    sync_folder_of(place);
    Ok(())
}

/// Gives the hook at `place` the name `kept`. Where it can, it keeps the first name too, until the shim takes that.
fn keep(place: &Path, kept: &Path) -> io::Result<()> {
    if has_both_names(place, kept) {
        return Ok(());
    }
    if kept.symlink_metadata().is_ok() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, format!("`{}` exists", kept.display())));
    }
    if link(place, kept)? { Ok(()) } else { fs::rename(place, kept) }
}

/// Whether one file or link has both names.
fn has_both_names(place: &Path, kept: &Path) -> bool {
    matches!((place.symlink_metadata(), kept.symlink_metadata()), (Ok(one), Ok(other)) if is_one_inode(&one, &other))
}

/// Makes a second name for the file or the link itself; `false` where the file system or the owner does not allow it.
#[cfg(unix)]
fn link(place: &Path, kept: &Path) -> io::Result<bool> {
    if fs::hard_link(place, kept).is_err() {
        return Ok(false);
    }
    // POSIX leaves open whether a link is followed. Then the name is of another kind, and renaming is the way.
    let is_one = has_both_names(place, kept);
    if !is_one {
        fs::remove_file(kept)?;
    }
    Ok(is_one)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the other one can fail")]
fn link(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Independent of the umask: a hook that only its owner may run is skipped in silence for everybody else.
#[cfg(unix)]
fn make_executable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o755))
}

/// Makes the new name last. Not every system can, and the file itself is safe.
fn sync_folder_of(path: &Path) {
    let _ = path.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
}
