//! The report for machines, version 1. Readers ignore fields that they do not know; version 1 may gain fields.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter};
use serde_json::{Map, Value, json};

use super::Style;
use crate::allowlist::SuppressedBy;
use crate::change::{BytePath, Commit};
use crate::finding::Half;
use crate::insight::Insight;
use crate::outcome::{Located, Outcome};
use crate::remedy::way::Way;
use crate::rules::Rule;
use crate::scanner::masked;

pub(super) fn write(style: &Style, outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = json!({
        "version": 1,
        "tool": { "name": "keyguard", "version": env!("CARGO_PKG_VERSION") },
        "findings": outcome.blocked.iter().map(finding).collect::<Vec<_>>(),
        "suppressed": outcome.suppressed.iter().map(suppressed).collect::<Vec<_>>(),
        "skipped": skipped(outcome),
        "errors": errors(outcome),
        "notices": outcome.notices,
        "complete": outcome.failures.is_empty(),
        "stats": {
            "commits": outcome.stats.commits,
            "files": outcome.stats.files,
            "hunks": outcome.stats.hunks,
            "added_lines": outcome.stats.added_lines,
            "bytes": outcome.stats.bytes,
            "below": outcome.stats.below,
            "duration_ms": u64::try_from(style.duration.as_millis()).unwrap_or(u64::MAX),
        },
        "exit": outcome.exit() as u8,
    });
    write_document(&document, out)
}

/// Writes a document in the form that all of ours have.
pub(crate) fn write_document(document: &Value, out: &mut dyn Write) -> io::Result<()> {
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Ascii(PrettyFormatter::new())))?;
    writeln!(out)
}

