//! Secrets of two parts: a secret beside its identifier is one finding, surer than alone; each half alone is what it was.

use serde_json::Value;

use crate::sandbox::{Sandbox, fake};

fn scan(repo: &Sandbox, content: &str) -> Vec<Value> {
    repo.write("a", content);
    let report: Value =
        serde_json::from_str(&repo.keyguard(["scan", "a", "--format", "json", "--min-confidence", "low"]).text())
            .unwrap();
    report["findings"].as_array().unwrap().clone()
}

/// Rule, line, confidence, and the line of the other half.
fn told(findings: &[Value]) -> Vec<(&str, u64, &str, Option<u64>)> {
    findings.iter().map(one).collect()
}

fn one(finding: &Value) -> (&str, u64, &str, Option<u64>) {
    let other = finding["parts"][0]["line"].as_u64();
    let (rule, confidence) = (finding["rule"].as_str().unwrap(), finding["confidence"].as_str().unwrap());
    (rule, finding["line"].as_u64().unwrap(), confidence, other)
}

const SECRET: &str = "aws-secret-access-key";
const ID: &str = "aws-access-key-id";

fn id_line() -> String {
    format!("aws_access_key_id = {}\n", fake::aws_pair().0)
}

fn secret_line() -> String {
    format!("aws_secret_access_key = {}\n", fake::aws_pair().1)
}

/// Another secret: the same one turned around.
fn other_secret_line() -> String {
    format!("aws_secret_access_key = {}\n", fake::aws_pair().1.chars().rev().collect::<String>())
}

#[test]
fn a_pair_is_one_finding_with_its_other_half() {
    let repo = Sandbox::new();
    let found = scan(&repo, &format!("{}{}", id_line(), secret_line()));
    assert_eq!(told(&found), [(SECRET, 2, "high", Some(1))]);
    let part = &found[0]["parts"][0];
    assert_eq!((part["rule"].as_str(), part["title"].as_str()), (Some(ID), Some("AWS access key ID")));
    assert_eq!((part["column"].as_u64(), part["secret"].as_str()), (Some(21), Some("AKIA****************")));
    let (id, secret) = fake::aws_pair();
    let report = repo.keyguard(["scan", "a"]);
    report
        .code(1)
        .says("why   rule aws-secret-access-key, high confidence; with its AWS access key ID\n        on line 1\n");
    report.says("1 secret in 1 file\n");
    assert!(!report.text().contains(&id) && !report.text().contains(&secret));
    // In the other order, on one line, and as far away as the rule says; then each is what it was.
    assert_eq!(told(&scan(&repo, &format!("{}{}", secret_line(), id_line()))), [(SECRET, 1, "high", Some(2))]);
    assert_eq!(told(&scan(&repo, &format!("{id},{secret}\n"))), [(SECRET, 1, "high", Some(1))]);
    let apart = |lines: usize| format!("{}{}{}", id_line(), "x\n".repeat(lines), secret_line());
    assert_eq!(told(&scan(&repo, &apart(4))), [(SECRET, 6, "high", Some(1))]);
    assert_eq!(told(&scan(&repo, &apart(5))), [(ID, 1, "high", None), (SECRET, 7, "medium", None)]);
    let long = format!("{} {}{}", id_line().trim_end(), "x ".repeat(2000), secret_line());
    assert_eq!(told(&scan(&repo, &long)).len(), 2, "a line may be as long as a file");
    // Each half alone is told as ever.
    assert_eq!(told(&scan(&repo, &id_line())), [(ID, 1, "high", None)]);
    assert_eq!(told(&scan(&repo, &secret_line())), [(SECRET, 1, "medium", None)]);
}

