//! The baseline as a file: written in one form, read with an error that says where and what to do.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use serde::Deserialize;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "about")]
    _about: Option<String>,
    #[serde(rename = "version")]
    _version: u64,
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: Fingerprint,
    rule: String,
    paths: BTreeSet<String>,
    path_encoding: Option<Encoding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Percent,
}

/// The version alone, whatever else a newer form may have.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

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
        if let Ok(Versioned { version }) = serde_json::from_str(text)
            && version > VERSION
        {
            let ours = env!("CARGO_PKG_VERSION");
            let message = format!("a newer keyguard wrote it, in version {version}; this is keyguard {ours}");
            return Err(anyhow!(
                "{FILE_NAME}: {message}, which knows version {VERSION}\nhelp: install a newer keyguard"
            ));
        }
        let document: Document = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        let mut baseline = Self::default();
        for entry in document.keys {
            let fingerprint = entry.fingerprint;
            if baseline.keys.insert(fingerprint, entry.into_key()).is_some() {
                let help = "run `keyguard baseline` once the entry is there only once, whichever it is";
                return Err(flaw((second(text, fingerprint), 1), &format!("{fingerprint} stands there twice"), help));
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

impl Entry {
    fn into_key(self) -> Key {
        let paths = match self.path_encoding {
            Some(Encoding::Percent) => self.paths,
            None => self.paths.into_iter().map(|path| path.replace('%', "%25")).collect(),
        };
        Key { rule: self.rule, paths }
    }
}

/// Whether a percent-encoded path is nothing but text.
fn is_text(path: &str) -> bool {
    path.split('%').skip(1).all(|behind| behind.starts_with("25"))
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The first line that git writes where two branches differ.
fn conflict(text: &str) -> Option<usize> {
    let is_marker = |line: &str| ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|marker| line.starts_with(marker));
    text.lines().position(is_marker).map(|place| place + 1)
}

/// The line of the second entry for `fingerprint`.
fn second(text: &str, fingerprint: Fingerprint) -> usize {
    let (first, wanted) = (text.to_ascii_lowercase(), fingerprint.to_string());
    let place = first.match_indices(&wanted).nth(1).map_or(0, |(place, _)| place);
    1 + text.get(..place).unwrap_or_default().matches('\n').count()
}

/// What the JSON parser complains about.
fn syntax(error: &serde_json::Error) -> anyhow::Error {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    let place = (error.line(), error.column());
    if message.starts_with("unknown ") {
        let help = format!("this is keyguard {}; if a newer one wrote it, install that", env!("CARGO_PKG_VERSION"));
        return flaw(place, message, &help);
    }
    flaw(place, message, HELP)
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
        refused(with(&FIRST.replace("1111111", "111")), ":4:34: a fingerprint is `kg1:` and 16 hex digits");
        refused(with(&format!("{FIRST},\n    {FIRST}")), ":5:1: kg1:1111111111111111 stands there twice");
        let conflict = format!("<<<<<<< HEAD\n    {FIRST}\n=======\n>>>>>>> other");
        refused(with(&format!("{FIRST},\n{conflict}")), ":5:1: a merge conflict stands in the baseline");
        refused(b"{\n\xff}", ":2:1: the baseline is not UTF-8");
        refused(" ".repeat(LARGEST + 1), "it is larger than 16 MB");
        refused(with("").replace("\"version\": 1,", ""), "missing field `version`");
    }

    #[test]
    fn a_newer_form_says_that_it_is_newer() {
        refused("{\"version\": 7, \"keys\": {}, \"more\": 1}", "a newer keyguard wrote it, in version 7");
        refused(with(&FIRST.replace("\"rule\"", "\"seen\": 1, \"rule\"")), "unknown field `seen`, expected one of");
        let error = Baseline::parse(with(&FIRST.replace("\"rule\"", "\"seen\": 1, \"rule\"")).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("if a newer one wrote it"), "{error}");
    }
}
