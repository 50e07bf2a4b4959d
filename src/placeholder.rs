//! Values that somebody made up: placeholders, sequences, repeated groups, templates.
//!
//! Judged by the value alone, never by the path, and never asked about a value that a checksum proves.

use crate::entropy;

/// Above this length only the shape counts: in a long random text any short word turns up by chance.
const LONG: usize = 100;

/// Whether `value` (without the public prefix of its kind) is a placeholder.
pub fn is_placeholder(value: &[u8]) -> bool {
    is_template(value) || is_word(value) || is_uniform(value) || is_periodic(value) || is_sequence(value) || {
        value.len() <= LONG && (has_marker(value) || has_long_run(value))
    }
}

/// Words that stand for a value: as a whole, after dropping separators and digits, without case.
const WORDS: &[&str] = &[
    "admin",
    "anonymous",
    "apikey",
    "apppassword",
    "bar",
    "baz",
    "blank",
    "censored",
    "changeit",
    "changeme",
    "changethis",
    "clientsecret",
    "confidential",
    "correcthorsebatterystaple",
    "databasepassword",
    "dbpassword",
    "default",
    "demo",
    "dev",
    "development",
    "donotuse",
    "dummy",
    "empty",
    "encrypted",
    "example",
    "fake",
    "false",
    "fixme",
    "foo",
    "foobar",
    "guest",
    "hidden",
    "hunter",
    "insecure",
    "insert",
    "invalid",
    "key",
    "keyboardcat",
    "letmein",
    "local",
    "localhost",
    "masked",
    "my",
    "myapikey",
    "mykey",
    "mypass",
    "mypassword",
    "mysecret",
    "mysecretpassword",
    "mytoken",
    "na",
    "nil",
    "none",
    "notasecret",
    "notreal",
    "null",
    "obfuscated",
    "p4ssw0rd",
    "pa55word",
    "pass",
    "passw0rd",
    "passwd",
    "password",
    "passwordhere",
    "placeholder",
    "pssw0rd",
    "pw",
    "pwd",
    "qwerty",
    "redacted",
    "removed",
    "replaceme",
    "root",
    "sample",
    "sanitized",
    "secret",
    "secretkey",
    "secretpassword",
    "sensitive",
    "shhhh",
    "somepassword",
    "somerandomstring",
    "somesecret",
    "staging",
    "string",
    "strongpassword",
    "supersecret",
    "supersecretpassword",
    "tbd",
    "test",
    "tester",
    "testing",
    "testpass",
    "testpassword",
    "text",
    "thepassword",
    "thisisasecret",
    "tiger",
    "todo",
    "token",
    "topsecret",
    "true",
    "undefined",
    "unsafe",
    "unset",
    "user",
    "username",
    "userpassword",
    "value",
    "verysecret",
    "xxx",
    "yes",
    "your",
    "yourapikey",
    "yourkey",
    "yourpassword",
    "yours",
    "yoursecret",
    "yourtoken",
];

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

/// Words that mark a longer value as made up.
const MARKERS: &[&[u8]] = &[
    b"example",
    b"sample",
    b"dummy",
    b"placeholder",
    b"redacted",
    b"your_",
    b"your-",
    b"_here",
    b"-here",
    b"insert_",
    b"insert-",
    b"replace",
    b"change_",
    b"changeme",
    b"not_real",
    b"notreal",
    b"fixme",
    b"test_only",
    b"xxxx",
    b"****",
    b"....",
    b"fake",
    b"deadbeef",
    b"cafebabe",
    b"0000000000",
];

fn has_marker(value: &[u8]) -> bool {
    /// A shorter word turns up in random letters of both cases, so it counts in one case alone.
    const CHANCE: usize = 5;
    let folded = value.to_ascii_lowercase();
    MARKERS.iter().any(|marker| {
        let mut places = memchr::memmem::find_iter(&folded, marker);
        places.any(|start| {
            let written = &value[start..start + marker.len()];
            let is_one_case = written == *marker || *written == marker.to_ascii_uppercase()[..];
            marker.len() >= CHANCE || is_one_case
        })
    })
}

/// `${X}`, `$X`, `{{ x }}`, `<x>`, `%s`, `[x]`, `#{x}`, `@@x@@`, `%X%`.
fn is_template(value: &[u8]) -> bool {
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return true };
    let wraps = |open: u8, close: u8| *first == open && *last == close;
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && name[0].is_ascii_alphabetic()
            && !name.iter().any(u8::is_ascii_digit)
    };
    wraps(b'<', b'>')
        || wraps(b'{', b'}')
        || wraps(b'[', b']')
        || wraps(b'(', b')')
        || matches!(value, [b'%', b's' | b'd' | b'v' | b'q'])
        || value.starts_with(b"${")
        || value.starts_with(b"$(")
        || value.starts_with(b"#{")
        || value.starts_with(b"<%")
        || value.strip_prefix(b"$").is_some_and(is_name)
        || value.strip_prefix(b"@@").is_some_and(|rest| rest.ends_with(b"@@"))
        || value.strip_prefix(b"%").and_then(|rest| rest.strip_suffix(b"%")).is_some_and(is_name)
        || memchr::memmem::find(value, b"{{").is_some()
        || memchr::memmem::find(value, b"...").is_some() && value.len() < 20
}

/// One character, or two or three that take turns.
fn is_uniform(value: &[u8]) -> bool {
    value.len() >= 4 && entropy::distinct(value) <= (value.len() / 6).clamp(1, 3)
}

/// The same group over and over: `abc123abc123abc123`, `0123456789abcdef` twice.
fn is_periodic(value: &[u8]) -> bool {
    value.len() >= 12 && (1..=value.len() / 2).any(|period| value.iter().zip(&value[period..]).all(|(a, b)| a == b))
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
    let ordered = longest_ascent(&folded);
    let is_dominant = ordered * 3 >= value.len() || ordered >= 12;
    let keyboard = [&b"qwertyuiop"[..], b"asdfghjkl", b"zxcvbnm", b"1q2w3e4r"];
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
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value:?} is a placeholder");
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
        ] {
            assert!(!is_placeholder(value.as_bytes()), "{value:?} is no placeholder");
        }
    }

    #[test]
    fn words_are_sorted() {
        assert!(WORDS.is_sorted());
        let is_folded = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(WORDS.iter().all(is_folded), "words are lower case without separators");
    }
}
