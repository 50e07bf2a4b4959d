//! Entries that hide more than whoever wrote them may have meant: all files of a language, all keys of a kind.
//!
//! Only what covers every file or any value is refused. Of the rest `config check`, `doctor` and the commit that brings it
//! in tell, so that it is somebody's decision. How much an entry covers is tried out: its glob on ordinary paths, its value
//! on made-up keys of each kind that blocks.

use std::collections::HashSet;

use anyhow::Result;
use globset::GlobSet;

use super::Entry;
use crate::config::AllowSpec;
use crate::finding::Confidence;
use crate::rules::matcher::Matcher;
use crate::rules::spec::Finds;
use crate::rules::{Rule, RuleSet, example, glob_set};

/// Names that have little in common: in the root, in a folder, and deeper.
const PATHS: [&str; 4] = [
    "main.py|config.json|k.js|q7.zz|README.md|App.tsx|_x.rb|.env|Makefile|a b.txt|2024.csv|LICENSE",
    "src/main.go|lib/x.y|Docs/index.html|t/.d|web/App.vue|0/1.sql|ops/prod.tf|my app/k|.ci/run.yml|bin/deploy|\
     a-b/c_d.kt|tests/test_api.py",
    "vw/x/y.z|app/models/user.rb|src/Api/Client.php|k8s/base/secret.yaml|.github/workflows/ci.yml|cmd/server/main.go|\
     a/b/.c|docs/en/Intro.md|1/2/3.txt|etc/nginx/conf|pkg/util/_i.rs|tests/data/key.pem",
    "a/bb/ccc/.d|J/0/-/_/e f.g|src/main/java/org/App.java|x/y/z/w/v.u|web/src/pages/Home.jsx|lib/core/net/http.c|\
     infra/aws/prod/main.tf|tests/unit/auth/login.ts|q/r/s/Dockerfile|docs/v2/api/index.rst|\
     .config/app/dev/local.toml|packages/ui/src/i.css",
];

/// Names of files without their endings, and folders, as they are in projects of any language.
const STEMS: [&str; 8] = ["main", "index", "util", "App", "test_api", "config", "my-module", "_x"];
const FOLDERS: [&str; 4] = ["", "src/", "app/models/", "a/b/c/d/"];

/// Endings of the files in which keys are found.
const ENDINGS: &str = "bash c cc cfg clj conf config cpp cs css dart env erl ex go gradle groovy h hcl hpp hs html ini ipynb java \
                       js json jsx kt kts lua m md mjs php pl plist properties ps1 py r rb rs rst scala sh sql svelte swift \
                       tf tfvars toml ts tsx txt vb vue xml yaml yml zsh";

/// Whether the glob covers nearly whatever file there is. One that covers nearly all of one depth leaves no file of a
/// repository that has no other.
pub(crate) fn covers_every_path(glob: &str) -> bool {
    const NEARLY_ALL: usize = 9;
    glob_set(std::iter::once(glob)).is_ok_and(|set| most_of_a_depth(&set) >= NEARLY_ALL)
}

/// How many of the twelve ordinary paths of one depth are covered, where those are most.
fn most_of_a_depth(set: &GlobSet) -> usize {
    let number = |paths: &&str| paths.split('|').filter(|path| set.is_match(path)).count();
    PATHS.iter().map(number).max().unwrap_or(0)
}

/// What an entry covers that is more than a place or a value, as the end of a sentence about it.
pub(crate) fn breadth(spec: &AllowSpec, rules: &RuleSet) -> Result<Option<String>> {
    // What is wrong with one that does not compile is told before it is used.
    let Ok(entry) = Entry::compile(spec) else { return Ok(None) };
    // A kind in some files, whichever they are, is what an entry is for.
    if spec.fingerprint.is_some() || spec.rule.is_some() && !spec.names_content() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    if let Some(set) = &entry.path {
        let Some(files) = files_covered(set) else { return Ok(None) };
        parts.push(files);
    }
    if spec.names_content() {
        let Some(keys) = keys_covered(&entry, rules)? else { return Ok(None) };
        parts.push(keys);
    }
    Ok(Some(parts.join(" and ")))
}

/// Which files a glob covers, where those are a whole language or a good part of all.
fn files_covered(set: &GlobSet) -> Option<String> {
    const MANY: usize = 4;
    const MOST: usize = 24;
    let is_covered = |ending: &&str| {
        let paths = FOLDERS.iter().flat_map(|folder| STEMS.iter().map(move |stem| format!("{folder}{stem}.{ending}")));
        paths.filter(|path| set.is_match(path)).count() >= MOST
    };
    let endings: Vec<_> = ENDINGS.split_whitespace().filter(is_covered).collect();
    match endings[..] {
        [] if most_of_a_depth(set) >= MANY => {
            Some("covers a third or more of the files that a folder usually holds".into())
        }
        [] => None,
        [ending] => Some(format!("covers nearly every .{ending} file")),
        [first, second] => Some(format!("covers nearly every .{first} and .{second} file")),
        [first, .., last] => {
            Some(format!("covers nearly every file of {} languages, from .{first} to .{last}", endings.len()))
        }
    }
}

