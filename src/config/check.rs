//! What is checked of a file as soon as it is read. Regexes are checked by their syntax alone: compiling them takes
//! longer than a commit may, and happens before they are used, in `config check` and in `allow`.

use std::collections::HashSet;

use anyhow::Result;

use super::LayerKind;
use super::diagnostic::{File, Step, error_at};
use super::layer::{AllowSpec, Layer};
use crate::allowlist::{self, covers_every_path};
use crate::fix::place::flaw_of_env_file;
use crate::rules::spec::{Flaw, RuleSpec, Shape, Spot};
use crate::rules::{self, RuleSet, glob_set};
use crate::scanner::Scanner;
use crate::secret::Fingerprint;

/// Checks a whole file.
pub(super) fn check(layer: &Layer, file: &File<'_>, kind: LayerKind) -> Result<()> {
    if kind == LayerKind::Repository && layer.enforce.is_some() {
        return Err(file.top_error(
            "enforce",
            "has a meaning only in the configuration of the user or the system\nhelp: take it out of this file",
        ));
    }
    if layer.scan.decode_depth.is_some_and(|depth| depth > Scanner::DEEPEST) {
        let place = file.place_of(&[Step::Key("scan"), Step::Key("decode-depth")]);
        return Err(error_at(&place, &format!("`decode-depth` of `[scan]` must be at most {}", Scanner::DEEPEST)));
    }
    if kind == LayerKind::Repository && !layer.remedy.dialects.is_empty() {
        let place = file.place_of(&[Step::Key("remedy"), Step::Key("dialects")]);
        let only = "has a meaning only in the configuration of the user or the system\nhelp: take it out of this file";
        return Err(error_at(&place, &format!("`dialects` of `[remedy]` {only}")));
    }
    for (ending, expression) in &layer.remedy.dialects {
        if !expression.contains("NAME") || expression.chars().any(char::is_control) {
            let place = file.place_of(&[Step::Key("remedy"), Step::Key("dialects"), Step::Key(ending)]);
            return Err(error_at(&place, "`dialects` of `[remedy]` gives an expression of one line with `NAME` in it"));
        }
    }
    if let Some(flaw) = layer.remedy.env_file.as_deref().and_then(flaw_of_env_file) {
        let place = file.place_of(&[Step::Key("remedy"), Step::Key("env-file")]);
        return Err(error_at(&place, &format!("`env-file` of `[remedy]` {flaw}")));
    }
    let mut ids = HashSet::new();
    for (index, rule) in layer.rule.iter().enumerate() {
        check_rule(rule, kind).map_err(|flaw| file.entry_error("rule", index, &flaw))?;
        if !ids.insert(&rule.id) {
            return Err(file.entry_error("rule", index, &Flaw::new("id", "names a rule that this file has already")));
        }
    }
    for (index, entry) in layer.encrypted.iter().enumerate() {
        check_encrypted(&entry.path).map_err(|flaw| file.entry_error("encrypted", index, &flaw))?;
    }
    for (index, entry) in layer.allow.iter().enumerate() {
        check_allow(entry).map_err(|flaw| file.entry_error("allow", index, &flaw))?;
    }
    Ok(())
}

/// Checks a rule, except for what needs a compiled regex.
pub(super) fn check_rule(rule: &RuleSpec, kind: LayerKind) -> Result<(), Flaw> {
    rule.check()?;
    if rules::is_built_in(&rule.id) {
        if let Some(key) = replaced_fact(rule).filter(|_| kind == LayerKind::Repository) {
            let message =
                "of a built-in rule can be replaced in your own configuration only\nhelp: take it out of this file";
            return Err(Flaw::new(key, message));
        }
    } else if rule.regex.is_none() || rule.title.is_none() {
        let key = if rule.title.is_none() { "title" } else { "regex" };
        return Err(Flaw::new("id", format!("names no built-in rule, so the entry needs a `{key}` too")));
    }
    for (key, globs) in [("paths", &rule.paths), ("exclude-paths", &rule.exclude_paths)] {
        for (place, glob) in globs.iter().flatten().enumerate() {
            check_glob(glob).map_err(|message| Flaw::new(key, message).at(Spot::Entry(place)))?;
        }
    }
    Ok(())
}

