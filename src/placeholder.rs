//! Values that somebody made up: placeholders, sequences, repeated groups, templates.
//!
//! Judged by the value alone, never by the path, and never asked about a value that a checksum proves.

mod words;

use crate::entropy;
use words::{MARKERS, MARKERS_BEYOND_ASCII, NOUNS, POSSESSIVES, SHORT_MARKERS, WORDS};

/// Above this length only the shape counts: in a long random text any short word turns up by chance.
const LONG: usize = 100;

/// Whether `value` (without the public prefix of its kind) is a placeholder.
pub fn is_placeholder(value: &[u8]) -> bool {
    is_blank(value) || is_word(value) || is_words(value) || is_periodic(value) || is_sequence(value)
}

/// Whether `value` is a placeholder that says so: a template, one letter again and again, `your_token`, `EXAMPLE`.
/// Whoever is careless may have a word or a sequence for a password; nobody has this.
pub(crate) fn is_blank(value: &[u8]) -> bool {
    is_template(value)
        || is_uniform(value)
        || has_uniform_groups(value)
        || value.len() <= LONG && (has_marker(value) || has_long_run(value) || is_owned(value))
}

/// Whether something about `value` is what people do who make values up, and chance seldom does: a word, a short
/// sequence, few characters, a group that comes twice. Alone it proves nothing; beside a wrong checksum it does.
pub(crate) fn has_made_up_trait(value: &[u8]) -> bool {
    is_example_uuid(value) || has_trait(value)
}

/// The UUID of Wikipedia's and of countless other examples, with its hyphens or without.
pub(crate) fn is_example_uuid(value: &[u8]) -> bool {
    const DIGITS: &[u8] = b"123e4567e89b12d3a456426614174000";
    let mut digits = value.iter().filter(|byte| **byte != b'-').map(u8::to_ascii_lowercase);
    value.len() >= DIGITS.len() && DIGITS.iter().all(|digit| digits.next() == Some(*digit))
}

fn has_trait(value: &[u8]) -> bool {
    const TRAITS: [&[u8]; 9] =
        [b"test", b"fake", b"demo", b"sample", b"secret", b"token", b"foobar", b"invalid", b"abc123"];
    const ASCENT: usize = 5;
    const FEW: usize = 8;
    // In a long text short groups come twice by chance; and no more of it is looked at than tells.
    let value = &value[..value.len().min(LONG * 40)];
    let group = if value.len() <= LONG { 5 } else { 24 };
    let folded = value.to_ascii_lowercase();
    let backwards: Vec<u8> = folded.iter().rev().copied().collect();
    let holds_word = value.len() <= LONG && TRAITS.iter().any(|word| memchr::memmem::find(&folded, word).is_some());
    let is_ordered = longest_ascent(&folded).max(longest_ascent(&backwards)) >= ASCENT;
    let mut groups = value.windows(group).enumerate();
    holds_word
        || is_ordered
        || entropy::distinct(value) <= FEW.min(value.len() / 3)
        || groups.any(|(start, found)| memchr::memmem::find(&value[start + group..], found).is_some())
}

fn is_word(value: &[u8]) -> bool {
    if value.len() > 40 {
        return false;
    }
    let fold = |keep: fn(&u8) -> bool| -> Vec<u8> {
        value.iter().filter(|byte| keep(byte)).map(u8::to_ascii_lowercase).collect()
    };
    let letters = fold(u8::is_ascii_alphabetic);
    let letters_and_digits = fold(u8::is_ascii_alphanumeric);
    let is_listed = |folded: &[u8]| WORDS.iter().any(|word| word.as_bytes() == folded);
    let separators = value.len() - letters_and_digits.len();
    // `secret!!7#x` is no placeholder: what is dropped must be separators and a short number.
    let few_others = value.iter().filter(|byte| !byte.is_ascii_alphanumeric() && !b"_-. ".contains(byte)).count() <= 1;
    let few_digits = letters_and_digits.len() - letters.len() <= 4;
    letters_and_digits.is_empty() && separators > 0 || is_listed(&letters_and_digits) || {
        few_others && few_digits && is_listed(&letters)
    }
}

