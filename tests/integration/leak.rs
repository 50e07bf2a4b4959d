//! No stream, report or panic of the program holds a secret, whichever rule finds it.

use keyguard::rules::{RuleSet, example};

use crate::sandbox::{Sandbox, fake};

/// Every rule's first example in a file of its own, with the parts that must not be printed.
/// For each rule its id, a file that it looks at, and what it finds there.
fn samples() -> Vec<(String, String, Vec<u8>)> {
    let rules = RuleSet::built_in();
    let sample = |rule: keyguard::rules::Rule<'_>| {
        let facts = rule.facts();
        let name = facts.paths.iter().next().map_or_else(|| "x".to_owned(), example::path);
        let template = facts.matches.iter().next().unwrap();
        (facts.id.to_owned(), format!("{}/{name}", facts.id), example::content(template, facts.id, 0))
    };
    rules.iter().map(sample).collect()
}

/// The longest runs of key characters in an example: whatever the secret is, it is among them.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|run| run.len() >= 20 && run.bytes().any(|b| b.is_ascii_digit()))
}

#[test]
fn nothing_prints_a_secret() {
    let repo = Sandbox::with_hook();
    let samples = samples();
    assert!(samples.len() >= 60, "at least 60 kinds");
    for (_, path, text) in &samples {
        repo.write(format!("files/{path}"), text);
    }
    repo.git(["add", "."]).success();
    let runs_of = [
        repo.git(["commit", "-m", "leak"]),
        repo.run("git").args(["commit", "-m", "leak"]).env("KEYGUARD_FORMAT", "json").output(),
        repo.run("git").args(["commit", "-m", "leak"]).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").output(),
        repo.keyguard(["scan", "--staged", "--verbose", "--min-confidence", "low"]),
        repo.keyguard(["scan", "--format", "json", "--min-confidence", "low", "files"]),
        repo.keyguard(["scan", "files", "--color", "always"]),
        // What was let through all the same.
        {
            repo.git(["commit", "--quiet", "--no-verify", "-m", "leak"]).success();
            repo.keyguard(["audit", "--verbose", "--min-confidence", "low"])
        },
        repo.keyguard(["audit", "--format", "json", "--min-confidence", "low"]),
    ];
    for output in runs_of {
        output.code(1);
        let printed = output.text();
        for (id, _, text) in &samples {
            for run in runs(&String::from_utf8_lossy(text)) {
                assert!(!printed.contains(run), "{id}: {} characters of the secret are printed", run.len());
            }
        }
    }
}

#[test]
fn a_key_in_the_configuration_is_not_printed() {
    let repo = Sandbox::with_hook();
    let (key, other) = (fake::github_pat(), fake::github_pat_other());
    repo.write("a.py", format!("k = '{key}'\n")).git(["add", "a.py"]).success();
    let entry = |field: &str, rest: &str| {
        format!("[[allow]]\n{field} = \"{key}\"\nreason = \"of {other}\"\nby = \"{other}\"\n{rest}\n")
    };
    let past = "expires = 2026-01-31";
    let rule = format!(
        "[rules]\ndisable = [\"jwt\"]\n[[rule]]\nid = \"acme-key\"\ntitle = \"as {other}\"\n\
         regex = \"acme_(?<secret>[0-9a-f]{{32}}|{key})\"\nkeywords = [\"acme_\", \"{key}\"]\n\
         revoke = \"{other}\"\nmatches = [\"acme_{key}\"]\n"
    );
    let allow = [entry("stopword", past), entry("regex", past), entry("path", past), entry("path", "")].concat();
    repo.write("keyguard.toml", [rule, allow].concat());
    repo.git(["add", "keyguard.toml"]).success();
    let outputs = [
        (1, repo.git(["commit", "-m", "x"]), "the allow entry for "),
        (1, repo.keyguard(["scan", "--staged"]), "expired on"),
        (0, repo.keyguard(["allow", "--list"]), "stopword `ghp_****"),
        (0, repo.keyguard(["allow", "--list", "--format", "json"]), "\"by\": \"ghp_****"),
        (0, repo.keyguard(["config", "check"]), "regex `ghp_****"),
        (0, repo.keyguard(["config", "show"]), "stopword = \"ghp_****"),
        (0, repo.keyguard(["explain", "acme-key"]), "ghp_****"),
        (0, repo.keyguard(["rules", "list", "acme"]), "as ghp_****"),
        (0, repo.keyguard(["rules", "list", "acme", "--format", "json"]), "\"title\": \"as ghp_****"),
    ];
    for (code, output, part) in &outputs {
        output.code(*code).says(part);
    }
    let allowed = format!("k = '{key}' # keyguard:allow -- as {other}\n");
    repo.write("keyguard.toml", "").write("a.py", allowed).git(["add", "."]).success();
    let verbose = repo.keyguard(["scan", "--staged", "--verbose"]);
    let json = repo.keyguard(["scan", "--staged", "--format", "json"]);
    verbose.says("marker: as ghp_****");
    for output in outputs.iter().map(|(_, output, _)| output).chain([&verbose, &json]) {
        let printed: String = output.text().split_whitespace().collect();
        assert!(!printed.contains(&key[8..]) && !printed.contains(&other[8..]), "a key is printed");
    }
}

#[test]
fn every_kind_blocks_a_commit() {
    // One commit for all: the report in JSON names each file in which something counts or is counted below.
    let repo = Sandbox::with_hook();
    let rules = RuleSet::built_in();
    let samples = samples();
    for (_, path, text) in &samples {
        repo.write(path, text);
    }
    repo.git(["add", "."]).success();
    let report = repo.keyguard(["scan", "--staged", "--format", "json", "--min-confidence", "low"]);
    report.code(1);
    let report: serde_json::Value = serde_json::from_str(&report.text()).unwrap();
    let findings = report["findings"].as_array().unwrap();
    for (id, path, _) in &samples {
        let found = findings.iter().any(|finding| finding["path"] == **path && finding["rule"] == **id);
        assert!(found, "{id} is not found in its own example");
    }
    assert_eq!(rules.iter().count(), samples.len());
}
