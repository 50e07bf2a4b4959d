//! The `data` of a Kubernetes Secret, names with values in base64, and its `stringData`, names with values as they are.
//!
//! Source: <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>

use std::ops::Range;

use super::{Verdict, base64_bytes, is_readable, is_sample_login};
use crate::{encrypted, generic, placeholder, published};

/// What a value stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// A host, a number, a word, a certificate, a placeholder.
    Nothing,
    /// A word or a sequence that a careless owner may have chosen.
    Weak,
    Secret,
}

/// The lines or members below `data` or `stringData`. Others than secrets stand there too, so the one that is worth most
/// counts.
pub(super) fn data(text: &[u8], span: &Range<usize>) -> Verdict {
    let entries = &text[span.clone()];
    let most = if is_plain(&text[..span.start]) {
        plain_entries_of(entries).map(|(name, value)| worth_of_plain(name, value)).max()
    } else {
        entries_of(entries).map(|(name, value)| worth(name, &value)).max()
    };
    match most {
        Some(Worth::Secret) => Verdict::Open,
        Some(Worth::Weak) => Verdict::Harmless("its values are words"),
        Some(Worth::Nothing) | None => Verdict::NotAKey,
    }
}

/// The entries of which the first one has its colon at `colon`: all members of an object, or all lines below.
pub(super) fn block(text: &[u8], colon: &Range<usize>) -> Range<usize> {
    let start = memchr::memrchr2(b'\n', b'{', &text[..colon.start]).map_or(0, |before| before + 1);
    if text[..start].trim_ascii_end().ends_with(b"{") {
        return start..memchr::memchr(b'}', &text[start..]).map_or(text.len(), |end| start + end);
    }
    below(text, &(start..text.len()))
}

/// The part of `span` that lies below its `data`: what follows and is indented no deeper is the rest of the manifest, as
/// in a list of them.
fn below(text: &[u8], span: &Range<usize>) -> Range<usize> {
    const NAMES: [&[u8]; 2] = [b"data", b"stringData"];
    let head = text[..span.start].trim_ascii_end();
    let line = memchr::memrchr(b'\n', head).map_or(0, |newline| newline + 1);
    let depth = NAMES.iter().filter_map(|name| memchr::memmem::rfind(&head[line..], name)).min().unwrap_or(0);
    let is_outside = |start: &usize| {
        let rest = &text[*start..span.end];
        let indent = rest.iter().take_while(|byte| b" \t".contains(byte)).count();
        indent <= depth && rest.get(indent).is_some_and(|byte| !b"\r\n#\"'}".contains(byte))
    };
    let end = memchr::memchr_iter(b'\n', &text[span.clone()]).map(|newline| span.start + newline + 1).find(is_outside);
    span.start..end.unwrap_or(span.end)
}

/// Whether the entries behind `before` are those of `stringData`.
fn is_plain(before: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_whitespace() || b"{:\"'".contains(byte);
    let end = before.iter().rposition(|byte| !is_sign(byte)).map_or(0, |last| last + 1);
    before[..end].ends_with(b"stringData")
}

