//! The list of rules: for terminals, for machines, and as the page in `docs`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn rule<'d>(document: &'d Value, id: &str) -> &'d Value {
    document["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap()
}

#[test]
fn the_page_in_docs_is_up_to_date() {
    let page = Sandbox::without_repository().keyguard(["rules", "list", "--markdown"]).success().text();
    let is_same = page == read("docs/rules.md");
    assert!(is_same, "rules have changed: run `cargo run -- rules list --markdown >docs/rules.md`");
}

#[test]
fn a_page_holds_configured_rules_and_keeps_its_tables() {
    let repo = Sandbox::new();
    repo.write(
        "keyguard.toml",
        "[rules]\ndisable = [\"jwt\"]\n[[rule]]\nid = \"acme-key\"\ntitle = \"Acme | <key>\"\nregex = 'acme_[0-9]{8}'\n\
         pair = { with = [\"aws-access-key-id\"] }\ndocs = \"https://acme.example/a|b\"\nrevoke = \"run `acme | end`\"\n",
    );
    let page = repo.keyguard(["rules", "list", "--markdown"]).success().text();
    let row = "| `acme-key` | [Acme \\| \\<key>](https://acme.example/a%7Cb) | medium \
               | paired with `aws-access-key-id`: high | run `acme \\| end` |";
    assert!(page.lines().any(|line| line == row), "{page}");
    assert!(page.contains("## configured\n") && !page.contains("| `jwt` |"), "{page}");
}

#[test]
fn a_terminal_of_80_columns_shows_all() {
    let list = Sandbox::without_repository().keyguard(["rules", "list"]).success().text();
    for line in list.lines() {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line}");
    }
}

#[test]
fn the_list_for_machines_is_described_and_ascii() {
    let repo = Sandbox::new();
    repo.write(
        "keyguard.toml",
        "[rules]\ndisable = [\"jwt\", \"beta-key\"]\n[[rule]]\nid = \"acme-key\"\ntitle = \"\u{e4}\u{202e}\"\nregex = 'acme_[0-9]{8}'\n\
         [[rule]]\nid = \"beta-key\"\ntitle = \"Beta\"\nregex = 'beta_[0-9]{8}'\n[[rule]]\nid = \"github-pat-classic\"\npaths = [\"src/**\"]\n",
    );
    let text = repo.keyguard(["rules", "list", "--format", "json"]).success().text();
    assert!(text.is_ascii() && text.contains("\\u202e"));
    let document: Value = serde_json::from_str(&text).unwrap();
    let schema: Value = serde_json::from_str(&read("docs/rules.schema.json")).unwrap();
    crate::report::validate(&schema, &document, "document");
    let ids: Vec<_> = document["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));

    let state = |id: &str| ["origin", "layer", "enabled", "group"].map(|key| rule(&document, id)[key].clone());
    for (id, expected) in [
        ("acme-key", json!(["configured", "repository", true, null])),
        ("beta-key", json!(["configured", "repository", false, null])),
        ("jwt", json!(["built-in", null, false, "keys"])),
        ("github-pat-classic", json!(["built-in", "repository", true, "vcs"])),
    ] {
        assert_eq!(json!(state(id)), expected, "{id}");
    }
    assert_eq!(rule(&document, "github-pat-classic")["proof"], "crc32-base62");
    assert_eq!(rule(&document, "aws-secret-access-key")["pair"]["with"][0], "aws-access-key-id");
    assert_eq!(rule(&document, "generic-api-key")["finds"], "assigned-value");
}
