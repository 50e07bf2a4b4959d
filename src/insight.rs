//! What a key says of itself: whose it is, what it opens, until when.
//!
//! Everything is read from the key or from the lines around it: nothing is asked of a network. What is told is public by
//! design, as the number of an account is, and never a part of the secret: where a field could hold one, it is left out.

use std::ops::Range;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::generic;
use crate::secret::Secret;
use crate::validator;
use crate::validator::sas;

/// One thing that a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insight {
    /// A lasting name for machines, such as `account`.
    pub name: &'static str,
    /// The value for machines.
    pub value: String,
    /// A sentence for people.
    pub sentence: String,
}

impl Insight {
    fn new(name: &'static str, value: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { name, value: value.into(), sentence: sentence.into() }
    }
}

/// What the secret that the rule called `rule` has found says. `around` is the text with the place of the secret, where it
/// stands there as it is.
pub(crate) fn of(rule: &str, secret: &Secret, around: Option<(&[u8], &Range<usize>)>) -> Vec<Insight> {
    #[expect(clippy::disallowed_methods, reason = "its public parts are read here, and only those are told")]
    let value = secret.expose();
    let provider = rule.split('-').next().unwrap_or_default();
    let found = match (rule, provider) {
        ("aws-access-key-id" | "aws-sts-access-key-id", _) => aws(value),
        ("gcp-service-account-key", _) => around.map(|(text, span)| service_account(text, span)).unwrap_or_default(),
        ("azure-sas-token", _) => around.map(|(text, span)| shared_access(&sas::query(text, span))).unwrap_or_default(),
        (_, "github") if !value.starts_with(b"ey") => github(value),
        (_, "slack") => slack(value),
        (_, "stripe") => stripe(value),
        _ if value.starts_with(b"eyJ") => jwt(value, OffsetDateTime::now_utc().unix_timestamp()),
        _ => Vec::new(),
    };
    debug_assert!(found.iter().all(|insight| !insight.value.is_empty()), "what is not said is left out");
    found
}

/// The account that a key id holds.
/// Source: <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>
fn aws(key_id: &[u8]) -> Vec<Insight> {
    let account = validator::aws_account(key_id).filter(|account| *account <= validator::LARGEST_AWS_ACCOUNT);
    let told = account.map(|account| {
        Insight::new("account", format!("{account:012}"), format!("Belongs to AWS account {account:012}."))
    });
    told.into_iter().collect()
}

/// The kind of a token, by its beginning, and how long that kind lives.
/// Sources: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/> and
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens>
fn github(token: &[u8]) -> Vec<Insight> {
    const KINDS: [(&[u8], &str, &str); 6] = [
        (b"ghp_", "classic", "A classic token: it cannot be limited to single repositories."),
        (b"github_pat_", "fine-grained", "A fine-grained token: it opens the repositories that were chosen."),
        (b"gho_", "oauth", "An OAuth token: it acts as whoever authorized the app."),
        (b"ghu_", "user-to-server", "A GitHub App's token for a user: as a rule it expires after eight hours."),
        (b"ghs_", "server-to-server", "A GitHub App's installation token: it expires after an hour."),
        (b"ghr_", "refresh", "A refresh token: it is good for six months."),
    ];
    let kind = KINDS.iter().find(|(beginning, ..)| token.starts_with(beginning));
    kind.map(|(_, name, sentence)| Insight::new("kind", *name, *sentence)).into_iter().collect()
}

/// Live or test mode. Source: <https://docs.stripe.com/keys>
fn stripe(key: &[u8]) -> Vec<Insight> {
    let told = match key.splitn(3, |byte| *byte == b'_').nth(1) {
        Some(b"live") => Some(("live", "Live mode: it works with real money.")),
        Some(b"test") => Some(("test", "Test mode: it works with made-up money only.")),
        _ => None,
    };
    told.map(|(mode, sentence)| Insight::new("mode", mode, sentence)).into_iter().collect()
}

/// The workspace in the address of a webhook, and the app in an app-level token (`xapp-1-A...`).
/// Sources: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks> and
/// <https://docs.slack.dev/authentication/tokens>
fn slack(secret: &[u8]) -> Vec<Insight> {
    let is_id = |id: &&str, openings: &[u8]| {
        let rest = id.bytes().skip(1).all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        rest && (5..=16).contains(&id.len()) && openings.contains(&id.as_bytes()[0])
    };
    let Ok(text) = str::from_utf8(secret) else { return Vec::new() };
    if let Some(id) = text.strip_prefix("xapp-").and_then(|rest| rest.split('-').nth(1)).filter(|id| is_id(id, b"A")) {
        return vec![Insight::new("app", id, format!("Belongs to the Slack app {id}."))];
    }
    let path = ["/services/", "/workflows/", "/triggers/"].iter().find_map(|folder| text.split_once(folder));
    let id = path.and_then(|(_, rest)| rest.split('/').next()).filter(|id| is_id(id, b"TE"));
    id.map(|id| Insight::new("workspace", id, format!("Posts to the Slack workspace {id}."))).into_iter().collect()
}

