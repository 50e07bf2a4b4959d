//! What `keyguard explain` tells: the whole card of a kind, for the commonest kinds complete.

use std::fs;
use std::path::Path;

use serde_json::Value;
use snapbox::str;

use crate::sandbox::{Sandbox, fake};

/// The kinds that are met most: of these each card is complete, but for what `LEFT_OUT` names.
const COMMONEST: [&str; 64] = [
    "anthropic-admin-api-key",
    "anthropic-api-key",
    "atlassian-api-token",
    "aws-access-key-id",
    "aws-secret-access-key",
    "aws-session-token",
    "aws-sts-access-key-id",
    "azure-ad-client-secret",
    "azure-devops-pat",
    "azure-sas-token",
    "azure-storage-account-key",
    "azure-storage-connection-string",
    "cargo-registry-token",
    "cloudflare-account-api-token",
    "cloudflare-global-api-key",
    "cloudflare-user-api-token",
    "datadog-api-key",
    "datadog-app-key",
    "digitalocean-pat",
    "discord-bot-token",
    "discord-webhook",
    "docker-hub-oat",
    "docker-hub-pat",
    "gcp-service-account-key",
    "generic-api-key",
    "generic-password",
    "github-app-installation-token",
    "github-app-user-token",
    "github-fine-grained-pat",
    "github-oauth-token",
    "github-pat-classic",
    "github-refresh-token",
    "gitlab-deploy-token",
    "gitlab-pat",
    "gitlab-pat-routable",
    "gitlab-trigger-token",
    "google-api-key",
    "grafana-service-account-token",
    "heroku-api-token",
    "huggingface-token",
    "jwt",
    "kubernetes-sa-token",
    "mongodb-connection-string",
    "mysql-url",
    "npm-access-token",
    "nuget-api-key",
    "openai-admin-key",
    "openai-project-key",
    "openai-service-account-key",
    "postgres-url",
    "private-key-openssh",
    "private-key-pem",
    "pypi-api-token",
    "redis-url",
    "rubygems-api-key",
    "sendgrid-api-key",
    "slack-app-token",
    "slack-bot-token",
    "slack-user-token",
    "slack-webhook-url",
    "stripe-restricted-key-live",
    "stripe-secret-key-live",
    "telegram-bot-token",
    "terraform-cloud-token",
];

/// What these cards do not say, and why: it does not exist, or the provider's documentation could not be found to say so.
const LEFT_OUT: &[(&str, &[&str], &str)] = &[
    ("last_use", &["anthropic-admin-api-key"], "an admin key makes no requests that the usage report counts"),
    ("audit_log", &["anthropic-admin-api-key", "anthropic-api-key"], "not found to be documented"),
    ("last_use", &["azure-devops-pat"], "not found to be documented"),
    ("audit_log", &["cargo-registry-token", "nuget-api-key", "rubygems-api-key", "npm-access-token"], "there is none"),
    (
        "last_use",
        &["cloudflare-account-api-token", "cloudflare-global-api-key", "cloudflare-user-api-token"],
        "not found to be documented",
    ),
    ("last_use", &["datadog-api-key", "datadog-app-key", "sendgrid-api-key", "openai-admin-key"], "not documented"),
    ("last_use", &["digitalocean-pat", "heroku-api-token"], "not found to be documented"),
    ("audit_log", &["digitalocean-pat", "heroku-api-token"], "not found to be documented for every plan"),
    ("last_use", &["discord-bot-token", "discord-webhook", "telegram-bot-token"], "the provider does not show it"),
    ("narrower", &["discord-webhook", "slack-webhook-url", "telegram-bot-token"], "there is no narrower kind"),
    ("audit_log", &["telegram-bot-token"], "there is none"),
    ("last_use", &["generic-api-key", "generic-password"], "the service is not known"),
    ("audit_log", &["generic-api-key", "generic-password"], "the service is not known"),
    ("last_use", &["github-app-installation-token"], "it expires after an hour"),
    ("last_use", &["gitlab-deploy-token", "google-api-key"], "not found to be documented"),
    ("audit_log", &["grafana-service-account-token"], "not found to be documented for every edition"),
    ("last_use", &["huggingface-token"], "not found to be documented"),
    ("last_use", &["jwt", "private-key-pem"], "whoever accepts it knows, and that is not told by the key"),
    ("audit_log", &["private-key-pem"], "whoever accepts it knows, and that is not told by the key"),
    ("last_use", &["npm-access-token", "nuget-api-key", "pypi-api-token"], "not found to be documented"),
    ("last_use", &["slack-app-token", "slack-bot-token", "slack-user-token", "slack-webhook-url"], "not documented"),
    ("last_use", &["stripe-restricted-key-live", "stripe-secret-key-live"], "not found to be documented"),
];

