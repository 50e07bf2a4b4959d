//! From a change to a verdict: scan the new text, keep what this change brings in, ask the allowlist.

use std::cell::Cell;
use std::ops::RangeInclusive;

use anyhow::Result;

use crate::allowlist::{Allowlist, Answer};
use crate::change::{self, BytePath, Change, Hunk, Previous};
use crate::config::{Binary, Config};
use crate::decode::{Kind, Text};
use crate::finding::Finding;
use crate::outcome::{Failure, Located, Outcome, Skipped};
use crate::scanner::Scanner;

/// Everything that judges changes.
pub(crate) struct Inspector<'c> {
    config: &'c Config,
    scanner: Scanner<'c>,
    allowlist: Allowlist<'c>,
    counting: Counting,
    markers_ignored: Cell<usize>,
}

/// Whether the report wants to know how many hunks and added lines there are; it costs a diff of every file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    Files,
    Hunks,
}

impl<'c> Inspector<'c> {
    pub(crate) fn new(config: &'c Config, counting: Counting) -> Self {
        Self {
            config,
            scanner: Scanner::new(&config.rules, config.min_confidence.value),
            allowlist: Allowlist::new(config),
            counting,
            markers_ignored: Cell::new(0),
        }
    }

    /// Looks at one change; what cannot be looked at becomes a failure of the outcome.
    pub(crate) fn inspect(&self, change: &Change<'_>, outcome: &mut Outcome<'c>) {
        if let Err(error) = self.try_inspect(change, outcome) {
            self.fail(&change.path, &error, outcome);
        }
    }

    /// Records that `path` could not be looked at.
    pub(crate) fn fail(&self, path: &BytePath, error: &anyhow::Error, outcome: &mut Outcome<'c>) {
        let path = self.presentable(path);
        outcome.failures.push(Failure { path: Some(path), message: format!("{error:#}") });
    }

    /// Remarks that only the whole run can make.
    pub(crate) fn finish(&self, outcome: &mut Outcome<'c>) {
        let ignored = self.markers_ignored.get();
        if ignored > 0 {
            let markers = if ignored == 1 { "marker is" } else { "markers are" };
            outcome
                .notices
                .push(format!("{ignored} inline {markers} not obeyed: a policy outside the repository is enforced"));
        }
    }

    fn try_inspect(&self, change: &Change<'_>, outcome: &mut Outcome<'c>) -> Result<()> {
        outcome.stats.files += 1;
        outcome.stats.bytes += change.size();
        let path = self.inspect_name(change, outcome)?;
        for text in change.texts() {
            if text.kind() == Kind::Binary && self.config.binary.value == Binary::Skip {
                outcome.skipped.push(Skipped { path: path.clone(), reason: "binary".to_owned() });
                continue;
            }
            let findings = self.scanner.scan(&change.path, text)?;
            if self.counting == Counting::Hunks {
                count_hunks(change, text, outcome)?;
            }
            for finding in findings {
                if self.is_new(change, text, &finding)? {
                    self.settle(Located { path: Some(path.clone()), finding }, text.bytes(), outcome)?;
                }
            }
        }
        Ok(())
    }

    /// Looks at the file's name; gives the path as it may be printed.
    fn inspect_name(&self, change: &Change<'_>, outcome: &mut Outcome<'c>) -> Result<BytePath> {
        let name = Text::decode(change.path.as_bytes().to_vec());
        let findings = self.scanner.scan(&change.path, &name)?;
        if findings.is_empty() {
            return Ok(change.path.clone());
        }
        let path = masked(&change.path, &findings);
        if change.is_new_path() {
            for finding in findings {
                self.settle(Located { path: Some(path.clone()), finding }, name.bytes(), outcome)?;
            }
        }
        Ok(path)
    }

    /// The path without any key that stands in it.
    fn presentable(&self, path: &BytePath) -> BytePath {
        let name = Text::decode(path.as_bytes().to_vec());
        let findings = self.scanner.scan(path, &name).unwrap_or_default();
        masked(path, &findings)
    }

    /// Whether the change brings the finding in: its secret stands in no old version, and it touches an added line of
    /// each. A secret on one line that stands in no old version makes its line an added one, so that needs no diff.
    fn is_new(&self, change: &Change<'_>, text: &Text, finding: &Finding<'_>) -> Result<bool> {
        let written = &text.bytes()[finding.span.clone()];
        let lines = finding.location.line..=finding.location.end_line;
        let is_plain = lines.start() == lines.end() && finding.secret.is_written_as(written);
        for old in change.previous()? {
            if memchr::memmem::find(old.text.bytes(), written).is_some() {
                return Ok(false);
            }
            if !is_plain && (self.holds(old, &change.path, finding)? || !touches(old.hunks(text.bytes()), &lines)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether an old version holds the same secret written otherwise, such as a private key with other line breaks.
    fn holds(&self, old: &Previous, path: &BytePath, finding: &Finding<'_>) -> Result<bool> {
        let findings = self.scanner.scan(path, &old.text)?;
        Ok(findings.iter().any(|other| other.fingerprint() == finding.fingerprint()))
    }

    fn settle(&self, located: Located<'c>, text: &[u8], outcome: &mut Outcome<'c>) -> Result<()> {
        if located.finding.confidence < self.config.min_confidence.value {
            outcome.stats.below += 1;
            return Ok(());
        }
        match self.allowlist.ask(&located, text)? {
            Answer::Suppressed(by) => outcome.suppressed.push((located, by)),
            Answer::Counts => outcome.blocked.push(located),
            Answer::MarkerIgnored => {
                self.markers_ignored.set(self.markers_ignored.get() + 1);
                outcome.blocked.push(located);
            }
            Answer::Expired(notice) => {
                outcome.notices.push(notice);
                outcome.blocked.push(located);
            }
        }
        Ok(())
    }
}

/// The path with every finding in it replaced by its mask.
fn masked(path: &BytePath, findings: &[Finding<'_>]) -> BytePath {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut position = 0;
    for finding in findings.iter().filter(|finding| finding.span.end <= bytes.len()) {
        out.extend_from_slice(&bytes[position..finding.span.start]);
        out.extend_from_slice(finding.secret.to_string().as_bytes());
        position = finding.span.end;
    }
    out.extend_from_slice(&bytes[position..]);
    BytePath::from(&out[..])
}

fn touches(hunks: &[Hunk], lines: &RangeInclusive<usize>) -> bool {
    hunks.iter().any(|hunk| hunk.lines.start <= *lines.end() && *lines.start() < hunk.lines.end)
}

fn count_hunks(change: &Change<'_>, text: &Text, outcome: &mut Outcome<'_>) -> Result<()> {
    let of_new_file;
    let hunks = match change.previous()?.first() {
        Some(old) => old.hunks(text.bytes()),
        None => {
            of_new_file = change::hunks(b"", text.bytes());
            &of_new_file
        }
    };
    outcome.stats.hunks += hunks.len();
    outcome.stats.added_lines += hunks.iter().map(|hunk| hunk.lines.len()).sum::<usize>();
    Ok(())
}
