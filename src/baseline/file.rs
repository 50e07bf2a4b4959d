//! The baseline as a file: written in one form, read with an error that says where and what to do.

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use serde_json::Value;

use super::{Baseline, FILE_NAME, Key};
use crate::scanner::masked;
use crate::secret::Fingerprint;

/// The version of the form.
const VERSION: u64 = 1;
/// A larger file is none that `keyguard baseline` has written.
const LARGEST: usize = 16 << 20;
/// What helps with most of what can be wrong: nothing in the file is of a person's own making.
const HELP: &str = "delete it, and `keyguard baseline` writes it anew";
/// What a person who opens the file has to know.
const ABOUT: &str = "Keys that were here before. They do not block. Written by `keyguard baseline`.";

impl Baseline {
    /// Reads the content of the file. The error says where it is wrong: `FILE:LINE:COLUMN`.
    pub(crate) fn parse(content: &[u8]) -> Result<Self> {
        if content.len() > LARGEST {
            let megabytes = LARGEST >> 20;
            return Err(anyhow!("{FILE_NAME}: it is larger than {megabytes} MB, which no baseline is\nhelp: {HELP}"));
        }
        let text = str::from_utf8(content).map_err(|error| {
            let before = content.get(..error.valid_up_to()).unwrap_or_default();
            flaw((before.split(|byte| *byte == b'\n').count(), 1), "the baseline is not UTF-8", HELP)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(line) = conflict(text) {
            let help = "take the file of either side, conclude the merge, then run `keyguard baseline`";
            return Err(flaw((line, 1), "a merge conflict stands in the baseline", help));
        }
        let document: Value = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        let version = document.get("version").and_then(Value::as_u64);
        if let Some(version) = version.filter(|version| *version > VERSION) {
            let ours = env!("CARGO_PKG_VERSION");
            let message = format!("a newer keyguard wrote it, in version {version}; this is keyguard {ours}");
            return Err(anyhow!(
                "{FILE_NAME}: {message}, which knows version {VERSION}\nhelp: install a newer keyguard"
            ));
        }
        let whole = Part { text, entry: None };
        whole.check_fields(&document, &["about", "version", "keys"])?;
        let keys = document.get("keys").and_then(Value::as_array).filter(|_| version.is_some());
        let keys = keys.ok_or_else(|| whole.flaw("`version` or the list `keys` is missing"))?;
        let part = |number| Part { text, entry: Some(number) };
        let mut baseline = Self::default();
        for (number, entry) in keys.iter().enumerate() {
            let (fingerprint, key) = read(entry).map_err(|wrong| part(number).flaw(wrong))?;
            part(number).check_fields(entry, &FIELDS)?;
            if baseline.keys.insert(fingerprint, key).is_some() {
                let help = "run `keyguard baseline` once the entry is there only once, whichever it is";
                let place = part(number).place();
                return Err(flaw(place, &format!("{fingerprint} stands there twice"), help));
            }
        }
        Ok(baseline)
    }

    /// The content of the file: the same bytes for the same keys.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{{\n  \"about\": {},\n  \"version\": {VERSION},\n  \"keys\": [", quoted(ABOUT));
        for (place, (fingerprint, key)) in self.keys.iter().enumerate() {
            let gap = if place == 0 { "" } else { "," };
            let is_text = key.paths.iter().all(|path| is_text(path));
            let shown = |path: &String| quoted(&if is_text { path.replace("%25", "%") } else { path.clone() });
            let paths: Vec<_> = key.paths.iter().map(shown).collect();
            let encoding = if is_text { "" } else { ", \"path_encoding\": \"percent\"" };
            let (rule, paths) = (quoted(&key.rule), paths.join(", "));
            // Writing into a `String` cannot fail.
            let _ = write!(
                out,
                "{gap}\n    {{\"fingerprint\": \"{fingerprint}\", \"rule\": {rule}, \"paths\": [{paths}]{encoding}}}"
            );
        }
        out.push_str(if self.keys.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        out
    }
}

/// The fields of an entry.
const FIELDS: [&str; 4] = ["fingerprint", "rule", "paths", "path_encoding"];

/// Reads one entry; the error says what is wrong.
fn read(entry: &Value) -> Result<(Fingerprint, Key), &'static str> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let fingerprint = text("fingerprint").ok_or("an entry has no `fingerprint`")?.parse()?;
    let rule = text("rule").ok_or("an entry has no `rule`")?.to_owned();
    let is_encoded = match entry.get("path_encoding") {
        None => false,
        Some(Value::String(encoding)) if encoding == "percent" => true,
        Some(_) => return Err("`path_encoding` of an entry is not `percent`"),
    };
    let paths = entry.get("paths").and_then(Value::as_array).ok_or("an entry has no list `paths`")?;
    let path = |path: &Value| {
        let path = path.as_str()?;
        Some(if is_encoded { path.to_owned() } else { path.replace('%', "%25") })
    };
    let paths = paths.iter().map(path).collect::<Option<_>>().ok_or("a path of an entry is no text")?;
    Ok((fingerprint, Key { rule, paths }))
}

/// A part of the file, for errors about it.
#[derive(Clone, Copy)]
struct Part<'t> {
    text: &'t str,
    /// Which entry; `None` for the whole file.
    entry: Option<usize>,
}