fn rules() -> Vec<Value> {
    let text = Sandbox::without_repository().keyguard(["rules", "list", "--format", "json"]).success().text();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(document["rules"].take()).unwrap()
}

#[test]
fn the_commonest_kinds_have_their_whole_card() {
    let rules = rules();
    for id in COMMONEST {
        let rule = rules.iter().find(|rule| rule["id"] == id).unwrap_or_else(|| panic!("there is no rule {id}"));
        assert!(rule["revoke"].is_string() && rule["privilege"]["text"].is_string(), "{id}");
        for field in ["narrower", "rotate", "last_use", "audit_log"] {
            let is_left_out = LEFT_OUT.iter().any(|(left_out, ids, _)| *left_out == field && ids.contains(&id));
            let is_there = rule["card"][field].is_string();
            assert!(is_there != is_left_out, "{id}: `{field}` is there: {is_there}, named as left out: {is_left_out}");
        }
    }
    for (field, ids, reason) in LEFT_OUT {
        assert!(!reason.is_empty() && ids.iter().all(|id| COMMONEST.contains(id)), "{field}: {ids:?}");
    }
}

#[test]
fn no_card_is_empty_and_no_link_malformed() {
    let rules = rules();
    let mut links = 0;
    for rule in &rules {
        let id = &rule["id"];
        let fields = ["narrower", "rotate", "last_use", "audit_log"].map(|field| &rule["card"][field]);
        for text in fields.into_iter().chain([&rule["docs"], &rule["revoke"]]).filter_map(Value::as_str) {
            assert!(!text.trim().is_empty() && text.trim() == text && !text.contains('\n'), "{id}: {text}");
            assert!(!text.contains("http://"), "{id}: {text}");
            assert!(text.matches('`').count() % 2 == 0, "{id}: a command has no end: {text}");
            for link in text.split("https://").skip(1) {
                let link = link.split([' ', '`', '\'', '"', ')', ';', ',']).next().unwrap();
                let (host, path) = link.split_once('/').unwrap_or((link, ""));
                let is_host = host.split('.').count() >= 2
                    && host.split('.').all(|label| {
                        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    });
                let is_path = path.bytes().all(|byte| byte.is_ascii_graphic()) && !path.ends_with('.');
                assert!(is_host && is_path, "{id}: https://{link}");
                links += 1;
            }
        }
    }
    assert!(links > 500, "{links} links");
}

/// Every file of cards is read: a card of no rule, or two of one, would stop the build.
#[test]
fn every_card_says_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/cards");
    let with_card = rules().iter().filter(|rule| rule["card"]["rotate"].is_string()).count();
    let named: usize = fs::read_dir(folder)
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .flat_map(|text| text.lines().filter(|line| line.starts_with("rules ")).map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.matches('"').count() / 2)
        .sum();
    assert_eq!(with_card, named, "each card says at least how to get a new key");
}

