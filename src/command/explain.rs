//! `keyguard explain RULE|FINGERPRINT`: the whole card of a kind of key, what to do first, then how it is known.

use std::io::Write;

use anyhow::{Result, bail};

use super::allow::parse_fingerprint;
use super::rules::{catalogue, shown};
use super::{config_of_commit, config_of_work_tree, inspect_staged};
use crate::cli::Global;
use crate::config::{Config, Sources};
use crate::environment::Environment;
use crate::finding::Confidence;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::guard;
use crate::inspect::Counting;
use crate::outcome::Exit;
use crate::report::wrap::{item, solid};
use crate::report::{Format, sanitized};
use crate::rules::spec::is_kebab_case;
use crate::rules::{Rule, RuleSet};
use crate::secret::Fingerprint;
use crate::validator;

/// Where texts start behind their labels.
const INDENT: usize = 14;

/// Prints what there is to know about a rule.
pub(crate) fn explain(name: &str, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    if name.trim().starts_with(Fingerprint::PREFIX) {
        return explain_key(parse_fingerprint(name.trim())?, global, environment, out);
    }
    let config = config_of_work_tree(global, environment)?;
    card(find(&config.rules, name)?, (&config, global.format), out)
}

/// Prints the same of the rule that finds the key of that name in the staged changes.
fn explain_key(key: Fingerprint, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    const UNKNOWN: &str = "a fingerprint does not tell its rule, and no staged change here holds that key\nhelp: give the \
                           rule's name: keyguard explain RULE; the report has it behind the word `rule` or in brackets";
    let Ok(repo) = Repo::open(environment, Caller::User) else { bail!(UNKNOWN) };
    let reader = StagedReader::new(&repo, Parents::All)?;
    let min_confidence = Some(Confidence::Low);
    let sources = Sources { environment, given: global.config.clone(), repository: None, min_confidence };
    let config = config_of_commit(&reader, &repo, sources)?;
    let outcome = inspect_staged(&reader, &config, Counting::Files)?;
    let mut found = outcome.blocked.iter().chain(outcome.suppressed.iter().map(|(located, _)| located));
    match found.find(|located| located.finding.fingerprint() == key) {
        Some(located) => card(located.finding.rule, (&config, global.format), out),
        None => bail!(UNKNOWN),
    }
}

fn card(rule: Rule<'_>, (config, format): (&Config, Format), out: &mut dyn Write) -> Result<Exit> {
    if format == Format::Json {
        catalogue::write(config, |other| other.id() == rule.id(), out)?;
        return Ok(Exit::Clean);
    }
    writeln!(out, "{}", sanitized(shown(rule, rule.facts().title).as_bytes()))?;
    what_to_do(rule, out)?;
    writeln!(out)?;
    how_it_is_known(rule, out)?;
    Ok(Exit::Clean)
}

/// The rule called `name`, in any case; a name that is not quite right gives a hint.
fn find<'r>(rules: &'r RuleSet, name: &str) -> Result<Rule<'r>> {
    const LONGEST_SHOWN: usize = 40;
    let id = name.trim().to_ascii_lowercase().replace('_', "-");
    if let Some(rule) = rules.find(&id) {
        return Ok(rule);
    }
    let near = rules.iter().map(Rule::id).find(|known| known.contains(&id) || id.contains(known));
    let help = near.map_or("see `keyguard rules list`".to_owned(), |near| format!("did you mean `{near}`?"));
    let shown = if is_kebab_case(&id) && id.len() < LONGEST_SHOWN { format!(" `{id}`") } else { String::new() };
    bail!("there is no rule{shown}\nhelp: {help}");
}

/// What such a key can do, and what to do about a real one.
fn what_to_do(rule: Rule<'_>, out: &mut dyn Write) -> Result<()> {
    let (facts, card) = (rule.facts(), rule.card());
    let (class, privilege) = facts.privilege();
    let privilege = privilege.map(|text| format!("{text} ({})", class.name()));
    for (label, text) in [
        ("can do", privilege.as_deref()),
        ("narrower", card.narrower),
        ("variable", facts.env_var),
        ("revoke", facts.revoke),
        ("rotate", card.rotate),
        ("last use", card.last_use),
        ("audit log", card.audit_log),
        ("docs", facts.docs),
    ] {
        if let Some(text) = text {
            item(label, INDENT, &shown(rule, text), out)?;
        }
    }
    Ok(())
}

/// How the rule knows such a key.
fn how_it_is_known(rule: Rule<'_>, out: &mut dyn Write) -> Result<()> {
    let facts = rule.facts();
    item("rule", INDENT, facts.id, out)?;
    item("confidence", INDENT, facts.confidence.name(), out)?;
    let keywords = facts.keywords.iter().collect::<Vec<_>>().join("  ");
    if !keywords.is_empty() {
        item("keywords", INDENT, &shown(rule, &keywords), out)?;
    }
    solid("regex", INDENT, &shown(rule, facts.regex), out)?;
    if let Some(bits) = facts.min_entropy {
        item("entropy", INDENT, &format!("at least {bits} bits per character"), out)?;
    }
    if let Some((regex, lines)) = facts.near {
        solid("near", INDENT, &shown(rule, regex), out)?;
        item("", INDENT, &format!("within {lines} lines"), out)?;
    }
    if let Some(pair) = facts.pair {
        let with = pair.with.iter().collect::<Vec<_>>().join(" or ");
        let text = format!("with {with} within {} lines, then {} confidence", pair.lines, pair.confidence.name());
        item("pair", INDENT, &text, out)?;
    }
    if facts.id == guard::RULE {
        item("asked by", INDENT, guard::ASKED_BY, out)?;
    }
    Ok(item("proof", INDENT, facts.validator.map_or("none", validator::sentence), out)?)
}
