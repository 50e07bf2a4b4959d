//! What is no secret after all: markers in the text and entries of the configuration.
//!
//! Everything here is asked only about findings, so nothing is compiled before there is one.

mod breadth;
mod marker;

use std::cell::OnceCell;
use std::sync::OnceLock;

use anyhow::Result;
use globset::GlobSet;
use regex::bytes::{Regex, RegexBuilder};
use time::{Date, OffsetDateTime};

use crate::config::{AllowEntry, AllowSpec, Config};
use crate::outcome::Located;
use crate::rules::{self, example};
use crate::scanner::masked;
use crate::secret::Fingerprint;
pub(crate) use breadth::{breadth, covers_every_path};
use marker::{Beside, Honoured};

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A marker in the text.
    Inline {
        /// What stands behind its `--`.
        reason: Option<String>,
    },
    /// An `[[allow]]` entry.
    Entry {
        /// Its reason.
        reason: String,
        /// Its last day.
        expires: Option<String>,
    },
    /// `keyguard.baseline.json`.
    Baseline,
}

/// What the allowlist says of a finding.
pub(crate) enum Answer {
    /// It counts.
    Counts,
    /// It counts, and the notice says which entry would have allowed it once.
    Expired(String),
    /// It counts, although a marker stands beside it that a policy does not honour.
    MarkerIgnored,
    /// It counts, although a marker stands beside it, which does not name its rule.
    MarkerAside(Names),
    /// It does not count.
    Suppressed(SuppressedBy),
    /// It does not count, because an entry names this very key.
    SuppressedByName(SuppressedBy),
}

/// What a marker names that does not name the rule of the finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Names {
    /// At least one other rule.
    OtherRule,
    /// No rule that there is: a reason without its `--`, most likely.
    NoRule,
}

/// The allow entries and markers in force.
pub(crate) struct Allowlist<'c> {
    config: &'c Config,
    entries: OnceCell<Vec<Entry<'c>>>,
    today: Date,
}

/// An entry, compiled.
struct Entry<'c> {
    spec: &'c AllowSpec,
    fingerprint: Option<Fingerprint>,
    path: Option<GlobSet>,
    regex: Option<Regex>,
    stopword: Option<Vec<u8>>,
    expires: Option<Date>,
}

impl<'c> Allowlist<'c> {
    /// The allowlist of `config` as of today (UTC).
    pub(crate) fn new(config: &'c Config) -> Self {
        Self { config, entries: OnceCell::new(), today: OffsetDateTime::now_utc().date() }
    }

    /// Compiles every entry; the error of the first one that cannot be used.
    pub(crate) fn compile(&self) -> Result<()> {
        self.entries().map(drop)
    }

