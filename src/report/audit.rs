//! The report of `keyguard audit`: one row for each key, as text or as JSON (`docs/audit.schema.json`).

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::human::{self, count};
use super::story::{self, INDENT};
use super::wrap::item;
use super::{Detail, Format, Subject, json, sanitized};
use crate::audit::{Key, Standing};
use crate::change::Commit;
use crate::outcome::{Located, Outcome};
use crate::scanner::masked;

/// So many places at HEAD are named to those who do not ask for all.
const PLACES: usize = 3;

/// What an audit comes to.
pub(crate) struct Report<'o> {
    /// The keys, those to rotate first at the top.
    pub(crate) keys: Vec<Key<'o>>,
    /// All that the walk came to; the verdict is its verdict.
    pub(crate) outcome: &'o Outcome<'o>,
    /// The commit of HEAD in hexadecimal; `None` before the first.
    pub(crate) head: Option<String>,
    /// Whether older commits were never fetched.
    pub(crate) is_shallow: bool,
    /// The age from which a key should have been replaced.
    pub(crate) max_age_days: u32,
    /// How long it took.
    pub(crate) duration: Duration,
}

/// Writes the report.
pub(crate) fn write(report: &Report<'_>, (format, detail): (Format, Detail), out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        return json::write_document(&document(report), out);
    }
    let told = report.keys.iter().filter(|key| detail > Detail::Quiet || key.allowed.is_none());
    for (number, key) in told.enumerate() {
        row(number + 1, key, (report.max_age_days, detail), out)?;
    }
    if detail > Detail::Quiet { closing(report, out) } else { Ok(()) }
}

/// What is to be said besides, for standard error.
pub(crate) fn remarks(outcome: &Outcome<'_>, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    for failure in &outcome.failures {
        writeln!(out, "error: {}", human::failure_sentence(failure))?;
    }
    let notices = outcome.notices.iter().filter(|_| detail > Detail::Quiet);
    for notice in notices {
        writeln!(out, "keyguard: {}", sanitized(notice.as_bytes()))?;
    }
    let skipped = outcome.skipped.iter().filter(|_| detail == Detail::Verbose);
    for skipped in skipped {
        writeln!(out, "skipped: {} ({})", sanitized(skipped.path.as_bytes()), skipped.reason)?;
    }
    Ok(())
}

fn row(number: usize, key: &Key<'_>, (days, detail): (u32, Detail), out: &mut dyn Write) -> io::Result<()> {
    let finding = &key.surest.finding;
    let facts = finding.rule.facts();
    let (title, mask) = (sanitized(facts.title.as_bytes()), sanitized(finding.excerpt.mask.as_bytes()));
    writeln!(out, "{number}. {title}: {mask}")?;
    item("age", INDENT, &age(key, days), out)?;
    now(key, detail, out)?;
    addition("from", key.first, out)?;
    if !std::ptr::eq(key.first, key.last) {
        addition("last", key.last, out)?;
    }
    if key.places > 1 {
        item("", INDENT, &format!("{} in all", count(key.places, "place")), out)?;
    }
    if let Some(by) = key.allowed {
        item("ok", INDENT, &human::allowed_by(by), out)?;
        return writeln!(out);
    }
    story::facts(finding, &|_| true, out)?;
    item("why", INDENT, &story::why(finding), out)?;
    remedy(key, out)?;
    item("name", INDENT, &finding.fingerprint().to_string(), out)?;
    writeln!(out)
}

/// What to do about it: replace a key, encrypt a file that still stands in the clear.
fn remedy(key: &Key<'_>, out: &mut dyn Write) -> io::Result<()> {
    let finding = &key.surest.finding;
    let revoke = finding.rule.facts().revoke.unwrap_or("where it was made");
    let Some(demand) = &finding.demand else {
        item("do", INDENT, "Replace it, then revoke it:", out)?;
        return item("", INDENT, revoke, out);
    };
    item("do", INDENT, revoke, out)?;
    match &key.surest.path {
        Some(path) if !key.at_head.is_empty() => item("", INDENT, &demand.remedy(path), out),
        _ => Ok(()),
    }
}

/// `331 days, past 90 days: since 2026-01-02`.
fn age(key: &Key<'_>, days: u32) -> String {
    let date = key.first.commit.as_deref().and_then(|commit| commit.date.get(..10)).unwrap_or_default();
    let past = if key.is_past(days) == Some(true) { format!(", past {}", count_days(days)) } else { String::new() };
    match key.age {
        None if date.is_empty() => "unknown: what brought it in has no date".to_owned(),
        None => format!("unknown: what brought it in is dated {date}"),
        Some(0) => format!("less than a day{past}: since {date}"),
        Some(age) => format!("{}{past}: since {date}", count_days(age)),
    }
}

fn count_days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// Where it stands now. A place has a line of its own, so that it is copied whole.
fn now(key: &Key<'_>, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    let remote = match key.on_remote {
        Some(true) => ", on a remote",
        Some(false) => ", on no remote branch",
        None => "",
    };
    if key.at_head.is_empty() {
        return item("now", INDENT, &format!("not at HEAD, but in the history{remote}"), out);
    }
    item("now", INDENT, &format!("at HEAD{remote}:"), out)?;
    let most = if detail == Detail::Verbose { usize::MAX } else { PLACES };
    for standing in key.at_head.iter().take(most) {
        let path = sanitized(standing.path.as_bytes());
        match standing.location {
            Some(location) => writeln!(out, "        {path}:{}:{}", location.line, location.column)?,
            None => writeln!(out, "        {path} (its name)")?,
        }
    }
    match key.at_head.len().saturating_sub(most) {
        0 => Ok(()),
        more => item("", INDENT, &format!("and {more} more"), out),
    }
}

