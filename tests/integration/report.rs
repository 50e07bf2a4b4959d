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

/// A text that a screen of so many lines of 80 columns shows whole; only places, addresses and code are longer.
#[track_caller]
fn assert_fits(text: &str, lines: usize) {
    // A line that is wider than the screen takes another one.
    let on_screen: usize = text.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum();
    assert!(on_screen <= lines, "{on_screen} lines:\n{text}");
    for line in text.lines().skip(1) {
        assert!(line.chars().count() <= 80 || line.contains(" in ") || line.contains("https://"), "{line}");
    }
}

#[test]
fn one_key_has_three_ways_on() {
    let repo = Sandbox::with_hook();
    repo.write("src/pay.js", format!("const token = \"{}\";\n", fake::github_pat()));
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "--quiet", "--message", "x"]);
    assert_fits(&commit.text(), 24);
    commit.code(1).stdout("").stderr(str![[r#"
keyguard: commit blocked: GitHub personal access token (classic) (checksum valid) in src/pay.js:1:16
  |
1 | const token = "ghp_****************";
  |                ^
  key   can read and push to every repository you can, within the token's coarse
        scopes
  says  A classic token: it cannot be limited to single repositories.
  why   rule github-pat-classic, high confidence; checksum valid
  1.    Move it out, into the variable GITHUB_TOKEN. The line becomes:
        const token = process.env.GITHUB_TOKEN;
        Or: keyguard fix kg1:[..] --apply
  2.    Not a key? Put `keyguard:allow` into a comment on the line, or say so,
        and commit again:
        keyguard allow kg1:[..] --reason "..."
  3.    Real and already out? Deleting the line is not enough. Revoke it:
        https://github.com/settings/tokens
  next  Use a fine-grained token: it opens chosen repositories only, and
        expires.
  more  keyguard explain github-pat-classic

Nothing was committed.

"#]]);
}

#[test]
fn the_same_key_in_four_files_is_one_story() {
    let repo = Sandbox::new();
    for file in ["a.py", "b.js", "c/d.go", "e.txt"] {
        repo.write(file, format!("t = \"{}\"\n", fake::github_pat()));
    }
    repo.git(["add", "."]).success();
    let scan = repo.keyguard(["scan"]);
    let text = scan.code(1).text();
    let first = "keyguard: GitHub personal access token (classic) (checksum valid) in a.py:1:6 and 3 other places\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("\n  also  in b.js:1:6\n        in c/d.go:1:6\n        in e.txt:1:6\n"), "{text}");
    assert_eq!(text.matches("keyguard allow").count(), 1);
    assert_fits(&text, 25);
    // In many places the rest is counted.
    for number in 0..9 {
        repo.write(format!("x{number}"), fake::github_pat());
    }
    repo.git(["add", "."]).success();
    repo.keyguard(["scan"]).code(1).says(" and 12 other places\n").says("\n        and in 8 more\n");
}

#[test]
fn ten_findings_fit_on_a_screen_and_the_rest_is_counted() {
    let repo = Sandbox::with_hook();
    repo.write("pay.py", format!("k = \"{}\"\ns = \"{}\"\n", fake::stripe_live(), fake::slack_bot()));
    repo.write("deploy.sh", format!("DB={}\n", fake::postgres_url()));
    for number in 0..8 {
        repo.write(format!("src/{number}.rs"), format!("let t = \"{}\";\n", fake::github_token(&number.to_string())));
    }
    repo.write("key", fake::openssh_key());
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "--quiet", "--message", "x"]);
    let text = commit.code(1).text();
    assert_fits(&text, 24);
    let told = text.lines().filter(|line| line.starts_with("  kg1:")).count();
    commit.says("keyguard: commit blocked: 12 secrets in 11 files, the first: ");
    commit.says(&format!("\nand {} more; all of them: keyguard scan --staged --verbose\n", 12 - told));
    commit.says("        keyguard allow --last --reason \"...\"\n").says(" See: keyguard explain RULE\n");
    let all = repo.keyguard(["scan", "--staged", "--verbose"]).code(1).text();
    assert_eq!(all.lines().filter(|line| line.starts_with("  kg1:")).count(), 12, "{all}");
    assert_eq!(all.matches("[github-pat-classic]").count(), 1, "a kind has one heading:\n{all}");
}

