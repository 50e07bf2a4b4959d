//! `keyguard allow --list`: every allow entry in force, with its end and what has become of it.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::allowlist::Allowlist;
use crate::cli::{AllowArgs, Global};
use crate::command::{census, config_of_work_tree};
use crate::config::{AllowSpec, LayerKind};
use crate::environment::Environment;
use crate::outcome::Exit;
use crate::report::{Format, sanitized, write_document};

/// Lists the entries; with `--unused` or `--expired` those alone of which that is true.
pub(super) fn list(args: &AllowArgs, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    let config = config_of_work_tree(global, environment)?;
    let expired: Vec<_> = Allowlist::new(&config).expired()?.into_iter().map(|(place, _)| place).collect();
    // It takes a look at everything that is tracked, so only who asks waits for it.
    let unused = if args.unused {
        let config = config_of_work_tree(global, environment)?;
        Some(census::unused_entries(config, environment)?)
    } else {
        None
    };
    let is_unused = |place: usize| unused.as_ref().is_some_and(|unused| unused.binary_search(&place).is_ok());
    let is_asked_for = |place: &usize| {
        !(args.unused || args.expired) || is_unused(*place) || args.expired && expired.binary_search(place).is_ok()
    };
    let chosen: Vec<_> = (0..config.allow.len()).filter(is_asked_for).collect();
    let places = config.allow_places();
    if global.format == Format::Json {
        let entry = |place: &usize| {
            let mut value = fields(&config.allow[*place].spec);
            value["layer"] = json!(config.allow[*place].origin.to_string());
            value["place"] = json!(places[*place]);
            value["expired"] = json!(expired.binary_search(place).is_ok());
            let is_own = config.allow[*place].origin == LayerKind::Repository;
            value["unused"] = if is_own && unused.is_some() { json!(is_unused(*place)) } else { Value::Null };
            value
        };
        write_document(&json!({ "version": 1, "entries": chosen.iter().map(entry).collect::<Vec<_>>() }), out)?;
        return Ok(Exit::Clean);
    }
    if chosen.is_empty() {
        let which = if args.unused || args.expired { " of that kind" } else { "" };
        writeln!(out, "there is no allow entry{which}")?;
    }
    for place in chosen {
        let state = State { has_expired: expired.binary_search(&place).is_ok(), is_unused: is_unused(place) };
        tell(&config.allow[place].spec, &places[place], &state, out)?;
    }
    Ok(Exit::Clean)
}

/// What has become of an entry.
struct State {
    has_expired: bool,
    is_unused: bool,
}

/// Two lines: what is allowed and where that stands; why, by whom, for how long.
fn tell(spec: &AllowSpec, place: &str, state: &State, out: &mut dyn Write) -> Result<()> {
    let narrowed = match (&spec.fingerprint, &spec.path, &spec.rule) {
        (Some(_), None, None) | (None, ..) => String::new(),
        _ => {
            let rest = AllowSpec { fingerprint: None, ..spec.clone() };
            format!(", {}", rest.subject())
        }
    };
    let what = format!("{}{narrowed}  ({place})", spec.subject());
    writeln!(out, "{}", sanitized(what.as_bytes()))?;
    let AllowSpec { reason, by, .. } = spec.masked();
    let mut words = vec![reason.unwrap_or_default()];
    words.extend(by.map(|by| format!("by {by}")));
    let verb = if state.has_expired { "expired on" } else { "until" };
    words.extend(spec.expires.map(|last| format!("{verb} {last}")));
    words.extend(state.is_unused.then(|| "matches nothing that is tracked".to_owned()));
    Ok(writeln!(out, "  {}", sanitized(words.join("; ").as_bytes()))?)
}

/// The fields of an entry, for machines.
pub(super) fn fields(spec: &AllowSpec) -> Value {
    let spec = spec.masked();
    json!({
        "fingerprint": spec.fingerprint,
        "rule": spec.rule,
        "path": spec.path,
        "regex": spec.regex,
        "stopword": spec.stopword,
        "reason": spec.reason,
        "by": spec.by,
        "expires": spec.expires.map(|last| last.to_string()),
    })
}