/// Where a commit brought it in, and who made that commit: whom to ask what the key opens.
fn addition(label: &str, located: &Located<'_>, out: &mut dyn Write) -> io::Result<()> {
    let author = located.commit.as_deref().map(|commit| commit.author.as_str()).unwrap_or_default();
    let name = author.rsplit_once(" <").map_or(author, |(name, _)| name).trim();
    let name = shortened(&masked(name));
    let by = if name.is_empty() { String::new() } else { format!(" by {}", sanitized(name.as_bytes())) };
    writeln!(out, "  {label:6}{}{by}", human::place(located))
}

/// A name of a length that people have: whoever makes a commit may put anything there.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default().trim_end()),
        None => name.to_owned(),
    }
}

/// `2 keys to rotate, 1 of them past 90 days; 1 allowed; in 5 commits`.
fn closing(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let counting: Vec<_> = report.keys.iter().filter(|key| key.allowed.is_none()).collect();
    let past = counting.iter().filter(|key| key.is_past(report.max_age_days) == Some(true)).count();
    let past = match past {
        0 => String::new(),
        past => format!(", {past} past {}", count_days(report.max_age_days)),
    };
    let mut notes = Vec::new();
    for (number, word) in [
        (report.keys.len() - counting.len(), "allowed"),
        (report.outcome.skipped.len(), "skipped"),
        (report.outcome.failures.len(), "not inspected"),
    ] {
        if number > 0 {
            notes.push(format!("{number} {word}"));
        }
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    let extent = human::extent(Subject::History, report.outcome.stats);
    writeln!(out, "{} to rotate{past}, in {extent}{notes}", count(counting.len(), "key"))?;
    if counting.is_empty() {
        return Ok(());
    }
    writeln!(out, "Not a key? Say so by its name: keyguard allow kg1:... --reason \"...\"")
}

fn document(report: &Report<'_>) -> Value {
    let (outcome, stats) = (report.outcome, report.outcome.stats);
    json!({
        "version": 1,
        "tool": { "name": "keyguard", "version": env!("CARGO_PKG_VERSION") },
        "head": report.head,
        "shallow": report.is_shallow,
        "max_age_days": report.max_age_days,
        "keys": report.keys.iter().map(|key| key_value(key, report.max_age_days)).collect::<Vec<_>>(),
        "skipped": json::skipped(outcome),
        "errors": json::errors(outcome),
        "notices": outcome.notices,
        "complete": outcome.failures.is_empty(),
        "stats": {
            "commits": stats.commits,
            "files": stats.files,
            "bytes": stats.bytes,
            "below": stats.below,
            "duration_ms": u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
        },
        "exit": outcome.exit() as u8,
    })
}

fn key_value(key: &Key<'_>, max_age_days: u32) -> Value {
    let finding = &key.surest.finding;
    let facts = finding.rule.facts();
    let (class, privilege) = facts.privilege();
    json!({
        "rule": facts.id,
        "title": facts.title,
        "confidence": finding.confidence.name(),
        "validity": finding.validity.name(),
        "secret": if finding.is_whole_file() { Value::Null } else { json!(finding.secret.to_string()) },
        "fingerprint": finding.fingerprint().to_string(),
        "privilege": { "class": class.name(), "text": privilege },
        "env_var": finding.variable(),
        "remedy": json::what_to_do(finding.rule),
        "insights": finding.insights.iter().map(json::insight).collect::<Vec<_>>(),
        "age_days": key.age,
        "past_max_age": key.is_past(max_age_days),
        "first": addition_value(key.first),
        "last": addition_value(key.last),
        "places": key.places,
        "at_head": key.at_head.iter().map(standing_value).collect::<Vec<_>>(),
        "on_remote": key.on_remote,
        "allowed": key.allowed.map(json::allowed_by),
    })
}

fn addition_value(located: &Located<'_>) -> Value {
    let mut object = json::path_fields(located.path.as_ref());
    let commit = located.commit.as_deref();
    let location = located.finding.location;
    object.insert("object".to_owned(), json!(if commit.is_some_and(Commit::is_tag) { "tag" } else { "commit" }));
    for (key, value) in commit.map(json::commit).iter().flat_map(|commit| commit.as_object().into_iter().flatten()) {
        object.insert(key.clone(), value.clone());
    }
    object.insert("part".to_owned(), json!(located.part.name()));
    object.insert("line".to_owned(), json!(location.line));
    object.insert("column".to_owned(), json!(location.column));
    Value::Object(object)
}

fn standing_value(standing: &Standing) -> Value {
    let mut object = json::path_fields(Some(&standing.path));
    object.insert("line".to_owned(), json!(standing.location.map(|location| location.line)));
    object.insert("column".to_owned(), json!(standing.location.map(|location| location.column)));
    Value::Object(object)
}
