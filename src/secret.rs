//! The secret itself, in a type that cannot print it, and the only masking code.
//!
//! Whatever leaves this module as text holds at most the public beginning of a kind (`ghp_`, `AKIA`), never the rest,
//! and not its length either.

use std::fmt;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::change::BytePath;

/// What stands for the hidden part behind a public beginning.
const STARS: &str = "****************";
/// What stands for a value without a public beginning.
const FEW_STARS: &str = "********";
/// At least so many bytes stay hidden, else nothing is shown.
const LEAST_HIDDEN: usize = 8;

/// A secret value. Prints as its mask, in every way of printing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Box<[u8]>,
    /// How many bytes of the beginning belong to the kind, not to the secret.
    shown: usize,
}

impl Secret {
    /// Wraps `bytes`, of which the first `public` are known from the kind alone.
    pub fn new(bytes: &[u8], public: usize) -> Self {
        let hidden = bytes.len().saturating_sub(public);
        let is_safe = hidden >= LEAST_HIDDEN && hidden >= public.min(16) && bytes[..public].is_ascii();
        Self { bytes: bytes.into(), shown: if is_safe { public } else { 0 } }
    }

    /// Stands for a whole file that `rule` knows: the rule's name and a digest of the content, so that it is named by all
    /// that it holds and nothing of it is kept.
    pub fn of_file(rule: &str, content: &[u8]) -> Self {
        Self { bytes: [rule.as_bytes(), b"\0", &Sha256::digest(content)].concat().into(), shown: 0 }
    }

    /// Stands for the file at `path`, whatever it holds: the name of the rule that found it, and the path.
    pub(crate) fn of_path(rule: &str, path: &BytePath) -> Self {
        Self { bytes: [rule.as_bytes(), b"\0", path.as_bytes()].concat().into(), shown: 0 }
    }

    /// The secret in full. Every caller states why it must have it.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the secret stands in the text exactly as `written`.
    pub fn is_written_as(&self, written: &[u8]) -> bool {
        *self.bytes == *written
    }

    /// The name under which this secret can be allowed.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[&self.bytes])
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.bytes[..self.shown].split(u8::is_ascii_control).next().unwrap_or_default();
        let prefix = str::from_utf8(shown).unwrap_or_default();
        write!(f, "{prefix}{}", if prefix.is_empty() { FEW_STARS } else { STARS })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.bytes.len())
    }
}

/// The lasting name of a secret: the first eight bytes of SHA-256 over `keyguard-fingerprint-1`, a zero byte and the
/// secret. No rule, no path, no line: it survives moves, reformatting and better rules, and covers no other key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    const DOMAIN: &[u8] = b"keyguard-fingerprint-1\0";
    /// What every printed fingerprint begins with.
    pub const PREFIX: &str = "kg1:";

    /// Hashes the parts one behind the other.
    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new_with_prefix(Self::DOMAIN);
        for part in parts {
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self(first)
    }

    /// The number that the eight bytes make, most significant first.
    pub(crate) const fn number(self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:016x}", Self::PREFIX, self.number())
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a fingerprint is `kg1:` and 16 hex digits, such as kg1:3f9c1a2b5d6e7f80";
        let digits = text.strip_prefix(Self::PREFIX).ok_or(SHAPE)?;
        if digits.len() != 16 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(SHAPE);
        }
        u64::from_str_radix(digits, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| SHAPE)
    }
}

/// The line of a finding, cut to a readable piece, with everything masked that is or might be a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before the finding.
    pub before: String,
    /// The finding's mask.
    pub mask: String,
    /// What stands behind it.
    pub after: String,
}

/// How many characters an excerpt shows before and behind its finding.
const BEFORE: usize = 30;
const AFTER: usize = 16;

impl Excerpt {
    /// Of a file that is a secret as a whole no line is shown.
    pub fn of_file() -> Self {
        Self { before: String::new(), mask: "(the whole file)".to_owned(), after: String::new() }
    }

    /// Cuts the line around `at` out of `text`. `hidden` are the spans of all matches, sorted and apart from each other.
    pub fn new(text: &[u8], at: &Range<usize>, secret: &Secret, hidden: &[Range<usize>]) -> Self {
        // A bounded piece of the line is enough, and keeps a line of many megabytes cheap.
        let start = at.start.saturating_sub(BEFORE * 16);
        let start = memchr::memrchr(b'\n', &text[start..at.start]).map_or(start, |newline| start + newline + 1);
        let end = text.len().min(at.end.saturating_add(AFTER * 16));
        let end = memchr::memchr(b'\n', &text[at.start..end]).map_or(end, |newline| at.start + newline);
        let before = masked(text, &(start..at.start), hidden);
        let after = masked(text, &(at.end.min(end)..end), hidden);
        let (before, after) = (without_neighbours(&before, Touching::End), without_neighbours(&after, Touching::Start));
        let (before, after) = (before.trim_start_matches('\u{feff}'), after.trim_end_matches('\r'));
        Self { before: last_chars(before, BEFORE), mask: secret.to_string(), after: first_chars(after, AFTER) }
    }
}

