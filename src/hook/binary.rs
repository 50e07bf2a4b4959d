//! How the running program was found, which is how the shim names it.
//!
//! Package managers put a lasting link on PATH and the program itself into a folder with its version in the name. The
//! operating system tells us the latter, and a shim that named it would break with the next upgrade.

use std::env;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The path of `running` as a person would find it: its first place on PATH, else as `typed`, else `running` itself.
///
/// Relative entries of PATH do not count: they mean another file in every folder.
pub(crate) fn as_found(running: &Path, path: Option<&OsStr>, typed: Option<&Path>) -> PathBuf {
    let name = format!("keyguard{}", env::consts::EXE_SUFFIX);
    let on_path = path.into_iter().flat_map(env::split_paths).map(|folder| folder.join(&name));
    let typed = typed.map(Path::to_path_buf);
    on_path
        .chain(typed)
        .filter(|candidate| candidate.is_absolute())
        .find(|candidate| is_same_file(candidate, running))
        .unwrap_or_else(|| running.to_path_buf())
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(first), Ok(second)) => first.is_file() && has_same_identity((one, &first), (other, &second)),
        _ => false,
    }
}

#[cfg(unix)]
fn has_same_identity((_, one): (&Path, &Metadata), (_, other): (&Path, &Metadata)) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn has_same_identity((one, _): (&Path, &Metadata), (other, _): (&Path, &Metadata)) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_on_the_path_is_not_resolved() {
        let root = tempfile::tempdir().unwrap();
        let [versioned, links, other] = ["cellar/1.0", "bin", "other"].map(|folder| root.path().join(folder));
        for folder in [&versioned, &links, &other] {
            fs::create_dir_all(folder).unwrap();
        }
        let running = versioned.join("keyguard");
        fs::write(&running, "the program").unwrap();
        fs::write(other.join("keyguard"), "another").unwrap();
        symlink(&running, links.join("keyguard")).unwrap();

        let found = |path: &[&Path], typed| {
            let path = env::join_paths(path).unwrap();
            as_found(&running, Some(&path), typed)
        };
        let link = links.join("keyguard");
        assert_eq!(found(&[&other, &links, &versioned], None), link);
        assert_eq!(found(&[Path::new("bin"), Path::new("."), &links], None), link);
        assert_eq!(found(&[&other], Some(&link)), link);
        let foreign = other.join("keyguard");
        assert_eq!(found(&[&other], Some(&foreign)), running);
        assert_eq!(found(&[&other], None), running);
        assert_eq!(as_found(&running, None, None), running);
    }
}
