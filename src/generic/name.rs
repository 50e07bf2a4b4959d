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

/// Words that make a key or token no secret wherever they stand: the public half, a form's token.
const PUBLIC: &[&str] = &[
    "anon",
    "anti_forgery",
    "csrf",
    "csrfmiddleware",
    "etag",
    "gpgkey",
    "hashed",
    "pgpkey",
    "pub",
    "pubkey",
    "public",
    "publishable",
    "sitekey",
    "xsrf",
];

/// Words that make the key or token right behind them no secret: a page's token, a table's key.
const HARMLESS: &[&str] = &[
    "cache",
    "cancel",
    "cancellation",
    "continuation",
    "cursor",
    "foreign",
    "gpg",
    "host",
    "idempotency",
    "lock",
    "lookup",
    "next",
    "page",
    "partition",
    "pgp",
    "primary",
    "row",
    "server",
    "site",
    "sort",
    "sync",
    "update",
    "upload",
    "verification",
    "verify",
];

/// Whether the name speaks of something beside a secret. A password or a secret is one whatever it is for.
pub(super) fn is_about(name: &str) -> bool {
    let mut words = name.split('_').rev();
    let (last, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if ABOUT.contains(&last) {
        return true;
    }
    let is_key = ["key", "keys", "token", "tokens"].contains(&last);
    // A page's token may be named at length: `next_results_token`.
    if last == "token" && name.split('_').any(|word| word == "next") {
        return true;
    }
    let is_free = ["secret", "pass", "pwd"].iter().any(|word| last.contains(word));
    !is_free && name.split('_').any(|word| PUBLIC.contains(&word)) || is_key && HARMLESS.contains(&before)
}

/// Whether `value` is the id of an `OpenPGP` key, by which it is signed and not opened: 8, 16 or 40 hex digits.
pub(super) fn is_key_id(name: &str, value: &[u8]) -> bool {
    let is_of_signer =
        ["gpg", "pgp", "signingkey", "signing_key", "manager_key"].iter().any(|part| name.contains(part));
    is_of_signer && [8, 16, 40].contains(&value.len()) && value.iter().all(u8::is_ascii_hexdigit)
}

/// Whether the name is one of a setting that is about passwords, such as `SHOW_PASSWORD`.
pub(super) fn is_switch(name: &str) -> bool {
    const VERBS: [&str; 18] = [
        "allow", "change", "disable", "enable", "feature", "force", "forgot", "has", "hide", "is", "no", "random",
        "require", "reset", "show", "update", "use", "validate",
    ];
    name.split('_').any(|word| VERBS.contains(&word))
}

/// Whether the name is nothing but `key`: tables, caches and translations have such keys, too.
pub(super) fn is_bare(name: &str) -> bool {
    name == "key"
}

/// Whether a bare `key` in an object of this name is a secret.
pub(super) fn owns_secrets(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "api",
        "auth",
        "authentication",
        "authorization",
        "credentials",
        "encryption",
        "hmac",
        "jwt",
        "secrets",
        "signing",
        "token",
        "tokens",
    ];
    !is_about(name) && name.split('_').any(|word| WORDS.contains(&word))
}

/// Whether the name says no more than that it is some key.
pub(super) fn is_vague(name: &str) -> bool {
    const KINDS: [&str; 6] = ["encrypt", "sign", "master", "account", "license", "jwt"];
    name.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("key")
        && !is_telling(name)
        && !KINDS.iter().any(|kind| name.contains(kind))
}

/// Whether the name alone tells a secret from the ids, hashes and look-up keys that have the same form.
pub(super) fn is_telling(name: &str) -> bool {
    const WORDS: [&str; 8] = ["token", "secret", "pass", "api", "access", "auth", "private", "credential"];
    WORDS.iter().any(|word| name.contains(word))
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
        assert!(ABOUT.is_sorted() && PUBLIC.is_sorted() && HARMLESS.is_sorted());
    }

    #[test]
    fn what_is_about_a_secret_is_none() {
        for name in ["secret_name", "token_type", "next_page_token", "public_key", "password_hash", "csrf_token"] {
            assert!(is_about(name), "{name}");
        }
        for name in [
            "api_key",
            "db_password",
            "client_secret",
            "token_secret",
            "identity_key",
            "redis_cache_password",
            "next_auth_secret",
            "site_api_key",
            "db_host_password",
            "verification_secret",
        ] {
            assert!(!is_about(name), "{name}");
        }
    }
}