/// Pretty JSON in ASCII: in a hook the document goes to a terminal, and a path may hold characters that it would obey.
struct Ascii(PrettyFormatter<'static>);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() && !character.is_ascii_control() {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

fn finding(located: &Located<'_>) -> Value {
    let finding = &located.finding;
    let facts = finding.rule.facts();
    let location = finding.location;
    let (class, privilege) = facts.privilege();
    let (reading, by_hand) = match &located.way {
        Way::Variable(reading) => (Some(reading), None),
        Way::ByHand(reason) => (None, Some(reason)),
        Way::Unknown | Way::File => (None, None),
    };
    let mut remedy = what_to_do(finding.rule);
    for (key, value) in [
        ("replace_with", json!(reading.map(|reading| reading.change.as_ref().unwrap_or(&reading.expression)))),
        ("line", json!(reading.and_then(|reading| reading.line.as_ref()))),
        ("by_hand", json!(by_hand)),
        ("allow", json!(format!("keyguard allow {} --reason \"...\"", finding.fingerprint()))),
    ] {
        remedy.insert(key.to_owned(), value);
    }
    let variable = reading.map(|reading| reading.variable.clone()).or_else(|| finding.variable());
    let mut object = path_fields(located.path.as_ref());
    for (key, value) in [
        ("part", json!(located.part.name())),
        ("rule", json!(facts.id)),
        ("title", json!(facts.title)),
        ("confidence", json!(finding.confidence.name())),
        ("validity", json!(finding.validity.name())),
        ("line", json!(location.line)),
        ("column", json!(location.column)),
        ("end_line", json!(location.end_line)),
        ("end_column", json!(location.end_column)),
        ("offset", json!(location.offset)),
        ("secret", if finding.is_whole_file() { Value::Null } else { json!(finding.secret.to_string()) }),
        ("fingerprint", json!(finding.fingerprint().to_string())),
        ("commit", located.commit.as_deref().map_or(Value::Null, commit)),
        ("privilege", json!({ "class": class.name(), "text": privilege })),
        ("insights", finding.insights.iter().map(insight).collect()),
        ("env_var", json!(variable)),
        ("remedy", Value::Object(remedy)),
        ("decoded", finding.decoded.iter().map(|way| way.name()).collect()),
        ("parts", finding.other_half.iter().map(part).collect()),
    ] {
        object.insert(key.to_owned(), value);
    }
    Value::Object(object)
}

/// What the card of a kind says to do, whatever the place of the key.
pub(super) fn what_to_do(rule: Rule<'_>) -> Map<String, Value> {
    let (facts, card) = (rule.facts(), rule.card());
    let fields = [
        ("revoke", facts.revoke),
        ("rotate", card.rotate),
        ("narrower", card.narrower),
        ("last_use", card.last_use),
        ("audit_log", card.audit_log),
        ("docs", facts.docs),
    ];
    fields.into_iter().map(|(key, text)| (key.to_owned(), json!(text))).collect()
}

pub(super) fn insight(insight: &Insight) -> Value {
    json!({ "name": insight.name, "value": insight.value, "text": insight.sentence })
}

fn part(half: &Half<'_>) -> Value {
    json!({
        "rule": half.rule.id(),
        "title": half.rule.facts().title,
        "line": half.location.line,
        "column": half.location.column,
        "secret": half.secret.to_string(),
    })
}

pub(super) fn commit(commit: &Commit) -> Value {
    json!({ "id": commit.id, "author": masked(&commit.author), "date": commit.date })
}

/// What commits bring in; the findings of one commit stand together.
pub(super) fn commits(located: &[Located<'_>]) -> Vec<Value> {
    let one = |findings: &[Located<'_>]| {
        let mut object = findings.first()?.commit.as_deref().map(commit)?;
        object["findings"] = findings.iter().map(finding).collect();
        Some(object)
    };
    located.chunk_by(Located::is_in_commit_of).filter_map(one).collect()
}

fn suppressed((located, by): &(Located<'_>, SuppressedBy)) -> Value {
    let mut value = finding(located);
    value["by"] = allowed_by(by);
    value
}

/// What allows a finding.
pub(super) fn allowed_by(by: &SuppressedBy) -> Value {
    match by {
        SuppressedBy::Inline { reason } => {
            json!({ "kind": "inline", "reason": reason.as_deref().map(masked), "expires": null })
        }
        SuppressedBy::Entry { reason, expires } => {
            json!({ "kind": "entry", "reason": masked(reason), "expires": expires })
        }
        SuppressedBy::Baseline => json!({ "kind": "baseline", "reason": null, "expires": null }),
    }
}

/// What was not looked at, with its reason.
pub(super) fn skipped(outcome: &Outcome<'_>) -> Vec<Value> {
    outcome.skipped.iter().map(|skipped| with_path(Some(&skipped.path), "reason", &skipped.reason)).collect()
}

/// What could not be looked at.
pub(super) fn errors(outcome: &Outcome<'_>) -> Vec<Value> {
    outcome.failures.iter().map(|failure| with_path(failure.path.as_ref(), "message", &failure.message)).collect()
}

fn with_path(path: Option<&BytePath>, key: &str, text: &str) -> Value {
    let mut object = path_fields(path);
    object.insert(key.to_owned(), json!(text));
    Value::Object(object)
}

/// `path`, and `path_encoding` where bytes that are no UTF-8 had to be percent-encoded.
pub(super) fn path_fields(path: Option<&BytePath>) -> Map<String, Value> {
    let mut object = Map::new();
    let Some(path) = path else {
        object.insert("path".to_owned(), Value::Null);
        return object;
    };
    if let Ok(text) = str::from_utf8(path.as_bytes()) {
        object.insert("path".to_owned(), json!(text));
    } else {
        object.insert("path".to_owned(), json!(path.percent_encoded()));
        object.insert("path_encoding".to_owned(), json!("percent"));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_no_text_are_percent_encoded() {
        let fields = |path: &[u8]| Value::Object(path_fields(Some(&BytePath::from(path))));
        assert_eq!(fields(b"a%b"), json!({ "path": "a%b" }));
        assert_eq!(fields(b"a%\xff"), json!({ "path": "a%25%FF", "path_encoding": "percent" }));
    }
}
