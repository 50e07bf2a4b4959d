//! `keyguard.toml` and the layers around it: what is refused, and with which words; what is in force, and who says so.

use std::fs;

use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake};

const HELP: &str = "help: mend it, then run `keyguard config check`";

fn leak() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

/// Runs `config check` on a text as keyguard.toml.
fn check(content: impl AsRef<[u8]>) -> Output {
    let repo = Sandbox::new();
    repo.write("keyguard.toml", content);
    repo.keyguard(["config", "check"])
}

#[track_caller]
fn refused(content: impl AsRef<[u8]>, message: &str, help: &str) {
    check(content).code(2).stdout("").stderr(format!("error: keyguard.toml:{message}\n{help}\n"));
}

fn rule(rest: &str) -> String {
    format!("[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nregex = 'acme_(?<secret>[0-9a-f]{{32}})'\n{rest}")
}

fn allow(rest: &str) -> String {
    format!("[[allow]]\nreason = \"x\"\n{rest}")
}

fn acme() -> String {
    format!("acme_{}", "4f1c9be27a5038d6".repeat(2))
}

/// Writes the user's configuration.
fn user(repo: &Sandbox, content: &str) {
    let folder = repo.home().join(".config/keyguard");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), content).unwrap();
}

#[test]
fn unknown_keys_name_this_version() {
    let output = check("[scan]\nbinary = \"skip\"\n\n[rules]\ndisabled = [\"x\"]\n");
    output.code(2).stdout("").stderr(str![[r"
error: keyguard.toml:5:1: unknown field `disabled`
help: known here: `disable` or `only`; this is keyguard [..], and a newer one may know more keys

"]]);
    check("blocklist = 1\n")
        .code(2)
        .says("keyguard.toml:1:1: unknown field `blocklist`\nhelp: known here: `requires`, ");
    check(rule("keyword = []\n")).code(2).says("keyguard.toml:5:1: unknown field `keyword`");
    check(allow("paths = [\"x\"]\n")).code(2).says("keyguard.toml:3:1: unknown field `paths`");
    check("[markers]\nall = true\n").code(2).says("keyguard.toml:2:1: unknown field `all`");
}

#[test]
fn the_reference_names_every_key() {
    let reference = include_str!("../../config.example.toml");
    for table in ["", "[scan]\n", "[rules]\n", "[markers]\n", "[[rule]]\n", "[[allow]]\n"] {
        let text = check(format!("{table}no-such-key = 1\n")).text();
        let known = text.split("known here: ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
        for key in known.split('`').skip(1).step_by(2) {
            let is_named = [format!("{key} = "), format!("[{key}]"), format!("[[{key}]]")];
            assert!(is_named.iter().any(|form| reference.contains(form)), "`{key}` of {table:?}");
        }
    }
    let text = check(rule("validator = \"x\"\n")).text();
    let names = text.split("must be one of ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    for name in names.split('`').skip(1).step_by(2) {
        assert!(reference.contains(name), "validator `{name}`");
    }
}

#[test]
fn a_newer_file_says_that_it_is_newer() {
    let output = check("# policy\nrequires = \">=9.1\"\nunheard-of = true\n");
    output.code(2).stderr(str![[r"
error: keyguard.toml:2:12: `requires` asks for keyguard >=9.1, and this is keyguard [..]
help: install a version that fits

"]]);
    check("requires = \">=0.1\"\n").success().stdout("ok: keyguard.toml\n");
    refused("requires = \"new\"\n", "1:12: `requires` must name versions, such as `>=1.2`", HELP);
    refused("requires = 9\n", "1:12: `requires` must be a string", HELP);
}

#[test]
fn wrong_values_name_their_key() {
    for (content, message) in [
        ("min-confidence = \"mid\"\n", "1:18: `min-confidence` must be one of `low`, `medium`, `high`"),
        ("min-confidence = 3\n", "1:18: `min-confidence` must be a string"),
        ("[scan]\nbinary = \"all\"\n", "2:10: `binary` of `[scan]` must be `structured` or `skip`"),
        ("[scan]\ndecode-depth = 4\n", "2:16: `decode-depth` of `[scan]` must be at most 3"),
        ("[rotate]\nmax-age-days = -1\n", "2:16: `max-age-days` of `[rotate]` must be a whole number, 0 or more"),
        ("[scan]\ndecode-depth = -1\n", "2:16: `decode-depth` of `[scan]` must be a whole number, 0 or more"),
        ("scan = \"x\"\n", "1:8: `scan` must be a table"),
        ("[rules]\nonly = [\"jwt\", 3]\n", "2:16: `only` of `[rules]` must be a string"),
        ("markers = { foreign = \"no\" }\n", "1:23: `foreign` of `[markers]` must be a boolean"),
        ("[[rule]]\ntitle = \"x\"\n", "1:1: missing field `id`"),
    ] {
        refused(content, message, HELP);
    }
    let lists = "help: write a table that may stand there more than once as `[[name]]`";
    refused("[allow]\npath = \"x\"\n", "1:1: `allow` must be a list", lists);
    refused("[rules]\ndisable = \"jwt\"\n", "2:11: `disable` of `[rules]` must be a list", lists);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    refused("[scan]\n\nnonsense\n", "3:9: `nonsense`: key with no value, expected `=`", HELP);
    refused("a = 'x'\nbroken = [1,\n", "2:13: `broken`: unclosed array, expected `]`", HELP);
    refused("min-confidence = \"low\"\nmin-confidence = \"low\"\n", "2:1: `min-confidence`: duplicate key", HELP);
    refused("[scan]\n[scan]\n", "2:2: duplicate key", HELP);
    refused(b"# \xc3\xbc\n# ab\xff\n", "2:5: the configuration is not UTF-8", "help: save it as UTF-8");
    check(format!("a = {}", "[".repeat(100_000))).code(2).says("keyguard.toml:1:").says("max recursion depth");
}

#[test]
fn rules_are_checked() {
    for (rest, message) in [
        ("min-entropy = \"x\"\n", "5:15: `min-entropy` of `[[rule]]` must be a number"),
        ("near = { regex = \"x\", lines = -1 }\n", "5:31: `near` of `[[rule]]` must be a whole number, 0 or more"),
        ("near = { regex = \"(\" }\n", "5:19: `near` of `[[rule]]` does not parse: unclosed group\n  (\n  ^"),
        (
            "exclude-paths = [\"a/{b\"]\n",
            "5:18: `exclude-paths` of `[[rule]]` is no glob: unclosed alternate group; [..]",
        ),
        ("paths = [\"[\"]\n", "5:10: `paths` of `[[rule]]` is no glob: unclosed character class; [..]"),
        ("keywords = [\"ab\"]\n", "5:13: `keywords` of `[[rule]]` `ab` must be at least three ASCII characters"),
        ("privilege = \"all\"\n", "5:13: `privilege` of `[[rule]]` must be a class and a sentence, such as [..]"),
        ("env-var = \"acme key\"\n", "5:11: `env-var` of `[[rule]]` must be a name of capitals, digits and `_`, [..]"),
        ("[[rule]]\nid = \"acme-key\"\n", "6:6: `id` of `[[rule]]` names a rule that this file has already"),
    ] {
        let rest =
            if rest.starts_with("[[") { format!("{rest}title = \"x\"\nregex = \"xyz\"\n") } else { rest.to_owned() };
        refused(rule(&rest), message, HELP);
    }
    let regex = |regex: &str| format!("[[rule]]\nid = \"a-b\"\ntitle = \"x\"\nregex = '{regex}'\n");
    refused(regex("a("), "4:11: `regex` of `[[rule]]` does not parse: unclosed group\n  a(\n   ^", HELP);
    check(regex("a(?=b)")).code(2).says("4:11: `regex` of `[[rule]]` does not parse: look-around");
    refused(regex("a*"), "4:9: `regex` of `[[rule]]` must not match the empty string", HELP);
    refused(
        "[[rule]]\nid = \"Acme Key\"\n",
        "2:6: `id` of `[[rule]]` must be lower-case words joined by hyphens, such as `acme-api-key`",
        HELP,
    );
    let missing = "2:6: `id` of `[[rule]]` names no built-in rule, so the entry needs a `regex` too";
    refused("[[rule]]\nid = \"a-b\"\ntitle = \"x\"\n", missing, HELP);
}

#[test]
fn a_regex_is_told_at_the_character_to_blame() {
    let rule = |regex: &str| format!("[[rule]]\nid = \"a-b\"\ntitle = \"x\"\nregex = {regex}\n");
    for (regex, place, drawing) in [
        (r#""\\bü\u00fc[z-a]""#, "4:21", "  \\bü\u{fc}[z-a]\n       ^"),
        ("'''\nfirst\nsecond (?P<x>.'''", "6:8", "  second (?P<x>.\n         ^"),
        ("\"\"\"first\\\n    second(\"\"\"", "5:11", "  firstsecond(\n             ^"),
        ("'{{assign}}x{{start}}**a('", "4:33", "  {{assign}}x{{start}}**a(\n                         ^"),
        ("'\\p{Greek}'", "4:10", "  \\p{Greek}\n  ^"),
    ] {
        let output = check(rule(regex));
        output.code(2).stdout("");
        output.says(&format!("keyguard.toml:{place}: `regex` of `[[rule]]` does not parse: "));
        output.says(&format!("\n{drawing}\nhelp: "));
    }
    // What a terminal would obey is escaped, and a key is not drawn.
    check(rule("\"\\u001b[31m(\"")).code(2).says("4:16: ").says("\n  \\u{1b}[31m(\n        ^\n");
    let token = fake::github_pat();
    check(rule(&format!("'{token}('")))
        .code(2)
        .says("4:50: `regex` of `[[rule]]` does not parse: unclosed group\nhelp: ");
    // The same in a list in brackets, and in the user's own file.
    check("rule = [{ id = \"a-b\", title = \"x\", regex = 'a(' }]\n").code(2).says("keyguard.toml:1:46: ");
    let repo = Sandbox::new();
    user(&repo, &rule("'a('"));
    repo.keyguard(["config", "check"]).code(2).says("config.toml:4:11: ");
}

#[test]
fn a_repository_replaces_no_fact_of_a_built_in_rule() {
    for (key, value) in [
        ("title", "Harmless"),
        ("docs", "https://evil.example"),
        ("revoke", "https://evil.example"),
        ("privilege", "public: nothing"),
    ] {
        let content = format!("[[rule]]\nid = \"github-pat-classic\"\n{key} = \"{value}\"\n");
        let message = "of a built-in rule can be replaced in your own configuration only";
        let place = format!("3:{}", key.len() + 4);
        refused(&content, &format!("{place}: `{key}` of `[[rule]]` {message}"), "help: take it out of this file");
        // The user's own layer may.
        let repo = Sandbox::new();
        user(&repo, &content);
        repo.keyguard(["explain", "github-pat-classic"]).success().says(value.split(": ").last().unwrap());
    }
}

#[test]
fn allow_entries_are_checked() {
    for (entry, message, help) in [
        ("path = \"x\"\n", "1:1: `reason` of `[[allow]]` is missing", "help: say why this is no secret: [..]"),
        (
            "path = \"x\"\nreason = \" \"\n",
            "3:10: `reason` of `[[allow]]` is missing",
            "help: say why this is no secret: [..]",
        ),
        (
            "reason = \"x\"\nrule = \"jwt\"\n",
            "3:8: `rule` of `[[allow]]` alone would allow every key of that kind",
            "help: to switch the rule off, name it in `disable` of `[rules]`",
        ),
        (
            "reason = \"x\"\n",
            "2:10: `reason` of `[[allow]]` is not enough",
            "help: name a `fingerprint`, `path`, `regex` or `stopword`",
        ),
        (
            "reason = \"x\"\nexpires = 2027-02-30\n",
            "3:11: `expires`: invalid date, expected day between 01 and 28",
            HELP,
        ),
        (
            "reason = \"x\"\npath = \"x\"\nexpires = \"2027-02-03\"\n",
            "4:11: `expires` of `[[allow]]` must be a date, such as 2027-03-01",
            HELP,
        ),
        (
            "reason = \"x\"\npath = \"x\"\nexpires = 2027-02-03T10:00:00Z\n",
            "4:11: `expires` of `[[allow]]` must be a date, such as 2027-03-01",
            HELP,
        ),
        (
            "reason = \"x\"\nstopword = \"ab\"\n",
            "3:12: `stopword` of `[[allow]]` must have at least three characters",
            HELP,
        ),
        (
            "reason = \"x\"\nregex = \"(\"\n",
            "3:10: `regex` of `[[allow]]` does not parse: unclosed group\n  (\n  ^",
            HELP,
        ),
    ] {
        refused(format!("[[allow]]\n{entry}"), message, help);
    }
    check(allow("fingerprint = \"kg1:12\"\n"))
        .code(2)
        .says("keyguard.toml:3:15: `fingerprint` of `[[allow]]` is none: ");
    check("allow = [{ path = \"x\" }]\n").code(2).says("keyguard.toml:1:10: `reason` of `[[allow]]` is missing");
}

#[test]
fn an_entry_for_everything_is_refused() {
    for glob in ["**", "**/*", "**/**", "{**/*,x}", "**/?*", "**/[!/]*", "**/*.*", "*", "?*", "*.*", "*/**"] {
        let output = check(allow(&format!("path = \"{glob}\"\n")));
        output.code(2).says("keyguard.toml:3:8: `path` of `[[allow]]` matches every file\nhelp: ");
    }
    for glob in ["docs/*", "*.md", "**/*.py", "src/**"] {
        check(allow(&format!("path = \"{glob}\"\n"))).success();
    }
    check(allow("path = \"**\"\nrule = \"jwt\"\n")).code(2).says("matches every file");
    check(allow("path = \"**\"\nstopword = \"dummy\"\n")).success();
    for regex in [".", "[a-z]", "^.{5,}$", "\\\\d", "^[A-Za-z0-9]", "(?s).+", "[^ ]", "^.{15,39}$", "^.{33}$"] {
        let output = check(allow(&format!("regex = \"{regex}\"\n")));
        output
            .code(2)
            .says("keyguard.toml:3:9: `regex` of `[[allow]]` matches any value, so it would allow every key\nhelp: ");
    }
    for regex in ["a*", "", "^", "(x|)", "\\\\b"] {
        check(allow(&format!("regex = \"{regex}\"\n"))).code(2).says("matches the empty string");
    }
    check(allow("regex = \"^acme_\"\n")).success();
}

#[test]
fn messages_hold_no_key() {
    let token = fake::github_pat();
    for content in [
        format!("min-confidence = \"{token}\"\n"),
        format!("{token} = 1\n"),
        format!("{token}\n"),
        format!("x = {token}\n"),
        format!("[[allow]]\nreason = \"x\"\nfingerprint = \"{token}\"\n"),
        format!("[[allow]]\nreason = \"x\"\nregex = \"({token}\"\n"),
        format!("[[allow]]\nreason = \"x\"\nregex = \"({token})?.\"\n"),
        format!("[[allow]]\nreason = \"x\"\npath = \"{{{token}\"\n"),
        format!("[rules]\ndisable = [\"{token}\"]\n"),
        format!("[rules]\ndisable = \"{token}\"\n"),
        format!("[[rule]]\nid = \"{token}\"\n"),
        format!("[[rule]]\nid = \"a-b\"\ntitle = \"x\"\nregex = \"xxx\"\nkeywords = [\"{token}\u{fc}\"]\n"),
        format!("requires = \"{token}\"\n"),
    ] {
        let output = check(&content);
        output.code(2);
        assert!(!output.text().contains(&token[4..]), "{content}\n{}", output.text());
    }
}

#[test]
fn names_of_rules_are_checked() {
    let help = "help: see `keyguard rules list`";
    let message = "names the rule `nope`, which does not exist";
    refused("[rules]\ndisable = [\"jwt\",\n  \"nope\"]\n", &format!("3:3: `disable` of `[rules]` {message}"), help);
    refused("[rules]\nonly = [\"nope\"]\n", &format!("2:9: `only` of `[rules]` {message}"), help);
    refused(allow("path = \"x\"\nrule = \"nope\"\n"), &format!("4:8: `rule` of `[[allow]]` {message}"), help);
    check(rule("[rules]\ndisable = [\"acme-key\"]\n")).success();
}

#[test]
fn marks_and_line_ends_are_accepted() {
    check("\u{feff}min-confidence = \"high\"\r\n\r\n[scan]\r\nbinary = \"skip\"\r\n").success();
    refused(
        "\u{feff}min-confidence = \"hi\"\r\n",
        "1:18: `min-confidence` must be one of `low`, `medium`, `high`",
        HELP,
    );
    refused("a\r\n\r\n[scan]\r\n", "1:2: `a`: key with no value, expected `=`", HELP);
    check("").success().stdout("ok: keyguard.toml\n");
    check("\u{feff}").success();
    check(allow("path = \"x\" # \u{1b}[31m\n").replace('\u{1b}', "")).success();
    Sandbox::new().keyguard(["config", "check"]).success().stdout("ok: no file, so the defaults hold\n");
}

#[test]
fn a_large_file_is_read() {
    let entry =
        |number: u64| format!("[[allow]]\nfingerprint = \"kg1:{number:016x}\"\nreason = \"sample {number}\"\n\n");
    let content: String = (0..20_000).map(|number| entry(number * 0x1234_5678_9abc)).collect();
    check(&content).success();
    check(format!("# {}\n", "x".repeat(5 << 20))).success();
}

#[test]
fn what_is_too_large_is_told_by_check_and_by_the_hook() {
    let huge = "(?:[a-z]{0,1000}){1,1000}";
    let too_large = "is too large\nhelp: shorten its repetitions";
    let own =
        format!("[[rule]]\nid = \"acme-key\"\ntitle = \"Acme\"\nkeywords = [\"acme_\"]\nregex = \"acme_{huge}y\"\n");
    check(&own).code(2).says(&format!("keyguard.toml:5:9: `regex` of `[[rule]]` {too_large}"));
    check(rule(&format!("near = {{ regex = \"{huge}y\" }}\n"))).code(2).says("`near` of `[[rule]]` is too large");
    let entry = allow(&format!("regex = \"{huge}y\"\n"));
    check(&entry).code(2).says(&format!("keyguard.toml:3:9: `regex` of `[[allow]]` {too_large}"));

    // Before first use, which is when the keyword of the rule is seen, or when there is a finding to ask about.
    let repo = Sandbox::with_hook();
    repo.write("keyguard.toml", &own).write("a", "nothing\n");
    repo.git(["add", "a"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
    repo.write("a", "see acme_xy\n");
    repo.git(["add", "a"]).success();
    repo.keyguard(["hook", "pre-commit"]).code(2).says("rule `acme-key`");
    repo.git(["commit", "--quiet", "-m", "x"]).code(1).says("commit blocked: cannot inspect a: ");
    for entry in [entry, allow("regex = \".\"\n")] {
        repo.write("keyguard.toml", entry).write("a", leak());
        repo.git(["add", "a"]).success();
        repo.keyguard(["hook", "pre-commit"]).code(2).says("keyguard.toml:3:9: `regex` of `[[allow]]` ");
        repo.git(["commit", "--quiet", "-m", "x"]).code(1).says("keyguard.toml:3:9: `regex` of `[[allow]]` ");
    }
    repo.assert_commits(1);
}

#[test]
fn a_file_that_is_none_stops_the_commit() {
    let repo = Sandbox::with_hook();
    fs::create_dir(repo.root().join("keyguard.toml")).unwrap();
    repo.write("a", "x\n");
    repo.git(["add", "a"]).success();
    let told = "`keyguard.toml` is a link or a folder, and is not read\nhelp: put a file in its place";
    repo.keyguard(["config", "check"]).code(2).says(told);
    repo.keyguard(["hook", "pre-commit"]).code(2).says(told);
    repo.git(["commit", "-m", "x"]).code(1).says(told);
    // The same when it is part of the commit.
    repo.write("keyguard.toml/x", "x\n");
    repo.git(["add", "."]).success();
    repo.keyguard(["hook", "pre-commit"]).code(2).says("keyguard.toml").says("help: ");
    repo.git(["rm", "-rq", "--cached", "keyguard.toml"]).success();
    fs::remove_dir_all(repo.root().join("keyguard.toml")).unwrap();
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let repo = Sandbox::with_hook();
    repo.write("other.toml", "[rules]\ndisable = [\"github-pat-classic\"]\n").write("a", leak());
    std::os::unix::fs::symlink("other.toml", repo.root().join("keyguard.toml")).unwrap();
    repo.git(["add", "a"]).success();
    repo.keyguard(["hook", "pre-commit"]).code(2).says("`keyguard.toml` is a link or a folder");
    repo.git(["add", "keyguard.toml"]).success();
    repo.keyguard(["hook", "pre-commit"]).code(2).says("`keyguard.toml` is committed as a link or folder\nhelp: ");
    repo.git(["commit", "-m", "x"]).code(1).says("link");
    repo.keyguard(["allow", "kg1:3f9c1a2b5d6e7f80", "--reason", "x"]).code(2).says("link");
    repo.keyguard(["config", "init"]).code(2).says("already there");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_stops_the_commit() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Sandbox::with_hook();
    repo.write("keyguard.toml", "").write("a", "x\n");
    repo.git(["add", "a"]).success();
    let file = repo.root().join("keyguard.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(&file).is_ok() {
        return; // nothing is unreadable for root
    }
    repo.keyguard(["hook", "pre-commit"]).code(2).says("`keyguard.toml` cannot be read: ").says("help: ");
}

#[test]
fn a_broken_layer_of_any_kind_stops_the_commit() {
    let repo = Sandbox::with_hook();
    repo.write("a", "x\n");
    repo.git(["add", "a"]).success();
    user(&repo, "[scan]\nnew = 1\n");
    let commit = repo.git(["commit", "-m", "x"]);
    commit.code(1).stdout("").stderr(str![[r"
error: commit blocked: it could not be checked: [HOME]/.config/keyguard/config.toml:2:1: unknown field `new`
help: known here: `binary` or `decode-depth`; this is keyguard [..], and a newer one may know more keys

"]]);
    user(&repo, "");
    let with = |file: &str| repo.run("git").args(["commit", "-m", "x"]).env("KEYGUARD_CONFIG", file).output();
    with("nowhere.toml").code(1).says("`nowhere.toml` is not there\nhelp: correct -c or KEYGUARD_CONFIG");
    with(".").code(1).says("`.` cannot be read: ").says("help: ");
    repo.assert_commits(0);
}

#[test]
fn layers_override_by_key_and_show_says_which() {
    let repo = Sandbox::new();
    user(
        &repo,
        "min-confidence = \"low\"\n[scan]\nbinary = \"skip\"\n[rules]\ndisable = [\"jwt\"]\nonly = [\"jwt\"]\n",
    );
    let rotate = "[rotate]\nmax-age-days = 30\n";
    let repository = format!("min-confidence = \"high\"\n{rotate}[rules]\ndisable = [\"npm-token\"]\n{}", rule(""));
    repo.write("keyguard.toml", repository);
    fs::write(repo.tmp("given.toml"), allow("path = \"a/**\"\nby = \"A\\u001b\"\nexpires = 2027-03-01\n")).unwrap();
    let show = repo.keyguard(["config", "show", "-c", "../given.toml", "--min-confidence", "medium"]);
    show.success().stderr("").stdout(str![[r#"
# user: [HOME]/.config/keyguard/config.toml
# repository: keyguard.toml
# given: ../given.toml
min-confidence = "medium"  # flag
enforce = false  # built in

[scan]
binary = "skip"  # user
decode-depth = 2  # built in

[rules]
disable = [
  "jwt",  # user
  "npm-token",  # repository
]
only = [
  "jwt",  # user
]

[markers]
foreign = true  # built in

[remedy]
env-file = ".env"  # built in

[rotate]
max-age-days = 30  # repository

[[rule]]  # repository
id = "acme-key"
title = "Acme"
regex = "acme_(?<secret>[0-9a-f]{32})"

[[allow]]  # given
path = "a/**"
reason = "x"
by = "A\u001B"
expires = 2027-03-01

"#]]);
}

#[test]
fn what_is_shown_parses_again() {
    let repo = Sandbox::new();
    let fields = "keywords = [\"acme_\"]\nmin-entropy = 2.5\nvalidator = \"crc32-base62\"\nconfidence = \"high\"\npaths = [\"a/**\"]\n\
         exclude-paths = [\"b\"]\nnear = { regex = \"x\", lines = 2 }\n\
         pair = { with = [\"jwt\"], lines = 3, confidence = \"medium\" }\nplaceholders = \"silent\"\n\
         privilege = \"scoped: reads \\\"orders\\\"\"\nenv-var = \"ACME\"\ndocs = \"d\"\nrevoke = \"r\"\nmatches = [\"m\"]\nignores = [\"i\"]\n";
    repo.write("keyguard.toml", rule(fields));
    let show = repo.keyguard(["config", "show"]);
    show.success();
    for line in fields.lines() {
        let key = line.split(' ').next().unwrap();
        show.says(&format!("\n{key} = "));
    }
    let values = |output: &Output| -> Vec<String> {
        output.text().lines().map(|line| line.split("  #").next().unwrap().to_owned()).collect()
    };
    repo.write("keyguard.toml", show.text().replace("enforce = false", ""));
    assert_eq!(values(&repo.keyguard(["config", "show"])), values(&show));
}

#[test]
fn the_users_file_is_found() {
    let repo = Sandbox::new();
    user(&repo, "min-confidence = \"low\"\n");
    let show = |name: &str, value: &str| repo.run("keyguard").args(["config", "show"]).env(name, value).output();
    show("X", "").success().says("min-confidence = \"low\"  # user");
    // XDG_CONFIG_HOME goes before HOME; its specification asks to ignore a relative one.
    let folder = repo.tmp("xdg");
    fs::create_dir_all(folder.join("keyguard")).unwrap();
    fs::write(folder.join("keyguard/config.toml"), "min-confidence = \"high\"\n").unwrap();
    show("XDG_CONFIG_HOME", folder.to_str().unwrap()).success().says("min-confidence = \"high\"  # user");
    show("XDG_CONFIG_HOME", "xdg").success().says("min-confidence = \"low\"  # user");
    show("XDG_CONFIG_HOME", "").success().says("min-confidence = \"low\"  # user");
    show("KEYGUARD_CONFIG", "../xdg/keyguard/config.toml").success().says("min-confidence = \"high\"  # given");
}

#[test]
fn the_hook_obeys_every_layer() {
    let off = "[rules]\ndisable = [\"github-pat-classic\"]\n";
    let repo = Sandbox::with_hook();
    repo.write("a", leak());
    repo.git(["add", "a"]).success();
    let hook = || repo.keyguard(["hook", "pre-commit"]);
    hook().code(1);
    user(&repo, off);
    hook().success().silent();
    user(&repo, "");
    fs::write(repo.tmp("given.toml"), off).unwrap();
    let given = repo.tmp("given.toml");
    repo.run("keyguard").args(["hook", "pre-commit"]).env("KEYGUARD_CONFIG", &given).output().success().silent();
    repo.write("keyguard.toml", off);
    hook().success().silent();
}

#[test]
fn a_commit_goes_with_its_own_version() {
    let off = "[rules]\ndisable = [\"github-pat-classic\"]\n";
    let repo = Sandbox::with_hook();
    repo.commit("keyguard.toml", "").commit("a", "x\n");
    // The work tree's version does not count for a file that git tracks.
    repo.write("keyguard.toml", off).write("a", leak());
    repo.git(["add", "a"]).success();
    repo.git(["commit", "-m", "x"]).code(1).says("commit blocked");
    repo.git(["commit", "-m", "x", "a"]).code(1).says("commit blocked");
    // The commit's own version does, whatever the work tree has by then.
    repo.git(["add", "keyguard.toml"]).success();
    repo.write("keyguard.toml", "broken");
    let notice = "keyguard: this commit has keyguard block less, by `disable` of github-pat-classic in keyguard.toml\n";
    repo.git(["commit", "--quiet", "-m", "x"]).success().stderr(notice);
    repo.git(["commit", "--quiet", "-am", "x"]).code(1).says("keyguard.toml:1:7: ");
    repo.write("keyguard.toml", "").write("b", leak());
    repo.git(["add", "b"]).success();
    repo.git(["commit", "--quiet", "-am", "x"]).code(1).says("commit blocked: GitHub");
    repo.git(["commit", "--quiet", "-m", "x", "b"]).success().silent();
    // No longer tracked: then the work tree's counts.
    repo.git(["rm", "--quiet", "--cached", "keyguard.toml"]).success();
    repo.write("keyguard.toml", off).write("c", leak());
    repo.git(["add", "c"]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
}

#[test]
fn the_repository_is_that_of_the_working_directory() {
    let off = "[rules]\ndisable = [\"github-pat-classic\"]\n";
    let (repo, other) = (Sandbox::new(), Sandbox::new());
    other.write("keyguard.toml", off).write("a", leak());
    let path = other.root().join("a");
    repo.keyguard(["scan".as_ref(), path.as_os_str()]).code(1);
    other.keyguard(["scan", "a"]).success();
    // A second file further down is nothing but a file.
    repo.write("sub/keyguard.toml", off).write("sub/a", leak());
    repo.run("keyguard").current_dir("sub").args(["scan", "a"]).output().code(1);
    repo.git(["add", "."]).success();
    repo.run("keyguard").current_dir("sub").args(["scan"]).output().code(1);
}

#[test]
fn an_own_rule_needs_three_keys() {
    let repo = Sandbox::new();
    repo.write("keyguard.toml", "[[rule]]\nid = \"acme-key\"\ntitle = \"Acme key\"\nregex = 'acme_[0-9a-fx]{32}'\n");
    repo.write("a", format!("x {}\n", acme()));
    repo.keyguard(["scan", "a"])
        .code(1)
        .says("Acme key (medium confidence) in a:1:3")
        .says("rule acme-key, medium confidence");
    // Made-up values count too, unless the rule says otherwise.
    let made_up = format!("x acme_{}\n", "x".repeat(32));
    repo.write("a", &made_up);
    repo.keyguard(["scan", "a"]).code(1);
    repo.write("keyguard.toml", rule("placeholders = \"silent\"\n").replace("0-9a-f", "0-9a-fx"));
    repo.keyguard(["scan", "a"]).success();
}

#[test]
fn own_rules_obey_their_fields() {
    let repo = Sandbox::new();
    repo.write("src/deep/a", format!("key {}\n", acme())).write("b", format!("key\n\n{}\n", acme()));
    let found = |rest: &str| {
        repo.write("keyguard.toml", rule(rest));
        let scan = repo.keyguard(["scan", "src", "b"]);
        (scan.text().contains("in src/deep/a:"), scan.text().contains("in b:"))
    };
    assert_eq!(found(""), (true, true));
    assert_eq!(found("keywords = [\"ACME_\"]\n"), (true, true));
    assert_eq!(found("keywords = [\"other\"]\n"), (false, false));
    assert_eq!(found("min-entropy = 4.5\n"), (false, false));
    assert_eq!(found("confidence = \"low\"\n"), (false, false));
    assert_eq!(found("paths = [\"src/**\"]\n"), (true, false));
    assert_eq!(found("paths = [\"src/*\"]\n"), (false, false));
    assert_eq!(found("paths = [\"*\"]\n"), (false, true));
    assert_eq!(found("paths = [\"src/?eep/a\"]\n"), (true, false));
    assert_eq!(found("exclude-paths = [\"**/a\"]\n"), (false, true));
    assert_eq!(found("near = { regex = \"key\", lines = 1 }\n"), (true, false));
    assert_eq!(found("near = { regex = \"key\", lines = 2 }\n"), (true, true));
    assert_eq!(found("validator = \"jwt\"\n"), (false, false));
}

#[test]
fn built_in_rules_are_overridden_in_plain_sight() {
    let repo = Sandbox::new();
    repo.write("a", leak());
    let code = |content: &str, code| {
        repo.write("keyguard.toml", content);
        repo.keyguard(["scan", "a"]).code(code);
    };
    let own = "[[rule]]\nid = \"github-pat-classic\"\n";
    code(&format!("{own}exclude-paths = [\"a\"]\n"), 0);
    code(&format!("{own}paths = [\"b\"]\n"), 0);
    code(&format!("{own}regex = 'ghp_x'\n"), 0);
    code("[rules]\nonly = [\"jwt\"]\n", 0);
    code(&format!("{own}env-var = \"TOKEN\"\n"), 1);
    repo.keyguard(["scan", "a"]).code(1).says("TOKEN");
}

#[test]
fn an_added_rule_hides_no_built_in_finding() {
    let repo = Sandbox::new();
    repo.write("a", leak());
    let over = |regex: &str, rest: &str| {
        format!(
            "[[rule]]\nid = \"decoy-key\"\ntitle = \"Decoy\"\nregex = '{regex}'\n{rest}\n\
             [[allow]]\nrule = \"decoy-key\"\npath = \"a\"\nreason = \"x\"\n"
        )
    };
    let token = &fake::github_pat()[..8];
    for regex in [".+", "(?s).+", "ghp_[0-9A-Za-z]+", &format!("{token}.*"), "token = \"[^\"]+\"", "[^\"]{30,}"] {
        for rest in [
            "",
            "confidence = \"high\"\n",
            "confidence = \"low\"\n",
            "privilege = \"public: x\"\n",
            "validator = \"crc32-base62\"\n",
        ] {
            repo.write("keyguard.toml", over(regex, rest));
            let scan = repo.keyguard(["scan", "a"]);
            scan.code(1).says("GitHub personal access token (classic) (checksum valid) in ").says(":1:10");
        }
    }
}

#[test]
fn an_added_rule_with_a_proof_hides_no_unproven_built_in_finding() {
    // The password of the address is a token with a valid checksum, and the address is what the built-in rule finds.
    let repo = Sandbox::new();
    let address = format!("x = {}://app:{}@db3.prod.corp-net.io/app\n", "postgres", fake::github_pat());
    repo.write("a", address);
    let before = repo.keyguard(["scan", "a"]);
    before.code(1);
    let decoy = "[[rule]]\nid = \"decoy-key\"\ntitle = \"Decoy\"\nregex = 'gh[p]_[0-9A-Za-z]{36}'\nvalidator = \"crc32-base62\"\n\
                 [[allow]]\nrule = \"decoy-key\"\npath = \"a\"\nreason = \"x\"\n";
    repo.write("keyguard.toml", format!("{decoy}[rules]\ndisable = [\"github-pat-classic\"]\n"));
    repo.keyguard(["scan", "a"]).code(1);
}

#[test]
fn init_writes_the_reference_once() {
    let repo = Sandbox::with_hook();
    repo.write("sub/x", "x\n");
    let init = || repo.run("keyguard").current_dir("sub").args(["config", "init"]).output();
    let told = "wrote [ROOT]/keyguard.toml: every key with its default, for you to change\n";
    init().success().stdout(told).stderr("");
    let reference = include_str!("../../config.example.toml");
    assert_eq!(fs::read_to_string(repo.root().join("keyguard.toml")).unwrap(), reference);
    repo.keyguard(["config", "check"]).success().stdout("ok: keyguard.toml\n");
    repo.git(["add", "."]).success();
    repo.git(["commit", "--quiet", "-m", "x"]).success().silent();
    init().code(2).says("`keyguard.toml` is already there, and was left as it is\nhelp: ");
    Sandbox::without_repository().keyguard(["config", "init"]).code(2).says("this is not a git repository\nhelp: ");
}

#[test]
fn examples_of_own_rules_are_run() {
    let repo = Sandbox::new();
    let test = |rest: &str| {
        repo.write("keyguard.toml", rule(rest));
        repo.keyguard(["rules", "test", "keyguard.toml"])
    };
    let good = "matches = [\"key = acme_<hex:32>\"]\nignores = [\"key = acme_<hex:31>\"]\n";
    test(good).success().stdout("2 examples tried, 0 wrong\n");
    // A rule for some files alone is tried on a path that it looks at.
    for paths in ["paths = [\"**/.acmerc\"]\n", "paths = [\"src/{a,b}/*.py\"]\n", "exclude-paths = [\"docs/**\"]\n"] {
        test(&format!("{paths}{good}")).success().stdout("2 examples tried, 0 wrong\n");
    }
    test(&format!("exclude-paths = [\"**\"]\n{good}"))
        .code(1)
        .says("acme-key: no path could be made up that `paths` covers, so its examples were not tried\n");
    test("matches = [\"acme_<hex:31>\", \"acme_<hex:32> acme_<hex:32>\"]\nignores = [\"acme_<hex:32>\"]\n")
        .code(1)
        .stdout(
            "acme-key: matches[0] should be one finding of this rule, and is nothing\n\
             acme-key: matches[1] should be one finding of this rule, and is acme-key, acme-key\n\
             acme-key: ignores[0] should not be found, and is\n3 examples tried, 3 wrong\n",
        );
    // An overridden built-in rule keeps the examples that the entry does not name.
    repo.write("keyguard.toml", "[[rule]]\nid = \"github-pat-classic\"\nregex = 'ghp_x{36}'\n");
    repo.keyguard(["rules", "test", "keyguard.toml"])
        .code(1)
        .says("github-pat-classic: matches[0] should be one finding");
    // Without a file every rule in force is tried, also those of the repository.
    repo.write("keyguard.toml", rule("ignores = [\"acme_<hex:32>\"]\n"));
    repo.keyguard(["rules", "test"])
        .code(1)
        .says("acme-key: ignores[0] should not be found, and is\n")
        .says(", 1 wrong\n");
}