#[test]
fn each_half_goes_with_the_nearest() {
    let repo = Sandbox::new();
    let (one, other) = (secret_line(), other_secret_line());
    let found = scan(&repo, &format!("{one}x\n{}{other}", id_line()));
    assert_eq!(told(&found), [(SECRET, 1, "medium", None), (SECRET, 4, "high", Some(3))]);
    let second_id = id_line().replace('Q', "R");
    let found = scan(&repo, &format!("{second_id}x\n{}x\n{one}", id_line()));
    assert_eq!(found.iter().filter(|finding| finding["parts"][0]["line"] == 3).count(), 1, "{found:#?}");
    assert_eq!(found.last().unwrap()["rule"], SECRET);
    // Two pairs, one below the other.
    let found = scan(&repo, &format!("{}{one}{}{other}", id_line(), id_line()));
    assert_eq!(told(&found), [(SECRET, 2, "high", Some(1)), (SECRET, 4, "high", Some(3))]);
    // A great many on one line.
    let (id, secret) = fake::aws_pair();
    assert!(!scan(&repo, &format!("{id},{secret} ").repeat(2000)).is_empty());
}

#[test]
fn what_is_old_is_no_part_of_the_verdict() {
    let repo = Sandbox::with_hook();
    let commit = |content: &str| {
        repo.write("a", content);
        repo.git(["add", "a"]).success();
        repo.git(["commit", "--quiet", "-m", "x"])
    };
    // The secret is new, its id is old.
    repo.commit("a", id_line());
    commit(&format!("{}{}", id_line(), secret_line())).code(1).says("in a:2:25").says("with its AWS access key ID");
    // The id is new, its secret is old.
    repo.commit("a", secret_line());
    let alone = commit(&format!("{}{}", id_line(), secret_line()));
    alone.code(1).says("AWS access key ID (high confidence) in a:1:21");
    assert!(!alone.text().contains("a:2:"), "{}", alone.text());
    // Both are.
    repo.commit("a", format!("{}{}", id_line(), secret_line()));
    commit(&format!("x\n{}{}", id_line(), secret_line())).success().silent();
}