/// Project and account, which stand beside the key in its file.
/// Source: <https://cloud.google.com/iam/docs/keys-create-delete>
fn service_account(text: &[u8], span: &Range<usize>) -> Vec<Insight> {
    const FARTHEST: usize = 4 << 10;
    let around = &text[span.start.saturating_sub(FARTHEST)..text.len().min(span.end + FARTHEST)];
    let around = String::from_utf8_lossy(around);
    let project = field(&around, "project_id").filter(|id| is_plain(id, "-:."));
    let account =
        field(&around, "client_email").filter(|mail| is_plain(mail, "-@.") && mail.ends_with(".gserviceaccount.com"));
    let project = project.map(|id| Insight::new("project", id, format!("Opens the Google Cloud project {id}.")));
    let account = account.map(|mail| Insight::new("account", mail, format!("Acts as {mail}.")));
    project.into_iter().chain(account).collect()
}

/// The value of `"name": "value"`, its quotes escaped or not.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    const LONGEST: usize = 120;
    let (_, rest) = text.split_once(&format!("{name}\"")).or_else(|| text.split_once(&format!("{name}\\\"")))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let rest = rest.strip_prefix('"').or_else(|| rest.strip_prefix("\\\""))?;
    rest.split(['"', '\\']).next().filter(|value| !value.is_empty() && value.len() <= LONGEST)
}

/// What a shared access signature grants, and until when.
/// Sources: <https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas> and
/// <https://learn.microsoft.com/en-us/rest/api/storageservices/create-account-sas>
fn shared_access(query: &str) -> Vec<Insight> {
    const LETTERS: [(char, &str); 15] = [
        ('r', "read"),
        ('a', "add"),
        ('c', "create"),
        ('w', "write"),
        ('d', "delete"),
        ('x', "delete versions"),
        ('y', "delete for good"),
        ('l', "list"),
        ('t', "tag"),
        ('f', "find by tag"),
        ('m', "move"),
        ('e', "execute"),
        ('o', "change owners"),
        ('p', "change permissions"),
        ('u', "update"),
    ];
    let part = |name: &'static str| query.split(['?', '&', ';']).filter_map(move |part| part.strip_prefix(name));
    let granted = part("sp=").next().filter(|letters| (1..=15).contains(&letters.len()));
    let words = granted.and_then(|letters| {
        let word = |letter| LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, word)| *word);
        letters.chars().map(word).collect::<Option<Vec<_>>>()
    });
    let permissions =
        words.map(|words| Insight::new("permissions", words.join(", "), format!("Allows: {}.", words.join(", "))));
    let expiry = part("se=").filter_map(sas::last_day).max();
    let expiry = expiry.map(|day| Insight::new("expires", day.to_string(), format!("Good until {day}.")));
    permissions.into_iter().chain(expiry).collect()
}

/// Issuer, scopes and expiry of a JSON Web Token, so many seconds after 1970.
/// Sources: RFC 7519 (`iss`, `exp`), RFC 8693 (`scope`), and for `role` and the account of a pod
/// <https://supabase.com/docs/guides/api/api-keys> and
/// <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/>
fn jwt(token: &[u8], now: i64) -> Vec<Insight> {
    const MOST_SCOPES: usize = 8;
    let payload = token.split(|byte| *byte == b'.').nth(1).and_then(validator::json_of_base64);
    let Some(payload) = payload else { return Vec::new() };
    let mut told = Vec::new();
    if let Some(issuer) = text(&payload, "iss").filter(|issuer| is_plain(issuer, "-_.:/")) {
        told.push(Insight::new("issuer", issuer, format!("Issued by {issuer}.")));
    }
    if let Some("service_role") = text(&payload, "role") {
        told.push(Insight::new("role", "service_role", "Has the role service_role: it passes all row-level security."));
    }
    let is_pod = |name: &&str| name.starts_with("system:serviceaccount:") && is_plain(name, "-:.");
    if let Some(account) = text(&payload, "sub").filter(is_pod) {
        told.push(Insight::new("account", account, format!("Acts as {account}.")));
    }
    let scopes: Vec<_> = scopes(&payload).into_iter().filter(|scope| is_plain(scope, "-_.:/*")).collect();
    if !scopes.is_empty() {
        let shown = scopes.iter().take(MOST_SCOPES).copied().collect::<Vec<_>>().join(", ");
        let more = scopes.len().checked_sub(MOST_SCOPES).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        told.push(Insight::new("scopes", scopes.join(" "), format!("Has the scopes {shown}{more}.")));
    }
    let expiry = payload.get("exp").and_then(Value::as_f64).filter(|seconds| (0.0..1e11).contains(seconds));
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let expiry = expiry.map(|seconds| seconds as i64);
    let day = expiry.and_then(|seconds| Some((seconds, OffsetDateTime::from_unix_timestamp(seconds).ok()?.date())));
    match day {
        Some((seconds, day)) if seconds < now => {
            told.push(Insight::new("expires", day.to_string(), format!("Expired on {day}.")));
        }
        Some((_, day)) => told.push(Insight::new("expires", day.to_string(), format!("Good until {day}."))),
        None => {}
    }
    told
}

fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

/// The scopes of a token: words in one text, or a list.
fn scopes(payload: &Map<String, Value>) -> Vec<&str> {
    let value = ["scope", "scp", "scopes"].iter().find_map(|key| payload.get(*key));
    match value {
        Some(Value::String(words)) => words.split_whitespace().collect(),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `value` is made of words that people chose, so that it can be told: short, of letters, digits and `signs`,
/// and without a word that looks random. A UUID may be the name of a tenant.
fn is_plain(value: &str, signs: &str) -> bool {
    const LONGEST: usize = 120;
    let is_known = |letter: char| letter.is_ascii_alphanumeric() || signs.contains(letter);
    let is_uuid = |word: &str| word.len() == 36 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_random = |word: &str| !is_uuid(word) && generic::is_unlike_words(word.as_bytes());
    let is_short = !value.is_empty() && value.len() <= LONGEST && value.chars().all(is_known);
    is_short && !value.split(['/', ':', '@', '.']).any(is_random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    /// The sentences of what `rule` finds in `text` between two `@`.
    fn told(rule: &str, text: &str) -> Vec<String> {
        let start = text.find('@').unwrap();
        let end = text.rfind('@').unwrap() - 1;
        let text = text.replacen('@', "", 2);
        let secret = Secret::new(&text.as_bytes()[start..end], 0);
        of(rule, &secret, Some((text.as_bytes(), &(start..end)))).into_iter().map(|insight| insight.sentence).collect()
    }

    fn token(payload: &str) -> String {
        let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
        format!("{}.{}.c2lnbmF0dXJl", part("{\"alg\":\"HS256\"}"), part(payload))
    }

    #[test]
    fn a_key_id_of_aws_names_its_account() {
        // The key id of the article, put together here.
        let key_id = format!("ASIA{}", "Y34FZKBOKMUTVV7A");
        assert_eq!(told("aws-sts-access-key-id", &format!("k = @{key_id}@")), ["Belongs to AWS account 609629065308."]);
        // Made before 2019, or of another kind, it names none.
        assert!(told("aws-access-key-id", &format!("@AKIA{}@", "IOSFODNN7ABCDEFG")).is_empty());
        assert!(told("aws-access-key-id", "@AKIA@").is_empty());
    }

    #[test]
    fn beginnings_say_what_kind_it_is() {
        let body = "abcdefghijklmnopqrstuvwxyz0123456789";
        for (rule, beginning, expected) in [
            ("github-pat-classic", "ghp_", "A classic token: it cannot be limited to single repositories."),
            ("github-refresh-token", "ghr_", "A refresh token: it is good for six months."),
            ("stripe-secret-key-live", "sk_live_", "Live mode: it works with real money."),
            ("stripe-test-key", "rk_test_", "Test mode: it works with made-up money only."),
        ] {
            assert_eq!(told(rule, &format!("@{beginning}{body}@")), [expected], "{rule}");
        }
        assert!(told("github-legacy-token", &format!("@{body}@")).is_empty());
        assert!(told("stripe-webhook-secret", &format!("@whsec_{body}@")).is_empty());
    }

    #[test]
    fn slack_names_the_workspace_or_the_app() {
        let body = "abcdefghijklmnopqrstuvwx";
        let webhook = format!("@https://hooks.slack.com/services/T0123ABCD/B0123ABCD/{body}@");
        assert_eq!(told("slack-webhook-url", &webhook), ["Posts to the Slack workspace T0123ABCD."]);
        assert_eq!(
            told("slack-app-token", &format!("@xapp-1-A0123ABCD-123456-{body}@")),
            ["Belongs to the Slack app A0123ABCD."]
        );
        assert!(told("slack-bot-token", &format!("@xoxb-123456789012-123456789012-{body}@")).is_empty());
    }

    #[test]
    fn a_service_account_is_named_by_its_file() {
        let file = "{\"type\": \"service_account\", \"project_id\": \"acme-prod\", \"private_key_id\": \"@0123@\", \
                    \"client_email\": \"deploy%acme-prod.iam.gserviceaccount.com\"}"
            .replace('%', "\u{40}");
        let (before, mail) = file.split_at(file.find("deploy").unwrap());
        let text = before.replace('@', "");
        let start = text.find("0123").unwrap();
        let text = format!("{text}{mail}");
        let secret = Secret::new(b"0123", 0);
        let sentences = |text: &str| -> Vec<_> {
            let told = of("gcp-service-account-key", &secret, Some((text.as_bytes(), &(start..start + 4))));
            told.into_iter().map(|insight| insight.sentence).collect()
        };
        let expected =
            ["Opens the Google Cloud project acme-prod.", "Acts as deploy@acme-prod.iam.gserviceaccount.com."];
        assert_eq!(sentences(&text), expected);
        assert!(
            sentences(&text.replace("acme-prod", "q8Zt2LmXw9RbV4nYp6KsD1fGh7").replace("deploy", "a b")).is_empty()
        );
        // Decoded from somewhere, nothing stands around it.
        assert!(of("gcp-service-account-key", &secret, None).is_empty());
    }

    #[test]
    fn a_signature_of_azure_says_what_it_allows() {
        let sas =
            |query: &str| told("azure-sas-token", &format!("https://acme.blob.core.windows.net/c?{query}&sig=@AAAA@"));
        assert_eq!(
            sas("sv=2022-11-02&sp=rwl&se=2031-01-01T00:00:00Z"),
            ["Allows: read, write, list.", "Good until 2031-01-01."]
        );
        assert_eq!(sas("sv=2022-11-02&sp=rq"), Vec::<String>::new());
        assert_eq!(sas("sv=2022-11-02&amp;sp=r&amp;se=never"), ["Allows: read."]);
    }

    #[test]
    fn a_token_says_who_issued_it_for_what_and_until_when() {
        let told = |payload: &str| -> Vec<_> {
            jwt(token(payload).as_bytes(), 1_800_000_000).into_iter().map(|insight| insight.sentence).collect()
        };
        assert_eq!(
            told("{\"iss\":\"https://id.acme.net/\",\"scope\":\"read:orders write:orders\",\"exp\":1893456000}"),
            ["Issued by https://id.acme.net/.", "Has the scopes read:orders, write:orders.", "Good until 2030-01-01."]
        );
        assert_eq!(
            told("{\"exp\":1700000000,\"scp\":[\"a\",\"b\"]}"),
            ["Has the scopes a, b.", "Expired on 2023-11-14."]
        );
        assert_eq!(
            told("{\"role\":\"service_role\"}"),
            ["Has the role service_role: it passes all row-level security."]
        );
        assert_eq!(
            told("{\"sub\":\"system:serviceaccount:web:default\"}"),
            ["Acts as system:serviceaccount:web:default."]
        );
        let tenant = "https://sts.windows.net/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/";
        assert_eq!(told(&format!("{{\"iss\":\"{tenant}\"}}")), [format!("Issued by {tenant}.")]);
    }

    #[test]
    fn what_could_be_a_secret_is_not_told() {
        for payload in [
            "{\"iss\":\"q8Zt2LmXw9RbV4nYp6KsD1fGh7\"}",
            "{\"iss\":\"https://acme.net/?key=abc\"}",
            "{\"iss\":\"a\\u001b[31m\"}",
            "{\"sub\":\"ann@acme.net\",\"exp\":\"soon\",\"scope\":7}",
            "{\"exp\":1e300}",
            "{\"exp\":-5}",
            "[]",
        ] {
            assert!(jwt(token(payload).as_bytes(), 0).is_empty(), "{payload}");
        }
        let long = format!("{{\"iss\":\"https://{}\"}}", "a.".repeat(100));
        assert!(jwt(token(&long).as_bytes(), 0).is_empty());
        let many = format!("{{\"scope\":\"{}\"}}", "mail ".repeat(20));
        assert!(jwt(token(&many).as_bytes(), 0)[0].sentence.ends_with("mail and 12 more."));
    }
}
