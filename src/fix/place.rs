//! Files of the work tree that may be written: plain ones, inside it, reached through no link.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::change::BytePath;
use crate::report::sanitized;

/// Why a configured file of variables cannot be one. A repository may name it, so it stays in the work tree, out of git's
/// own folder, and is called as such files are.
pub(crate) fn flaw_of_env_file(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_odd = |part: &str| {
        let part = part.to_ascii_lowercase();
        let trimmed = part.trim_end_matches(['.', ' ']);
        part.is_empty() || matches!(trimmed, "" | ".git") || part.starts_with("git~") || part.contains(':')
    };
    // Some file systems take names for `.git` that have invisible letters in them.
    let is_plain = |letter: char| letter.is_ascii() && !letter.is_ascii_control() && letter != '\\';
    if !path.chars().all(is_plain) || path.split('/').any(is_odd) {
        return Some("must be a path inside the work tree and outside .git, with `/` between its parts");
    }
    let is_env = name.starts_with(".env.") || name.strip_suffix(".env").is_some();
    (!is_env).then_some("must be called `.env`, begin with `.env.` or end with `.env`")
}

/// The content of a file that may be written; `None` if it does not exist.
///
/// # Errors
/// A link in the path, something that is no file, a file that must not be written.
pub(crate) fn read(root: &Path, path: &BytePath) -> Result<Option<Vec<u8>>> {
    let file = checked(root, path)?;
    match fs::symlink_metadata(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read `{}`", shown(path))),
        Ok(metadata) if metadata.is_symlink() => {
            bail!("`{}` is a link, so it is left alone: put a file in its place", shown(path))
        }
        Ok(metadata) if !metadata.is_file() => {
            bail!("`{}` is no file, so it is left alone: put a file in its place", shown(path))
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            bail!("`{}` is read-only, so it is left alone: make it writable first", shown(path))
        }
        Ok(_) => fs::read(&file).map(Some).with_context(|| format!("read `{}`", shown(path))),
    }
}

/// The file's full path, when no folder above it is a link.
pub(crate) fn checked(root: &Path, path: &BytePath) -> Result<PathBuf> {
    let relative = path.as_path();
    let mut folder = root.to_path_buf();
    for part in relative.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if metadata.is_symlink() => {
                bail!("`{}` lies behind a link, so it is left alone", shown(path));
            }
            Ok(metadata) if !metadata.is_dir() => bail!("`{}` lies in no folder", shown(path)),
            _ => {}
        }
        // What git ignores here is nothing that it ignores there.
        if fs::symlink_metadata(folder.join(".git")).is_ok() {
            bail!("`{}` lies in another repository, so it is left alone", shown(path));
        }
    }
    Ok(root.join(relative))
}

/// Whether others than its owner may read a file that is there.
pub(crate) fn is_open_to_others(root: &Path, path: &BytePath) -> bool {
    const READ_BY_OTHERS: u32 = 0o044;
    mode(root, path).is_some_and(|mode| mode & READ_BY_OTHERS != 0)
}

/// The mode of a file that is there; `None` on systems without modes.
pub(crate) fn mode(root: &Path, path: &BytePath) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(root.join(path.as_path())).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = (root, path);
        None
    }
}

/// Gives a file the mode that [`mode`] gave.
pub(crate) fn set_mode(file: &Path, mode: Option<u32>) -> Result<()> {
    #[cfg(unix)]
    if let Some(mode) = mode {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(file, permissions).with_context(|| format!("give `{}` its mode", file.display()))?;
    }
    #[cfg(not(unix))]
    let _ = (file, mode);
    Ok(())
}

/// What other files of the folder hold whose names end like that of `path`. Links, large files and what cannot be read are
/// left out: whoever made the folder chose what it holds, and a commit waits for this.
pub(crate) fn texts_beside(root: &Path, path: &BytePath) -> Vec<Vec<u8>> {
    const MOST: usize = 200;
    const LARGEST: u64 = 1 << 20;
    let is_fit =
        |file: &Path| fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LARGEST);
    let text = |file: PathBuf| {
        let mut text = Vec::new();
        // It may have grown since.
        fs::File::open(file).ok()?.take(LARGEST).read_to_end(&mut text).ok().map(|_| text)
    };
    let own = root.join(path.as_path());
    let Some(entries) = own.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path());
    let alike = files.filter(|file| file.extension() == own.extension() && *file != own && is_fit(file));
    alike.take(MOST).filter_map(text).collect()
}

/// The path as it may be printed.
pub(crate) fn shown(path: &BytePath) -> String {
    sanitized(path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_variables_stays_where_it_may_be() {
        for good in [".env", "config/.env", ".env.local", "deploy/prod.env"] {
            assert_eq!(flaw_of_env_file(good), None, "{good}");
        }
        for bad in [
            "",
            "/etc/.env",
            "../.env",
            "a/../.env",
            ".git/.env",
            ".GIT/.env",
            "a/.git/.env",
            "git~1/.env",
            "./.env",
            "a\\.env",
            "C:/.env",
            ".git./.env",
            "src/main.py",
            ".env/..",
            "a//.env",
            ".environment",
            "\u{1b}.env",
            ".g\u{200c}it/x.env",
        ] {
            assert!(flaw_of_env_file(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn files_beside_are_plain_and_of_a_size_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in ["own.tf", "other.tf", "other.py", "folder.txt"] {
            fs::write(file(name), name).unwrap();
        }
        fs::create_dir(file("folder.tf")).unwrap();
        fs::File::create(file("sparse.tf")).unwrap().set_len(6 << 30).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("folder.txt", file("link.tf")).unwrap();
        assert_eq!(texts_beside(folder.path(), &"own.tf".into()), [b"other.tf"]);
    }
}