/// `test-password`, `my%20secret`, `user:pass`: nothing but such words.
fn is_words(value: &[u8]) -> bool {
    let plain = without_escapes(value);
    let mut words =
        plain.split(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let is_listed = |word: &[u8]| WORDS.iter().any(|entry| entry.as_bytes().eq_ignore_ascii_case(word));
    value.len() <= LONG && words.clone().count() > 1 && words.all(is_listed)
}

/// The value with `%` alone for each `%20` of an address: which sign it is does not matter, only that a word ends.
fn without_escapes(value: &[u8]) -> Vec<u8> {
    let mut parts = value.split(|byte| *byte == b'%');
    let mut plain = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        let is_escape = part.iter().take(2).filter(|byte| byte.is_ascii_hexdigit()).count() == 2;
        plain.push(b'%');
        plain.extend(if is_escape { &part[2..] } else { part });
    }
    plain
}

fn has_marker(value: &[u8]) -> bool {
    /// A shorter word turns up in random letters of both cases, so it counts in one case alone.
    const CHANCE: usize = 5;
    let folded = value.to_ascii_lowercase();
    let holds = |marker: &&[u8]| {
        memchr::memmem::find_iter(&folded, marker).any(|start| {
            let written = &value[start..start + marker.len()];
            let is_one_case = written == *marker || *written == marker.to_ascii_uppercase()[..];
            marker.len() >= CHANCE || is_one_case
        })
    };
    let is_short = |word: &[u8]| SHORT_MARKERS.iter().any(|marker| marker.as_bytes().eq_ignore_ascii_case(word));
    MARKERS.iter().any(holds)
        || value.split(|byte| is_separator(*byte)).any(is_short)
        || !value.is_ascii() && MARKERS_BEYOND_ASCII.iter().any(|m| memchr::memmem::find(value, m.as_bytes()).is_some())
}

fn is_separator(byte: u8) -> bool {
    b"_-. /:".contains(&byte)
}

/// `dein_token`, `votre-cle-api`, `suClaveAqui`: words alone that say first whose and last what.
fn is_owned(value: &[u8]) -> bool {
    let is_one_of = |list: &[&str], word: &[u8]| list.iter().any(|entry| entry.as_bytes().eq_ignore_ascii_case(word));
    let is_letters = |word: &[u8]| word.iter().all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    // An article may go before: `la_tua_chiave`.
    words_of(value).take(2).any(|word| is_one_of(POSSESSIVES, word))
        && words_of(value).skip(1).last().is_some_and(|last| is_one_of(NOUNS, last))
        && words_of(value).all(is_letters)
}

/// The words of a value: what stands between separators, and in `camelCase` what begins with a capital.
pub(crate) fn words_of(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value
        .split(|byte| is_separator(*byte))
        .flat_map(|word| word.chunk_by(|before, after| before.is_ascii_uppercase() || !after.is_ascii_uppercase()))
}

/// `${X}`, `$X`, `{{ x }}`, `<x>`, `%s`, `[x]`, `#{x}`, `@@x@@`, `%X%`.
fn is_template(value: &[u8]) -> bool {
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return true };
    // Signs of all kinds between brackets are a password that happens to begin and end so.
    let is_phrase = |inner: &[u8]| {
        inner.iter().all(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b" _-.:/|,'=+".contains(byte))
    };
    let wraps = |open: u8, close: u8| {
        value.len() >= 2 && *first == open && *last == close && is_phrase(value[1..value.len() - 1].trim_ascii())
    };
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && name[0].is_ascii_alphabetic()
            && !name.iter().any(u8::is_ascii_digit)
    };
    let opens = |open: &[u8], close: &[u8]| {
        value.strip_prefix(open).is_some_and(|rest| memchr::memmem::find(rest, close).is_some())
    };
    let holds = |open: &[u8], close: &[u8]| {
        let start = memchr::memmem::find(value, open);
        start.is_some_and(|start| memchr::memmem::find(&value[start..], close).is_some())
    };
    [(b'<', b'>'), (b'{', b'}'), (b'[', b']'), (b'(', b')'), (b'`', b'`')]
        .iter()
        .any(|(open, close)| wraps(*open, *close))
        || matches!(value, [b'%', b's' | b'd' | b'v' | b'q'])
        || opens(b"${", b"}")
        || opens(b"$(", b")")
        || opens(b"#{", b"}")
        || opens(b"<%", b"%>")
        || holds(b"{{", b"}}")
        || value.strip_prefix(b"$").is_some_and(is_name)
        || value.strip_prefix(b"@@").is_some_and(|rest| rest.ends_with(b"@@"))
        || value.strip_prefix(b"%").and_then(|rest| rest.strip_suffix(b"%")).is_some_and(is_name)
        || value.strip_prefix(b"__").and_then(|rest| rest.strip_suffix(b"__")).is_some_and(is_name)
}