#[test]
fn a_card_is_told_whole_within_80_columns() {
    let repo = Sandbox::without_repository();
    repo.keyguard(["explain", "gitlab-deploy-token"]).success().stdout(str![[r"
GitLab deploy token
  can do      [..]
...
  narrower    Grant `read_repository` or `read_registry` alone, and set an
              expiry.
  variable    [..]
  revoke      [..]
...
  rotate      Settings, Repository, Deploy tokens: make the new one, change
              over, revoke the old one
  audit log   the group or project, Secure, Audit events (a paid plan)
...
  rule        gitlab-deploy-token
  confidence  high
...
"]]);
    for id in ["postgres-url", "generic-api-key", "aws-secret-access-key", "private-key-pem", "azure-sas-token", "jwt"]
    {
        let text = repo.keyguard(["explain", id]).success().text();
        for line in text.lines() {
            let is_one_word = line.trim_start().split("  ").last().is_some_and(|text| !text.trim().contains(' '));
            assert!(line.chars().count() <= 80 || is_one_word, "{id}: {line}");
            assert!(line.trim_end() == line && !line.contains("\\u{"), "{id}: {line}");
        }
    }
}

#[test]
fn the_case_of_a_name_does_not_matter() {
    let repo = Sandbox::without_repository();
    let text = repo.keyguard(["explain", "github-pat-classic"]).success().text();
    for name in ["GitHub-PAT-Classic", "github_pat_classic", " github-pat-classic "] {
        repo.keyguard(["explain", name]).success().stdout(text.clone());
    }
    repo.keyguard(["explain", "kg1:0123456789abcdef"]).code(2).says("a fingerprint does not tell its rule");
    repo.keyguard(["explain", "GITHUB-PAT"]).code(2).says("there is no rule `github-pat`").says("did you mean");
}

#[test]
fn a_staged_key_is_explained_by_its_fingerprint() {
    let repo = Sandbox::new();
    repo.write("a.js", format!("k = '{}'\n", fake::github_pat())).git(["add", "."]).success();
    let report = repo.keyguard(["scan"]);
    let place = report.code(1).text().find("kg1:").unwrap();
    let key = report.text()[place..place + 20].to_owned();
    let card = repo.keyguard(["explain", "github-pat-classic"]).success().text();
    repo.keyguard(["explain", &key]).success().stdout(card.clone());
    // One that is allowed, too.
    repo.keyguard(["allow", &key, "--reason", "x"]).success();
    repo.keyguard(["explain", &key]).success().stdout(card);
    let unknown = repo.keyguard(["explain", "kg1:0123456789abcdef"]);
    unknown.code(2).says("no staged change here holds that key\nhelp: give the rule's name: keyguard explain RULE;");
    let pasted = repo.keyguard(["explain", &format!("kg1:{}", fake::github_pat())]);
    pasted.code(2).says("this is no fingerprint");
    assert!(!pasted.text().contains(&fake::github_pat()));
}

#[test]
fn a_machine_gets_the_card_as_the_catalogue_has_it() {
    let repo = Sandbox::new();
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&repo.keyguard(arguments.iter().chain(&["--format", "json"])).success().text()).unwrap()
    };
    let card = json(&["explain", "github-pat-classic"]);
    let listed = json(&["rules", "list", "github-pat-classic"]);
    assert_eq!(card["rules"].as_array().unwrap().len(), 1);
    assert_eq!(card["rules"][0], listed["rules"][0]);
}

#[test]
fn a_configuration_has_no_say_in_a_card() {
    let repo = Sandbox::new();
    for key in ["narrower", "rotate", "last-use", "audit-log"] {
        let entry = format!("[[rule]]\nid = \"github-pat-classic\"\n{key} = \"https://evil.example\"\n");
        repo.write("keyguard.toml", entry);
        repo.keyguard(["config", "check"]).code(2).says(key);
    }
    // A built-in rule of which a configuration replaces something keeps its card.
    repo.write("keyguard.toml", "[[rule]]\nid = \"github-pat-classic\"\npaths = [\"src/**\"]\n");
    repo.keyguard(["explain", "github-pat-classic"]).success().says("Use a fine-grained token");
    repo.write("keyguard.toml", "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nregex = 'acme_[0-9]{8}'\n");
    let text = repo.keyguard(["explain", "acme-key"]).success().text();
    assert!(!text.contains("narrower") && text.contains("  regex       acme_[0-9]{8}\n"), "{text}");
}

#[test]
fn a_list_can_be_narrowed() {
    let repo = Sandbox::without_repository();
    let list = |words: &[&str]| repo.keyguard(["rules", "list"].iter().chain(words)).success().text();
    let found = list(&["GitHub", "refresh"]);
    assert!(found.starts_with("github-refresh-token ") && found.lines().count() == 1, "{found}");
    assert!(list(&[]).lines().count() > 1000 && list(&["stripe"]).lines().count() < 20);
    repo.keyguard(["rules", "list", "no such kind"]).code(2).says("no rule has these words");
    let json = repo.keyguard(["rules", "list", "--format", "json", "github-pat"]).success().text();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rules"].as_array().unwrap().len(), 1);
    let page = repo.keyguard(["rules", "list", "--markdown", "github-pat"]).success().text();
    assert!(page.contains("The 1 kinds of keys") || page.contains("| `github-pat-classic` |"), "{page}");
}
