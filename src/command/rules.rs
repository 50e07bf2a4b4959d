//! `keyguard rules list|test`.

pub(super) mod catalogue;
mod page;

use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::config_of_work_tree;
use crate::change::BytePath;
use crate::cli::{Global, ListArgs};
use crate::config::{Sources, load};
use crate::decode::Text;
use crate::environment::Environment;
use crate::finding::{Confidence, Finding};
use crate::outcome::Exit;
use crate::report::{Format, sanitized};
use crate::rules::{Origin, Rule, RuleSet, example};
use crate::scanner::{Scanner, masked};

/// Lists every rule in force.
pub(crate) fn list(args: &ListArgs, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    let words: Vec<_> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let is_asked_for = |rule: &Rule<'_>| is_described_by(*rule, &words);
    if args.markdown {
        page::write(config.rules.iter().filter(is_asked_for), out)?;
    } else if global.format == Format::Json {
        catalogue::write(&config, is_asked_for, out)?;
    } else {
        let rules: Vec<_> = config.rules.iter().filter(is_asked_for).collect();
        if rules.is_empty() && !words.is_empty() {
            bail!("no rule has these words in its name or title\nhelp: `keyguard rules list` shows all");
        }
        for rule in rules {
            writeln!(out, "{}", line(rule))?;
        }
    }
    Ok(Exit::Clean)
}

/// Whether all of `words`, which are in lower case, stand in the rule's name or title.
fn is_described_by(rule: Rule<'_>, words: &[String]) -> bool {
    let description = format!("{} {}", rule.id(), rule.facts().title).to_lowercase();
    words.iter().all(|word| description.contains(word))
}

/// A rule in one line, of which a terminal of 80 columns shows all: a long title goes on below its beginning.
fn line(rule: Rule<'_>) -> String {
    const COLUMNS: usize = 80;
    const TITLE: usize = 37;
    let facts = rule.facts();
    let mut text = format!("{:27}  {:6} ", facts.id, facts.confidence.name());
    let mut column = text.len();
    for word in sanitized(shown(rule, facts.title).as_bytes()).split(' ') {
        let width = word.chars().count();
        if column + 1 + width > COLUMNS && column >= TITLE {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', TITLE));
            column = TITLE + width;
        } else {
            text.push(' ');
            column += 1 + width;
        }
        text.push_str(word);
    }
    text
}

/// A text of a rule, without the keys in it that a configuration may have.
pub(super) fn shown<'t>(rule: Rule<'_>, text: &'t str) -> Cow<'t, str> {
    if rule.origin() == Origin::BuiltIn { Cow::Borrowed(text) } else { Cow::Owned(masked(text)) }
}

/// Runs the examples of every rule in force, or of those that a file adds.
pub(crate) fn test(
    file: Option<PathBuf>,
    global: &Global,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Exit> {
    let of_file = file.is_some();
    let config = match file {
        Some(file) => load(Sources { environment, given: Some(file), repository: None, min_confidence: None })?,
        None => config_of_work_tree(global, environment)?,
    };
    config.rules.compile_own()?;
    let is_wanted = |rule: &Rule<'_>| !of_file || config.own_rules.iter().any(|own| own.value.id == rule.id());
    let (mut tried, mut wrong) = (0, 0);
    for rule in config.rules.iter().filter(is_wanted) {
        let flaws = flaws(&config.rules, rule)?;
        tried += rule.facts().matches.iter().count() + rule.facts().ignores.iter().count();
        wrong += flaws.len();
        for flaw in flaws {
            writeln!(out, "{}: {flaw}", rule.id())?;
        }
    }
    writeln!(out, "{tried} examples tried, {wrong} wrong")?;
    Ok(if wrong == 0 { Exit::Clean } else { Exit::Blocked })
}

/// What is wrong with a rule's examples: each of `matches` must give exactly one finding, by this rule; none of
/// `ignores` may give one of this rule's at the default confidence.
pub(crate) fn flaws(rules: &RuleSet, rule: Rule<'_>) -> Result<Vec<String>> {
    let mut flaws = Vec::new();
    let Some(path) = path_of_examples(rule)? else {
        flaws.push("no path could be made up that `paths` covers, so its examples were not tried".to_owned());
        return Ok(flaws);
    };
    let find = |number: usize, template: &str, floor: Confidence| -> Result<Vec<String>> {
        let text = Text::decode(example::content(template, rule.id(), number));
        let scanner = Scanner::new(rules, floor);
        let mut findings = scanner.scan(&path, &text)?;
        findings.extend(scanner.scan_whole(&path, &text)?);
        let is_told = |finding: &&Finding<'_>| finding.confidence >= floor;
        let halves: Vec<_> = findings
            .iter()
            .filter(is_told)
            .filter_map(Finding::half_told_with_it)
            .map(|half| half.span.clone())
            .collect();
        Ok(findings
            .iter()
            .filter(|finding| is_told(finding) && !halves.contains(&finding.span))
            .map(|finding| finding.rule.id().to_owned())
            .collect())
    };
    for (number, template) in rule.facts().matches.iter().enumerate() {
        let found = find(number, template, Confidence::Low)?;
        if found != [rule.id()] {
            let instead = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
            flaws.push(format!("matches[{number}] should be one finding of this rule, and is {instead}"));
        }
    }
    for (number, template) in rule.facts().ignores.iter().enumerate() {
        if find(number, template, Confidence::Medium)?.iter().any(|id| id == rule.id()) {
            flaws.push(format!("ignores[{number}] should not be found, and is"));
        }
    }
    Ok(flaws)
}

/// A path that the rule looks at.
fn path_of_examples(rule: Rule<'_>) -> Result<Option<BytePath>> {
    let of_globs = rule.facts().paths.iter().map(example::path);
    for path in std::iter::once("text".to_owned()).chain(of_globs) {
        let path = BytePath::from(path.as_str());
        if rule.covers(&path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
