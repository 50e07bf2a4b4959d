//! The macros of a rule's regex: what would stand in many rules, written once.
//!
//! `{{` is no regex syntax, so nothing else can be meant. Each switches off the flags `x` and `U`, which would change what
//! it means inside a regex that sets them. Shared by `build.rs` and the configuration, like the rules.

use std::borrow::Cow;

/// What stands between a name and its value: the rest of the name, words such as `API key`, a closing quote or bracket,
/// a type, an assignment sign (or the comma of a call, the `>` of a tag, the blank of a flag), an opening quote.
const ASSIGN: &str = concat!(
    r"(?-xU:[A-Za-z0-9_.\-]{0,40}",
    r"(?:[ \t](?i:access|api|app|auth|client|private|secret|key|token|id)[A-Za-z0-9_\-]{0,20}){0,3}",
    r#"(?:\\?["'\])]){0,3}"#,
    r"(?:[ \t]{0,4}:[ \t]{0,4}&?(?:'static )?[A-Za-z]{3,6}|[ \t]string)?",
    r#"[ \t]{0,20}(?:[:?.|]{0,3}=|=>|[:,(]|>(?:[ \t]{0,4}\r?\n)?|[ \t])[ \t>]{0,20}(?:[brfu]?\\?["'`]){0,3}[ \t]{0,2})"#
);

/// Where a word starts, also behind what stands for another character (`\n`, `%3D`, `\u003d`, a colour sequence): to `\b`
/// alone its last letter looks like the beginning. No two branches begin alike, so that captures cost a seventh.
pub(crate) const START: &str =
    r"(?-xU:\\(?:[nrtfv]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2}|\x1b\[[0-9;]{0,8}m|\b)";

/// What is stored in place of a password, in the forms that name their algorithm and carry their salt: those of
/// crypt(5), of the string format of the Password Hashing Competition and of passlib, Django, Werkzeug and LDAP. Compose
/// files write `$$` for `$`, and scripts `\$`.
///
/// Sources: <https://manpages.debian.org/crypt.5>, <https://github.com/P-H-C/phc-string-format>,
/// <https://passlib.readthedocs.io/en/stable/modular_crypt_format.html>,
/// <https://docs.djangoproject.com/en/stable/topics/auth/passwords/>, RFC 2307
const PASSWORD_HASH: &str = concat!(
    r"(?-xU:\\{0,2}\${1,2}(?:",
    r"2[abxy]\\{0,2}\${1,2}[0-9]{2}\\{0,2}\${1,2}[./A-Za-z0-9]{53}",
    r"|(?:1|apr1)\\{0,2}\${1,2}[./A-Za-z0-9]{1,8}\\{0,2}\${1,2}[./A-Za-z0-9]{22}",
    r"|5\\{0,2}\${1,2}(?:rounds=[0-9]{1,9}\\{0,2}\${1,2})?[./A-Za-z0-9]{1,16}\\{0,2}\${1,2}[./A-Za-z0-9]{43}",
    r"|6\\{0,2}\${1,2}(?:rounds=[0-9]{1,9}\\{0,2}\${1,2})?[./A-Za-z0-9]{1,16}\\{0,2}\${1,2}[./A-Za-z0-9]{86}",
    r"|g?y\\{0,2}\${1,2}[./A-Za-z0-9]{1,86}\\{0,2}\${1,2}[./A-Za-z0-9]{1,86}\\{0,2}\${1,2}[./A-Za-z0-9]{43}",
    r"|[89]\\{0,2}\${1,2}[./A-Za-z0-9]{14}\\{0,2}\${1,2}[./A-Za-z0-9]{43}",
    r"|sha1\\{0,2}\${1,2}[0-9]{1,9}\\{0,2}\${1,2}[./A-Za-z0-9]{1,64}\\{0,2}\${1,2}[./A-Za-z0-9]{28}",
    r"|[PH]\\{0,2}\${1,2}[./A-Za-z0-9]{31}|S\\{0,2}\${1,2}[./A-Za-z0-9]{52}",
    r"|argon2(?:id|i|d)\\{0,2}\${1,2}(?:v=[0-9]{1,3}\\{0,2}\${1,2})?m=[0-9]{1,10},t=[0-9]{1,10},p=[0-9]{1,5}",
    r"(?:,[a-z]{1,9}=[A-Za-z0-9+/]{1,44})?\\{0,2}\${1,2}[A-Za-z0-9+/]{11,64}={0,2}\\{0,2}\${1,2}[A-Za-z0-9+/]{16,88}={0,2}",
    r"|(?:scrypt\\{0,2}\${1,2}ln=[0-9]{1,2},r=[0-9]{1,9},p=[0-9]{1,9}|pbkdf2(?:-sha(?:1|256|512))?\\{0,2}\${1,2}[0-9]{1,9})",
    r"\\{0,2}\${1,2}[A-Za-z0-9./+]{0,88}={0,2}\\{0,2}\${1,2}[A-Za-z0-9./+]{27,88}={0,2})",
    r"|\bpbkdf2_sha(?:1|256|512)\\{0,2}\${1,2}[0-9]{1,9}\\{0,2}\${1,2}[A-Za-z0-9]{1,64}\\{0,2}\${1,2}[A-Za-z0-9+/]{27,88}={0,2}",
    r"|\b(?:pbkdf2:sha(?:1|256|512)(?::[0-9]{1,9})?|scrypt:[0-9]{1,9}:[0-9]{1,9}:[0-9]{1,9})",
    r"\\{0,2}\${1,2}[A-Za-z0-9]{1,64}\\{0,2}\${1,2}[0-9a-f]{40,128}",
    r"|\{(?i:s?sha(?:224|256|384|512)?|s?md5)\}[A-Za-z0-9+/]{22,128}={0,2}",
    r"|\{(?i:pbkdf2(?:-sha(?:1|256|512))?)\}[0-9]{1,9}\\{0,2}\${1,2}[A-Za-z0-9./+]{1,88}\\{0,2}\${1,2}[A-Za-z0-9./+]{27,88})",
);

