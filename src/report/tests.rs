//! No report of any format contains a secret: for every rule, alone and in company, in any surroundings.

#![expect(clippy::disallowed_methods, reason = "what must not be printed has to be known")]

use base64::Engine as _;
use proptest::prelude::*;

use super::*;
use crate::change::{BytePath, Part};
use crate::config::{self, Config, Sources};
use crate::decode::Text;
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::fix::{Grounds, draft};
use crate::outcome::{Located, Stats};
use crate::rules::{RuleSet, example};
use crate::scanner::Scanner;

thread_local! {
    /// The defaults, with all regexes that one thread has needed so far.
    static CONFIG: Config = {
        let environment = Environment::default();
        let min_confidence = Some(Confidence::Low);
        config::load(Sources { environment: &environment, given: None, repository: None, min_confidence }).unwrap()
    };
}

/// Everything that is ever printed about the findings in `text`, and the secrets that are in it.
fn printed(rules: &RuleSet, text: &[u8], finish: fn(&mut [Located<'_>])) -> (Vec<u8>, Vec<Vec<u8>>) {
    let text = Text::decode(text.to_vec());
    let path = BytePath::from("src/a.py");
    let scanner = Scanner::new(rules, Confidence::Low);
    let mut findings = scanner.scan(&path, &text).unwrap();
    findings.extend(scanner.scan_whole(&path, &text).unwrap());
    let mut secrets: Vec<Vec<u8>> =
        findings.iter().map(|finding| text.bytes()[finding.span.clone()].to_vec()).collect();
    secrets.extend(findings.iter().map(|finding| finding.secret.expose().to_vec()));
    let debug: String = findings
        .iter()
        .map(|finding| format!("{:?} {} {:?}", finding.secret, finding.secret, finding.excerpt))
        .collect();
    let mut out = debug.into_bytes();
    for format in [Format::Human, Format::Json] {
        for subject in [Subject::Commit, Subject::Staged, Subject::Files] {
            let located = findings
                .iter()
                .map(|finding| Located::new(Some(path.clone()), Part::File, None, finding.clone()))
                .map(|located| Located { text: Some(text.bytes().into()), ..located });
            let mut blocked: Vec<_> = located.collect();
            finish(&mut blocked);
            let outcome = Outcome { blocked, stats: Stats::default(), ..Outcome::default() };
            let style =
                Style { format, subject, color: false, detail: Detail::Verbose, duration: Duration::ZERO, hint: None };
            write(&style, &outcome, &mut out).unwrap();
        }
    }
    (out, secrets)
}

#[track_caller]
fn assert_hidden(rules: &RuleSet, text: &[u8], what: &str) {
    assert_none_of_them_in(printed(rules, text, |_| ()), what);
}

#[track_caller]
fn assert_none_of_them_in((out, secrets): (Vec<u8>, Vec<Vec<u8>>), what: &str) {
    for secret in secrets {
        // Of a key of many lines no line may be printed either.
        let lines =
            secret.split(|byte| *byte == b'\n').skip(1).filter(|line| line.len() > 20 && !line.starts_with(b"-----"));
        for part in std::iter::once(&secret[..]).chain(lines) {
            assert!(
                memchr::memmem::find(&out, part).is_none(),
                "{what}: a secret of {} bytes is printed in full",
                part.len()
            );
        }
    }
}

#[test]
fn no_rule_prints_its_secret() {
    let rules = RuleSet::built_in();
    for rule in rules.iter() {
        for (number, template) in rule.facts().matches.iter().enumerate() {
            let text = example::expand(template, rule.id(), number);
            assert_hidden(&rules, &example::content(template, rule.id(), number), rule.id());
            // A second one on the same line, known to the rules or not.
            let other = example::expand(template, rule.id(), number + 100);
            assert_hidden(&rules, format!("{text} {other}").as_bytes(), rule.id());
            assert_hidden(
                &rules,
                format!("{} {text}", example::expand("<jwt> <alnum:40>", "company", number)).as_bytes(),
                rule.id(),
            );
        }
    }
}

/// Nor does the line without it, which shows all that stands beside it.
#[test]
fn no_line_that_a_fix_writes_holds_a_secret() {
    let rules = RuleSet::built_in();
    let in_draft =
        |blocked: &mut [Located<'_>]| CONFIG.with(|config| draft(blocked, &Grounds { config, staged: None }));
    for rule in rules.iter().step_by(7) {
        let template = rule.facts().matches.iter().next().unwrap();
        let (text, other) = (example::expand(template, rule.id(), 0), example::expand(template, rule.id(), 100));
        let line = format!("k = f(\"{text}\", \"{other}\")\n");
        assert_none_of_them_in(printed(&rules, line.as_bytes(), in_draft), rule.id());
    }
}

/// Nor what the secret is written as, whose letters give it away.
#[test]
fn no_rule_prints_a_disguised_secret() {
    let rules = RuleSet::built_in();
    for rule in rules.iter() {
        let text = example::expand(rule.facts().matches.iter().next().unwrap(), rule.id(), 0);
        let base64 = base64::engine::general_purpose::STANDARD.encode(&text);
        let percent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let (first, second) = text.split_at(text.len() / 2);
        for disguised in [base64, percent, escaped, format!("\"{first}\" +\n\"{second}\"")] {
            assert_hidden(&rules, format!("a: {disguised} # b").as_bytes(), rule.id());
        }
    }
}

#[test]
fn the_configuration_example_is_the_defaults() {
    let environment = Environment::default();
    let content = crate::command::config::EXAMPLE.as_bytes().to_vec();
    let with = |repository| {
        let sources = Sources { environment: &environment, given: None, repository, min_confidence: None };
        config::load(sources).unwrap()
    };
    let (example, defaults) = (with(Some(("keyguard.toml".to_owned(), content))), with(None));
    assert_eq!(example.min_confidence.value, defaults.min_confidence.value);
    assert_eq!(example.binary.value, defaults.binary.value);
    assert_eq!(example.decode_depth.value, defaults.decode_depth.value);
    assert_eq!(example.foreign_markers.value, defaults.foreign_markers.value);
    assert_eq!(example.env_file.value, defaults.env_file.value);
    assert_eq!(example.max_age_days.value, defaults.max_age_days.value);
    assert!(example.disabled.is_empty() && example.only.is_none());
    assert!(example.encrypted.is_empty());
    assert!(example.own_rules.is_empty() && example.allow.is_empty() && example.notices.is_empty());
    // What stands in comments parses too, so it cannot grow stale.
    let uncommented: String = crate::command::config::EXAMPLE
        .lines()
        .filter(|line| !line.starts_with("#                 "))
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| rest.starts_with('[') || rest.contains(" = "))
                .unwrap_or(line)
                .to_owned()
                + "\n"
        })
        .collect();
    let layer = config::check_text("example", uncommented.into_bytes());
    assert!(layer.is_ok(), "{:#}", layer.unwrap_err());
}

proptest! {
    #[test]
    fn surroundings_do_not_matter(before in "\\PC{0,60}", after in "\\PC{0,60}", pick in 0_usize..10_000) {
        let rules = RuleSet::built_in();
        let all: Vec<_> = rules.iter().collect();
        let rule = all[pick % all.len()];
        let template = rule.facts().matches.iter().next().unwrap_or_default();
        let text = format!("{before}{}{after}", example::expand(template, rule.id(), 0));
        assert_hidden(&rules, text.as_bytes(), rule.id());
    }

    #[test]
    fn any_bytes_can_be_scanned(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let rules = RuleSet::built_in();
        let (out, _) = printed(&rules, &bytes, |_| ());
        prop_assert!(!out.is_empty());
    }
}
