//! Errors in a configuration file: its name, line and column, the offending key, and what to do.
//!
//! A message names keys, never the values that stand there: whoever pastes a key into the wrong place must not read it in
//! a log.

use std::ops::Range;

use anyhow::anyhow;
use toml_edit::{Document, Item, TableLike, Value};

use super::literal::Literal;
use crate::rules::spec::{Flaw, Spot};
use crate::scanner::masked;

/// What helps when nothing more is known.
const HELP: &str = "help: mend it, then run `keyguard config check`";

/// A file under examination.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    /// Its text without a byte order mark.
    pub(super) text: &'a str,
}

/// One step on the way to a place in a file.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl File<'_> {
    /// What the TOML parser or serde complains about.
    pub(super) fn syntax_error(&self, error: &toml::de::Error) -> anyhow::Error {
        let offset = error.span().map_or(0, |span| span.start);
        let place = self.place(offset);
        let message = error.message().trim().replace('\n', ", ");
        let (problem, expected) = message.split_once(", expected ").unwrap_or((&message, ""));
        if problem.starts_with("unknown field") {
            let version = env!("CARGO_PKG_VERSION");
            let known = expected.trim_start_matches("one of ");
            let help = format!("known here: {known}; this is keyguard {version}, and a newer one may know more keys");
            return error_at(&place, &format!("{problem}\nhelp: {help}"));
        }
        let is_about_value = ["invalid type", "invalid value", "unknown variant", "wanted string or table"];
        match self.key_at(offset) {
            Some(key) if is_about_value.iter().any(|opening| problem.starts_with(opening)) => {
                error_at(&place, &format!("{key} must be {}", in_words(expected)))
            }
            _ if problem.starts_with("missing field") => error_at(&place, &message),
            _ => error_at(&place, &format!("{}{message}", self.key_on_line(offset))),
        }
    }

    /// An error about the `index`-th `[[table]]`; of a regex that does not parse, with the place drawn under it.
    pub(super) fn entry_error(&self, table: &str, index: usize, flaw: &Flaw) -> anyhow::Error {
        let value = [Step::Key(table), Step::Index(index), Step::Key(flaw.key)];
        let (inside, byte) = match flaw.spot {
            Spot::Whole => (None, None),
            Spot::Entry(place) => (Some(Step::Index(place)), None),
            Spot::Byte(byte) => (None, Some(byte)),
            Spot::ByteOfRegex(byte) => (Some(Step::Key("regex")), Some(byte)),
        };
        let steps: Vec<_> = value.into_iter().chain(inside).collect();
        let message = format!("`{}` of `[[{table}]]` {}", flaw.key, flaw.message);
        let span = self.span_of(&steps);
        match byte.and_then(|byte| self.character(span.clone()?, byte)) {
            Some((offset, drawing)) => error_at(&self.place(offset), &format!("{message}{drawing}")),
            None => error_at(&self.place(span.map_or(0, |span| span.start)), &message),
        }
    }

    /// Where the byte `at` of the text in the literal at `span` stands in the file, and a drawing of it.
    fn character(&self, span: Range<usize>, at: usize) -> Option<(usize, String)> {
        let literal = Literal::read(self.text.get(span.clone())?)?;
        let drawing = literal.drawing(at).map(|lines| format!("\n{lines}")).unwrap_or_default();
        Some((span.start + literal.source_offset(at), drawing))
    }

    /// An error at a key of the top level.
    pub(super) fn top_error(&self, key: &str, message: &str) -> anyhow::Error {
        error_at(&self.place_of(&[Step::Key(key)]), &format!("`{key}` {message}"))
    }

    /// Where `steps` lead, or as far as they lead.
    pub(super) fn place_of(&self, steps: &[Step<'_>]) -> String {
        self.place(self.span_of(steps).map_or(0, |span| span.start))
    }

    fn span_of(&self, steps: &[Step<'_>]) -> Option<Range<usize>> {
        let document = Document::parse(self.text).ok()?;
        let mut item = Some(document.as_item());
        let mut span = None;
        for step in steps {
            item = item.and_then(|item| match step {
                Step::Key(key) => item.get(*key),
                Step::Index(index) => item.get(*index),
            });
            span = item.and_then(Item::span).or(span);
        }
        span
    }

    /// How many entries `[[table]]` has, and which of them `wanted` picks first.
    pub(super) fn entry_with(&self, table: &str, wanted: impl Fn(&dyn TableLike) -> bool) -> Option<usize> {
        let document = Document::parse(self.text).ok()?;
        let entries = document.as_item().get(table)?;
        (0..).map_while(|index| entries.get(index)).position(|entry| entry.as_table_like().is_some_and(&wanted))
    }

    /// Where each entry of `[[table]]` begins, in order; one pass, however many there are.
    pub(super) fn places_of_entries(&self, table: &str) -> Vec<String> {
        let Ok(document) = Document::parse(self.text) else { return Vec::new() };
        let Some(entries) = document.as_item().get(table) else { return Vec::new() };
        let (mut line, mut line_start, mut position) = (1, 0, 0);
        let place = |entry: &Item| {
            let start = entry.span().map_or(position, |span| span.start).max(position);
            let passed = self.text.get(position..start).unwrap_or_default();
            line += passed.matches('\n').count();
            line_start = passed.rfind('\n').map_or(line_start, |newline| position + newline + 1);
            position = start;
            let column = 1 + self.text.get(line_start..start).unwrap_or_default().chars().count();
            format!("{}:{line}:{column}", self.name)
        };
        (0..).map_while(|index| entries.get(index)).map(place).collect()
    }

    /// The place of the text `value` in the list at `steps`.
    pub(super) fn place_in_list(&self, steps: &[Step<'_>], value: &str) -> String {
        let Ok(document) = Document::parse(self.text) else { return self.place(0) };
        let list = steps.iter().try_fold(document.as_item(), |item, step| match step {
            Step::Key(key) => item.get(*key),
            Step::Index(index) => item.get(*index),
        });
        let found =
            list.and_then(Item::as_array).and_then(|list| list.iter().find(|text| text.as_str() == Some(value)));
        self.place(found.and_then(Value::span).map_or(0, |span| span.start))
    }

    /// The key whose value begins at `offset`, with its table.
    fn key_at(&self, offset: usize) -> Option<String> {
        let document = Document::parse(self.text).ok()?;
        document.iter().find_map(|(name, item)| key_in(name, item, offset))
    }

    /// The key of the line that `offset` points into, where the file is no TOML and there is nothing better to ask.
    fn key_on_line(&self, offset: usize) -> String {
        const LONGEST: usize = 40;
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let start = self.text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let line = self.text.get(start..).unwrap_or_default();
        let key: String = line.trim_start().chars().take_while(|c| is_key(*c)).take(LONGEST).collect();
        if key.is_empty() { String::new() } else { format!("`{key}`: ") }
    }

    fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        format!("{}:{line}:{column}", self.name)
    }
}

/// An error with what helps, unless the message says that itself.
pub(super) fn error_at(place: &str, message: &str) -> anyhow::Error {
    let message = masked(message);
    if message.contains("\nhelp: ") { anyhow!("{place}: {message}") } else { anyhow!("{place}: {message}\n{HELP}") }
}

/// Looks for the key of the value that begins at `offset`, in `item`, which is called `name`.
fn key_in(name: &str, item: &Item, offset: usize) -> Option<String> {
    let in_table = |table: &dyn TableLike, brackets: (&str, &str)| {
        let begins = |item: &Item| item.span().is_some_and(|span| span.contains(&offset)) && !item.is_table();
        let key = table.iter().find(|(_, item)| begins(item)).map(|(key, _)| key)?;
        Some(format!("`{key}` of `{}{name}{}`", brackets.0, brackets.1))
    };
    let found = match item {
        Item::Table(table) => in_table(table, ("[", "]")),
        Item::ArrayOfTables(tables) => tables.iter().find_map(|table| in_table(table, ("[[", "]]"))),
        Item::Value(Value::InlineTable(table)) => in_table(table, ("[", "]")),
        Item::Value(Value::Array(array)) => {
            array.iter().filter_map(Value::as_inline_table).find_map(|table| in_table(table, ("[[", "]]")))
        }
        _ => None,
    };
    found.or_else(|| item.span().filter(|span| span.contains(&offset)).map(|_| format!("`{name}`")))
}

/// What serde expects, in words of the reference.
fn in_words(expected: &str) -> String {
    match expected {
        "" => "a string".to_owned(),
        "a sequence" => "a list\nhelp: write a table that may stand there more than once as `[[name]]`".to_owned(),
        "a TOML datetime" => "a date, such as 2027-03-01".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "u32" => "a whole number, 0 or more".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}
