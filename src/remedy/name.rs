//! What the variable is called: as its kind is usually, else as what the value is given to, else as the rule.

use std::ops::Range;

use super::extent;
use crate::rules::Rule;
use crate::rules::spec::is_variable_name;

/// Names for the variable of a value, the best first, which is `first` if it is fit; there is at least one.
///
/// A repository writes both the rule and the text, so no name comes out of it that programs obey, such as `PATH`.
pub(crate) fn candidates(first: Option<&str>, rule: Rule<'_>, (text, span): (&[u8], &Range<usize>)) -> Vec<String> {
    let facts = rule.facts();
    let is_fit = |name: &String| is_variable_name(name) && may_be(name, rule);
    let assigned = assigned(text, span).filter(|name| facts.variable().is_none() || !is_common(name));
    let all = [first, facts.variable(), assigned.as_deref()].into_iter().flatten();
    let names: Vec<_> = all.map(|variable| extent::narrowed(variable, text, span)).filter(is_fit).collect();
    if !names.is_empty() {
        return names;
    }
    let of_id = screaming(facts.id.as_bytes());
    let of_id = [of_id.clone(), format!("{of_id}_KEY")].into_iter().find(is_fit);
    vec![of_id.unwrap_or_else(|| "SECRET_KEY".to_owned())]
}

/// Whether what `rule` finds may be kept in such a variable. Who wrote a rule has chosen what it finds along with the name,
/// so that only one of a secret is taken: no list holds all that some program obeys.
pub(crate) fn may_be(name: &str, rule: Rule<'_>) -> bool {
    is_free(name) && (!rule.chooses_variable() || is_of_secret(name))
}