    fn entries(&self) -> Result<&[Entry<'c>]> {
        if let Some(entries) = self.entries.get() {
            return Ok(entries);
        }
        let new = |entry: &'c AllowEntry| {
            let error = |(key, message): Flaw| self.config.allow_error(entry, key, &message);
            Entry::compile(&entry.spec).map_err(error)
        };
        let entries = self.config.allow.iter().map(new).collect::<Result<_>>()?;
        Ok(self.entries.get_or_init(|| entries))
    }

    /// Whether an entry that has not expired covers the finding.
    pub(crate) fn has_entry_for(&self, located: &Located<'_>) -> bool {
        let holds = |entry: &Entry<'_>| !self.has_expired(entry) && entry.matches(located);
        self.entries().is_ok_and(|entries| entries.iter().any(holds))
    }

    /// Asks about a finding in `text`.
    pub(crate) fn ask(&self, located: &Located<'_>, text: &[u8]) -> Result<Answer> {
        let mut expired = None;
        for entry in self.entries()? {
            if entry.matches(located) {
                match entry.expires.filter(|last| *last < self.today) {
                    None if entry.fingerprint.is_some() => {
                        return Ok(Answer::SuppressedByName(entry.suppressed_by()));
                    }
                    None => return Ok(Answer::Suppressed(entry.suppressed_by())),
                    Some(last) => expired = Some(entry.expiry_notice(last)),
                }
            }
        }
        let honoured = if self.config.foreign_markers.value { Honoured::All } else { Honoured::Ours };
        let found = marker::beside(text, &located.finding, honoured);
        Ok(match (found, expired) {
            (Some(Beside::Cover { reason }), _) if !self.config.enforce.value && !self.config.is_server => {
                Answer::Suppressed(SuppressedBy::Inline { reason })
            }
            (_, Some(notice)) => Answer::Expired(notice),
            (Some(Beside::Cover { .. }), None) => Answer::MarkerIgnored,
            (Some(Beside::Aside(words)), None) => {
                let names_rule = words.iter().any(|word| self.config.knows_rule(word));
                Answer::MarkerAside(if names_rule { Names::OtherRule } else { Names::NoRule })
            }
            (None, None) => Answer::Counts,
        })
    }

    /// Whether entries cover the finding, all of which have expired.
    pub(crate) fn is_expired(&self, located: &Located<'_>) -> bool {
        let matching = self.entries().unwrap_or_default().iter().filter(|entry| entry.matches(located));
        let mut ends = matching.map(|entry| self.has_expired(entry)).peekable();
        ends.peek().is_some() && ends.all(|has_expired| has_expired)
    }

    /// The entries that cover the finding, by their place in the configuration.
    pub(crate) fn matching(&self, located: &Located<'_>) -> Result<Vec<usize>> {
        let all = self.entries()?.iter().enumerate();
        Ok(all.filter(|(_, entry)| entry.matches(located)).map(|(place, _)| place).collect())
    }

    /// For each entry that has expired its place in the configuration and a remark.
    pub(crate) fn expired(&self) -> Result<Vec<(usize, String)>> {
        let all = self.entries()?.iter().enumerate().filter(|(_, entry)| self.has_expired(entry));
        Ok(all.filter_map(|(place, entry)| Some((place, entry.expiry_notice(entry.expires?)))).collect())
    }

    fn has_expired(&self, entry: &Entry<'_>) -> bool {
        entry.expires.is_some_and(|last| last < self.today)
    }
}

impl<'c> Entry<'c> {
    fn compile(spec: &'c AllowSpec) -> Result<Self, Flaw> {
        let path = spec.path.as_deref().map(|glob| rules::glob_set(std::iter::once(glob))).transpose();
        let fingerprint = spec.fingerprint.as_deref().map(str::parse).transpose();
        let expires = spec.expires.and_then(|expires| expires.date).map(|date| {
            let month = time::Month::try_from(date.month)?;
            Date::from_calendar_date(i32::from(date.year), month, date.day)
        });
        Ok(Self {
            spec,
            fingerprint: fingerprint.map_err(|message: &str| ("fingerprint", format!("is none: {message}")))?,
            path: path.map_err(|error| ("path", format!("is no glob: {error}")))?,
            regex: spec.regex.as_deref().map(compile_regex).transpose().map_err(|message| ("regex", message))?,
            stopword: spec.stopword.as_ref().map(|word| word.to_ascii_lowercase().into_bytes()),
            expires: expires.transpose().map_err(|error| ("expires", format!("is no date: {error}")))?,
        })
    }

    /// All fields that are there must hold. Of a file that is a secret as a whole there is no value to look into.
    #[expect(clippy::disallowed_methods, reason = "`regex` and `stopword` look into the secret")]
    fn matches(&self, located: &Located<'_>) -> bool {
        let finding = &located.finding;
        let secret = finding.secret.expose();
        let holds_path = |set: &GlobSet| located.path.as_ref().is_some_and(|path| set.is_match(path.as_path()));
        let asks_for_value = self.regex.is_some() || self.stopword.is_some();
        !(asks_for_value && finding.is_whole_file())
            && self.fingerprint.is_none_or(|fingerprint| fingerprint == finding.fingerprint())
            && self.spec.rule.as_deref().is_none_or(|rule| rule == finding.rule.id())
            && self.path.as_ref().is_none_or(holds_path)
            && self.holds_value(secret)
    }