#[test]
fn two_findings_in_many_files_are_told_briefly_too() {
    let repo = Sandbox::with_hook();
    for number in 0..6 {
        repo.write(format!("a{number}.py"), format!("t = '{}'\n", fake::github_pat()));
        repo.write(format!("b{number}.py"), format!("t = '{}'\n", fake::stripe_live()));
    }
    repo.git(["add", "."]).success();
    let commit = repo.git(["commit", "--quiet", "--message", "x"]);
    assert_fits(&commit.code(1).text(), 24);
    commit.says(" in a0.py:1:6 and 5 other places\n").says(" in b0.py:1:6 and 5 other places\n");
    repo.keyguard(["scan", "--staged", "--verbose"]).code(1).says("        in a5.py:1:6\n");
}

#[test]
fn two_findings_are_told_briefly() {
    let repo = Sandbox::new();
    repo.write("a.go", format!("package a\n\nvar t = \"{}\"\n", fake::github_pat()));
    repo.write("b.rb", format!("k = '{}'\n", fake::stripe_live()));
    repo.git(["add", "."]).success();
    let scan = repo.keyguard(["scan"]);
    assert_fits(&scan.code(1).text(), 24);
    scan.says("  write var t = os.Getenv(\"GITHUB_TOKEN\")\n").says("  write k = ENV.fetch(\"STRIPE_SECRET_KEY\")\n");
    scan.says(" [github-pat-classic]\n").says(" [stripe-secret-key-live]\n");
    // By path there is no `--last`, so both are named.
    let files = repo.keyguard(["scan", "."]);
    let files = files.code(1).text();
    let command = files.lines().find(|line| line.contains("keyguard allow kg1:")).unwrap();
    assert_eq!(command.matches("kg1:").count(), 2);
}

#[test]
fn what_takes_the_place_of_a_key() {
    for (path, line, expected) in [
        ("a.py", "TOKEN = '@'  # x", Some("TOKEN = os.environ[\"GITHUB_TOKEN\"]  # x")),
        ("a.sh", "export TOKEN='@'", Some("export TOKEN=\"$GITHUB_TOKEN\"")),
        ("a.sh", "export TOKEN=@", Some("export TOKEN=\"$GITHUB_TOKEN\"")),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  a:\n    steps:\n      - env:\n          TOKEN: @",
            Some("TOKEN: ${{ secrets.GH_TOKEN }}"),
        ),
        ("docker-compose.yml", "  TOKEN: \"@\"", Some("TOKEN: \"${GITHUB_TOKEN}\"")),
        // A part of a text, and texts with a meaning of their own.
        ("a.py", "u = 'see x:@/y'", Some("u = ('see x:' + os.environ[\"GITHUB_TOKEN\"] + '/y')")),
        ("a.py", "t = f'@'", Some("t = os.environ[\"GITHUB_TOKEN\"]")),
        ("a.py", "t = '''@'''", Some("t = os.environ[\"GITHUB_TOKEN\"]")),
        ("a.go", "package a\nvar t = \"@\"", Some("var t = os.Getenv(\"GITHUB_TOKEN\")")),
        // A line of which not all is shown.
        ("a.js", "const configuration = { enabled: true, token: '@' }", None),
        ("a.js", "t('@'); const more = 'this goes on and on and on'", None),
        // What a fix refuses.
        ("a.js", "const t = @", None),
        ("a.js", "// @", None),
        ("a.go", "var t = \"@\"", None),
        ("notes.txt", "'@'", None),
        ("a.swift", "let t = \"@\"", None),
    ] {
        what_is_told_is_done(path, line, expected);
    }
}

