//! Edits of `keyguard.toml` that keep its comments, its order, its line ends and its mode.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use super::source::parse;
use super::{FILE_NAME, LayerKind};
use crate::secret::Fingerprint;

/// What a new file begins with.
const OPENING: &str = "# What keyguard is told about this repository. Every key: `keyguard config show`.\n";

/// An allow entry to be written.
pub(crate) struct NewEntry {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reason: String,
    pub(crate) by: Option<String>,
}

/// `content` with the entries added that it lacks, and how many those are. Fingerprint entries stay sorted, so that two
/// branches that each allow a key seldom touch the same lines.
pub(crate) fn with_entries(content: Option<&[u8]>, entries: &[NewEntry]) -> Result<(Vec<u8>, usize)> {
    let original = match content {
        Some(bytes) => {
            parse(FILE_NAME, bytes.to_vec(), LayerKind::Repository)?;
            String::from_utf8(bytes.to_vec()).context("read keyguard.toml as UTF-8")?
        }
        None => OPENING.to_owned(),
    };
    let style = TextStyle::of(&original);
    let mut document: DocumentMut = style.plain(&original).parse().context("edit keyguard.toml")?;
    let mut added = 0;
    for entry in entries {
        if !has_entry(&document, entry.fingerprint) {
            insert(&mut document, entry)?;
            added += 1;
        }
    }
    let edited = style.apply(&document.to_string()).into_bytes();
    parse(FILE_NAME, edited.clone(), LayerKind::Repository).context("edit keyguard.toml")?;
    Ok((edited, added))
}

fn has_entry(document: &DocumentMut, fingerprint: Fingerprint) -> bool {
    let text = fingerprint.to_string();
    let covers = |entry: &dyn toml_edit::TableLike| {
        let is_plain = entry.iter().all(|(key, _)| matches!(key, "fingerprint" | "reason" | "by"));
        is_plain && entry.get("fingerprint").and_then(Item::as_str) == Some(&text)
    };
    match document.get("allow") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().any(|table| covers(table)),
        Some(Item::Value(toml_edit::Value::Array(array))) => {
            array.iter().filter_map(toml_edit::Value::as_inline_table).any(|table| covers(table))
        }
        _ => false,
    }
}

fn insert(document: &mut DocumentMut, entry: &NewEntry) -> Result<()> {
    let fingerprint = entry.fingerprint.to_string();
    let mut table = Table::new();
    table.insert("fingerprint", value(&fingerprint));
    table.insert("reason", value(&entry.reason));
    if let Some(by) = &entry.by {
        table.insert("by", value(by));
    }
    match document.entry("allow").or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(tables) => {
            table.decor_mut().set_prefix("\n");
            let mut all: Vec<Table> = std::mem::take(tables).into_iter().collect();
            let is_later = |other: &Table| {
                other.get("fingerprint").and_then(Item::as_str).is_some_and(|other| other > fingerprint.as_str())
            };
            let place = all.iter().position(is_later).unwrap_or(all.len());
            // A table without a position of its own is written behind the one before it, and the first one needs its
            // successor's.
            table.set_position(all.get(place.saturating_sub(1)).and_then(Table::position));
            all.insert(place, table);
            all.into_iter().for_each(|table| tables.push(table));
        }
        Item::Value(toml_edit::Value::Array(array)) => {
            let mut inline: InlineTable = table.into_inline_table();
            inline.fmt();
            array.push(inline);
        }
        _ => bail!("`allow` in keyguard.toml is no list of entries"),
    }
    Ok(())
}

/// What toml_edit does not keep: a byte order mark and CRLF.
struct TextStyle {
    has_mark: bool,
    has_crlf: bool,
}

impl TextStyle {
    fn of(text: &str) -> Self {
        Self { has_mark: text.starts_with('\u{feff}'), has_crlf: text.contains("\r\n") }
    }

    fn plain(&self, text: &str) -> String {
        text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
    }

    fn apply(&self, text: &str) -> String {
        let text = if self.has_crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        if self.has_mark { format!("\u{feff}{text}") } else { text }
    }
}

/// Replaces a file as a whole, keeping its mode: never half a file, never through a link.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().context("the file has no folder")?;
    let metadata = fs::symlink_metadata(path).ok();
    if metadata.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        bail!("`{}` is a link or a folder, so it is left alone\nhelp: put a file there", path.display());
    }
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What a file made by an editor would get; the umask takes its part.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder
        .prefix(".keyguard-")
        .tempfile_in(folder)
        .with_context(|| format!("write into `{}`", folder.display()))?;
    file.write_all(content)?;
    if let Some(metadata) = metadata {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).with_context(|| format!("write `{}`", path.display())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn entry(secret: &str) -> NewEntry {
        let fingerprint = Secret::new(secret.as_bytes(), 0).fingerprint();
        NewEntry { fingerprint, reason: "a \"test\"".to_owned(), by: Some("Ann".to_owned()) }
    }

    fn edit(content: &str, secrets: &[&str]) -> String {
        let entries: Vec<_> = secrets.iter().map(|secret| entry(secret)).collect();
        String::from_utf8(with_entries(Some(content.as_bytes()), &entries).unwrap().0).unwrap()
    }

    fn fingerprints(text: &str) -> Vec<&str> {
        text.lines().filter(|line| line.starts_with("fingerprint")).collect()
    }

    #[test]
    fn entries_are_sorted_and_comments_stay() {
        let text = "# top\nmin-confidence = \"high\" # why\n\n# places\n[[allow]]\npath = \"a/*\"\nreason = \"x\"\n\n# end\n[scan]\nbinary = \"skip\"\n";
        let edited = edit(text, &["one", "two", "three", "four", "five"]);
        assert!(edited.contains("# top\nmin-confidence = \"high\" # why\n"), "{edited}");
        assert!(edited.contains("# places\n[[allow]]\npath = \"a/*\""), "{edited}");
        assert!(edited.contains("# end\n[scan]\nbinary = \"skip\""), "{edited}");
        assert_eq!(fingerprints(&edited).len(), 5);
        assert!(fingerprints(&edited).is_sorted(), "{edited}");
        assert_eq!(edit(&edited, &["three"]), edited, "adding again changes nothing");
    }

    #[test]
    fn one_at_a_time_is_the_same_as_all_at_once() {
        let mut one_by_one = String::from("# x\n");
        for secret in ["a", "b", "c", "d"] {
            one_by_one = edit(&one_by_one, &[secret]);
        }
        assert_eq!(edit("# x\n", &["d", "c", "b", "a"]), one_by_one);
    }

    #[test]
    fn line_ends_and_mark_stay() {
        let edited = edit("\u{feff}# a\r\nmin-confidence = \"low\"\r\n", &["one"]);
        assert!(edited.starts_with("\u{feff}# a\r\n"));
        assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
    }

    #[test]
    fn an_inline_list_is_extended() {
        let edited = edit("allow = [{ path = \"a\", reason = \"b\" }]\n", &["one"]);
        assert!(edited.starts_with("allow = [{ path = \"a\", reason = \"b\" }, { fingerprint = "), "{edited}");
    }
}