/// Whether the name says that it holds a secret, and not where programs go.
fn is_of_secret(name: &str) -> bool {
    const SECRETS: [&str; 19] = [
        "AUTH",
        "CONNECTION_STRING",
        "COOKIE",
        "CREDENTIAL",
        "CREDENTIALS",
        "DSN",
        "JWT",
        "KEY",
        "LICENSE",
        "PASS",
        "PASSPHRASE",
        "PASSWD",
        "PASSWORD",
        "PAT",
        "PIN",
        "PWD",
        "SECRET",
        "TOKEN",
        "WEBHOOK",
    ];
    const PLACES: [&str; 8] = ["API", "BASE", "ENDPOINT", "INDEX", "MIRROR", "PROXY", "REGISTRY", "SERVER"];
    let ends_in = |name: &str, words: &[&str]| {
        words.iter().any(|word| name.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
    };
    let of_url = name.strip_suffix("_URL").or(name.strip_suffix("_URI"));
    ends_in(name, &SECRETS) && name != "PWD" || of_url.is_some_and(|name| !ends_in(name, &PLACES))
}

/// Whether many programs have such a variable, for other things than keys.
fn is_common(name: &str) -> bool {
    const NAMES: &str = "ARGS CMD COMMAND CONFIG DATA DEBUG DESCRIPTION HOST ID MODE NAME OPTIONS PORT REPO RUN SCRIPT URI URL \
        USERNAME VALUE VERSION";
    NAMES.split_ascii_whitespace().any(|common| common == name)
}

/// Whether no program takes orders from such a variable.
pub(crate) fn is_free(name: &str) -> bool {
    const NAMES: &str = "ALL_PROXY AWS_ENDPOINT_URL BASH_ENV BROWSER CC CDPATH CLASSPATH CXX DISPLAY DOCKER_HOST EDITOR ENV \
        GOFLAGS GOPROXY HOME HTTPS_PROXY HTTP_PROXY IFS KUBECONFIG LANG LESSCLOSE LESSOPEN LUA_INIT \
        MAKEFLAGS MAVEN_OPTS OPENSSL_CONF PAGER PATH PROMPT_COMMAND PS1 PS4 PWD REQUESTS_CA_BUNDLE RUSTC \
        RUSTC_WORKSPACE_WRAPPER RUSTC_WRAPPER RUSTFLAGS SHELL SSL_CERT_DIR SSL_CERT_FILE SUDO_ASKPASS TERM \
        TMPDIR USER VISUAL ZDOTDIR";
    const BEGINNINGS: [&str; 16] = [
        "LD_",
        "DYLD_",
        "GIT_",
        "SSH_",
        "NODE_",
        "PYTHON",
        "PERL",
        "RUBY",
        "JAVA_TOOL",
        "JDK_JAVA",
        "_JAVA",
        "DOTNET_",
        "BASH_",
        "NPM_CONFIG_",
        "PIP_",
        "XDG_",
    ];
    const LONGEST: usize = 60;
    name.len() <= LONGEST
        && NAMES.split(' ').all(|own| own != name)
        && !BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// The name of what is given the value on its line: `stripeKey = "...`, `"stripe-key": "...`.
pub(crate) fn assigned(text: &[u8], span: &Range<usize>) -> Option<String> {
    const FARTHEST: usize = 160;
    let near = &text[span.start.saturating_sub(FARTHEST)..span.start];
    let line = before_address(near.rsplit(|byte| *byte == b'\n').next().unwrap_or_default());
    // `String::from(` gives no name.
    let is_path = |at: usize| line[at] == b':' && (line[..at].ends_with(b":") || line[at + 1..].starts_with(b":"));
    let sign = (0..line.len()).rev().find(|at| matches!(line[*at], b'=' | b':') && !is_path(*at))?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // What stands between sign and value is quotes, calls and the like.
    if line[sign + 1..].iter().filter(|byte| is_name(byte)).count() > 12 {
        return None;
    }
    let mut before = line[..sign].trim_ascii_end();
    before = before.strip_suffix(b":").unwrap_or(before).trim_ascii_end();
    // The type of a variable stands between its name and the sign.
    let is_colon = |at: &usize| before[*at] == b':' && !is_path(*at);
    if let Some(colon) = (0..before.len()).rev().find(is_colon).filter(|_| line[sign] == b'=') {
        before = before[..colon].trim_ascii_end();
    }
    before = before.trim_ascii_end();
    while let Some(rest) = before.strip_suffix(b"\"").or(before.strip_suffix(b"'")).or(before.strip_suffix(b"]")) {
        before = rest;
    }
    let start = before.iter().rposition(|byte| !is_name(byte)).map_or(0, |other| other + 1);
    let name = before[start..].rsplit(|byte| *byte == b'.').next()?;
    (name.len() > 2).then(|| screaming(name))
}

/// The part of a line before the address that it ends in: who logs in there is no name for the password.
fn before_address(line: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'=');
    let start = line.iter().rposition(is_end).map_or(0, |end| end + 1);
    if memchr::memmem::find(&line[start..], b"://").is_some() { &line[..start] } else { line }
}

/// `stripeKey`, `stripe-key` and `stripe_key` as `STRIPE_KEY`.
fn screaming(name: &[u8]) -> String {
    let mut out = String::new();
    let mut last = b'_';
    for byte in name {
        let begins_word = byte.is_ascii_uppercase() && (last.is_ascii_lowercase() || last.is_ascii_digit());
        if begins_word {
            out.push('_');
        }
        let is_letter = byte.is_ascii_alphanumeric();
        if is_letter || !out.is_empty() && !out.ends_with('_') {
            out.push(if is_letter { char::from(byte.to_ascii_uppercase()) } else { '_' });
        }
        last = *byte;
    }
    out.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_from_what_is_assigned() {
        for (text, expected) in [
            ("const stripeKey = \"@", Some("STRIPE_KEY")),
            ("  \"stripe-key\": \"@", Some("STRIPE_KEY")),
            ("config.api.token = '@", Some("TOKEN")),
            ("private const string ApiKey = @\"@", Some("API_KEY")),
            ("apiUrl = f\"https://admin:@", Some("API_URL")),
            ("https://admin:@", None),
            ("let stripe_key = String::from(\"@", Some("STRIPE_KEY")),
            ("let stripe: std::string::String = x(\"@", Some("STRIPE")),
            ("map.insert(String::from(\"@", None),
            ("let key: &'static str = \"@", Some("KEY")),
            ("key := \"@", Some("KEY")),
            ("headers[\"x-api-key\"] = \"@", Some("X_API_KEY")),
            ("export MY_TOKEN=@", Some("MY_TOKEN")),
            ("f(\"@", None),
            ("x = \"@", None),
        ] {
            let place = text.rfind('@').unwrap();
            assert_eq!(assigned(text.as_bytes(), &(place..place + 1)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn no_name_gives_orders() {
        for name in ["PATH", "LD_PRELOAD", "NODE_OPTIONS", "GIT_SSH_COMMAND", "PYTHONSTARTUP", "BASH_ENV"] {
            assert!(!is_free(name), "{name}");
        }
        for name in ["RUSTC_WRAPPER", "LESSOPEN", "XDG_CONFIG_HOME", "HTTPS_PROXY", "AWS_ENDPOINT_URL", "LANG", "PWD"] {
            assert!(!is_free(name), "{name}");
        }
        assert!(is_free("STRIPE_KEY") && is_free("GITHUB_TOKEN"));
    }

    #[test]
    fn common_names_are_none_of_a_key() {
        assert!(["PORT", "CMD", "URL"].iter().all(|name| is_common(name)));
        assert!(!["ACCESS", "DATABASE_URL", "PORT_KEY"].iter().any(|name| is_common(name)));
    }

    #[test]
    fn a_rule_of_the_repository_names_secrets_alone() {
        for name in ["ACME_API_KEY", "TOKEN", "DATABASE_URL", "ACME_PAT", "ACME_CONNECTION_STRING", "MONGODB_URI"] {
            assert!(is_of_secret(name), "{name}");
        }
        for name in ["ACME", "MONKEY", "PWD", "SUDO_ASKPASS", "UV_INDEX_URL", "OPENAI_BASE_URL", "GRADLE_OPTS", "URL"] {
            assert!(!is_of_secret(name), "{name}");
        }
    }
}
