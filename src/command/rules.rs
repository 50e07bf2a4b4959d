//! `keyguard rules list|test`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::config_of_work_tree;
use crate::change::BytePath;
use crate::cli::Global;
use crate::config::{Sources, load};
use crate::decode::Text;
use crate::environment::Environment;
use crate::finding::{Confidence, Finding};
use crate::outcome::Exit;
use crate::report::{Format, sanitized};
use crate::rules::{Origin, Rule, RuleSet, example};
use crate::scanner::Scanner;

/// Lists every rule in force.
pub(crate) fn list(global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    if global.format == Format::Json {
        let rules: Vec<_> = config.rules.iter().map(json).collect();
        serde_json::to_writer_pretty(&mut *out, &rules)?;
        writeln!(out)?;
        return Ok(Exit::Clean);
    }
    let width = config.rules.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    for rule in config.rules.iter() {
        let facts = rule.facts();
        let title = sanitized(facts.title.as_bytes());
        writeln!(out, "{:width$}  {:6}  {title}", facts.id, facts.confidence.name())?;
    }
    Ok(Exit::Clean)
}

fn json(rule: Rule<'_>) -> serde_json::Value {
    let facts = rule.facts();
    serde_json::json!({
        "id": facts.id,
        "title": facts.title,
        "confidence": facts.confidence.name(),
        "origin": if rule.origin() == Origin::BuiltIn { "built-in" } else { "configured" },
        "env_var": facts.variable(),
        "docs": facts.docs,
        "revoke": facts.revoke,
    })
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
    for path in std::iter::once("example".to_owned()).chain(of_globs) {
        let path = BytePath::from(path.as_str());
        if rule.covers(&path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
