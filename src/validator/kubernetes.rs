//! The `data` of a Kubernetes Secret: names with values in base64.
//!
//! Source: <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>

use super::{Verdict, base64_bytes, is_readable};
use crate::{generic, placeholder, published};

/// What a value stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// A host, a number, a word, a certificate, a placeholder.
    Nothing,
    /// A word or a sequence that a careless owner may have chosen.
    Weak,
    Secret,
}

/// The lines or members below `data`. Others than secrets stand there too, so the one that is worth most counts.
pub(super) fn data(entries: &[u8]) -> Verdict {
    match entries_of(entries).map(|(name, value)| worth(name, &value)).max() {
        Some(Worth::Secret) => Verdict::Open,
        Some(Worth::Weak) => Verdict::Harmless("its values are words"),
        Some(Worth::Nothing) | None => Verdict::NotAKey,
    }
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
            memchr::memrchr2(b'\n', b',', &entries[..*next]).filter(|end| *end > colons[number]).unwrap_or(*next)
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
    let text = bytes.trim_ascii();
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
    match (placeholder::is_placeholder(text), is_telling || text.len() >= 8 && generic::is_unlike_words(text)) {
        (true, _) => Worth::Weak,
        (false, true) => Worth::Secret,
        (false, false) if text.contains(&b':') => Worth::Secret,
        (false, false) => Worth::Nothing,
    }
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
            (entry("password", "correct horse"), Verdict::Open),
            (entry("cookie", "xxxxxxxxxxxx"), Verdict::NotAKey),
            ("  name: database\n  note: a: b\n".to_owned(), Verdict::NotAKey),
            ("\"a\": \"YWRtaW4=\", \"b\": \"azdSdzJwUXg5ekxt\"".to_owned(), Verdict::Open),
            ("  a: |\n    azdSdzJw\n    UXg5ekxt\n".to_owned(), Verdict::Open),
            (String::new(), Verdict::NotAKey),
        ] {
            assert_eq!(data(entries.as_bytes()), expected, "{entries}");
        }
    }
}
