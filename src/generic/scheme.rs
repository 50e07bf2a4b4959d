//! Reads credentials that stand in one pair of quotes behind the word for their scheme, as an `Authorization` header has
//! them, whatever they are assigned to: `headers = "Bearer VALUE"`.

use std::ops::Range;

/// Credentials with their scheme.
pub(super) struct Credentials {
    pub(super) value: Range<usize>,
    pub(super) quote: u8,
    /// What they are, to be put behind the scheme.
    pub(super) meaning: &'static str,
}

/// The schemes with what stands behind them: those of the registry of the IANA that carry a secret as it is, and what
/// APIs use beside them.
const SCHEMES: [(&[u8], &str); 5] = [
    (b"bearer", "authorization"),
    (b"basic", "authorization"),
    (b"token", "token"),
    (b"apikey", "token"),
    (b"api-key", "token"),
];

/// The credentials behind the scheme at `name`.
pub(super) fn credentials(text: &[u8], name: &Range<usize>) -> Option<Credentials> {
    const LONGEST: usize = 4096;
    let quote = *text[..name.start].last().filter(|byte| b"\"'`".contains(byte))?;
    if text.get(name.end) != Some(&b' ') {
        return None;
    }
    let word = &text[name.clone()];
    let (_, meaning) = SCHEMES.iter().find(|(scheme, _)| word.eq_ignore_ascii_case(scheme))?;
    let start = name.end + 1;
    let rest = &text[start..text.len().min(start + LONGEST)];
    let length = rest.iter().position(|byte| *byte == quote || byte.is_ascii_whitespace())?;
    // Whatever else stands in the quotes makes it a sentence.
    if rest[length] != quote || length == 0 {
        return None;
    }
    // In a string within a string the quote is escaped.
    let end = start + length - usize::from(rest[..length].ends_with(b"\\"));
    Some(Credentials { value: start..end, quote, meaning })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_stand_alone_behind_their_scheme() {
        let read = |text: &str, name: &str| {
            let start = text.find(name).unwrap();
            let found = credentials(text.as_bytes(), &(start..start + name.len()));
            found.and_then(|found| Some(text.get(found.value)?.to_owned()))
        };
        assert_eq!(read("a = \"Bearer VALUE\"", "Bearer").as_deref(), Some("VALUE"));
        assert_eq!(read("{\\\"a\\\": \\\"Basic VALUE\\\"}", "Basic").as_deref(), Some("VALUE"));
        assert_eq!(read("a: 'token VALUE'", "token").as_deref(), Some("VALUE"));
        for text in ["'Bearer VALUE is it'", "' Bearer VALUE'", "'Bearer '", "'Bearer VALUE", "'Bearer VALUE\n'"] {
            assert_eq!(read(text, "Bearer"), None, "{text}");
        }
        assert_eq!(read("'Digest VALUE'", "Digest"), None);
    }
}
