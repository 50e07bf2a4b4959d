//! Tokens that are an encoding of something readable: JSON, a login, a macaroon. What decodes to that was no chance.

use serde_json::Value;

use super::{DECODES, Verdict, base64_bytes, json_of_base64};

const NOT_DECODED: Verdict = Verdict::Invalid("its body does not decode");

fn verdict(decodes: bool) -> Verdict {
    if decodes { DECODES } else { NOT_DECODED }
}

/// Service account tokens of 1Password: JSON that names where to sign in.
/// Source: two published samples.
pub(super) fn onepassword(secret: &[u8]) -> Verdict {
    verdict(has_keys(behind(secret, b"ops_"), &["signInAddress", "userAuth"]))
}

/// Access policy tokens of Grafana Cloud: JSON of an organisation, a name and a key.
/// Source: <https://grafana.com/docs/grafana-cloud/security-and-account-management/authentication-and-permissions/access-policies/>
pub(super) fn grafana_cloud(secret: &[u8]) -> Verdict {
    verdict(has_keys(behind(secret, b"glc_"), &["o", "n", "k"]))
}

/// API keys of Grafana before its service accounts: JSON of a key, a name and a number.
/// Source: <https://github.com/grafana/grafana/blob/main/pkg/components/apikeygen/apikeygen.go>
pub(super) fn grafana_legacy(secret: &[u8]) -> Verdict {
    verdict(has_keys(secret, &["k", "n", "id"]))
}

/// Organisation tokens of Sentry: between the underscores JSON of a time, an address and an organisation.
/// Source: <https://github.com/getsentry/rfcs/blob/main/text/0091-ci-upload-tokens.md>
pub(super) fn sentry(secret: &[u8]) -> Verdict {
    let mut parts = secret.split(|byte| *byte == b'_').skip(1);
    let payload = parts.next().unwrap_or_default();
    verdict(has_keys(payload, &["iat", "region_url", "org"]) && parts.next().is_some_and(|key| key.len() == 43))
}

/// Secret tokens of Mapbox: the middle is JSON of a user and a token's id.
/// Source: <https://docs.mapbox.com/help/glossary/access-token/>
pub(super) fn mapbox(secret: &[u8]) -> Verdict {
    let mut parts = secret.split(|byte| *byte == b'.').skip(1);
    let payload = parts.next().unwrap_or_default();
    verdict(has_keys(payload, &["u", "a"]) && parts.next().is_some_and(|signature| signature.len() == 22))
}

/// Tunnel tokens of Cloudflare: JSON of an account, a tunnel and a secret.
/// Source: <https://github.com/cloudflare/cloudflared/blob/master/connection/connection.go>
pub(super) fn cloudflare_tunnel(secret: &[u8]) -> Verdict {
    verdict(has_keys(secret, &["a", "t", "s"]))
}

/// Tokens of Miro: before the `_` JSON that names where the account lives.
/// Source: <https://developers.miro.com/docs/getting-started-with-oauth>
pub(super) fn miro(secret: &[u8]) -> Verdict {
    let mut parts = secret.splitn(2, |byte| *byte == b'_');
    let payload = parts.next().unwrap_or_default();
    verdict(has_keys(payload, &["miro.origin"]) && parts.next().is_some_and(|key| key.len() >= 25))
}

/// Long-lived keys of Amazon Bedrock: a name with the account's number, a colon, a secret.
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>
pub(super) fn bedrock_long(secret: &[u8]) -> Verdict {
    verdict(is_text_with(behind(secret, b"ABSK"), b':'))
}

/// Short-lived keys of Amazon Bedrock: a presigned address.
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>
pub(super) fn bedrock_short(secret: &[u8]) -> Verdict {
    verdict(is_text_with(behind(secret, b"bedrock-api-key-"), b'?'))
}

/// Reference tokens of `JFrog`: `reftkn:`, a version, a time, a secret.
/// Source: published samples, which all decode so.
pub(super) fn artifactory(secret: &[u8]) -> Verdict {
    verdict(secret.len() == 64 && is_text_with(secret, b':'))
}

/// Access tokens of Intercom: `tok:` and hexadecimal digits.
/// Source: published samples, which all decode so.
pub(super) fn intercom(secret: &[u8]) -> Verdict {
    verdict(secret.len() == 60 && is_text_with(secret, b':'))
}

/// Keys of `WorkOS`: an id, a comma, a secret.
/// Source: one published sample.
pub(super) fn workos(secret: &[u8]) -> Verdict {
    let text = base64_bytes(behind(secret, b"sk_live_")).filter(|text| is_printable(text)).unwrap_or_default();
    let is_id = |id: &[u8]| id.len() == 30 && id.starts_with(b"key_");
    verdict(matches!(text.split_at_checked(30), Some((id, [b',', key @ ..])) if is_id(id) && key.len() >= 25))
}

