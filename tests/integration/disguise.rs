//! Keys that are written so that a plain search does not see them: each is blocked at the place where it is written.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::sandbox::{Output, Sandbox, fake, with_both_readers};

/// A text that hides the first fake token, where it stands, and what it is written in.
struct Disguise {
    name: &'static str,
    text: String,
    place: (u64, u64),
    decoded: &'static [&'static str],
}

fn disguise(name: &'static str, text: String, place: (u64, u64), decoded: &'static [&'static str]) -> Disguise {
    Disguise { name, text, place, decoded }
}

/// `text` with its first four bytes, without which no rule knows it, written by `write`.
fn begun(text: &str, write: impl Fn(u8) -> String) -> String {
    text[..4].bytes().map(write).chain([text[4..].to_owned()]).collect()
}

/// `text` in lines of `width`, each with `end` behind it.
fn wrapped(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
    lines.join(end)
}

fn coded() -> Vec<Disguise> {
    let token = fake::github_pat();
    let base64 = |text: &str| STANDARD.encode(text);
    let mail = "The rest of this letter says nothing that matters to anybody";
    vec![
        disguise("secret.yaml", format!("kind: Secret\ndata:\n  token: {}\n", base64(&token)), (3, 10), &["base64"]),
        disguise("twice", format!("x = {}\n", base64(&base64(&token))), (1, 5), &["base64", "base64"]),
        disguise("url-safe", format!("x={}\n", URL_SAFE_NO_PAD.encode(format!("??>{token}"))), (1, 7), &["base64"]),
        disguise(
            "mime",
            format!("\n{}\n", wrapped(&base64(&format!("{token}\n{mail}")), 76, "\r\n")),
            (2, 1),
            &["base64"],
        ),
        disguise(
            "uneven",
            format!("{}\n", wrapped(&base64(&format!("one\n{token}\n{mail}")), 62, "\n")),
            (1, 6),
            &["base64"],
        ),
        disguise(
            "percent",
            format!("u = {}\n", begun(&token, |byte| format!("%{byte:02x}"))),
            (1, 5),
            &["percent-encoding"],
        ),
        disguise(
            "percent-twice",
            format!("u = {}\n", begun(&token, |byte| format!("%25{byte:02X}"))),
            (1, 5),
            &["percent-encoding", "percent-encoding"],
        ),
        disguise(
            "unicode",
            format!("u = '{}'\n", begun(&token, |byte| format!("\\u{byte:04x}"))),
            (1, 6),
            &["escapes"],
        ),
        disguise(
            "braces",
            format!("u = '{}'\n", begun(&token, |byte| format!("\\u{{{byte:x}}}"))),
            (1, 6),
            &["escapes"],
        ),
        disguise("hex", format!("u = '{}'\n", begun(&token, |byte| format!("\\x{byte:02X}"))), (1, 6), &["escapes"]),
        disguise("octal", format!("u = '{}'\n", begun(&token, |byte| format!("\\{byte:03o}"))), (1, 6), &["escapes"]),
        disguise(
            "entity",
            format!("<p>{}</p>\n", begun(&token, |byte| format!("&#{byte};"))),
            (1, 4),
            &["html-entities"],
        ),
        disguise(
            "entity-hex",
            format!("<p>{}</p>\n", begun(&token, |byte| format!("&#x{byte:x};"))),
            (1, 4),
            &["html-entities"],
        ),
        disguise(
            "mail",
            format!(
                "The token for the service that we have talked about lately=3D{}=\n{}\n",
                &token[..14],
                &token[14..]
            ),
            (1, 62),
            &["quoted-printable"],
        ),
        disguise(
            "json-in-base64",
            format!("x: {}\n", base64(&format!("{{\"t\":\"{}\"}}", begun(&token, |byte| format!("\\u{byte:04x}"))))),
            (1, 12),
            &["base64", "escapes"],
        ),
    ]
}

fn joined() -> Vec<Disguise> {
    let token = fake::github_pat();
    let (first, second) = token.split_at(18);
    let one_line = |name, joint: &str| {
        disguise(name, format!("# x\nt = \"{first}{joint}{second}\"\n"), (2, 6), &["joined-strings"])
    };
    vec![
        one_line("plus", "\" + \""),
        one_line("tight", "\"+\""),
        one_line("dot", "\" . \""),
        one_line("two-dots", "\" .. \""),
        one_line("ampersand", "\" & \""),
        one_line("adjacent", "\" \""),
        one_line("touching", "\"\""),
        one_line("other-quote", "\"'"),
        one_line("next-line", "\"\n    \""),
        one_line("next-line-crlf", "\" +\r\n    \""),
        one_line("plus-at-end", "\" +\n    \""),
        one_line("plus-at-start", "\"\n    + \""),
        one_line("continued", "\" \\\n    \""),
        one_line("shell", "\\\n"),
        one_line("format-string", "\"\n    f\""),
        disguise(
            "in-the-prefix",
            format!("t = \"{}\" + \"{}\"\n", &token[..2], &token[2..]),
            (1, 6),
            &["joined-strings"],
        ),
    ]
}

/// Stages everything and commits.
fn commit_all(repo: &Sandbox) -> Output {
    repo.git(["add", "--all"]).success();
    repo.git(["commit", "--quiet", "--message", "x"])
}

/// What a scan of the staged changes finds.
fn staged(repo: &Sandbox) -> Vec<Value> {
    let report = repo.keyguard(["scan", "--staged", "--format", "json"]);
    report.code(1).stderr("");
    let report: Value = serde_json::from_str(&report.text()).unwrap();
    report["findings"].as_array().unwrap().clone()
}

#[test]
fn every_disguise_is_blocked_where_it_stands() {
    let repo = Sandbox::with_hook();
    let token = fake::github_pat();
    for Disguise { name, text, place: (line, column), decoded } in coded().into_iter().chain(joined()) {
        repo.write(name, &text);
        let commit = commit_all(&repo);
        commit.says(&format!("in {name}:{line}:{column}\n")).code(1);
        let written: Vec<_> = decoded.iter().rev().copied().collect();
        let words = commit.text().split_whitespace().collect::<Vec<_>>().join(" ");
        let clause = format!("; written in {} 1. ", written.join(" inside "));
        assert!(words.contains(&clause), "{name}: expected `{clause}` in {words}");
        let findings = staged(&repo);
        assert_eq!(findings.len(), 1, "{name}: {findings:#?}");
        let finding = &findings[0];
        assert_eq!((&finding["rule"], &finding["validity"]), (&"github-pat-classic".into(), &"valid".into()), "{name}");
        assert_eq!((&finding["line"], &finding["column"]), (&line.into(), &column.into()), "{name}");
        assert_eq!(finding["decoded"], Value::from(decoded.to_vec()), "{name}");
        // Neither the key nor what it is written as is printed.
        for part in [&token[4..14], &token[20..30], &STANDARD.encode(&token)[8..20]] {
            assert!(!commit.text().contains(part), "{name}: a part of the token is printed");
        }
        repo.git(["rm", "--quiet", "--cached", name]).success();
        std::fs::remove_file(repo.root().join(name)).unwrap();
    }
}

#[test]
fn the_end_of_a_disguise_is_known_too() {
    let repo = Sandbox::with_hook();
    let token = fake::github_pat();
    repo.write("a", format!("data: {} # x\n", STANDARD.encode(format!("ab:{token},c"))));
    repo.write("b", format!("a = \"{}\" \\\n  \"{}\"\n", &token[..9], &token[9..]));
    repo.git(["add", "."]).success();
    let findings = staged(&repo);
    let ends: Vec<_> = findings.iter().map(|finding| (&finding["end_line"], &finding["end_column"])).collect();
    assert_eq!(ends, [(&1.into(), &65.into()), (&2.into(), &35.into())]);
}

#[test]
fn the_name_outside_tells_what_is_encoded_inside() {
    let repo = Sandbox::with_hook();
    let (id, secret) = fake::aws_pair();
    let base64 = |text: &str| STANDARD.encode(text);
    let pair = format!("  AWS_ACCESS_KEY_ID: {}\n  AWS_SECRET_ACCESS_KEY: {}\n", base64(&id), base64(&secret));
    repo.write("secret.yaml", format!("kind: Secret\ndata:\n{pair}"));
    let commit = commit_all(&repo);
    commit.code(1).says("secret.yaml:4:26").says("AWS access key ID on line 3");
    repo.assert_commits(0);
}

#[test]
fn a_string_in_a_string_is_read_as_one() {
    let repo = Sandbox::with_hook();
    let url = fake::postgres_url();
    repo.write("settings.json", format!("{{\n  \"url\": \"{}\"\n}}\n", url.replace('/', "\\/")));
    let commit = commit_all(&repo);
    commit.code(1).says("settings.json:2:").says("written in escapes");
    repo.git(["rm", "--quiet", "--cached", "settings.json"]).success();
    let key = fake::openssh_key().replace('\n', "\\u000a");
    repo.write("settings.json", format!("{{\n  \"key\": \"{key}\"\n}}\n"));
    commit_all(&repo).code(1).says("(body decodes) in settings.json:2:11").says("; written in");
}

#[test]
fn a_private_key_in_a_log_is_read_through_what_stands_before_its_lines() {
    let repo = Sandbox::without_repository();
    let key = fake::openssh_key();
    for before in
        ["[INFO] ", "[Main] M: ", "2024-01-01 12:00:00 | ", "INFO: ", "12:00:00.123Z {app} [1]: ", "web_1  │ "]
    {
        repo.write(
            "a.log",
            format!("starting\n{before}{}\ndone\n", key.trim_end().replace('\n', &format!("\n{before}"))),
        );
        repo.keyguard(["scan", "."]).says("(body decodes) in a.log:2:").code(1);
    }
    repo.write("a.log", key.replacen('\n', "\n...\n", 1));
    repo.keyguard(["scan", "."]).says("(body decodes) in a.log:1:1").code(1);
    let lines: Vec<_> = key.lines().collect();
    repo.write("a.log", [&lines[..2], &["..."], &lines[3..]].concat().join("\n"));
    repo.keyguard(["scan", "."]).success().stdout("");
    // Code that writes such a block.
    let frame = |word: &str| format!("-----{word} {} KEY-----", "PRIVATE");
    let code = format!(
        "out = \"{}\\n\"\nfor (let i = 0; i < body.length; i += 64) {{\n  out += body.substring(i, i + 64) + \"\\n\"\n}}\n\
         return out + rest[countOfLinesThatAreWhole] + \"{}\\n\"\n",
        frame("BEGIN"),
        frame("END")
    );
    repo.write("a.log", code);
    repo.keyguard(["scan", ".", "--min-confidence", "low"]).success().stdout("");
}

#[test]
fn what_was_there_before_is_old_however_it_is_written() {
    with_both_readers(|repo| {
        for Disguise { name, text, place, .. } in coded().into_iter().chain(joined()) {
            repo.commit(name, format!("{text}below\n")).write(name, format!("above\n{text}changed\n"));
            commit_all(repo).success().silent();
            let other = fake::github_pat_other();
            repo.write(name, format!("above\n{text}changed\n{other}\n"));
            let line = 3 + text.lines().count();
            commit_all(repo).code(1).says(&format!("in {name}:{line}:1\n"));
            repo.git(["reset", "--quiet", "--hard"]).success();
            assert!(place.0 > 0);
        }
    });
}

#[test]
fn a_key_that_is_only_encoded_now_brings_nothing_in() {
    with_both_readers(|repo| {
        let token = fake::github_pat();
        repo.commit("a", format!("token: {token}\n")).write("a", format!("token: {}\n", STANDARD.encode(&token)));
        commit_all(repo).success().silent();
    });
}

#[test]
fn a_joined_key_is_new_when_one_of_its_lines_is() {
    with_both_readers(|repo| {
        let token = fake::github_pat();
        let text = |second: &str| format!("t = (\"{}\"\n     \"{second}\")\n", &token[..20]);
        repo.commit("a.py", text("to be done"));
        repo.write("a.py", text(&token[20..]));
        commit_all(repo).code(1).says("in a.py:1:7\n");
    });
}

#[test]
fn an_allowed_key_is_allowed_in_every_disguise() {
    let repo = Sandbox::with_hook();
    let disguises: Vec<_> = coded().into_iter().chain(joined()).collect();
    repo.write("first", &disguises[0].text);
    repo.git(["add", "first"]).success();
    repo.keyguard(["allow", "--last", "--reason", "made up"]).success();
    for Disguise { name, text, .. } in disguises {
        repo.write(name, text);
    }
    commit_all(&repo).success();
    repo.assert_commits(1);
    repo.write("marked", format!("x: {} # keyguard:allow\n", STANDARD.encode(fake::github_pat_other())));
    commit_all(&repo).success();
}

#[test]
fn pictures_and_other_encoded_bytes_are_silent() {
    let repo = Sandbox::with_hook();
    let bytes: Vec<u8> = (0..40_000_u32).map(|number| u8::try_from(number * number % 251).unwrap()).collect();
    let picture = STANDARD.encode([&b"\x89PNG\r\n\x1a\n"[..], &bytes].concat());
    repo.write("a.css", format!("a {{ background: url(data:image/png;base64,{picture}) }}\n"));
    repo.write("b.ipynb", format!("{{\"image/png\": \"{picture}\"}}\n"));
    let drawing = STANDARD.encode(format!("<svg><path d=\"{}\"/></svg>", "M12 2L4.5 20.3 ".repeat(40)));
    repo.write("c.css", format!("a {{ background: url(data:image/svg+xml;base64,{drawing}) }}\n"));
    for (name, magic) in [
        ("gif", &b"GIF89a\x20\x03\x58\x02\xf7"[..]),
        ("jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
        ("webp", b"RIFF\x24\x01\x00\x00WEBPVP8 "),
        ("ico", b"\0\0\x01\0"),
        ("woff2", b"wOF2\0\x01\0\0"),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ] {
        let picture = STANDARD.encode([magic, &bytes].concat());
        repo.write(name, format!("a {{ b: url(data:image/{name};base64,{picture}) }}\n"));
    }
    commit_all(&repo).success().silent();
}

#[test]
fn a_command_that_a_windows_shell_decodes_is_read() {
    let repo = Sandbox::without_repository();
    let token = fake::github_pat();
    let command = format!("$env:GITHUB_TOKEN = '{token}'; Invoke-RestMethod https://api.acme.io/v1/releases\r\n");
    let little: Vec<u8> = command.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = command.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [&b"\xff\xfe"[..], &little].concat();
    for (bytes, before) in
        [(&little, "powershell -EncodedCommand "), (&little, "pwsh -NoP -enc "), (&big, "x: "), (&marked, "")]
    {
        let encoded = STANDARD.encode(bytes);
        for text in [format!("{before}{encoded}\n"), format!("{before}\n{}\n", wrapped(&encoded, 76, "\n"))] {
            repo.write("a.ps1", &text);
            repo.keyguard(["scan", "."]).says("github-pat-classic").says("base64").code(1);
        }
    }
    // Numbers with zeros between them are no text.
    let bytes: Vec<u8> = (0..4000_u16).flat_map(|number| (number % 251).to_le_bytes()).collect();
    repo.write("a.ps1", STANDARD.encode(bytes));
    repo.keyguard(["scan", "."]).success().stdout("");
}

#[test]
fn what_only_claims_to_be_a_picture_is_read() {
    let repo = Sandbox::without_repository();
    let token = fake::github_pat();
    let address = |kind: &str, text: &str| format!("url(data:{kind};base64,{})", STANDARD.encode(text));
    let picture = STANDARD.encode([&b"\x89PNG\r\n\x1a\n"[..], &[7; 600]].concat());
    let (id, stripe) = (fake::aws_pair().0, fake::stripe_live());
    for text in [
        address("image/png", &format!("the token is {token}")),
        address("image/svg+xml", &format!("<svg><!-- a drawing -->{token}</svg>")),
        address("font/woff2", &format!("GITHUB={token}\n")),
        format!("data:image/png;base64,{id}"),
        format!("data:image/png;base64,{picture} {stripe}"),
        format!("a = '{stripe}', b = 'data:image/png;base64,{picture}'"),
    ] {
        repo.write("a.css", format!("{text}\n"));
        repo.keyguard(["scan", "."]).says("1 secret in 1 file").code(1);
    }
}

#[test]
fn how_deep_to_look_can_be_said() {
    let repo = Sandbox::with_hook();
    let once = STANDARD.encode(fake::github_pat());
    let thrice = STANDARD.encode(STANDARD.encode(&once));
    repo.write("once", format!("{once}\n")).write("thrice", format!("{thrice}\n"));
    repo.keyguard(["scan", "once", "thrice"]).code(1).says("once:1:1").says("1 secret in 2 files");
    repo.write("keyguard.toml", "[scan]\ndecode-depth = 3\n");
    repo.keyguard(["scan", "once", "thrice"]).code(1).says("once:1:1").says("thrice:1:1");
    repo.write("keyguard.toml", "[scan]\ndecode-depth = 0\n");
    repo.keyguard(["scan", "once", "thrice"]).success();
}