/// The message and the JSON report give the line of `path` that a fix writes then, or the reason why it writes none.
#[track_caller]
fn what_is_told_is_done(path: &str, text: &str, expected: Option<&str>) {
    let token = fake::github_pat();
    let repo = Sandbox::new();
    repo.write(path, format!("{}\n", text.replace('@', &token)));
    repo.git(["add", "--force", "."]).success();
    let report = report(&repo, &["scan", "--staged"]);
    let remedy = &report["findings"][0]["remedy"];
    assert_eq!(remedy["line"].as_str(), expected, "{path}: {text}: {remedy:#}");
    let told = repo.keyguard(["scan"]).code(1).text();
    assert_eq!(told.contains("The line becomes:"), expected.is_some(), "{told}");
    assert!(!told.contains(&token[8..]));
    let fix = repo.keyguard(["fix", "--apply"]);
    let Some(reason) = remedy["by_hand"].as_str() else {
        assert!(told.contains("        Or: keyguard fix kg1:"), "{told}");
        fix.success();
        let written = std::fs::read_to_string(repo.root().join(path)).unwrap();
        assert!(written.contains(remedy["replace_with"].as_str().unwrap()), "{written}");
        assert!(expected.is_none_or(|line| written.lines().any(|own| own.trim() == line)), "{written}");
        return;
    };
    fix.code(2).says(reason);
    assert!(in_one_line(&told).contains(&format!("Move it out, by hand: {reason}.")), "{told}");
    assert!(!told.contains("keyguard fix"), "{told}");
}

/// A text without the breaks of its lines.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_message_names_the_variable_that_a_fix_takes() {
    let own = fake::github_pat();
    for (variables, expected) in [
        (String::new(), "GITHUB_TOKEN"),
        (format!("MINE={own}\n"), "MINE"),
        ("GITHUB_TOKEN=1\n".to_owned(), "ACCESS"),
        ("GITHUB_TOKEN=1\nACCESS=1\n".to_owned(), "GITHUB_TOKEN_2"),
    ] {
        let repo = Sandbox::with_hook();
        repo.write(".gitignore", ".env\n").write(".env", variables).write("a.js", format!("access = '{own}'\n"));
        repo.git(["add", "."]).success();
        let line = format!("access = process.env.{expected}");
        let says = format!("Move it out, into the variable {expected}. The line becomes:\n        {line}\n");
        repo.git(["commit", "--message", "x"]).code(1).says(&says);
        repo.keyguard(["fix", "--apply"]).success();
        assert_eq!(std::fs::read_to_string(repo.root().join("a.js")).unwrap(), format!("{line}\n"));
    }
    // A name that the value is given to says more than its kind.
    let value = fake::letters("a name", "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 32);
    let repo = Sandbox::with_hook();
    repo.write("a.py", format!("acme_api_key = \"{value}\"\n")).git(["add", "."]).success();
    let line = "acme_api_key = os.environ[\"ACME_API_KEY\"]\n";
    repo.git(["commit", "--message", "x"]).code(1).says(line);
    repo.keyguard(["fix", "--apply"]).success();
    assert!(std::fs::read_to_string(repo.root().join("a.py")).unwrap().ends_with(line));
}

#[test]
fn of_two_keys_the_message_gives_both_names() {
    let (own, other) = (fake::github_pat(), fake::github_pat_other());
    // The second one has the first name if the first one stays.
    for (first, expected) in [("a = '@'", "GITHUB_TOKEN_2"), ("// @", "GITHUB_TOKEN")] {
        let repo = Sandbox::with_hook();
        repo.write("a.js", format!("{}\n", first.replace('@', &own))).write("b.js", format!("f('{other}')\n"));
        repo.git(["add", "."]).success();
        let commit = repo.git(["commit", "--message", "x"]);
        let text = commit.code(1).says(&format!("  write f(process.env.{expected})\n")).text();
        let line = text.lines().find(|line| line.starts_with("  1. ")).unwrap();
        let words = line.split_once("keyguard ").unwrap().1.split(' ');
        assert_eq!(words.clone().count() == 1, expected == "GITHUB_TOKEN_2", "{text}");
        repo.keyguard(words.chain(["--apply"])).success();
        let written = std::fs::read_to_string(repo.root().join("b.js")).unwrap();
        assert_eq!(written, format!("f(process.env.{expected})\n"));
    }
}