/// What a repository may not tell about a built-in rule: a blocked user trusts these.
fn replaced_fact(rule: &RuleSpec) -> Option<&'static str> {
    [("title", &rule.title), ("docs", &rule.docs), ("revoke", &rule.revoke), ("privilege", &rule.privilege)]
        .into_iter()
        .find_map(|(key, value)| value.is_some().then_some(key))
}

/// Why a repository's file may not hold this rule, as a sentence.
pub(crate) fn rule_flaw(rule: &RuleSpec) -> Option<String> {
    let too_large = |_| Flaw::new("regex", "is too large");
    check_rule(rule, LayerKind::Repository)
        .and_then(|()| RuleSet::new(vec![rule.clone()], |_| true).and_then(|set| set.compile_own()).map_err(too_large))
        .err()
        .map(|flaw| sentence(flaw.key, &flaw.message))
}

/// Why no file may hold this allow entry, as a sentence.
pub(crate) fn allow_flaw(entry: &AllowSpec) -> Option<String> {
    let flaw = check_allow(entry).err().map(|flaw| sentence(flaw.key, &flaw.message));
    flaw.or_else(|| allowlist::flaw(entry).map(|(key, message)| sentence(key, &message)))
}

/// Without what helps the author of a file.
fn sentence(key: &str, message: &str) -> String {
    format!("`{key}` {}", message.lines().next().unwrap_or_default())
}

fn check_glob(glob: &str) -> Result<(), String> {
    glob_set(std::iter::once(glob)).map(drop).map_err(|error| match error.downcast::<globset::Error>() {
        Ok(error) => format!("is no glob: {}", error.kind()),
        Err(_) => "is no glob".to_owned(),
    })
}

/// A glob that covers nothing would leave files unguarded and say nothing.
fn check_encrypted(glob: &str) -> Result<(), Flaw> {
    check_glob(glob).map_err(|message| Flaw::new("path", message))?;
    let is_wrong = ["/", "./", "../"].iter().any(|start| glob.starts_with(start));
    if is_wrong || glob.is_empty() {
        let message = "matches no file\nhelp: write it from the root of the work tree, such as `secrets`";
        return Err(Flaw::new("path", message));
    }
    Ok(())
}

/// Checks an allow entry, except for what needs a compiled regex.
pub(super) fn check_allow(entry: &AllowSpec) -> Result<(), Flaw> {
    let error = |key, message: &str| Err(Flaw::new(key, message));
    if entry.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return error("reason", "is missing\nhelp: say why this is no secret: reason = \"key of the public demo\"");
    }
    if !entry.names_content() && entry.path.is_none() {
        return match entry.rule {
            Some(_) => error(
                "rule",
                "alone would allow every key of that kind\nhelp: to switch the rule off, name it in `disable` of `[rules]`",
            ),
            None => error("reason", "is not enough\nhelp: name a `fingerprint`, `path`, `regex` or `stopword`"),
        };
    }
    if let Some(fingerprint) = &entry.fingerprint {
        fingerprint
            .parse::<Fingerprint>()
            .map_err(|message| Flaw::new("fingerprint", format!("is none: {message}")))?;
    }
    if let Some(path) = &entry.path {
        check_glob(path).map_err(|message| Flaw::new("path", message))?;
        if !entry.names_content() && covers_every_path(path) {
            return error(
                "path",
                "matches every file\nhelp: name the key too, by `fingerprint`, `regex` or `stopword`",
            );
        }
    }
    if let Some(regex) = &entry.regex {
        let shape = Shape::of(regex).map_err(|flaw| Flaw::syntax("regex", &flaw))?;
        if shape.matches_empty {
            return error("regex", "matches the empty string, so it would allow every key");
        }
    }
    if entry.stopword.as_ref().is_some_and(|word| word.chars().count() < 3) {
        return error("stopword", "must have at least three characters");
    }
    if entry.stopword.as_deref().is_some_and(rules::begins_a_keyword) {
        return error("stopword", "is how keys of a kind begin, so it would allow all of them");
    }
    if entry.expires.is_some_and(|expires| expires.date.is_none() || expires.time.is_some()) {
        return error("expires", "must be a date, such as 2027-03-01");
    }
    Ok(())
}