impl Part<'_> {
    /// Fails at a field that is not `known`.
    fn check_fields(&self, value: &Value, known: &[&str]) -> Result<()> {
        let mut fields = value.as_object().into_iter().flatten().map(|(field, _)| field);
        let Some(field) = fields.find(|field| !known.contains(&field.as_str())) else { return Ok(()) };
        let help = format!("this is keyguard {}; if a newer one wrote it, install that", env!("CARGO_PKG_VERSION"));
        Err(flaw(self.place(), &format!("unknown field `{field}`"), &help))
    }

    fn flaw(&self, message: &str) -> anyhow::Error {
        flaw(self.place(), message, HELP)
    }

    /// Its line and column: an entry is where its fingerprint is named.
    fn place(&self) -> (usize, usize) {
        let start = self.entry.and_then(|number| self.text.match_indices("\"fingerprint\"").nth(number));
        let before = self.text.get(..start.map_or(0, |(start, _)| start)).unwrap_or_default();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        (1 + before.matches('\n').count(), column)
    }
}

/// Whether a percent-encoded path is nothing but text.
fn is_text(path: &str) -> bool {
    path.split('%').skip(1).all(|behind| behind.starts_with("25"))
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The first line that git writes where two branches differ.
fn conflict(text: &str) -> Option<usize> {
    let is_marker = |line: &str| ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|marker| line.starts_with(marker));
    text.lines().position(is_marker).map(|place| place + 1)
}

/// What the JSON parser complains about.
fn syntax(error: &serde_json::Error) -> anyhow::Error {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    flaw((error.line(), error.column()), message, HELP)
}

/// What stands there may be anything, a key too.
fn flaw((line, column): (usize, usize), message: &str, help: &str) -> anyhow::Error {
    anyhow!("{FILE_NAME}:{line}:{column}: {}\nhelp: {help}", masked(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "{\"fingerprint\": \"kg1:1111111111111111\", \"rule\": \"jwt\", \"paths\": [\"a\", \"50% b\"]}";

    fn with(keys: &str) -> String {
        format!("{{\n  \"version\": 1,\n  \"keys\": [\n    {keys}\n  ]\n}}\n")
    }

    #[track_caller]
    fn refused(text: impl AsRef<[u8]>, message: &str) {
        let error = Baseline::parse(text.as_ref()).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("\nhelp: "), "{error}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let odd = "{\"fingerprint\": \"kg1:0a00000000000000\", \"rule\": \"b\\u001b\", \"paths\": [\"%FF/50%25\", \"x\"], \
                   \"path_encoding\": \"percent\"}";
        let baseline = Baseline::parse(with(&format!("{FIRST},\n    {odd}")).as_bytes()).unwrap();
        let text = baseline.text();
        assert_eq!(Baseline::parse(text.as_bytes()).unwrap(), baseline, "{text}");
        assert!(text.find("kg1:0a") < text.find("kg1:11"), "{text}");
        assert!(text.contains("[\"50% b\", \"a\"]}") && text.contains("[\"%FF/50%25\", \"x\"], \"path_enc"), "{text}");
        let empty = Baseline::default().text();
        assert_eq!(Baseline::parse(empty.as_bytes()).unwrap().len(), 0, "{empty}");
    }

    #[test]
    fn line_ends_and_a_mark_are_no_matter() {
        let text = format!("\u{feff}{}", with(FIRST).replace('\n', "\r\n"));
        assert_eq!(Baseline::parse(text.as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        refused("", "keyguard.baseline.json:1:0: EOF");
        refused(with("oops"), "keyguard.baseline.json:4:5: expected value");
        refused(with(&FIRST.replace("1111111", "111")), ":4:6: a fingerprint is `kg1:` and 16 hex digits");
        refused(with(&format!("{FIRST},\n    {FIRST}")), ":5:6: kg1:1111111111111111 stands there twice");
        let conflict = format!("<<<<<<< HEAD\n    {FIRST}\n=======\n>>>>>>> other");
        refused(with(&format!("{FIRST},\n{conflict}")), ":5:1: a merge conflict stands in the baseline");
        refused(b"{\n\xff}", ":2:1: the baseline is not UTF-8");
        refused(" ".repeat(LARGEST + 1), "it is larger than 16 MB");
        refused(with("").replace("\"version\": 1,", ""), ":1:1: `version` or the list `keys` is missing");
    }

    #[test]
    fn a_newer_form_says_that_it_is_newer() {
        refused("{\"version\": 7, \"keys\": {}, \"more\": 1}", "a newer keyguard wrote it, in version 7");
        refused(with(&FIRST.replace("\"rule\"", "\"seen\": 1, \"rule\"")), ":4:6: unknown field `seen`");
        let error = Baseline::parse(with(&FIRST.replace("\"rule\"", "\"seen\": 1, \"rule\"")).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("if a newer one wrote it"), "{error}");
    }
}