/// Encoded API keys of Elasticsearch: 20 characters of id, a colon, 22 of secret.
/// Source: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-create-api-key>
pub(super) fn elasticsearch(secret: &[u8]) -> Verdict {
    let is_id = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    match base64_bytes(secret).as_deref().and_then(|text| text.split_at_checked(20)) {
        Some((id, [b':', key @ ..])) => verdict(id.iter().all(is_id) && key.len() == 22 && key.iter().all(is_id)),
        _ => NOT_DECODED,
    }
}

/// A stored login: user, colon, password (RFC 7617). Anything else is no login.
pub(super) fn basic_auth(secret: &[u8]) -> Verdict {
    let Some(text) = base64_bytes(secret).filter(|text| is_printable(text)) else { return Verdict::NotAKey };
    match memchr::memchr(b':', &text) {
        None => Verdict::NotAKey,
        Some(colon) if crate::placeholder::is_placeholder(&text[colon + 1..]) => {
            Verdict::Harmless("the password is a placeholder")
        }
        Some(_) => DECODES,
    }
}

/// HTTP access tokens of Bitbucket Data Center: a number, a colon and 20 bytes.
/// Source: <https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html>
pub(super) fn bitbucket_data_center(secret: &[u8]) -> Verdict {
    let Some(bytes) = base64_bytes(behind(secret, b"BBDC-")) else { return NOT_DECODED };
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    verdict(digits >= 6 && bytes.get(digits) == Some(&b':') && bytes.len() == digits + 21)
}

/// Bot tokens of Discord: the first part is the bot's number in digits.
/// Source: <https://discord.com/developers/docs/reference#snowflakes>
pub(super) fn discord(secret: &[u8]) -> Verdict {
    let mut parts = secret.split(|byte| *byte == b'.');
    let number = parts.next().and_then(base64_bytes).unwrap_or_default();
    let is_number = (17..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    verdict(is_number && parts.nth(1).is_some_and(|signature| signature.len() >= 27))
}

/// Tokens of Vault: a message whose first number is 1 and whose second field holds 32 bytes. Root tokens are shorter and
/// hold none.
/// Source: <https://github.com/hashicorp/vault/blob/main/sdk/helper/tokenutil>
pub(super) fn vault(secret: &[u8]) -> Verdict {
    match base64_bytes(behind(secret, b"hvs.")) {
        Some(bytes) if bytes.len() >= 66 && bytes.starts_with(&[0x08, 0x01, 0x12, 0x20]) => DECODES,
        _ => Verdict::Open,
    }
}

/// Tokens of Fly.io: each part is a macaroon in `MessagePack`, an array of four whose first is one of three.
/// Source: <https://github.com/superfly/macaroon>
pub(super) fn fly(secret: &[u8]) -> Verdict {
    /// A macaroon ends in a signature of so many bytes.
    const SIGNATURE: usize = 32;
    let is_macaroon = |part: &[u8]| {
        let body = part.splitn(2, |byte| *byte == b'_').nth(1).unwrap_or_default();
        base64_bytes(body).is_some_and(|bytes| bytes.len() > SIGNATURE && bytes.starts_with(&[0x94, 0x93]))
    };
    verdict(secret.split(|byte| *byte == b',').all(is_macaroon))
}

/// Tokens of `PyPI`: a macaroon of version 2, that is a location, an id, caveats and a signature of 32 bytes.
/// Source: <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>
pub(super) fn pypi(secret: &[u8]) -> Verdict {
    match base64_bytes(behind(secret, b"pypi-")).as_deref() {
        Some([2, fields @ ..]) if ends_with_signature(fields).is_some() => DECODES,
        _ => Verdict::Invalid("its body is cut off or made up"),
    }
}

/// Walks over fields of type, length and value; a zero ends a section, two of them the caveats.
fn ends_with_signature(mut fields: &[u8]) -> Option<()> {
    const SIGNATURE: u8 = 6;
    loop {
        let (kind, rest) = fields.split_first()?;
        if *kind == 0 {
            fields = rest;
            continue;
        }
        let (length, rest) = match rest {
            [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
            [low, high @ 0..=0x7f, rest @ ..] => (usize::from(low & 0x7f) | usize::from(*high) << 7, rest),
            _ => return None,
        };
        if *kind == SIGNATURE {
            return (length == 32 && rest.len() == length).then_some(());
        }
        fields = rest.get(length..)?;
    }
}

/// `secret` without its beginning.
fn behind<'s>(secret: &'s [u8], prefix: &[u8]) -> &'s [u8] {
    secret.strip_prefix(prefix).unwrap_or(secret)
}

/// Whether the text is base64 of a JSON object with all these keys.
fn has_keys(base64: &[u8], keys: &[&str]) -> bool {
    json_of_base64(base64).is_some_and(|object| keys.iter().all(|key| object.get(*key).is_some_and(is_said)))
}

fn is_said(value: &Value) -> bool {
    value.as_str().is_none_or(|text| !text.is_empty())
}

/// Whether the text is base64 of printable characters, `sign` among them.
fn is_text_with(base64: &[u8], sign: u8) -> bool {
    base64_bytes(base64).is_some_and(|text| is_printable(&text) && text.contains(&sign))
}

fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|byte| (b' '..=b'~').contains(byte))
}
