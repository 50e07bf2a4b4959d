//! Edits of `keyguard.toml` that keep its comments, its order, its line ends and its mode.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, RawString, Table, Value, value};

use super::source::parse;
use super::{AllowSpec, FILE_NAME, LayerKind};
use crate::rules::spec::RuleSpec;
use crate::secret::Fingerprint;

/// What a new file begins with.
const OPENING: &str = "# What keyguard is told about this repository. Every key: `keyguard config show`.\n";

/// An allow entry to be written.
pub(crate) struct NewEntry {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reason: String,
    pub(crate) by: Option<String>,
}

/// What one import adds.
#[derive(Default)]
pub(crate) struct Additions<'a> {
    pub(crate) rules: &'a [RuleSpec],
    pub(crate) allow: &'a [AllowSpec],
    pub(crate) disable: Vec<&'a str>,
}

/// How much of it was not there yet.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Added {
    pub(crate) rules: usize,
    pub(crate) allow: usize,
    pub(crate) disable: usize,
}

/// `content` with the rules, entries and switched-off rules added that it lacks.
pub(crate) fn with_additions(content: Option<&[u8]>, additions: &Additions<'_>) -> Result<(Vec<u8>, Added)> {
    let original = content.unwrap_or(OPENING.as_bytes());
    let (_, layer) = parse(FILE_NAME, original.to_vec(), LayerKind::Repository)?;
    let original = str::from_utf8(original).context("read keyguard.toml as UTF-8")?;
    let style = TextStyle::of(original);
    let mut document: DocumentMut = TextStyle::plain(original).parse().context("edit keyguard.toml")?;
    let mut added = Added::default();
    let known = layer.rules.disable.unwrap_or_default();
    for id in additions.disable.iter().filter(|id| !known.iter().any(|known| known == *id)) {
        switch_off(&mut document, id)?;
        added.disable += 1;
    }
    for rule in additions.rules.iter().filter(|rule| layer.rule.iter().all(|known| known.id != rule.id)) {
        append(&mut document, "rule", rule_table(rule))?;
        added.rules += 1;
    }
    let is_new = |entry: &&AllowSpec| !layer.allow.iter().any(|known| known.says_the_same(entry));
    for entry in additions.allow.iter().filter(is_new) {
        match entry.fingerprint.as_deref().map(str::parse) {
            Some(fingerprint) => {
                let fingerprint = fingerprint.map_err(anyhow::Error::msg)?;
                let reason = entry.reason.clone().unwrap_or_default();
                insert(&mut document, &NewEntry { fingerprint, reason, by: None })?;
            }
            None => append(&mut document, "allow", allow_table(entry))?,
        }
        added.allow += 1;
    }
    let edited = style.apply(&document.to_string()).into_bytes();
    parse(FILE_NAME, edited.clone(), LayerKind::Repository).context("edit keyguard.toml")?;
    Ok((edited, added))
}

/// Puts `id` into `disable` of `[rules]`.
fn switch_off(document: &mut DocumentMut, id: &str) -> Result<()> {
    if document.get("rules").is_none() {
        let mut table = Table::new();
        table.decor_mut().set_prefix(gap_behind(&take_closing(document)));
        document.insert("rules", Item::Table(table));
    }
    let rules = document.get_mut("rules").and_then(Item::as_table_like_mut).context("`rules` is no table")?;
    let list = rules.entry("disable").or_insert_with(|| value(Array::new()));
    list.as_array_mut().context("`disable` is no list")?.push(id);
    Ok(())
}

/// Puts a table behind all others of its kind; the first one goes to the end of the file.
fn append(document: &mut DocumentMut, key: &str, mut table: Table) -> Result<()> {
    let closing = if document.get(key).is_none() { take_closing(document) } else { String::new() };
    match document.entry(key).or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(tables) => {
            table.decor_mut().set_prefix(gap_behind(&closing));
            let mut all: Vec<Table> = std::mem::take(tables).into_iter().collect();
            table.set_position(all.last().and_then(Table::position));
            all.push(table);
            *tables = all.into_iter().collect();
        }
        Item::Value(Value::Array(array)) => {
            let gap = array.get(0).and_then(|first| first.decor().prefix()?.as_str()).unwrap_or_default().to_owned();
            let mut entry = table.into_inline_table();
            entry.fmt();
            let mut entry = Value::InlineTable(entry);
            let is_on_lines = gap.contains('\n');
            entry.decor_mut().set_prefix(if is_on_lines { gap } else { " ".repeat(usize::from(!array.is_empty())) });
            array.push_formatted(entry);
        }
        _ => bail!("`{key}` in keyguard.toml is no list of tables"),
    }
    Ok(())
}

