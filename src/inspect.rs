//! From a change to a verdict: scan the new text, keep what this change brings in, ask the allowlist.

mod holdings;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use anyhow::Result;

use crate::allowlist::{Allowlist, Answer, Names};
use crate::baseline;
use crate::change::{self, BytePath, Change, Hunk, Part, Previous};
use crate::config::{Binary, Config};
use crate::decode::{Kind, Text};
use crate::finding::Finding;
use crate::guard::{self, Guard};
use crate::outcome::{Failure, Located, Outcome, Skipped};
use crate::report::headline;
use crate::rules::Origin;
use crate::scanner::Scanner;
use crate::secret::Fingerprint;
pub(crate) use holdings::Holdings;

/// Everything that judges changes.
pub(crate) struct Inspector<'c> {
    config: &'c Config,
    scanner: Scanner<'c>,
    allowlist: Allowlist<'c>,
    guard: Guard<'c>,
    counting: Counting,
    markers_ignored: Cell<usize>,
    /// Findings beside a marker that names other rules: the first one, and how many there are.
    markers_aside: RefCell<BTreeMap<Names, (String, usize)>>,
    holdings: Option<Holdings>,
    /// How many bytes of texts were kept.
    kept: Cell<usize>,
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
            scanner: Scanner::new(&config.rules, config.min_confidence.value).decoding(config.decode_depth.value),
            allowlist: Allowlist::new(config),
            guard: Guard::new(config),
            counting,
            markers_ignored: Cell::new(0),
            markers_aside: RefCell::default(),
            holdings: None,
            kept: Cell::new(0),
        }
    }

    /// The same inspector, which also keeps what each version of a file holds, new or not.
    pub(crate) fn remembering(self) -> Self {
        Self { holdings: Some(Holdings::default()), ..self }
    }

    /// What the versions that were looked at hold, where it was kept.
    pub(crate) fn holdings(&self) -> Option<&Holdings> {
        self.holdings.as_ref()
    }

    /// Looks at one change; what cannot be looked at becomes a failure of the outcome.
    pub(crate) fn inspect(&self, change: &Change<'_>, outcome: &mut Outcome<'c>) {
        let first = outcome.blocked.len();
        if let Err(error) =
            self.try_inspect(change, outcome).and_then(|()| self.keep_text(change, &mut outcome.blocked[first..]))
        {
            self.fail(&change.path, &error, outcome);
        }
    }

    /// Keeps the text beside what was found in it, as long as that costs little: whoever reports can say then what would
    /// stand there instead.
    fn keep_text(&self, change: &Change<'_>, blocked: &mut [Located<'_>]) -> Result<()> {
        const MOST: usize = 4 << 20;
        if blocked.iter().all(|located| located.part != Part::File) {
            return Ok(());
        }
        let kept = self.kept.get().saturating_add(change.size());
        if kept <= MOST {
            self.kept.set(kept);
            let text: Rc<[u8]> = change.content()?.into();
            for located in blocked {
                located.text = Some(Rc::clone(&text));
            }
        }
        Ok(())
    }

    /// Records that `path` could not be looked at.
    pub(crate) fn fail(&self, path: &BytePath, error: &anyhow::Error, outcome: &mut Outcome<'c>) {
        let path = Some(self.presentable(path)).filter(|path| !path.as_bytes().is_empty());
        outcome.failures.push(Failure { path, message: format!("{error:#}") });
    }

    /// What only the whole run can do: asks the baseline about what would block, and makes its remarks.
    pub(crate) fn finish(&self, baseline: baseline::Read<'_>, outcome: &mut Outcome<'c>) -> Result<()> {
        if !outcome.blocked.is_empty()
            && let Some(baseline) = baseline()?
        {
            baseline.apply(|located| self.allowlist.is_expired(located), outcome);
        }
        let ignored = self.markers_ignored.get();
        if ignored > 0 {
            let markers = if ignored == 1 { "marker is" } else { "markers are" };
            let why = if self.config.is_server {
                "they do not count on a server"
            } else {
                "a policy outside the repository is enforced"
            };
            outcome.notices.push(format!("{ignored} inline {markers} not obeyed: {why}"));
        }
        for (names, (first, number)) in &*self.markers_aside.borrow() {
            let more = if *number > 1 { format!(" (and {} more)", number - 1) } else { String::new() };
            let (what, advice) = match names {
                Names::OtherRule => ("another rule", ""),
                Names::NoRule => ("no rule that there is", ": put the reason behind `--`"),
            };
            outcome.notices.push(format!("the marker beside {first} names {what}, so it does not count{more}{advice}"));
        }
        let mut said = HashSet::new();
        outcome.notices.retain(|notice| said.insert(notice.clone()));
        Ok(())
    }

    fn try_inspect(&self, change: &Change<'_>, outcome: &mut Outcome<'c>) -> Result<()> {
        outcome.stats.files += usize::from(change.part == Part::File);
        outcome.stats.bytes += change.size();
        let path = match change.file() {
            Some(_) => Some(self.inspect_name(change, outcome)?),
            None => None,
        };
        let is_told = self.inspect_encryption(change, path.as_ref(), outcome)?;
        for (view, text) in change.texts().iter().enumerate() {
            if view == 0 && text.kind() == Kind::Binary && self.config.binary.value == Binary::Skip {
                let reason = "binary".to_owned();
                outcome.skipped.extend(path.map(|path| Skipped { path, reason }));
                return Ok(());
            }
            let mut findings = self.scanner.scan(&change.path, text)?;
            if change.part == Part::File {
                let whole = self.scanner.scan_whole(&change.path, text)?;
                findings.extend(whole.filter(|finding| !(is_told && finding.rule.id() == guard::RULE)));
            }
            self.remember(change, &findings);
            if view == 0 && self.counting == Counting::Hunks {
                count_hunks(change, text, outcome)?;
            }
            let mut new = Vec::new();
            for finding in findings {
                if self.is_new(change, text, &finding)? {
                    let (path, commit) = (path.clone(), change.commit.clone());
                    new.push(Located::new(path, change.part, commit, finding));
                }
            }
            self.settle_all(new, text.bytes(), outcome)?;
        }
        Ok(())
    }

    /// Looks whether the file is in the clear and must not be; gives whether that was found.
    fn inspect_encryption(
        &self,
        change: &Change<'_>,
        path: Option<&BytePath>,
        outcome: &mut Outcome<'c>,
    ) -> Result<bool> {
        let Some(finding) = self.guard.finding(change)? else { return Ok(false) };
        self.remember(change, std::slice::from_ref(&finding));
        let text = Text::as_written(change.content()?.into_owned());
        if self.is_new(change, &text, &finding)? {
            let (path, commit) = (path.cloned(), change.commit.clone());
            self.settle_all(vec![Located::new(path, change.part, commit, finding)], text.bytes(), outcome)?;
        }
        Ok(true)
    }

    /// Keeps what the new version of a file holds, where that is wanted.
    fn remember(&self, change: &Change<'_>, findings: &[Finding<'_>]) {
        if let Some((holdings, blob)) = self.holdings.as_ref().zip(change.blob()) {
            holdings.keep((&change.path, blob), findings);
        }
    }

    /// Looks at the file's name; gives the path as it may be printed.
    fn inspect_name(&self, change: &Change<'_>, outcome: &mut Outcome<'c>) -> Result<BytePath> {
        let name = Text::decode(change.path.as_bytes().to_vec());
        let findings = self.scanner.scan(&change.path, &name)?;
        if findings.is_empty() {
            return Ok(change.path.clone());
        }
        if let Some(holdings) = &self.holdings {
            holdings.keep_name(&change.path, &findings);
        }
        let path = masked(&change.path, &findings);
        if change.is_new_path() {
            let located = |finding| {
                let (path, commit) = (Some(path.clone()), change.commit.clone());
                Located::new(path, Part::Name, commit, finding)
            };
            self.settle_all(findings.into_iter().map(located).collect(), name.bytes(), outcome)?;
        }
        Ok(path)
    }

    /// The path without any key that stands in it.
    pub(crate) fn presentable(&self, path: &BytePath) -> BytePath {
        let name = Text::decode(path.as_bytes().to_vec());
        let findings = self.scanner.scan(path, &name).unwrap_or_default();
        masked(path, &findings)
    }

    /// Whether the change brings the finding in: its secret stands in no old version, and it touches an added line of
    /// each. A secret on one line that stands in no old version makes its line an added one, so that needs no diff. A file
    /// that is a secret as a whole is another one whenever it changes.
    fn is_new(&self, change: &Change<'_>, text: &Text, finding: &Finding<'_>) -> Result<bool> {
        if finding.is_whole_file() {
            let stands = |old: &Previous| old.texts().iter().any(|old| old.bytes() == text.bytes());
            return Ok(!change.previous()?.iter().any(stands));
        }
        let lines = finding.location.line..=finding.location.end_line;
        let is_plain =
            lines.start() == lines.end() && finding.secret.is_written_as(&text.bytes()[finding.span.clone()]);
        for old in change.previous()? {
            let stands = match occurrence(old, text.bytes(), &finding.span) {
                Occurrence::Whole => true,
                Occurrence::None if is_plain => false,
                Occurrence::None | Occurrence::Doubtful => self.holds(old, &change.path, finding)?,
            };
            if stands || !is_plain && !touches(old.hunks(change.texts()[0].bytes()), &lines) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a scan of the old version finds the same secret, however it is written there.
    fn holds(&self, old: &Previous, path: &BytePath, finding: &Finding<'_>) -> Result<bool> {
        let scan = |text: &Text| -> Result<Vec<Fingerprint>> {
            Ok(self.scanner.scan(path, text)?.iter().map(Finding::fingerprint).collect())
        };
        Ok(old.fingerprints(scan)?.contains(&finding.fingerprint()))
    }

    /// Settles new findings of one text, a secret before its other half: where the secret is told, or allowed by name,
    /// the pair is settled as one.
    fn settle_all(&self, new: Vec<Located<'c>>, text: &[u8], outcome: &mut Outcome<'c>) -> Result<()> {
        let (blocked, suppressed) = (outcome.blocked.len(), outcome.suppressed.len());
        let (secrets, others): (Vec<_>, Vec<_>) = new.into_iter().partition(|l| l.finding.other_half.is_some());
        let mut told = HashSet::new();
        for located in secrets.into_iter().chain(others) {
            if told.contains(&located.finding.span) {
                continue;
            }
            let half = located.finding.half_told_with_it().map(|half| half.span.clone());
            if self.settle(located, text, outcome)? == Settled::WithOtherHalf {
                told.extend(half);
            }
        }
        outcome.blocked[blocked..].sort_by_key(|located| located.finding.span.start);
        outcome.suppressed[suppressed..].sort_by_key(|(located, _)| located.finding.span.start);
        Ok(())
    }

    fn settle(&self, located: Located<'c>, text: &[u8], outcome: &mut Outcome<'c>) -> Result<Settled> {
        if located.finding.confidence < self.config.min_confidence.value {
            outcome.stats.below += 1;
            return Ok(Settled::Alone);
        }
        match self.allowlist.ask(&located, text)? {
            Answer::Suppressed(by) => {
                outcome.suppressed.push((located, by));
                return Ok(Settled::Alone);
            }
            Answer::SuppressedByName(by) => outcome.suppressed.push((located, by)),
            Answer::Counts => outcome.blocked.push(located),
            Answer::MarkerIgnored => {
                self.markers_ignored.set(self.markers_ignored.get() + 1);
                outcome.blocked.push(located);
            }
            Answer::MarkerAside(names) => {
                let mut aside = self.markers_aside.borrow_mut();
                let first = || (format!("{} ({})", headline(&located), located.finding.rule.id()), 0);
                aside.entry(names).or_insert_with(first).1 += 1;
                outcome.blocked.push(located);
            }
            Answer::Expired(notice) => {
                outcome.notices.push(notice);
                outcome.blocked.push(located);
            }
        }
        Ok(Settled::WithOtherHalf)
    }
}

/// What became of a finding that may be one half of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// Its other half has yet to be judged.
    Alone,
    /// The pair is done with.
    WithOtherHalf,
}

