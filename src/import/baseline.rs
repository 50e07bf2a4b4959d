//! `.secrets.baseline` of detect-secrets: the SHA-1 of each key that was there, the file that it stood in, and filters.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::ignore::Look;
use super::{Import, Place, glob, regex, short};
use crate::config::AllowSpec;

/// Reads a baseline.
pub(crate) fn import(file: &str, text: &str, look: Look<'_>) -> Result<Import> {
    let baseline: Value = serde_json::from_str(text).with_context(|| format!("`{file}` is no JSON"))?;
    let mut import = Import::default();
    let place = Place { file, line: None };
    filters(&baseline, place, &mut import);
    let results = baseline.get("results").and_then(Value::as_object);
    for (path, entries) in results.into_iter().flatten() {
        let keys = look(None, path)?;
        for entry in entries.as_array().into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let line = entry.get("line_number").and_then(Value::as_u64).map(|line| format!(":{line}"));
            let shown = format!("`{}{}`", short(path), line.unwrap_or_default());
            if entry.get("is_secret").and_then(Value::as_bool) == Some(true) {
                import.remark(place, format!("{shown} was judged to be a secret: revoke it"));
                continue;
            }
            let hash = text("hashed_secret").to_ascii_lowercase();
            let key = keys.iter().flat_map(|keys| keys.iter()).find(|key| key.hashes.contains(&hash));
            match (&keys, key) {
                (_, Some(key)) => import.allow_key(key, format!("{} of {file}", short(text("type")))),
                (None, _) => import.remark(place, format!("{shown}: there is no such file")),
                (Some(_), None) => import.remark(place, format!("{shown}: keyguard finds no such key there")),
            }
        }
    }
    Ok(import)
}

/// The filters that a pattern tells, as entries; the others have no counterpart, or are what keyguard does anyway.
fn filters(baseline: &Value, place: Place<'_>, import: &mut Import) {
    // Before version 1 there was one pattern for files and one for lines.
    let old = |key: &str| baseline.get("exclude").and_then(|exclude| exclude.get(key)).and_then(Value::as_str);
    if let Some(pattern) = old("files") {
        exclude_file(pattern, place, import);
    }
    if old("lines").is_some() {
        import.remark(place, "`exclude.lines`: an entry sees the key alone");
    }
    for filter in baseline.get("filters_used").and_then(Value::as_array).into_iter().flatten() {
        let name = filter.get("path").and_then(Value::as_str).unwrap_or_default();
        let patterns =
            || filter.get("pattern").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        match name.strip_prefix("detect_secrets.filters.").unwrap_or(name) {
            "regex.should_exclude_file" => patterns().for_each(|pattern| exclude_file(pattern, place, import)),
            "regex.should_exclude_secret" => patterns().for_each(|pattern| exclude_secret(pattern, place, import)),
            "regex.should_exclude_line" => import.remark(place, "excluded lines: an entry sees the key alone"),
            known if known.starts_with("heuristic.") || known.starts_with("common.") => {}
            "allowlist.is_line_allowlisted" => {}
            _ => import.remark(place, format!("the filter `{}` has no counterpart", short(name))),
        }
    }
    for plugin in baseline.get("plugins_used").and_then(Value::as_array).into_iter().flatten() {
        if let Some(path) = plugin.get("path").and_then(Value::as_str) {
            import.remark(place, format!("the plugin `{}` is a program, and is not run", short(path)));
        }
    }
}

fn exclude_file(pattern: &str, place: Place<'_>, import: &mut Import) {
    match glob::globs(pattern) {
        Ok(globs) => import.add_allow(place, AllowSpec { path: Some(glob::joined(&globs)), ..entry(place) }),
        Err(why) => import.remark(place, format!("the excluded file `{}` {why}", short(pattern))),
    }
}

fn exclude_secret(pattern: &str, place: Place<'_>, import: &mut Import) {
    match regex::translate(pattern, None) {
        Ok(translated) => import.add_allow(place, AllowSpec { regex: Some(translated.regex), ..entry(place) }),
        Err(why) => import.remark(place, format!("the excluded secret `{}` {why}", short(pattern))),
    }
}

fn entry(place: Place<'_>) -> AllowSpec {
    AllowSpec { reason: Some(format!("excluded by {}", place.file)), ..AllowSpec::default() }
}
