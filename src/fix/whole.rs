//! Files that are a secret as a whole: they leave the work tree.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{Move, Scope, Staging, Surroundings, place};
use crate::change::BytePath;
use crate::finding::Finding;
use crate::git::{command, entry};
use crate::remedy::by_hand;

/// Whether the file is nothing but what was found: of a kind that is a secret as a whole, or one private key in armour
/// with what goes with it.
pub(super) fn is_whole(finding: &Finding<'_>, text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_armoured = text.starts_with(b"-----BEGIN ") && text.ends_with(b"-----");
    let has_lines = finding.location.end_line > finding.location.line;
    finding.is_whole_file() || is_armoured && (has_lines || finding.span.len() > 200) && is_armour_alone(text)
}

/// Whether nothing but blocks of armour stands there.
fn is_armour_alone(text: &[u8]) -> bool {
    let mut is_inside = false;
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).all(|line| {
        let was_inside = is_inside;
        if line.starts_with(b"-----BEGIN ") {
            is_inside = true;
        } else if line.starts_with(b"-----END ") {
            is_inside = false;
        }
        was_inside || is_inside || line.is_empty() || line.starts_with(b"#")
    })
}

/// Whether git would take one for the other: where `core.autocrlf` is set, lines end otherwise in the work tree.
fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
        text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }
    one == other || lines(one).eq(lines(other))
}

/// Why a committed file is not moved.
pub(super) fn in_history(path: &BytePath) -> String {
    let name = command::quoted_word(&place::shown(path));
    format!("the file is in the history already: untrack it with `git rm --cached -- {name}`, and make a new key")
}

/// What would be moved: the file of the work tree, or what is staged where there is none.
///
/// # Errors
/// There are two versions: one of them would be lost.
pub(super) fn content(root: &Path, path: &BytePath, staged: Vec<u8>) -> Result<Vec<u8>> {
    match place::read(root, path)? {
        Some(other) if !is_same_text(&other, &staged) => {
            bail!("the work tree has another version of it; stage the one to keep: {}", by_hand::stage(path))
        }
        Some(own) => Ok(own),
        None => Ok(staged),
    }
}

/// Where the file goes, and what becomes of its entry in the index.
pub(super) fn moved_out(
    path: &BytePath,
    staged: Vec<u8>,
    before: Option<entry::Entry>,
    around: &Surroundings<'_>,
) -> Result<(Move, Staging)> {
    if around.scope == Scope::WorkTree || entry::is_in_head(around.root, path) {
        bail!("{}", in_history(path));
    }
    let outside = around.outside.as_ref().context("there is no home folder to move the file to")?;
    // Two repositories may have the same name.
    let digest = Sha256::digest(around.root.as_os_str().as_encoded_bytes());
    let number: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let name = around.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let to: PathBuf = outside.join(format!("{name}-{number}")).join(path.as_path());
    if to.starts_with(around.root) {
        bail!("the place for such files lies in this work tree");
    }
    let content = content(around.root, path, staged)?;
    if to.symlink_metadata().is_ok() && !to.is_symlink() && std::fs::read(&to).ok().as_ref() != Some(&content) {
        bail!("another file is at `{}` already", to.display());
    }
    let mode = before.as_ref().map(|entry| entry.mode.clone()).unwrap_or_default();
    Ok((Move { from: path.clone(), to, content }, Staging { path: path.clone(), before, mode, content: None }))
}