    fn holds_value(&self, secret: &[u8]) -> bool {
        let holds_word = |word: &Vec<u8>| memchr::memmem::find(&secret.to_ascii_lowercase(), word).is_some();
        self.regex.as_ref().is_none_or(|regex| regex.is_match(secret)) && self.stopword.as_ref().is_none_or(holds_word)
    }

    fn suppressed_by(&self) -> SuppressedBy {
        SuppressedBy::Entry {
            reason: self.spec.reason.clone().unwrap_or_default(),
            expires: self.expires.map(|date| date.to_string()),
        }
    }

    fn expiry_notice(&self, last: Date) -> String {
        let by = self.spec.by.as_deref().map(|by| format!(" (by {})", masked(by))).unwrap_or_default();
        format!("the allow entry for {}{by} expired on {last}, so it blocks again", self.spec.subject())
    }
}

/// What is wrong with an entry that only compiling it tells.
pub(crate) fn flaw(spec: &AllowSpec) -> Option<(&'static str, String)> {
    Entry::compile(spec).err()
}

/// The key to look at, and what is wrong with it.
type Flaw = (&'static str, String);

/// Compiles the regex of an entry; one that matches whatever secret there is, is refused.
fn compile_regex(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).unicode(false).size_limit(1 << 20).build();
    let regex = built.map_err(|_| "is too large\nhelp: shorten its repetitions".to_owned())?;
    if matches_any_value(&regex) {
        return Err(
            "matches any value, so it would allow every key\nhelp: say more of the value, from `^` to `$`".to_owned()
        );
    }
    Ok(regex)
}

/// Whether the regex matches random values of most alphabets that keys are written in, be it at one length alone.
fn matches_any_value(regex: &Regex) -> bool {
    const MOST: usize = 4;
    static PROBES: OnceLock<Vec<[String; 6]>> = OnceLock::new();
    let covers = |values: &[String; 6]| values.iter().filter(|value| regex.is_match(value.as_bytes())).count() >= MOST;
    regex.is_match(b"") || PROBES.get_or_init(probes).iter().any(covers)
}

/// Random values of each length that a key may have, one of each alphabet; the last is that of passwords.
fn probes() -> Vec<[String; 6]> {
    let lengths = (6..=72).chain([86, 96, 128, 164, 256, 512, 1024, 1700]);
    let of_length = |length: usize| {
        let expand = |template: &str| example::expand(template, "probe", length);
        let [hex, lower, upper, mixed, url] =
            ["hex", "lowernum", "uppernum", "alnum", "base64url"].map(|class| expand(&format!("<{class}:{length}>")));
        [hex, lower, upper, mixed, url, expand(&format!("<alnum:{}>!_.<alnum:2>~", length - 6))]
    };
    lengths.map(of_length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regex_that_matches_nearly_any_value_is_refused() {
        for pattern in [
            "^.{15,39}$",
            "^.{33}$",
            "^[A-Za-z0-9]{40}$",
            "^[A-Za-z0-9]{20,}$",
            "[0-9]",
            ".{100,}",
            r"^[\w+/=-]+$",
            "",
            "^.{6,9}$",
        ] {
            assert!(compile_regex(pattern).is_err(), "{pattern}");
        }
        for pattern in [
            "^ghp_",
            "^[0-9a-f]{32}$",
            "^[0-9a-f]{40}$",
            "^[a-z]+$",
            "test",
            "(?i)dummy",
            "^acme_.{30}$",
            "EXAMPLE$",
            "^x+$",
        ] {
            assert!(compile_regex(pattern).is_ok(), "{pattern}");
        }
    }
}