/// Names and values, one on each line, or all on one.
fn plain_entries_of(entries: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    // Members of an object on one line have quotes around their names.
    let is_one_line = entries.trim_ascii().starts_with(b"\"") && !entries.trim_ascii().contains(&b'\n');
    let separator = if is_one_line { b',' } else { b'\n' };
    entries.split(move |byte| *byte == separator).filter_map(|entry| {
        let colon = memchr::memchr(b':', entry)?;
        let value = &entry[colon + 1..];
        let value = memchr::memmem::find(value, b" #").map_or(value, |comment| &value[..comment]);
        let value = value.trim_ascii();
        let value = value.strip_suffix(b",").unwrap_or(value);
        Some((&entry[..colon], unquoted(value)))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        _ => value,
    }
}

/// What a value is worth that is written as it is.
fn worth_of_plain(name: &[u8], value: &[u8]) -> Worth {
    const REFERENCES: [&[u8]; 5] = [b"vault:", b"op://", b"ref+", b"arn:", b"/"];
    const TEMPLATES: [&[u8]; 4] = [b"{{", b"${", b"$(", b"<"];
    const SHORTEST: usize = 6;
    let is_reference = REFERENCES.iter().any(|start| value.starts_with(start))
        || TEMPLATES.iter().any(|part| memchr::memmem::find(value, part).is_some());
    if value.len() < SHORTEST || is_reference || value.contains(&b' ') || encrypted::is_bracketed(value) {
        return Worth::Nothing;
    }
    worth_of_text(name, value)
}

/// Names and values; a value may go on in lines of its own.
fn entries_of(entries: &[u8]) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let colons: Vec<usize> = memchr::memchr_iter(b':', entries).collect();
    (0..colons.len()).map(move |number| {
        let before = &entries[..colons[number]];
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        let before = before.trim_ascii_end();
        let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
        let start = before.iter().rposition(|byte| !is_name(byte)).map_or(0, |place| place + 1);
        // The next name stands on the last line before the next colon.
        let end = colons.get(number + 1).map_or(entries.len(), |next| {
            let between = &entries[colons[number]..*next];
            memchr::memrchr2(b'\n', b',', between).map_or(*next, |end| colons[number] + end)
        });
        let value = &entries[colons[number] + 1..end];
        let value = value.split(|byte| *byte == b'#').next().unwrap_or_default();
        (&before[start..], value.iter().copied().filter(is_base64).collect())
    })
}

fn worth(name: &[u8], value: &[u8]) -> Worth {
    const SHORTEST: usize = 4;
    const SHORTEST_KEY: usize = 16;
    let Some(bytes) = base64_bytes(value).filter(|bytes| bytes.len() >= SHORTEST) else { return Worth::Nothing };
    if !is_readable(&bytes) {
        // Words are base64 too, by their letters.
        let is_word = value.iter().all(u8::is_ascii_alphabetic);
        return if bytes.len() >= SHORTEST_KEY && !is_word { Worth::Secret } else { Worth::Nothing };
    }
    worth_of_text(name, bytes.trim_ascii())
}

/// What a readable value is worth.
fn worth_of_text(name: &[u8], text: &[u8]) -> Worth {
    if published::is_public(text) {
        return Worth::Nothing;
    }
    // A configuration as a whole.
    if text.contains(&b'{') || text.contains(&b'\n') {
        return Worth::Secret;
    }
    if placeholder::is_blank(text) || is_setting(text) {
        return Worth::Nothing;
    }
    let folded = name.to_ascii_lowercase();
    let is_telling = ["pass", "pwd", "token", "secret", "key", "cred", "auth"]
        .iter()
        .any(|word| memchr::memmem::find(&folded, word.as_bytes()).is_some());
    // Of an address with a log-in it is the password that counts.
    let password = password_of_address(text);
    let is_made_up = password.is_some_and(|span| {
        placeholder::is_placeholder(&text[span.clone()]) || is_sample_login(&text[..span.start], &text[span])
    });
    match (
        is_made_up || placeholder::is_placeholder(text),
        is_telling || text.len() >= 8 && generic::is_unlike_words(text),
    ) {
        (true, _) => Worth::Weak,
        (false, true) => Worth::Secret,
        (false, false) if text.contains(&b':') => Worth::Secret,
        (false, false) => Worth::Nothing,
    }
}

/// Where the password stands in `scheme://user:password@host`.
fn password_of_address(text: &[u8]) -> Option<Range<usize>> {
    let user = memchr::memmem::find(text, b"://")? + b"://".len();
    let end = memchr::memrchr(b'@', text)?;
    let colon = memchr::memchr(b':', text.get(user..end)?)?;
    Some(user + colon + 1..end)
}