#[test]
fn where_a_fix_would_refuse_the_message_says_why() {
    let text = format!("k = '{}'\n", fake::github_pat());
    for (path, content, reason) in [
        (".env", "A='b\n".to_owned(), "line 1 of .env begins a quote that nothing ends"),
        ("a.js", format!("// {text}"), "in the work tree: it stands in a comment"),
        ("git add .env", "A=1\n".to_owned(), "git tracks .env, so no key can be put there: git rm --cached .env"),
    ] {
        let repo = Sandbox::with_hook();
        repo.write("a.js", &text).git(["add", "a.js"]).success();
        let staged = path.strip_prefix("git add ");
        repo.write(staged.unwrap_or(path), content);
        if let Some(path) = staged {
            repo.git(["add", "--", path]).success();
        }
        let commit = repo.git(["commit", "--message", "x"]);
        let told = in_one_line(&commit.code(1).text());
        assert!(told.contains(&format!("Move it out, by hand: {reason}")), "{told}");
        assert!(!told.contains("keyguard fix"), "{told}");
        repo.keyguard(["fix", "--apply"]).code(2);
    }
    // One place of several is named.
    let repo = Sandbox::with_hook();
    repo.write("a.js", &text).write("b.js", format!("// {text}")).git(["add", "."]).success();
    repo.git(["commit", "--message", "x"]).code(1).says("Move it out, by hand: b.js:1: it stands in a comment");
}

#[test]
fn the_name_at_hand_names_the_variable() {
    let value = fake::letters("name at hand", "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 32);
    for (line, expected) in [
        ("acme_api_key = \"@\"", "ACME_API_KEY"),
        ("acmeApiToken: \"@\",", "ACME_API_TOKEN"),
        ("token = \"@\"", "API_KEY"),
    ] {
        let repo = Sandbox::new();
        repo.write("a.py", format!("{}\n", line.replace('@', &value)));
        repo.git(["add", "."]).success();
        let report = report(&repo, &["scan", "--staged"]);
        assert_eq!(report["findings"][0]["env_var"], expected, "{line}");
    }
}

#[test]
fn a_file_of_variables_belongs_out_of_git() {
    let repo = Sandbox::with_hook();
    repo.write("app/.env", format!("TOKEN={}\n", fake::github_pat()));
    repo.git(["add", "--force", "."]).success();
    repo.write("app/.env", "TOKEN=\n");
    let advice =
        "  1.    Keep this file out of git: name it in .gitignore, and run:\n        git rm --cached app/.env\n";
    repo.git(["commit", "--quiet", "--message", "x"]).code(1).says(advice);
}

#[test]
fn a_machine_is_told_the_same() {
    let repo = Sandbox::new();
    let (id, secret) = fake::aws_pair();
    repo.write("a", format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n"));
    repo.git(["add", "."]).success();
    let report = report(&repo, &["scan", "--staged"]);
    let finding = &report["findings"][0];
    assert_eq!(finding["insights"][0]["name"], "account");
    let account = finding["insights"][0]["value"].as_str().unwrap();
    assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    repo.keyguard(["scan"]).code(1).says(&format!("  says  Belongs to AWS account {account}.\n"));
    assert!(finding["remedy"]["last_use"].as_str().unwrap().contains("get-access-key-last-used"));
    assert!(finding["remedy"]["allow"].as_str().unwrap().starts_with("keyguard allow kg1:"));
}

#[test]
fn without_colour_nothing_is_lost() {
    let repo = Sandbox::new();
    repo.write("a.py", format!("t = '{}'\nk = '{}'\n", fake::github_pat(), fake::stripe_live()));
    let plain = repo.keyguard(["scan", "a.py"]).code(1).text();
    let coloured = repo.keyguard(["scan", "a.py", "--color", "always"]).code(1).text();
    let mut stripped = String::new();
    for piece in coloured.split('\u{1b}') {
        let code = piece.split_once('m').filter(|_| piece.starts_with('['));
        stripped.push_str(code.map_or(piece, |(_, rest)| rest));
    }
    assert_eq!(stripped, plain);
    // Yellow and cyan cannot be read on white, blue cannot on black.
    for unreadable in ["33m", "34m", "36m"] {
        assert!(!coloured.contains(unreadable), "{coloured}");
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
