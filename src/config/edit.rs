//! Edits of `keyguard.toml` that keep its comments, its order, its line ends and its mode.

use anyhow::{Context as _, Result, bail};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, RawString, Table, TableLike, Value, value};

use toml::value::Datetime;

use super::source::parse;
use super::{AllowSpec, FILE_NAME, LayerKind};
use crate::rules::spec::RuleSpec;

/// What a new file begins with.
const OPENING: &str = "# What keyguard is told about this repository. Every key: `keyguard config show`.\n";

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
        insert(&mut document, entry)?;
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
        ("fingerprint", text(&entry.fingerprint)),
        ("rule", text(&entry.rule)),
        ("path", text(&entry.path)),
        ("regex", text(&entry.regex)),
        ("stopword", text(&entry.stopword)),
        ("reason", entry.reason.as_deref().map(|reason| value(one_line(reason)))),
        ("by", entry.by.as_deref().map(|by| value(one_line(by)))),
        ("expires", entry.expires.map(value)),
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

/// What became of the entries that were asked for; the others were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) added: usize,
    pub(crate) renewed: usize,
    /// The last day of one that has no end now.
    pub(crate) ended: Option<Datetime>,
}

/// `content` with the entries that it lacks. One that allows the same for less time is renewed where it stands: beside a
/// second one it would go on saying that it has expired. Fingerprint entries stay sorted, so that two branches that each
/// allow a key seldom touch the same lines.
pub(crate) fn with_entries(content: Option<&[u8]>, entries: &[AllowSpec]) -> Result<(Vec<u8>, Written)> {
    let original = content.unwrap_or(OPENING.as_bytes());
    let (_, layer) = parse(FILE_NAME, original.to_vec(), LayerKind::Repository)?;
    let original = str::from_utf8(original).context("read keyguard.toml as UTF-8")?;
    let style = TextStyle::of(original);
    let mut document: DocumentMut = TextStyle::plain(original).parse().context("edit keyguard.toml")?;
    let mut known = layer.allow;
    let mut written = Written::default();
    for entry in entries {
        if known.iter().any(|known| known.covers(entry)) {
            continue;
        }
        if renew(&mut document, entry) {
            written.renewed += 1;
            let ends =
                |known: &AllowSpec| known.expires.filter(|_| entry.expires.is_none() && known.what() == entry.what());
            written.ended = known.iter().find_map(ends).or(written.ended);
        } else {
            insert(&mut document, entry)?;
            written.added += 1;
        }
        known.push(entry.clone());
    }
    let edited = style.apply(&document.to_string()).into_bytes();
    parse(FILE_NAME, edited.clone(), LayerKind::Repository).context("edit keyguard.toml")?;
    Ok((edited, written))
}

/// Gives the first entry that allows the same the words and the end of this one; `false` if there is none.
fn renew(document: &mut DocumentMut, entry: &AllowSpec) -> bool {
    let new = allow_table(entry);
    match document.get_mut("allow") {
        Some(Item::ArrayOfTables(tables)) => match tables.iter_mut().find(|table| allows_the_same(*table, &new)) {
            Some(table) => take_words(table, &new),
            None => return false,
        },
        Some(Item::Value(Value::Array(array))) => {
            let mut tables = array.iter_mut().filter_map(Value::as_inline_table_mut);
            match tables.find(|table| allows_the_same(*table, &new)) {
                Some(table) => {
                    take_words(table, &new);
                    table.fmt();
                }
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

fn allows_the_same(table: &dyn TableLike, other: &Table) -> bool {
    let text = |item: Option<&Item>| item.and_then(Item::as_str).map(str::to_owned);
    ["fingerprint", "rule", "path", "regex", "stopword"].iter().all(|key| text(table.get(key)) == text(other.get(key)))
}

/// Takes over what does not say what is allowed. A comment behind a value stays.
fn take_words(table: &mut dyn TableLike, new: &Table) {
    for key in ["reason", "by", "expires"] {
        let Some(mut value) = new.get(key).and_then(Item::as_value).cloned() else {
            table.remove(key);
            continue;
        };
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            None => drop(table.insert(key, Item::Value(value))),
        }
    }
}

/// Puts an entry where it belongs: by fingerprint in their order, any other behind all.
fn insert(document: &mut DocumentMut, entry: &AllowSpec) -> Result<()> {
    let Some(fingerprint) = entry.fingerprint.clone() else {
        return append(document, "allow", allow_table(entry));
    };
    let mut table = allow_table(entry);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn entry(secret: &str) -> AllowSpec {
        let fingerprint = Some(Secret::new(secret.as_bytes(), 0).fingerprint().to_string());
        let (reason, by) = (Some("a \"test\"".to_owned()), Some("Ann".to_owned()));
        AllowSpec { fingerprint, reason, by, ..AllowSpec::default() }
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
    fn an_entry_that_ends_earlier_is_renewed_in_its_place() {
        let key = entry("one").fingerprint.unwrap();
        let renewed = |content: &str, expires: Option<&str>| {
            let entry = AllowSpec { expires: expires.map(|day| day.parse().unwrap()), ..entry("one") };
            let (edited, written) = with_entries(Some(content.as_bytes()), &[entry]).unwrap();
            let ended = expires.is_none().then(|| "2026-01-31".parse().unwrap());
            assert_eq!(written, Written { added: 0, renewed: 1, ended }, "{content}");
            String::from_utf8(edited).unwrap()
        };
        let old = format!(
            "# top\n[[allow]]\n# of Bob\nfingerprint = \"{key}\" # it\nexpires = 2026-01-31 # soon\nreason = \"x\"  # why\n\n\
             # next\n[[allow]]\nfingerprint = \"{key}\"\npath = \"a\"\nreason = \"x\"\nexpires = 2026-01-31\n"
        );
        let other = old.split_once("\n\n").unwrap().1;
        assert_eq!(
            renewed(&old, Some("2999-01-01")),
            format!(
                "# top\n[[allow]]\n# of Bob\nfingerprint = \"{key}\" # it\nexpires = 2999-01-01 # soon\n\
                 reason = 'a \"test\"'  # why\nby = \"Ann\"\n\n{other}"
            )
        );
        assert_eq!(
            renewed(&old, None),
            format!(
                "# top\n[[allow]]\n# of Bob\nfingerprint = \"{key}\" # it\nreason = 'a \"test\"'  # why\nby = \"Ann\"\n\n\
                 {other}"
            )
        );
        let crlf = old.replace('\n', "\r\n");
        assert_eq!(renewed(&crlf, None), renewed(&old, None).replace('\n', "\r\n"));
        let inline =
            format!("allow = [\n  {{ fingerprint = \"{key}\", reason = \"x\", expires = 2026-01-31 }}, # it\n]\n");
        assert_eq!(
            renewed(&inline, Some("2999-01-01")),
            format!(
                "allow = [\n  {{ fingerprint = \"{key}\", reason = 'a \"test\"', expires = 2999-01-01, by = \"Ann\" }}, # it\n]\n"
            )
        );
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
        entry.reason = Some("a \"b\"\n\r\n  c\\ \u{1b}[31m".to_owned());
        let (edited, _) = with_entries(None, &[entry]).unwrap();
        let edited = String::from_utf8(edited).unwrap();
        assert!(!edited.contains('\u{1b}') && edited.lines().any(|line| line.starts_with("reason = ")), "{edited}");
        let (_, layer) = parse("x", edited.clone().into_bytes(), LayerKind::User).unwrap();
        assert_eq!(layer.allow[0].reason.as_deref(), Some("a \"b\" c\\ \u{1b}[31m"), "{edited}");
    }
}