/// One character, or two or three that take turns.
fn is_uniform(value: &[u8]) -> bool {
    value.len() >= 4 && entropy::distinct(value) <= (value.len() / 6).clamp(1, 3)
}

/// Groups of one character each: `aaaabbbbccccdddd`, `11111111-2222-3333-4444-555555555555`.
fn has_uniform_groups(value: &[u8]) -> bool {
    value.len() >= 12
        && value
            .split(|byte| is_separator(*byte))
            .flat_map(|part| part.chunk_by(|a, b| a == b))
            .all(|run| run.len() >= 3)
}

/// The same group over and over: `abc123abc123abc123`, `0123456789abcdef` twice.
fn is_periodic(value: &[u8]) -> bool {
    // In a long text a long group would be looked for in vain, again and again.
    const LONGEST_PERIOD: usize = 64;
    value.len() >= 12
        && (1..=(value.len() / 2).min(LONGEST_PERIOD))
            .any(|period| value.iter().zip(&value[period..]).all(|(a, b)| a == b))
}

/// A run of one character that chance does not make.
fn has_long_run(value: &[u8]) -> bool {
    const RUN: usize = 6;
    value.chunk_by(|a, b| a == b).any(|run| run.len() >= RUN)
}

/// Alphabet, numbers or the keyboard in order, also letters and digits in turn (`a1b2c3d4`).
fn is_sequence(value: &[u8]) -> bool {
    const RUN: usize = 8;
    if value.len() < RUN {
        return false;
    }
    let folded = value.to_ascii_lowercase();
    let digits: Vec<u8> = folded.iter().copied().filter(u8::is_ascii_digit).collect();
    let letters: Vec<u8> = folded.iter().copied().filter(u8::is_ascii_alphabetic).collect();
    let alternates = longest_ascent(&letters) >= 5 && longest_ascent(&digits) >= 5;
    let backwards: Vec<u8> = folded.iter().rev().copied().collect();
    let ordered = longest_ascent(&folded).max(longest_ascent(&backwards));
    let is_dominant = ordered * 3 >= value.len() || ordered >= 12;
    let keyboard = [
        &b"qwertyuiop"[..],
        b"qwertzuiop",
        b"azertyuiop",
        b"asdfghjkl",
        b"zxcvbnm",
        b"yxcvbnm",
        b"1q2w3e4r",
        b"1qaz2wsx",
        b"q1w2e3r4",
        b"zaq12wsx",
        b"poiuytrewq",
        b"lkjhgfdsa",
        b"mnbvcxz",
    ];
    ordered >= RUN && is_dominant
        || alternates && (letters.len() + digits.len()) * 10 >= value.len() * 9 && value.len() <= 64
        || keyboard.iter().any(|row| memchr::memmem::find(&folded, row).is_some())
}

