//! `keyguard explain RULE`: the whole card of a rule.

use std::io::Write;

use anyhow::{Result, bail};

use super::config_of_work_tree;
use crate::cli::Global;
use crate::environment::Environment;
use crate::guard;
use crate::outcome::Exit;
use crate::report::sanitized;
use crate::rules::Rule;
use crate::rules::spec::is_kebab_case;
use crate::validator;

/// Prints what there is to know about a rule.
pub(crate) fn explain(id: &str, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    let Some(rule) = config.rules.find(id) else {
        let near = config.rules.iter().map(Rule::id).find(|known| known.contains(id) || id.contains(known));
        let help = near.map_or("see `keyguard rules list`".to_owned(), |near| format!("did you mean `{near}`?"));
        let shown = if is_kebab_case(id) && id.len() < 40 { format!(" `{id}`") } else { String::new() };
        bail!("there is no rule{shown}\nhelp: {help}");
    };
    let facts = rule.facts();
    let (class, privilege) = facts.privilege();
    let keywords: Vec<_> = facts.keywords.iter().collect();
    let proof = facts.validator.map_or("none", validator::sentence);
    let entropy = facts.min_entropy.map(|bits| format!("at least {bits} bits per character"));
    let near = facts.near.map(|(regex, lines)| format!("{regex} within {lines} lines"));
    let pair = facts.pair.map(|pair| {
        let with: Vec<_> = pair.with.iter().collect();
        format!("with {} within {} lines, then {} confidence", with.join(" or "), pair.lines, pair.confidence.name())
    });
    writeln!(out, "{}", sanitized(facts.title.as_bytes()))?;
    for (name, value) in [
        ("rule", Some(facts.id.to_owned())),
        ("confidence", Some(facts.confidence.name().to_owned())),
        ("keywords", Some(keywords.join("  ")).filter(|text| !text.is_empty())),
        ("regex", Some(facts.regex.to_owned())),
        ("entropy", entropy),
        ("near", near),
        ("pair", pair),
        ("asked by", (facts.id == guard::RULE).then(|| guard::ASKED_BY.to_owned())),
        ("proof", Some(proof.to_owned())),
        ("can do", privilege.map(|text| format!("{text} ({})", class.name()))),
        ("variable", facts.env_var.map(str::to_owned)),
        ("revoke", facts.revoke.map(str::to_owned)),
        ("docs", facts.docs.map(str::to_owned)),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {name:10}  {}", sanitized(value.as_bytes()))?;
        }
    }
    Ok(Exit::Clean)
}
