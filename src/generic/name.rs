//! What a name says of its value.

/// The words of a name in lower case, joined by `_`: `clientSecretKey`, `client-secret.key` and `CLIENT_SECRET_KEY` are
/// all `client_secret_key`.
pub(super) fn normalized(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (place, byte) in name.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            if !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = place.checked_sub(1).map(|before| name[before]);
        let starts_word = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                let ends_capitals = name.get(place + 1).is_some_and(u8::is_ascii_lowercase);
                before.is_ascii_lowercase() || before.is_ascii_digit() || before.is_ascii_uppercase() && ends_capitals
            });
        if starts_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(char::from(byte.to_ascii_lowercase()));
    }
    out.trim_matches('_').to_owned()
}

/// Last words of names that tell something about a secret and do not hold it.
const ABOUT: &[&str] = &[
    "address",
    "alg",
    "algorithm",
    "alias",
    "arn",
    "attribute",
    "balance",
    "bits",
    "checksum",
    "class",
    "code_challenge",
    "column",
    "contract",
    "count",
    "description",
    "digest",
    "dir",
    "endpoint",
    "error",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "filename",
    "fingerprint",
    "folder",
    "form",
    "format",
    "hash",
    "header",
    "hint",
    "host",
    "id",
    "ids",
    "index",
    "input",
    "integrity",
    "issuer",
    "kind",
    "label",
    "len",
    "length",
    "limit",
    "message",
    "mint",
    "name",
    "names",
    "param",
    "path",
    "pattern",
    "placeholder",
    "policy",
    "prefix",
    "provider",
    "ref",
    "reference",
    "regex",
    "selector",
    "size",
    "suffix",
    "symbol",
    "thumbprint",
    "title",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "uuid",
    "version",
];

/// Words that make what follows no secret: a page's token, a table's key, the public half.
const HARMLESS: &[&str] = &[
    "anon",
    "anti_forgery",
    "cache",
    "cancel",
    "cancellation",
    "continuation",
    "csrf",
    "csrfmiddleware",
    "cursor",
    "etag",
    "foreign",
    "hashed",
    "host",
    "idempotency",
    "next",
    "page",
    "partition",
    "primary",
    "pub",
    "public",
    "publishable",
    "site",
    "sitekey",
    "sort",
    "sync",
    "verification",
    "xsrf",
];

/// Whether the name speaks of something beside a secret.
pub(super) fn is_about(name: &str) -> bool {
    let words = || name.split('_');
    words().next_back().is_some_and(|last| ABOUT.contains(&last)) || words().any(|word| HARMLESS.contains(&word))
}

/// Whether the name is nothing but `key`: tables, caches and translations have such keys, too.
pub(super) fn is_bare(name: &str) -> bool {
    name == "key"
}

/// Whether people choose such a value themselves, of whatever letters their keyboard has. Tokens and keys are made by
/// programs and have to stand in headers and addresses.
pub(super) fn is_free(name: &str) -> bool {
    is_password(name) || ["secret", "credential"].iter().any(|word| name.contains(word))
}

/// Whether the name is a password's.
pub(super) fn is_password(name: &str) -> bool {
    ["pass", "pwd"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        for (name, expected) in [
            ("clientSecretKey", "client_secret_key"),
            ("CLIENT_SECRET-KEY", "client_secret_key"),
            ("awsAPIKey2", "aws_api_key2"),
            ("app.db.Password", "app_db_password"),
            ("--api-key", "api_key"),
            ("apikey", "apikey"),
        ] {
            assert_eq!(normalized(name.as_bytes()), expected);
        }
    }

    #[test]
    fn lists_are_sorted() {
        assert!(ABOUT.is_sorted() && HARMLESS.is_sorted());
    }

    #[test]
    fn what_is_about_a_secret_is_none() {
        for name in ["secret_name", "token_type", "next_page_token", "public_key", "password_hash", "csrf_token"] {
            assert!(is_about(name), "{name}");
        }
        for name in ["api_key", "db_password", "client_secret", "token_secret", "identity_key"] {
            assert!(!is_about(name), "{name}");
        }
    }
}