/// The text of `piece` with every hidden span replaced.
fn masked(text: &[u8], piece: &Range<usize>, hidden: &[Range<usize>]) -> String {
    let mut out = String::new();
    let mut position = piece.start;
    let first = hidden.partition_point(|span| span.end <= piece.start);
    for span in hidden[first..].iter().take_while(|span| span.start < piece.end) {
        if span.start > position {
            out.push_str(&String::from_utf8_lossy(&text[position..span.start]));
        }
        if span.end > position {
            out.push_str(FEW_STARS);
            position = span.end.min(piece.end);
        }
    }
    out.push_str(&String::from_utf8_lossy(&text[position..piece.end]));
    out
}

/// Where a piece of the line touches the finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Touching {
    Start,
    End,
}

/// Masks what no rule knows but might be a secret too: values behind `=` and `:`, and words with digits or signs in
/// them. The word that touches the finding stays, such as the user's name in an address, unless it is long.
fn without_neighbours(piece: &str, touching: Touching) -> String {
    const SHORTEST_VALUE: usize = 6;
    const SHORTEST_MIXED: usize = 8;
    const LONG: usize = 16;
    /// What languages and protocols put where a value stands.
    const WORDS: [&str; 13] = [
        "return", "require", "import", "String", "Bearer", "export", "static", "public", "private", "process",
        "string", "number", "boolean",
    ];
    let is_word = |c: char| !c.is_whitespace() && !"\"'`,;(){}[]<>=:".contains(c);
    let mut out = String::with_capacity(piece.len());
    let mut is_value = false;
    let mut rest = piece;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        let touches = match touching {
            Touching::Start => out.is_empty(),
            Touching::End => behind.is_empty(),
        };
        // The scheme and the host of an address, the type of a variable.
        let is_known = behind.starts_with("://")
            || behind.trim_start().starts_with('=')
            || word.starts_with("//")
            || touches && word.starts_with('@');
        let is_name = behind.strip_prefix(['"', '\'']).is_some_and(|behind| behind.trim_start().starts_with(':'));
        // A macro, a call, a type with its own.
        let is_code = behind.starts_with(['(', '[', '{', '`']) || behind.starts_with("::");
        let name = word.trim_start_matches(['&', '*', '@']);
        let name = name.strip_suffix('!').unwrap_or(name);
        let is_named = is_code && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
        let is_mixed = !is_named && word.contains(|c: char| !c.is_alphabetic() && !"_-./*".contains(c));
        let least = match (touches, is_value) {
            (true, _) => LONG,
            (false, true) => SHORTEST_VALUE,
            (false, false) => SHORTEST_MIXED,
        };
        let could_be_secret = word.len() >= least
            && (is_mixed || is_value && !touches && !is_name && !is_code && !WORDS.contains(&word))
            && !is_known;
        out.push_str(if could_be_secret { FEW_STARS } else { word });
        let signs = behind.find(is_word).unwrap_or(behind.len());
        let (between, next) = behind.split_at(signs);
        // A name in quotes has its sign behind the quote, a value its quote behind the sign.
        // Behind a bracket that opens an object comes a name.
        is_value = between.rsplit_once(['=', ':']).is_some_and(|(_, behind)| !behind.contains('{'));
        out.push_str(between);
        rest = next;
    }
    out
}

fn last_chars(text: &str, count: usize) -> String {
    match text.chars().count().checked_sub(count) {
        None | Some(0) => text.to_owned(),
        Some(more) => std::iter::once('…').chain(text.chars().skip(more + 1)).collect(),
    }
}

