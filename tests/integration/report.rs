//! What a person and what a machine read.

use serde_json::{Value, json};
use snapbox::str;

use crate::sandbox::{Sandbox, fake};

fn report(repo: &Sandbox, args: &[&str]) -> Value {
    let output = repo.keyguard(args.iter().chain(&["--format", "json"]));
    let mut value: Value = serde_json::from_str(&output.text()).unwrap_or_else(|_| panic!("{}", output.text()));
    value["stats"]["duration_ms"] = Value::Null;
    value["tool"]["version"] = Value::Null;
    value
}

#[test]
fn the_json_report_is_version_1() {
    let repo = Sandbox::new();
    repo.commit("web/pay.js", "// pay\n").write("web/pay.js", format!("// pay\nconst t = '{}';\n", fake::github_pat()));
    repo.git(["add", "."]).success();
    let report = report(&repo, &["scan", "--staged"]);
    let finding = &report["findings"][0];
    assert_eq!(report["version"], 1);
    assert_eq!(report["exit"], 1);
    assert_eq!(report["complete"], true);
    assert_eq!(
        report["stats"],
        json!({ "commits": 0, "files": 1, "hunks": 1, "added_lines": 1, "bytes": 61, "below": 0, "duration_ms": null })
    );
    for (key, value) in [
        ("rule", json!("github-pat-classic")),
        ("confidence", json!("high")),
        ("validity", json!("valid")),
        ("path", json!("web/pay.js")),
        ("line", json!(2)),
        ("column", json!(12)),
        ("end_line", json!(2)),
        ("end_column", json!(52)),
        ("offset", Value::Null),
        ("secret", json!("ghp_****************")),
        ("commit", Value::Null),
        ("env_var", json!("GITHUB_TOKEN")),
        ("decoded", json!([])),
        ("parts", json!([])),
    ] {
        assert_eq!(finding[key], value, "{key}");
    }
    assert_eq!(finding["remedy"]["replace_with"], "process.env.GITHUB_TOKEN");
    assert_eq!(finding["privilege"]["class"], "full");
    assert!(finding["fingerprint"].as_str().unwrap().starts_with("kg1:"));
}

#[test]
fn json_tells_what_is_allowed_and_what_failed() {
    let repo = Sandbox::new();
    let token = fake::github_pat();
    repo.write("a", format!("t = '{token}' # keyguard:allow -- sample\n")).write("b", "x\n");
    repo.git(["add", "."]).success();
    let id = repo.git(["rev-parse", ":b"]).text().trim().to_owned();
    std::fs::remove_file(repo.root().join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    let report = report(&repo, &["scan", "--staged"]);
    assert_eq!(report["suppressed"][0]["by"], json!({ "kind": "inline", "reason": "sample", "expires": null }));
    assert_eq!(report["errors"][0]["path"], "b");
    assert_eq!((&report["complete"], &report["exit"]), (&json!(false), &json!(2)));
}

#[test]
fn in_a_hook_json_goes_to_stderr_whole() {
    let repo = Sandbox::with_hook();
    repo.write("a", fake::github_pat());
    repo.git(["add", "."]).success();
    let commit = repo.run("git").args(["commit", "-m", "x"]).env("KEYGUARD_FORMAT", "json").output();
    let report: Value = serde_json::from_str(&commit.code(1).stdout("").text()).unwrap();
    assert_eq!(report["findings"][0]["path"], "a");
}

#[test]
fn the_report_for_people_fits_80_columns() {
    let repo = Sandbox::new();
    let (id, secret) = fake::aws_pair();
    repo.write(
        "deploy/production.env",
        format!("# {}\nAWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n", "long ".repeat(40)),
    );
    repo.write("a.py", format!("{}token = '{}'\n", "x = 1; ".repeat(60), fake::github_pat()));
    repo.git(["add", "."]).success();
    let scan = repo.keyguard(["scan", "--staged"]);
    scan.code(1);
    for line in scan.text().lines().skip(1) {
        assert!(line.chars().count() <= 80 || line.contains(" in "), "{line}");
    }
}

#[test]
fn colour_is_asked_for() {
    let repo = Sandbox::new();
    repo.write("a", fake::github_pat());
    let has_color = |output: &crate::sandbox::Output| output.text().contains('\u{1b}');
    assert!(!has_color(&repo.keyguard(["scan", "a"])));
    assert!(has_color(&repo.keyguard(["scan", "a", "--color", "always"])));
    assert!(!has_color(&repo.keyguard(["scan", "a", "--color", "never"])));
    assert!(has_color(
        &repo.run("keyguard").args(["scan", "a"]).env("NO_COLOR", "").env("CLICOLOR_FORCE", "1").output()
    ));
}

#[test]
fn help_is_short() {
    let repo = Sandbox::new();
    repo.keyguard(["--help"]).success().stdout(str![[r"
Stops API keys at the commit.
...
Usage: keyguard [OPTIONS] <COMMAND>
...
"]]);
}

/// Checks what `docs/report.schema.json` uses of JSON Schema; a key that the schema does not know is an error here.
pub(crate) fn validate(schema: &Value, value: &Value, place: &str) {
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{place} is {value}");
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_kind = |wanted: &Value| wanted == kind;
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is_kind),
        one => is_kind(one),
    };
    assert!(fits, "{place} is of type {kind}, not {}", schema["type"]);
    for item in value.as_array().into_iter().flatten() {
        validate(&schema["items"], item, &format!("{place}[]"));
    }
    let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else { return };
    for required in schema["required"].as_array().unwrap() {
        assert!(object.contains_key(required.as_str().unwrap()), "{place} has no {required}");
    }
    for (key, value) in object {
        let known = properties.get(key).unwrap_or_else(|| panic!("the schema does not know {place}.{key}"));
        validate(known, value, &format!("{place}.{key}"));
    }
}

#[test]
fn the_schema_describes_the_report() {
    let repo = Sandbox::new();
    let token = fake::github_pat();
    repo.write("a.py", format!("t = '{token}'\n"))
        .write("b", format!("t = '{token}' # keyguard:allow\n"))
        .write("c", "x");
    repo.write("blob", [b"\0", token.as_bytes()].concat());
    repo.git(["add", "."]).success();
    let id = repo.git(["rev-parse", ":c"]).text().trim().to_owned();
    std::fs::remove_file(repo.root().join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    let output = repo.keyguard(["scan", "--staged", "--format", "json"]);
    let report: Value = serde_json::from_str(&output.code(1).text()).unwrap();
    for part in ["findings", "suppressed", "errors"] {
        assert!(!report[part].as_array().unwrap().is_empty(), "{part}");
    }
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    validate(&schema, &report, "report");
}