/// Takes the comments at the end of the file, behind which the first table of a kind goes: they belong to no table.
fn take_closing(document: &mut DocumentMut) -> String {
    let closing = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    closing
}

fn gap_behind(closing: &str) -> String {
    let gap = if closing.is_empty() || closing.ends_with('\n') { "\n" } else { "\n\n" };
    format!("{closing}{gap}")
}

fn rule_table(rule: &RuleSpec) -> Table {
    let text = |text: &Option<String>| text.as_deref().map(|text| value(one_line(text)));
    let list = |list: &Option<Vec<String>>| list.as_ref().map(|list| value(list.iter().collect::<Array>()));
    table_of([
        ("id", Some(value(&rule.id))),
        ("title", text(&rule.title)),
        ("regex", rule.regex.as_deref().map(value)),
        ("keywords", list(&rule.keywords)),
        ("min-entropy", rule.min_entropy.map(|bits| value((f64::from(bits) * 1000.0).round() / 1000.0))),
        ("paths", list(&rule.paths)),
    ])
}

fn allow_table(entry: &AllowSpec) -> Table {
    let text = |text: &Option<String>| text.as_deref().map(value);
    table_of([
        ("rule", text(&entry.rule)),
        ("path", text(&entry.path)),
        ("regex", text(&entry.regex)),
        ("stopword", text(&entry.stopword)),
        ("reason", entry.reason.as_deref().map(|reason| value(one_line(reason)))),
    ])
}

fn table_of<const N: usize>(fields: [(&str, Option<Item>); N]) -> Table {
    let mut table = Table::new();
    for (key, item) in fields {
        if let Some(item) = item {
            table.insert(key, item);
        }
    }
    table
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
    let mut document: DocumentMut = TextStyle::plain(&original).parse().context("edit keyguard.toml")?;
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
        Some(Item::Value(Value::Array(array))) => {
            array.iter().filter_map(Value::as_inline_table).any(|table| covers(table))
        }
        _ => false,
    }
}

fn insert(document: &mut DocumentMut, entry: &NewEntry) -> Result<()> {
    let fingerprint = entry.fingerprint.to_string();
    let mut table = Table::new();
    table.insert("fingerprint", value(&fingerprint));
    table.insert("reason", value(one_line(&entry.reason)));
    if let Some(by) = &entry.by {
        table.insert("by", value(one_line(by)));
    }
    // The first entry goes to the end of the file, behind the comments there, which belong to no table.
    let closing = if document.get("allow").is_none() { take_closing(document) } else { String::new() };
    match document.entry("allow").or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(tables) => {
            table.decor_mut().set_prefix(gap_behind(&closing));
            let mut all: Vec<Table> = std::mem::take(tables).into_iter().collect();
            let is_later = |other: &Table| {
                other.get("fingerprint").and_then(Item::as_str).is_some_and(|other| other > fingerprint.as_str())
            };
            let place = all.iter().position(is_later).unwrap_or(all.len());
            // A table without a position of its own is written behind the one before it, and the first one needs its
            // successor's.
            table.set_position(all.get(place.saturating_sub(1)).and_then(Table::position));
            if let Some(first) = all.first_mut().filter(|_| place == 0) {
                change_places(first, &mut table);
            }
            all.insert(place, table);
            *tables = all.into_iter().collect();
        }
        Item::Value(Value::Array(array)) => {
            insert_inline(array, table.into_inline_table());
        }
        _ => bail!("`allow` in keyguard.toml is no list of entries"),
    }
    Ok(())
}

/// Makes `new` the entry before `first`: what stands above `first` behind a blank line, such as the head of the file,
/// is now above `new`; a comment right above `first` stays there.
fn change_places(first: &mut Table, new: &mut Table) {
    let above = first.decor().prefix().and_then(RawString::as_str).unwrap_or_default().to_owned();
    let (head, own) = above.split_at(above.rfind("\n\n").map_or(0, |blank| blank + 1));
    let gap = if above.starts_with('\n') || !head.is_empty() { "\n" } else { "" };
    new.decor_mut().set_prefix(format!("{head}{gap}"));
    first.decor_mut().set_prefix(if own.starts_with('\n') { own.to_owned() } else { format!("\n{own}") });
}

