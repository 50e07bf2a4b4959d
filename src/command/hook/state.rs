//! How a file looked, to see whether a hook has changed it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How the index or the message looked. The clock of a file system is too coarse to tell alone: two writes may get the
/// same time.
#[derive(PartialEq)]
pub(super) struct FileState {
    file: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
    identity: Option<u64>,
    ending: Vec<u8>,
}

impl FileState {
    pub(super) fn of(file: &Path) -> Self {
        let metadata = fs::metadata(file).ok();
        Self {
            file: file.to_path_buf(),
            length: metadata.as_ref().map_or(0, Metadata::len),
            modified: metadata.as_ref().and_then(|metadata| metadata.modified().ok()),
            identity: metadata.as_ref().and_then(identity),
            ending: last_bytes(file).unwrap_or_default(),
        }
    }

    pub(super) fn has_changed(&self) -> bool {
        *self != Self::of(&self.file)
    }
}

/// git writes a new index and gives it the old one's name.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn identity(metadata: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    Some(metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<u64> {
    None
}

/// The end of the file: of an index that is its checksum, unless `index.skipHash` has zeros put there.
fn last_bytes(file: &Path) -> io::Result<Vec<u8>> {
    const CHECKSUM: u64 = 20;
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(CHECKSUM)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
