//! One at a time: what plans first and writes then must find what it planned for.

use std::fs::File;
use std::path::Path;

/// Waits until nobody else holds the folder, and holds it until the answer is dropped; it goes with the process, too.
/// `None` where there are no locks: trying without does no harm then.
#[cfg(unix)]
pub(crate) fn exclusive(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).ok()?;
    Some(folder)
}

#[cfg(not(unix))]
pub(crate) fn exclusive(_: &Path) -> Option<File> {
    None
}