fn first_chars(text: &str, count: usize) -> String {
    if text.chars().count() <= count {
        return text.to_owned();
    }
    text.chars().take(count - 1).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new(b"ghp_abcdefghijklmnop", 4);
        assert_eq!(secret.to_string(), "ghp_****************");
        assert_eq!(format!("{secret:?}"), "Secret(20 bytes)");
        assert_eq!(Secret::new(b"short", 3).to_string(), "********");
        assert_eq!(Secret::new(b"hunter2hunter2", 14).to_string(), "********");
        assert_eq!(
            Secret::new(b"-----BEGIN X-----\nabcdefghijklmnop", 18).to_string(),
            "-----BEGIN X-----****************"
        );
    }

    /// The vectors are for ever: a fingerprint stands in other people's configurations.
    #[test]
    fn fingerprints_are_fixed() {
        for (secret, expected) in VECTORS {
            assert_eq!(Secret::new(secret, 0).fingerprint().to_string(), *expected);
            assert_eq!(expected.parse(), Ok(Secret::new(secret, 0).fingerprint()));
        }
    }

    const VECTORS: &[(&[u8], &str)] = &[
        (b"a", "kg1:674bbece5b05e90e"),
        (b"hunter2hunter2", "kg1:b2651f502f213161"),
        (b"\x00\xff\n", "kg1:5d89e34e67e33df0"),
        (b"correct horse battery staple", "kg1:5bde27adef1d3f91"),
        ("pässwörd".as_bytes(), "kg1:f55e092b2fed4468"),
        (&[b'0'; 40], "kg1:8b2ff7ca4ac38dd1"),
        (&[b'x'; 4096], "kg1:0ab070318bf53186"),
        (b"RSA PRIVATE KEY\nAAAA", "kg1:a2c0a2b1e0e4d048"),
        (b" leading and trailing ", "kg1:a899f8479954437f"),
        (b"kg1:0000000000000000", "kg1:bd46a1e1bc815387"),
    ];

    #[test]
    fn a_file_is_named_by_its_kind_and_by_all_that_it_holds() {
        let name = |rule, content| Secret::of_file(rule, content).fingerprint();
        assert_eq!(name("key-store", b"abc"), name("key-store", b"abc"));
        assert_ne!(name("key-store", b"abc"), name("key-store", b"abd"));
        assert_ne!(name("key-store", b"abc"), name("database", b"abc"));
        assert_eq!(name("key-store", b"abc").to_string(), "kg1:a8da1e29f723a8a7");
    }

    #[test]
    fn a_file_that_must_be_encrypted_is_named_by_its_path() {
        let name = |path| Secret::of_path("unencrypted-file", &BytePath::from(path)).fingerprint();
        assert_eq!(
            name("secrets/db.yaml").to_string(),
            Fingerprint::of(&[b"unencrypted-file\0secrets/db.yaml"]).to_string()
        );
        assert_ne!(name("secrets/db.yaml"), name("secrets/db.yml"));
    }

    #[test]
    fn excerpts_hide_neighbours() {
        for (line, before, after) in [
            ("user abcdefgh12345678zz key=@ tail abc", "user ******** key=", " tail abc"),
            (
                "{\"password\":\"Troubadour&Zq!\",\"t\":\"@\",\"pin\":\"hunter2zz#9\"}",
                "{\"password\":\"********\",\"t\":\"",
                "\",\"pin\":\"******…",
            ),
            ("URL=postgres://app:@db.internal:5432/app", "URL=postgres://app:", "db.internal:***…"),
            ("const token: string = '@'; // see docs", "const token: string = '", "'; // see docs"),
            ("{\"env\": {\"GITHUB_TOKEN\": \"@\"}}", "{\"env\": {\"GITHUB_TOKEN\": \"", "\"}}"),
            ("def f(): return \"@\"", "def f(): return \"", "\""),
            ("a = {\"Authorization\": \"Bearer @\"}", "a = {\"Authorization\": \"Bearer ", "\"}"),
            ("a = { heads: { Authorize: 'token @' } }", "…{ heads: { Authorize: 'token ", "' } }"),
            ("k: Literal[\"@\"]", "k: Literal[\"", "\"]"),
            ("u = String.raw`@`", "u = String.raw`", "`"),
            ("let c = Client::new(\"@\");", "let c = Client::new(\"", "\");"),
            ("s = boto3.Session(a=\"@\")", "s = boto3.Session(a=\"", "\")"),
            ("f(a, &*format!(\"b @\"))", "f(a, &*format!(\"b ", "\"))"),
            ("println!(\"{}\", \"@\");", "println!(\"{}\", \"", "\");"),
            ("password: hunterhunter, key: '@'", "password: ********, key: '", "'"),
            ("password: hunter!!!(, key: '@'", "password: ********(, key: '", "'"),
            ("curl -u admin:@ https://api.acme.net", "curl -u admin:", " https://api.ac…"),
        ] {
            let text = format!("first\n{}\nnext", line.replacen('@', "SECRETSECRET", 1)).into_bytes();
            let start = memchr::memmem::find(&text, b"SECRET").unwrap();
            let at = start..start + 12;
            let excerpt = Excerpt::new(&text, &at, &Secret::new(&text[at.clone()], 0), std::slice::from_ref(&at));
            assert_eq!((excerpt.before.as_str(), excerpt.after.as_str()), (before, after), "{line}");
            assert_eq!(excerpt.mask, "********");
        }
    }

    #[test]
    fn excerpts_of_long_lines_are_short() {
        let mut text = vec![b'x'; 100_000];
        let at = 50_000..50_020;
        text[at.clone()].fill(b'S');
        let excerpt = Excerpt::new(&text, &at, &Secret::new(&text[at.clone()], 0), std::slice::from_ref(&at));
        assert!(excerpt.before.chars().count() <= BEFORE && excerpt.after.chars().count() <= AFTER);
        assert!(excerpt.before.starts_with('…') && excerpt.after.ends_with('…'));
    }
}
