//! JSON Web Tokens (RFC 7519): what header and payload say of the worth of a token.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::{Verdict, json_of_base64};

/// Header and payload are base64url of JSON objects, and the header names an algorithm. Any three texts in base64url can
/// be made to pass, so this never raises. A good header before a payload that does not decode is a token that was cut or
/// changed.
pub(super) fn jwt(secret: &[u8]) -> Verdict {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    jwt_at(secret, now)
}

/// What the token is worth so many seconds after 1970.
pub(super) fn jwt_at(secret: &[u8], now: f64) -> Verdict {
    let mut parts = secret.split(|byte| *byte == b'.');
    let mut object = || parts.next().and_then(json_of_base64);
    let Some(header) = object() else { return Verdict::NotAKey };
    let Some(payload) = object() else { return without_payload(secret, &header) };
    if is_sample(&payload) {
        return Verdict::NotAKey;
    }
    if text(&header, "alg").is_none_or(|alg| alg.eq_ignore_ascii_case("none")) {
        return Verdict::Harmless("unsigned");
    }
    if holds_public_keys_alone(&payload) {
        return Verdict::Harmless("holds public keys only");
    }
    // Supabase publishes its `anon` key to every browser: <https://supabase.com/docs/guides/api/api-keys>
    if text(&payload, "role") == Some("anon") {
        return Verdict::Harmless("public by design");
    }
    let expires = payload.get("exp").and_then(Value::as_f64);
    if expires.is_some_and(|expires| expires < now) { Verdict::Harmless("expired") } else { Verdict::Open }
}

/// A token whose header is one and whose payload is no object: it was cut or changed, or is a token of another kind.
fn without_payload(secret: &[u8], header: &Map<String, Value>) -> Verdict {
    // `{"sub":"1234567890`
    const SAMPLE: &[u8] = b".eyJzdWIiOiIxMjM0NTY3ODkw";
    // An encrypted one (RFC 7516) has a key in that place.
    if header.contains_key("enc") {
        return Verdict::Harmless("encrypted");
    }
    let is_sample = memchr::memmem::find(secret, SAMPLE).is_some();
    if is_sample { Verdict::Harmless("a sample, changed") } else { Verdict::Invalid("its payload is no JSON") }
}

/// jwt.io's sample in all its signatures, RFC 7519's, and the one of `PyJWT`'s documentation.
fn is_sample(payload: &Map<String, Value>) -> bool {
    let says = |key: &str, value: &str| text(payload, key) == Some(value);
    says("sub", "1234567890") && says("name", "John Doe")
        || says("iss", "joe") && payload.contains_key("http://example.com/is_root")
        || says("some", "payload")
}

/// Whether the payload is a key or a set of keys without a private part, and grants nothing.
fn holds_public_keys_alone(payload: &Map<String, Value>) -> bool {
    let is_public = |key: &Value| key.get("kty").is_some() && key.get("d").is_none() && key.get("k").is_none();
    match payload.get("keys").and_then(Value::as_array) {
        Some(keys) => !keys.is_empty() && keys.iter().all(is_public),
        None => payload.contains_key("kty") && !payload.contains_key("d") && !payload.contains_key("k"),
    }
}

fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::example;
    use base64::Engine as _;

    fn token(header: &str, payload: &str) -> String {
        let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(payload))
    }

    #[test]
    fn tokens_must_hold_json() {
        let token = example::expand("<jwt>", "validator", 0);
        assert_eq!(jwt(token.as_bytes()), Verdict::Open);
        assert_eq!(jwt(b"eyJub3QganNvbiI.bm90IGpzb24.c2ln"), Verdict::NotAKey);
        assert_eq!(jwt(b"eyJhbGciOiJIUzI1NiJ9.bm90IGpzb24.c2ln"), Verdict::Invalid("its payload is no JSON"));
        let cut = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFt.c2ln";
        assert_eq!(jwt(cut), Verdict::Harmless("a sample, changed"));
        assert_eq!(jwt(b""), Verdict::NotAKey);
        assert_eq!(jwt(b"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."), Verdict::Harmless("unsigned"));
    }

    #[test]
    fn an_encrypted_token_has_no_payload_to_read() {
        let encrypted = token("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", "no JSON");
        assert_eq!(jwt(encrypted.as_bytes()), Verdict::Harmless("encrypted"));
    }

    #[test]
    fn claims_say_what_a_token_is_worth() {
        let now = 1_800_000_000.0;
        for (payload, expected) in [
            ("{\"role\":\"anon\"}", Verdict::Harmless("public by design")),
            ("{\"role\":\"service_role\"}", Verdict::Open),
            ("{\"sub\":\"1234567890\",\"name\":\"John Doe\"}", Verdict::NotAKey),
            ("{\"iss\":\"joe\",\"http://example.com/is_root\":true}", Verdict::NotAKey),
            ("{\"sub\":\"7\",\"exp\":1799999999}", Verdict::Harmless("expired")),
            ("{\"sub\":\"7\",\"exp\":1799999999.5}", Verdict::Harmless("expired")),
            ("{\"sub\":\"7\",\"exp\":1800000001}", Verdict::Open),
            ("{\"sub\":\"7\",\"exp\":\"never\"}", Verdict::Open),
            ("{\"kty\":\"EC\",\"x\":\"AA\"}", Verdict::Harmless("holds public keys only")),
            ("{\"keys\":[{\"kty\":\"EC\",\"x\":\"AA\"}]}", Verdict::Harmless("holds public keys only")),
            ("{\"keys\":[{\"kty\":\"EC\",\"d\":\"AA\"}]}", Verdict::Open),
        ] {
            assert_eq!(jwt_at(token("{\"alg\":\"HS256\"}", payload).as_bytes(), now), expected, "{payload}");
        }
    }
}
