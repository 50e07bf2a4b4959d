//! The files on which a rule is to be tried.
//!
//! Compiling a few globs costs a tenth of a small commit, and rules for a single kind of file wake at words such as
//! `password`. So nothing is compiled for a path that ends otherwise than every glob.

use std::sync::OnceLock;

use anyhow::Result;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::Strings;
use crate::change::BytePath;

/// Whether one of the globs matches.
pub(super) fn hold(cell: &OnceLock<GlobSet>, patterns: Strings<'_>, path: &BytePath) -> Result<bool> {
    const SIGNS: [char; 6] = ['*', '?', ']', '}', '/', '\\'];
    // What stands behind the last sign of a glob ends every path that it matches.
    let may_match = |glob: &str| {
        let end = glob.rsplit(SIGNS).next().unwrap_or_default();
        path.as_bytes().ends_with(end.as_bytes())
    };
    Ok(patterns.iter().any(may_match) && globs(cell, patterns)?.is_match(path.as_path()))
}

/// The compiled globs.
pub(super) fn globs<'a>(cell: &'a OnceLock<GlobSet>, patterns: Strings<'_>) -> Result<&'a GlobSet> {
    if let Some(set) = cell.get() {
        return Ok(set);
    }
    let set = glob_set(patterns.iter())?;
    Ok(cell.get_or_init(|| set))
}

/// Compiles path globs as everywhere in keyguard: `*` and `?` stop at `/`, `**` does not.
pub(crate) fn glob_set<'p>(patterns: impl Iterator<Item = &'p str>) -> Result<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
    }
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_path_refuses_nothing_that_a_glob_matches() {
        for (glob, path, expected) in [
            ("**/a.json", "a.json", true),
            ("**/a.json", "x/y/a.json", true),
            ("**/a.json", "x/ba.json", false),
            ("**/*.gradle", "x/build.gradle", true),
            ("**/*.gradle", "x/build.gradle.kts", false),
            ("*-settings.xml", "my-settings.xml", true),
            ("*.{yml,yaml}", "a.yml", true),
            ("a[0-9]", "a7", true),
            ("a?", "ab", true),
            ("src/**", "src/a/b", true),
            ("a", "a", true),
            ("a", "x/a", false),
        ] {
            let globs = [glob.to_owned()];
            let found = hold(&OnceLock::new(), Strings::Own(&globs), &BytePath::from(path)).unwrap();
            assert_eq!(found, expected, "{glob} and {path}");
        }
        assert!(!hold(&OnceLock::new(), Strings::Own(&[]), &BytePath::from("a")).unwrap());
    }
}