/// Puts an entry into a list in brackets, in its order, laid out like the entry that was first.
fn insert_inline(array: &mut Array, mut entry: InlineTable) {
    entry.fmt();
    let fingerprint =
        |value: &Value| value.as_inline_table().and_then(|table| table.get("fingerprint")?.as_str().map(str::to_owned));
    let own = entry.get("fingerprint").and_then(Value::as_str).map(str::to_owned);
    let place = array.iter().position(|other| fingerprint(other) > own).unwrap_or(array.len());
    let gap = array.get(0).and_then(|first| first.decor().prefix()?.as_str()).unwrap_or_default().to_owned();
    // The first entry of a list on one line stands at the bracket, the others behind a comma.
    let is_on_lines = gap.contains('\n');
    let mut entry = Value::InlineTable(entry);
    entry.decor_mut().set_prefix(if is_on_lines { gap } else { " ".repeat(usize::from(place > 0)) });
    array.insert_formatted(place, entry);
    if let Some(next) = array.get_mut(place + 1).filter(|_| place == 0 && !is_on_lines) {
        next.decor_mut().set_prefix(" ");
    }
}

/// The text without line breaks: an entry stays readable, and a line of it is a line of a diff.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What `toml_edit` does not keep: a byte order mark and CRLF.
struct TextStyle {
    has_mark: bool,
    has_crlf: bool,
}

impl TextStyle {
    fn of(text: &str) -> Self {
        Self { has_mark: text.starts_with('\u{feff}'), has_crlf: text.contains("\r\n") }
    }

    fn plain(text: &str) -> String {
        text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
    }

    fn apply(&self, text: &str) -> String {
        let text = if self.has_crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        if self.has_mark { format!("\u{feff}{text}") } else { text }
    }
}

/// Replaces a file as a whole, keeping its mode: never half a file, never through a link. A new one gets what a file made
/// by an editor would get; the umask takes its part.
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
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode));
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
    fn the_first_entry_goes_to_the_end() {
        let (new, _) = with_entries(None, &[entry("one")]).unwrap();
        assert!(new.starts_with(OPENING.as_bytes()), "{}", String::from_utf8_lossy(&new));
        for text in
            ["# only\n", "# no line end", "", "[scan]\nbinary = \"skip\"\n\n# end\n", "min-confidence = \"low\""]
        {
            let edited = edit(text, &["one", "two"]);
            assert!(edited.starts_with(text), "{edited}");
            assert_eq!(edited.matches("[[allow]]").count(), 2, "{edited}");
            assert!(edited.ends_with("by = \"Ann\"\n"), "{edited}");
        }
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
    fn an_inline_list_is_extended_in_order() {
        let edited = edit("allow = [{ path = \"a\", reason = \"b\" }]\n", &["one"]);
        assert!(edited.starts_with("allow = [{ path = \"a\", reason = \"b\" }, { fingerprint = "), "{edited}");
        let short = edit("allow = []\n", &["one", "two", "three"]);
        assert!(short.starts_with("allow = [{ fingerprint = ") && !short.contains(" ,"), "{short}");
        let long = edit("allow = [\n  { path = \"a\", reason = \"b\" }, # c\n]\n", &["one", "two", "three"]);
        assert!(long.starts_with("allow = [\n  { path = \"a\", reason = \"b\" },"), "{long}");
        assert_eq!((long.matches("\n  { ").count(), long.matches("# c").count()), (4, 1), "{long}");
        for text in [short, long] {
            let order: Vec<_> = text.split("kg1:").skip(1).filter_map(|rest| rest.get(..16)).collect();
            assert!(order.len() == 3 && order.is_sorted(), "{text}");
        }
    }

    #[test]
    fn texts_are_one_line_and_quoted() {
        let mut entry = entry("one");
        entry.reason = "a \"b\"\n\r\n  c\\ \u{1b}[31m".to_owned();
        let (edited, _) = with_entries(None, &[entry]).unwrap();
        let edited = String::from_utf8(edited).unwrap();
        assert!(!edited.contains('\u{1b}') && edited.lines().any(|line| line.starts_with("reason = ")), "{edited}");
        let (_, layer) = parse("x", edited.clone().into_bytes(), LayerKind::User).unwrap();
        assert_eq!(layer.allow[0].reason.as_deref(), Some("a \"b\" c\\ \u{1b}[31m"), "{edited}");
    }
}