/// Which kinds of keys an entry hides by their values.
fn keys_covered(entry: &Entry<'_>, rules: &RuleSet) -> Result<Option<String>> {
    let is_meant = |rule: &Rule<'_>| entry.spec.rule.as_deref().is_none_or(|id| id == rule.id());
    let mut kinds = Vec::new();
    for rule in rules.iter().filter(is_meant) {
        if is_hidden(rule, entry)? {
            kinds.push(rule.id());
        }
        // Two are enough to tell of: to find them all takes the regexes of all kinds.
        if kinds.len() == 2 {
            break;
        }
    }
    Ok(match kinds[..] {
        [] => None,
        [kind] => Some(format!("matches nearly every key of the kind {kind}")),
        [first, ..] => Some(format!("matches nearly every key of several kinds, such as {first}")),
    })
}

/// Whether the entry matches nearly all keys that are written as one of the rule's examples is.
fn is_hidden(rule: Rule<'_>, entry: &Entry<'_>) -> Result<bool> {
    // What does not block by itself may be hidden at will, such as keys of a test mode.
    if rule.finds() != Finds::Secret || rule.facts().confidence < Confidence::Medium {
        return Ok(false);
    }
    let mut templates = rule.facts().matches.iter().filter(|template| may_be_hidden_as(template, entry)).peekable();
    if templates.peek().is_none() {
        return Ok(false);
    }
    let matcher = Matcher::new(rule)?;
    Ok(templates.any(|template| is_hidden_as(template, &matcher, entry)))
}

/// Whether any word of two made-up examples is matched: most kinds are out of question before their regex is compiled.
fn may_be_hidden_as(template: &str, entry: &Entry<'_>) -> bool {
    let is_gap = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`".contains(byte);
    let is_sign = |byte: &u8| is_gap(byte) || b"=:@;&?,/()<>".contains(byte);
    (0..2).all(|number| {
        let text = example::content(template, "breadth", number);
        let mut words = text.split(is_gap).chain(text.split(is_sign)).chain([&text[..]]);
        words.any(|word| entry.holds_value(word))
    })
}

/// Whether all made-up keys but one at most are matched. A template that makes the same key again and again tells nothing.
fn is_hidden_as(template: &str, matcher: &Matcher<'_>, entry: &Entry<'_>) -> bool {
    const KEYS: usize = 8;
    let mut keys = HashSet::new();
    let mut missed = 0;
    for number in 0..KEYS {
        let text = example::content(template, "breadth", number);
        let Some(found) = matcher.matches(&text, 0).next() else { return false };
        let key = &text[found.secret];
        missed += usize::from(!entry.holds_value(key));
        if missed > 1 {
            return false;
        }
        keys.insert(key.to_vec());
    }
    keys.len() > KEYS / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_that_cover_nearly_everything_are_known() {
        for glob in ["**", "*", "?*", "*.*", "**/*", "**/*.*", "**/?*", "*/*", "*/**", "[!x]*", "{*,*/**}", "**/*/**"] {
            assert!(covers_every_path(glob), "{glob}");
        }
        for glob in [
            "src/**",
            "tests/**",
            "**/tests/**",
            "*.md",
            "**/*.py",
            "docs/*",
            "*/deep/?",
            ".*",
            "**/.*",
            "a*/**",
            "**/*test*",
        ] {
            assert!(!covers_every_path(glob), "{glob}");
        }
    }

    #[track_caller]
    fn check(fields: &str, expected: Option<&str>) {
        let spec: AllowSpec = toml::from_str(fields).unwrap();
        let breadth = breadth(&spec, &RuleSet::built_in()).unwrap();
        assert_eq!(breadth.as_deref(), expected, "{fields}");
    }

    #[test]
    fn globs_over_languages_are_known() {
        check("path = '**/*.py'", Some("covers nearly every .py file"));
        check("path = '**/[a-z]*.py'", Some("covers nearly every .py file"));
        check("path = '**/*.{js,ts}'", Some("covers nearly every .js and .ts file"));
        check("path = '**/*.[a-m]*'", Some("covers nearly every file of 34 languages, from .bash to .mjs"));
        check("path = '[a-z]*'", Some("covers a third or more of the files that a folder usually holds"));
        for narrow in ["tests/**", "**/tests/**", "src/**", "{a,b}*", "*.py", "**/test_*.py", "src/**/*.py", "**/.*"] {
            check(&format!("path = '{narrow}'"), None);
        }
        check("path = '**/*.py'\nrule = 'jwt'", None);
        check("path = '**/*.py'\nfingerprint = 'kg1:0123456789abcdef'", None);
    }

    #[test]
    fn values_of_whole_kinds_are_known() {
        check("regex = '^ghp_'", Some("matches nearly every key of the kind github-pat-classic"));
        for broad in ["^sk", "_", "^eyJ"] {
            let spec: AllowSpec = toml::from_str(&format!("regex = '{broad}'\npath = '**'")).unwrap();
            let breadth = breadth(&spec, &RuleSet::built_in()).unwrap().unwrap();
            assert!(breadth.contains(" and matches nearly every key of "), "{broad}: {breadth}");
            check(&format!("regex = '{broad}'\npath = 'tests/**'"), None);
        }
        check(
            "stopword = 'ghp_'\npath = '**/*.py'",
            Some("covers nearly every .py file and matches nearly every key of the kind github-pat-classic"),
        );
        check(
            "regex = '^gh[ps]_'\nrule = 'github-pat-classic'",
            Some("matches nearly every key of the kind github-pat-classic"),
        );
        check("regex = '^ghp_'\nrule = 'jwt'", None);
        for narrow in ["^ghp_0{6}", "(?i)test|dummy", "^[a-f]+$"] {
            check(&format!("regex = '{narrow}'"), None);
        }
    }
}