/// Whether the text is a host, an address without a password, a number or a switch.
fn is_setting(text: &[u8]) -> bool {
    let is_host = |text: &[u8]| {
        text.contains(&b'.')
            && text.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:".contains(byte))
    };
    let is_address = memchr::memmem::find(text, b"://").is_some() && !text.contains(&b'@');
    let is_mail =
        text.contains(&b'@') && !text.contains(&b':') && text.split(|byte| *byte == b'@').skip(1).all(is_host);
    is_host(text)
        || is_address
        || is_mail
        || text.iter().all(|byte| byte.is_ascii_digit() || b".,:-".contains(byte))
        || text
            .split(|byte| *byte == b'-')
            .all(|word| word.len() <= 9 && word.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
            && text.iter().filter(|byte| byte.is_ascii_digit()).count() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    fn entry(name: &str, text: &str) -> String {
        format!("  {name}: {}\n", base64::engine::general_purpose::STANDARD.encode(text))
    }

    #[test]
    fn the_entry_that_is_worth_most_counts() {
        let random = "k7Rw2pQx9zLm";
        for (entries, expected) in [
            (entry("user", "admin") + &entry("cookie", random), Verdict::Open),
            (entry("cookie", random) + &entry("user", "admin"), Verdict::Open),
            (entry("host", "db.acme.io") + &entry("port", "5432") + &entry("region", "eu-west-1"), Verdict::NotAKey),
            (entry("url", "https://api.acme.io") + &entry("env", "production"), Verdict::NotAKey),
            (entry("login", "admin:password"), Verdict::Harmless("its values are words")),
            (entry("proxy", "http://shopuser:shoppass@proxy.acme.net"), Verdict::Harmless("its values are words")),
            (entry("proxy", "http://shopuser:secret@proxy.acme.net"), Verdict::Harmless("its values are words")),
            (entry("proxy", &format!("http://shop:{random}@proxy.acme.net")), Verdict::Open),
            (entry("password", "correct horse"), Verdict::Open),
            (entry("cookie", "xxxxxxxxxxxx"), Verdict::NotAKey),
            ("  name: database\n  note: a: b\n".to_owned(), Verdict::NotAKey),
            ("\"a\": \"YWRtaW4=\", \"b\": \"azdSdzJwUXg5ekxt\"".to_owned(), Verdict::Open),
            ("  a: |\n    azdSdzJw\n    UXg5ekxt\n".to_owned(), Verdict::Open),
            (String::new(), Verdict::NotAKey),
        ] {
            let text = format!("data:\n{entries}");
            assert_eq!(data(text.as_bytes(), &(6..text.len())), expected, "{entries}");
        }
    }

    #[test]
    fn values_that_are_written_as_they_are_count_too() {
        for (entries, expected) in [
            ("  a: k7Rw2pQx9zLm\n", Verdict::Open),
            ("  user: admin\n  b: 'k7Rw2pQx9zLm' # new\n", Verdict::Open),
            ("  host: db.acme.io\n  url: https://api.acme.io/v1\n  port: \"5432\"\n", Verdict::NotAKey),
            ("  a: ${A}\n  b: {{ .Values.b }}\n  c: <path:x#y>\n  d: vault:secret/data/a#b\n", Verdict::NotAKey),
            ("  a: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AA==,type:str]\n", Verdict::NotAKey),
        ] {
            let text = format!("stringData:\n{entries}");
            assert_eq!(data(text.as_bytes(), &(12..text.len())), expected, "{entries}");
        }
    }

    #[test]
    fn the_rest_of_the_manifest_is_not_below_its_data() {
        for (text, expected) in [
            ("- data:\n    a: b\n    c: d\n  kind: Secret\n", "    a: b\n    c: d\n"),
            ("  data:\n    a: b\n    # c\n", "    a: b\n    # c\n"),
            ("data:\n  a: |\n    b\n", "  a: |\n    b\n"),
            ("\"data\": {\n  \"a\": \"b\"\n", "  \"a\": \"b\"\n"),
        ] {
            let start = text.find('\n').unwrap() + 1;
            assert_eq!(&text.as_bytes()[below(text.as_bytes(), &(start..text.len()))], expected.as_bytes());
        }
    }
}
