//! `keyguard rules list --format json`: every rule there is, on or off. `docs/rules.schema.json` describes it.

use std::collections::HashSet;
use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::command::config::word;
use crate::config::{Config, Setting};
use crate::report::write_document;
use crate::rules::spec::RuleSpec;
use crate::rules::{Origin, Rule, RuleSet};
use crate::scanner::masked;

/// Writes the rules that are asked for by id, each with whether it is in force.
pub(in crate::command) fn write(
    config: &Config,
    is_asked_for: impl Fn(&Rule<'_>) -> bool,
    out: &mut dyn Write,
) -> Result<()> {
    let own = config.own_rules.iter().map(|own| own.value.clone()).collect();
    let all = RuleSet::new(own, |_| true)?;
    let on: HashSet<_> = config.rules.iter().map(Rule::id).collect();
    let rules = all.iter().filter(is_asked_for).map(|rule| {
        let own = config.own_rules.iter().find(|own| own.value.id == rule.id());
        let mut value = described(rule, own);
        if rule.origin() != Origin::BuiltIn {
            mask(&mut value);
        }
        value["enabled"] = on.contains(rule.id()).into();
        value
    });
    let document = json!({
        "version": 1,
        "tool": { "name": "keyguard", "version": env!("CARGO_PKG_VERSION") },
        "rules": rules.collect::<Vec<_>>(),
    });
    Ok(write_document(&document, out)?)
}

/// Masks the keys in all texts.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a rule says; `own` is what a configuration says of it.
fn described(rule: Rule<'_>, own: Option<&Setting<RuleSpec>>) -> Value {
    let (facts, card) = (rule.facts(), rule.card());
    let (class, privilege) = facts.privilege();
    let pair = facts.pair.map(|pair| {
        json!({
            "with": pair.with.iter().collect::<Vec<_>>(),
            "lines": pair.lines,
            "confidence": pair.confidence.name(),
        })
    });
    json!({
        "id": facts.id,
        "title": facts.title,
        "group": facts.group,
        "confidence": facts.confidence.name(),
        "proof": facts.validator.map(word),
        "pair": pair,
        "finds": word(facts.finds),
        "keywords": facts.keywords.iter().collect::<Vec<_>>(),
        "privilege": { "class": class.name(), "text": privilege },
        "env_var": facts.variable(),
        "docs": facts.docs,
        "revoke": facts.revoke,
        "card": {
            "narrower": card.narrower,
            "rotate": card.rotate,
            "last_use": card.last_use,
            "audit_log": card.audit_log,
        },
        "origin": if rule.origin() == Origin::BuiltIn { "built-in" } else { "configured" },
        "layer": own.map(|own| own.origin.to_string()),
    })
}