/// The path with every built-in finding in it replaced by its mask; a configured rule must not hide where a key is.
fn masked(path: &BytePath, findings: &[Finding<'_>]) -> BytePath {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut position = 0;
    let is_known = |finding: &&Finding<'_>| finding.rule.origin() == Origin::BuiltIn && finding.span.end <= bytes.len();
    for finding in findings.iter().filter(is_known) {
        out.extend_from_slice(&bytes[position..finding.span.start]);
        out.extend_from_slice(finding.secret.to_string().as_bytes());
        position = finding.span.end;
    }
    out.extend_from_slice(&bytes[position..]);
    BytePath::from(&out[..])
}

/// How a value stands in an old version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occurrence {
    /// Not at all.
    None,
    /// As a part of something longer, or so short that it may be a word, or that was not looked up: a scan of the old
    /// version has to tell.
    Doubtful,
    /// As a whole: it was there before.
    Whole,
}

/// How the value at `span` of `new` stands in `old`.
fn occurrence(old: &Previous, new: &[u8], span: &Range<usize>) -> Occurrence {
    /// A shorter value, such as a password, may be a word of the text.
    const LONG: usize = 20;
    /// Thousands of values are not looked up one by one in a text of megabytes.
    const MOST_SEARCHED: usize = 256 << 20;
    if old.searched() > MOST_SEARCHED {
        return Occurrence::Doubtful;
    }
    let value = &new[span.clone()];
    let around = |text: &[u8], span: &Range<usize>| {
        let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-+/".contains(byte);
        let before = span.start.checked_sub(1).and_then(|place| text.get(place)).filter(is_word).copied();
        (before, text.get(span.end).filter(is_word).copied())
    };
    let wanted = around(new, span);
    let is_whole = |found: (Option<u8>, Option<u8>)| {
        (found.0.is_none() || found.0 == wanted.0) && (found.1.is_none() || found.1 == wanted.1)
    };
    let mut result = Occurrence::None;
    for text in old.texts().iter().map(Text::bytes) {
        old.has_searched(text.len());
        for start in memchr::memmem::find_iter(text, value) {
            if value.len() >= LONG && is_whole(around(text, &(start..start + value.len()))) {
                return Occurrence::Whole;
            }
            result = Occurrence::Doubtful;
        }
    }
    result
}

/// Whether any of the hunks, which come in order, touches the lines.
fn touches(hunks: &[Hunk], lines: &RangeInclusive<usize>) -> bool {
    let behind = hunks.partition_point(|hunk| hunk.lines.end <= *lines.start());
    hunks.get(behind).is_some_and(|hunk| hunk.lines.start <= *lines.end())
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