/// The longest stretch in which each character follows the one before it; `0` follows `9` and `a` follows both.
fn longest_ascent(value: &[u8]) -> usize {
    let follows = |a: &u8, b: &u8| {
        let next_in_kind = a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && a + 1 == *b;
        next_in_kind || matches!((a, b), (b'9', b'0' | b'a') | (b'0', b'a') | (b'f' | b'z', b'0' | b'1'))
    };
    value.chunk_by(follows).map(<[u8]>::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_recognised() {
        for value in [
            "xxxxxxxxxxxxxxxxxxxx",
            "your_api_key_here",
            "changeme",
            "CHANGE_ME",
            "<your-password>",
            "${DB_PASSWORD}",
            "$PASSWORD",
            "{{ secret }}",
            "%s",
            "password123",
            "s3cr3t-example-value",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz012345",
            "a1b2c3d4e5f6g7h8i9j0",
            "abc123abc123abc123abc123",
            "********",
            "...",
            "00000000000000000000",
            "1234567890123456789012345678901234567890",
            "IOSFODNN7EXAMPLE",
            "aaaaaaaabbbbbbbbaaaaaaaa",
            "my-secret",
            "test",
            "",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "qwertyuiop1234567890",
            "deadbeefdeadbeefcafe",
            "dein_token",
            "ihr-api-schluessel",
            "votre_cle_api",
            "su_clave",
            "suClaveAqui",
            "seu_token_aqui",
            "jouw-wachtwoord",
            "il_tuo_token",
            "你的密钥",
            "abcd...wxyz",
            "9f8e…77aa",
            "[REDACTED]",
            "***",
            "••••••••••••",
            "8c1f****************1234",
            "lorem-ipsum-dolor-sit",
            "TODO-set-me-in-production",
            "notarealkey",
            "thisIsNotARealToken",
            "replace me",
            "pass%20pass",
            "test-password",
            "x-oauth-basic",
            "11111111-2222-3333-4444-555555555555",
            "zyxwvutsrqponmlk",
            "qwertzuiop123",
            "__DB_PASSWORD__",
            "<% secret %>",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value:?} is a placeholder");
        }
    }

    #[test]
    fn traits_of_made_up_values_are_rare_by_chance() {
        for value in ["4eTESTkq81ZzPw02mXbV", "kq8abcdefZzPw02mXbV1", "11221122334433441122", "kq81ZzPw0kq81ZzPw0mX"] {
            assert!(has_made_up_trait(value.as_bytes()), "{value}");
        }
        let random = |template: &str| {
            let values = (0..500).map(|number| crate::rules::example::expand(template, "trait", number));
            values.filter(|value| has_made_up_trait(value.as_bytes())).count()
        };
        for template in ["<alnum:36>", "<hex:40>", "<base64:64>\n<base64:64>\n<base64:64>", "<base32:20>"] {
            assert!(random(template) <= 5, "{template}: {}", random(template));
        }
    }

    #[test]
    fn random_values_are_no_placeholders() {
        for value in [
            "hV4k9QzT2mXw",
            "tr0ub4dor&3",
            "7c6a180b36896a0a",
            "pG5$zkQ!w",
            "Sommer2024!x9",
            "$ecretPa55w0rd9",
            "aB3FaKe9tRq7Zw2Lm5Vk",
            "my-dog-eats-9-socks",
            "su9Clave7tK2",
            "{kZ9!q#f2",
            "<Zq8!&*vP2>",
            "h7{{Kq2p!Zr9w",
        ] {
            assert!(!is_placeholder(value.as_bytes()), "{value:?} is no placeholder");
        }
    }

    /// A guard that takes a real key for a placeholder has failed.
    #[test]
    fn chance_makes_no_placeholder() {
        const DRAWS: usize = 3_000;
        let letters: Vec<u8> = (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9').collect();
        let lower: Vec<u8> = (b'a'..=b'z').chain(b'0'..=b'9').collect();
        let alphabets: [(&str, Vec<u8>); 7] = [
            ("base62", letters.clone()),
            ("base64", [&letters[..], b"+/"].concat()),
            ("base64url", [&letters[..], b"-_"].concat()),
            ("lower case", lower),
            ("base32", (b'A'..=b'Z').chain(b'2'..=b'7').collect()),
            ("hex", b"0123456789abcdef".to_vec()),
            ("printable", (b'!'..=b'~').collect()),
        ];
        // xorshift, so that a run that fails can be run again
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |alphabet: &[u8]| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            alphabet[usize::try_from(state >> 33).unwrap() % alphabet.len()]
        };
        for (name, alphabet) in alphabets {
            let mut value = |number: usize| -> Vec<u8> {
                (0..[16, 24, 32, 40, 64, 100][number % 6]).map(|_| draw(&alphabet)).collect()
            };
            let hits = (0..DRAWS).filter(|number| is_placeholder(&value(*number))).count();
            assert!(hits * 1000 <= DRAWS, "{hits} of {DRAWS} random {name} values are placeholders");
        }
    }

    #[test]
    fn words_are_sorted() {
        assert!(WORDS.is_sorted());
        let is_folded = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(WORDS.iter().all(is_folded), "words are lower case without separators");
    }
}