#[test]
fn a_pair_is_allowed_by_the_name_of_its_secret() {
    let repo = Sandbox::new();
    let both = format!("{}{}", id_line(), secret_line());
    let found = scan(&repo, &both);
    let secret = found[0]["fingerprint"].as_str().unwrap().to_owned();
    let id = scan(&repo, &id_line())[0]["fingerprint"].as_str().unwrap().to_owned();
    let with = |entry: &str| {
        repo.write("keyguard.toml", format!("[[allow]]\nreason = \"x\"\n{entry}\n"));
        scan(&repo, &both)
    };
    assert_eq!(told(&with(&format!("fingerprint = \"{secret}\""))), []);
    repo.keyguard(["scan", "a"]).success().says("0 secrets in 1 file (1 allowed)\n");
    // The id's own name allows the id alone.
    assert_eq!(told(&with(&format!("fingerprint = \"{id}\""))), [(SECRET, 2, "high", Some(1))]);
    // What names a kind or a place says nothing of the other half.
    assert_eq!(told(&with(&format!("rule = \"{SECRET}\"\npath = \"a\""))), [(ID, 1, "high", None)]);
    repo.write("keyguard.toml", "");
    let marked = scan(&repo, &format!("{}{} # keyguard:allow\n", id_line(), secret_line().trim_end()));
    assert_eq!(told(&marked), [(ID, 1, "high", None)]);
    // `allow --last` allows what blocks, which is the secret; then nothing of the pair blocks.
    repo.install();
    repo.write("a", &both);
    repo.git(["add", "a"]).success();
    repo.keyguard(["allow", "--last", "--reason", "demo"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

fn rules(pair: &str, rest: &str) -> String {
    let rule = |id: &str, rest: &str| {
        format!(
            "[[rule]]\nid = \"acme-{id}\"\ntitle = \"Acme {id}\"\nregex = 'acme_{id}_(?<secret>[0-9a-f]{{32}})'\n{rest}\n"
        )
    };
    rule("id", "confidence = \"low\"") + &rule("secret", &format!("{rest}\n{pair}"))
}

#[test]
fn own_rules_make_pairs_too() {
    let repo = Sandbox::new();
    let value = "4f1c9be27a5038d6".repeat(2);
    let both = format!("acme_id_{value}\nx\nacme_secret_{value}\n");
    let with = |pair: &str, rest: &str| {
        repo.write("keyguard.toml", rules(pair, rest));
        scan(&repo, &both)
    };
    let low = "confidence = \"low\"";
    let (id, secret) = ("acme-id", "acme-secret");
    assert_eq!(told(&with("", low)), [(id, 1, "low", None), (secret, 3, "low", None)]);
    assert_eq!(told(&with("pair = { with = [\"acme-id\"] }", low)), [(secret, 3, "high", Some(1))]);
    let medium = "pair = { with = [\"acme-id\"], lines = 2, confidence = \"medium\" }";
    assert_eq!(told(&with(medium, low)), [(secret, 3, "medium", Some(1))]);
    assert_eq!(told(&with(medium, "confidence = \"high\"")), [(secret, 3, "high", Some(1))]);
    assert_eq!(told(&with("pair = { with = [\"acme-id\"], lines = 1 }", low)).len(), 2);
    repo.write("keyguard.toml", rules(medium, "matches = [\"acme_id_<hex:32> acme_secret_<hex:32>\"]"));
    repo.keyguard(["rules", "test", "keyguard.toml"]).success().stdout("1 examples tried, 0 wrong\n");
    repo.keyguard(["explain", "acme-secret"])
        .success()
        .says("pair        with acme-id within 2 lines, then medium confidence");
    repo.keyguard(["config", "show"]).success().says(&format!("\n{medium}\n"));
}

#[test]
fn pairs_are_checked() {
    let repo = Sandbox::new();
    let check = |pair: &str| {
        repo.write("keyguard.toml", rules(pair, ""));
        repo.keyguard(["config", "check"])
    };
    check("pair = { with = [\"acme-id\"] }").success();
    check("pair = { with = [] }")
        .code(2)
        .says("keyguard.toml:11:8: `pair` of `[[rule]]` must name other rules in `with`");
    check("pair = { with = [\"acme-secret\"] }").code(2).says("must name other rules in `with`");
    check("pair = { with = [\"nope\"] }")
        .code(2)
        .says("keyguard.toml:11:8: `pair` of `[[rule]]` names the rule `nope`, which does not exist");
    check("pair = { with = [\"acme-id\"], line = 2 }").code(2).says("unknown field `line`");
}

#[test]
fn a_configured_rule_takes_no_built_in_finding_into_its_pair() {
    let repo = Sandbox::new();
    let token = fake::github_pat();
    let decoy = "[[rule]]\nid = \"decoy-key\"\ntitle = \"Decoy\"\nregex = 'decoy_[0-9]{9}'\npair = { with = [\"github-pat-classic\"] }\n";
    let content = format!("decoy_123456789 {token}\n");
    repo.write("keyguard.toml", decoy);
    let found = scan(&repo, &content);
    assert_eq!(told(&found), [("decoy-key", 1, "high", Some(1)), ("github-pat-classic", 1, "high", None)]);
    let name = found[0]["fingerprint"].as_str().unwrap();
    repo.write("keyguard.toml", format!("{decoy}[[allow]]\nfingerprint = \"{name}\"\nreason = \"x\"\n"));
    assert_eq!(told(&scan(&repo, &content)), [("github-pat-classic", 1, "high", None)]);
}

#[test]
fn a_half_in_doubt_makes_nothing_surer() {
    let repo = Sandbox::new();
    let own = "[[rule]]\nid = \"acme-secret\"\ntitle = \"Acme\"\nregex = 'acme_[0-9a-f]{32}'\nconfidence = \"medium\"\n\
        pair = { with = [\"github-pat-classic\"] }\n";
    repo.write("keyguard.toml", own);
    let wrong = format!("{}{}", &fake::github_pat()[..38], "zz");
    let found = scan(&repo, &format!("acme_{}\n{wrong}\n", "4f1c9be27a5038d6".repeat(2)));
    assert_eq!(told(&found)[0], ("acme-secret", 1, "medium", Some(2)), "a checksum that does not match is no sign");
}