/// What stands in an address between a word of the host and the value of the parameter that is the key.
const QUERY: &str = r#"(?-xU:[^\s"'`<>]{0,120}?[?&;](?i:[a-z_\-]{0,12}(?:key|token|auth|client_id))=)"#;

/// The bytes that what stands for another character begins with.
pub(crate) const ESCAPES: [u8; 3] = *b"\\%\x1b";

const MACROS: [(&str, &str); 4] =
    [("{{assign}}", ASSIGN), ("{{start}}", START), ("{{query}}", QUERY), ("{{password-hash}}", PASSWORD_HASH)];

/// Replaces the macros of a rule's regex.
pub(crate) fn expand(regex: &str) -> Cow<'_, str> {
    if regex.contains("{{") {
        Cow::Owned(MACROS.iter().fold(regex.to_owned(), |text, (name, meaning)| text.replace(name, meaning)))
    } else {
        Cow::Borrowed(regex)
    }
}

/// Where the byte `at` of the expanded regex stands in the regex as it was written; in a macro, where that begins.
pub(crate) fn written_offset(regex: &str, at: usize) -> usize {
    let mut rest = regex;
    let mut expanded = 0;
    while let Some(first) = rest.chars().next() {
        let found = MACROS.iter().find(|(name, _)| rest.starts_with(name));
        let (written, meant) =
            found.map_or((first.len_utf8(), first.len_utf8()), |(name, meaning)| (name.len(), meaning.len()));
        if at < expanded + meant {
            break;
        }
        expanded += meant;
        rest = rest.split_at(written).1;
    }
    regex.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macro_means_the_same_under_every_flag() {
        let find = |flags: &str, text: &str| {
            let regex = expand(&format!("{flags}acme{{{{assign}}}}([a-z]{{6}})")).into_owned();
            regex::Regex::new(&regex).unwrap().captures(text).map(|found| found[1].to_owned())
        };
        for flags in ["", "(?x)", "(?s)", "(?U)", "(?xU)"] {
            for text in ["acme_key = \"qwzrtp\"", "acme API key: qwzrtp", "ACME: acme_token\t:=\t'qwzrtp'"] {
                assert_eq!(find(flags, text).as_deref(), Some("qwzrtp"), "{flags} {text}");
            }
        }
    }

    #[test]
    fn a_place_in_a_macro_is_its_beginning() {
        let regex = "x{{start}}y";
        let y = expand(regex).rfind('y').unwrap();
        assert_eq!([0, 1, 5, y].map(|at| written_offset(regex, at)), [0, 1, 1, 10]);
    }
}
