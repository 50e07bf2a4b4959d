//! Offline proofs: what a value itself tells about being a key.
//!
//! A proof that more than one in a thousand random values would pass can only reject or leave open, never raise.

mod checksum;
mod encoded;
mod jwt;
mod keystore;
mod kubernetes;
pub(crate) mod marvin;
mod pem;
pub(crate) mod pgp;
pub(crate) mod putty;
pub(crate) mod sas;
pub(crate) mod wallet;

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::encrypted;
use crate::generic;
use crate::rules::spec::Validator;
pub(crate) use pem::PemBlock;

/// What a proof says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Proven; the fragment says by what.
    Valid(&'static str),
    /// A value that nobody has to revoke; the fragment says why.
    Harmless(&'static str),
    /// The proof fails; the fragment says how.
    Invalid(&'static str),
    /// Nothing can be said.
    Open,
    /// Something else that has this shape.
    NotAKey,
}

const CHECKSUM_VALID: Verdict = Verdict::Valid("checksum valid");
const CHECKSUM_MISMATCH: &str = "its checksum does not match";
/// The value is the encoding of what it should be.
const DECODES: Verdict = Verdict::Valid("body decodes");
/// A key that is locked by a passphrase.
const ENCRYPTED: Verdict = Verdict::Harmless("encrypted");

/// What the proof called `validator` says of the secret at `span` of `text`.
pub(crate) fn check(validator: Validator, text: &[u8], span: &Range<usize>) -> Verdict {
    let verdict = run(validator, text, span);
    let is_proven = matches!(verdict, Verdict::Valid(_));
    if !is_proven && has_fixed_length(validator) && goes_on(text, span.end) { Verdict::NotAKey } else { verdict }
}

/// Whether the regexes of the rules with this proof take as many characters as the token has, whatever comes behind.
/// Chance makes a right checksum of 32 bits once in four thousand millions: a token that has one is found also where a
/// letter or another word stuck to it. Without a right one the longer word is something else.
fn has_fixed_length(validator: Validator) -> bool {
    use Validator::{Apify, Crc32Base62, Deno, Dynamic, Grafana, Zuplo};
    matches!(validator, Apify | Crc32Base62 | Deno | Dynamic | Grafana | Zuplo)
}

/// Whether the word of which `end` is the end of a part goes on there.
fn goes_on(text: &[u8], end: usize) -> bool {
    text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Runs the proof on the secret.
fn run(validator: Validator, text: &[u8], span: &Range<usize>) -> Verdict {
    let secret = &text[span.clone()];
    match validator {
        Validator::Crc32Base62 => checksum::crc32_base62(secret),
        Validator::Polar => checksum::polar(secret),
        Validator::Deno => checksum::deno(secret),
        Validator::Vercel => checksum::vercel(secret),
        Validator::Apify => checksum::apify(secret),
        Validator::Dynamic => checksum::dynamic(secret),
        Validator::Matrix => checksum::matrix(secret),
        Validator::Atlassian => checksum::atlassian(secret),
        Validator::Grafana => checksum::grafana(secret),
        Validator::Zuplo => checksum::zuplo(secret),
        Validator::Confluent => checksum::confluent(secret),
        Validator::GitlabRoutable => checksum::gitlab_routable(secret),
        Validator::NatsSeed => checksum::nats_seed(secret),
        Validator::AzureStorage => marvin::azure_storage(secret),
        Validator::AzureAnnotated => marvin::azure_annotated(secret),
        Validator::AzureDevops => checksum::azure_devops(secret),
        Validator::AgeIdentity => wallet::age_identity(secret),
        Validator::NostrKey => wallet::nostr_key(secret),
        Validator::BitcoinWif => wallet::bitcoin_wif(secret),
        Validator::ExtendedKey => wallet::extended_key(secret),
        Validator::Mnemonic => wallet::mnemonic(secret),
        Validator::Onepassword => encoded::onepassword(secret),
        Validator::GrafanaCloud => encoded::grafana_cloud(secret),
        Validator::GrafanaLegacy => encoded::grafana_legacy(secret),
        Validator::Sentry => encoded::sentry(secret),
        Validator::Mapbox => encoded::mapbox(secret),
        Validator::CloudflareTunnel => encoded::cloudflare_tunnel(secret),
        Validator::Miro => encoded::miro(secret),
        Validator::BedrockLong => encoded::bedrock_long(secret),
        Validator::BedrockShort => encoded::bedrock_short(secret),
        Validator::Artifactory => encoded::artifactory(secret),
        Validator::Intercom => encoded::intercom(secret),
        Validator::Workos => encoded::workos(secret),
        Validator::Elasticsearch => encoded::elasticsearch(secret),
        Validator::BasicAuth => encoded::basic_auth(secret),
        Validator::BitbucketDataCenter => encoded::bitbucket_data_center(secret),
        Validator::Discord => encoded::discord(secret),
        Validator::Vault => encoded::vault(secret),
        Validator::Fly => encoded::fly(secret),
        Validator::Pypi => encoded::pypi(secret),
        Validator::AwsAccessKeyId => aws_access_key_id(secret),
        Validator::Jwt => jwt::jwt(secret),
        Validator::Pem => pem::pem(secret),
        Validator::Putty => putty::putty(secret),
        Validator::Der => pem::der(text, span),
        Validator::KubernetesData => kubernetes::data(text, span),
        Validator::Base64Pem => pem::base64_of_pem(secret),
        Validator::AzureSas => sas::sas(text, span),
        Validator::JavaKeystore => keystore::java(secret),
        Validator::Pkcs12 => keystore::pkcs12(secret),
        Validator::PgpSecretKey => pgp::secret_key(secret),
        Validator::Unencrypted => unencrypted(text),
        Validator::UrlPassword => url_password(text, span),
        Validator::UnlikeWords => unlike_words(secret),
    }
}

fn unencrypted(text: &[u8]) -> Verdict {
    if encrypted::is_encrypted(text) { Verdict::NotAKey } else { Verdict::Open }
}

fn unlike_words(secret: &[u8]) -> Verdict {
    if generic::is_unlike_words(secret) { Verdict::Open } else { Verdict::NotAKey }
}

/// The part of a match that is the secret, where its regex cannot tell.
pub(crate) fn part(validator: Option<Validator>, text: &[u8], span: Range<usize>) -> Range<usize> {
    if validator == Some(Validator::KubernetesData) { kubernetes::block(text, &span) } else { span }
}

/// What the proof called `validator` looks at, for people.
pub(crate) fn sentence(validator: Validator) -> &'static str {
    match validator {
        Validator::Crc32Base62 => "the last six characters are a checksum (CRC-32 in base62) of those before",
        Validator::Polar
        | Validator::Deno
        | Validator::Vercel
        | Validator::Apify
        | Validator::Dynamic
        | Validator::Confluent => "the last six characters are a checksum (CRC-32) of those before",
        Validator::Matrix => "the last six characters are a checksum (CRC-32) where Synapse made the token",
        Validator::Atlassian | Validator::Grafana | Validator::Zuplo => {
            "the last eight characters are a checksum (CRC-32) of those before"
        }
        Validator::GitlabRoutable => "the last nine characters are a length and a checksum (CRC-32) of those before",
        Validator::NatsSeed => "the last two bytes are a checksum (CRC-16) of those before",
        Validator::AzureStorage | Validator::AzureAnnotated => {
            "the last bytes are a checksum (Marvin32) in keys that a recent service made"
        }
        Validator::AzureDevops => "four of the bytes are a checksum (CRC-32) of the others where Azure DevOps made it",
        Validator::AgeIdentity | Validator::NostrKey => "the last six characters are a checksum (bech32)",
        Validator::BitcoinWif | Validator::ExtendedKey => "the last four bytes are a checksum (base58check)",
        Validator::Mnemonic => "all words are on the list of BIP-39, and the last one holds a checksum",
        Validator::Onepassword
        | Validator::GrafanaCloud
        | Validator::GrafanaLegacy
        | Validator::Sentry
        | Validator::Mapbox
        | Validator::CloudflareTunnel
        | Validator::Miro => "a part must decode to JSON with the fields of such a key",
        Validator::BedrockLong
        | Validator::BedrockShort
        | Validator::Artifactory
        | Validator::Intercom
        | Validator::Workos => "it must decode to readable text of a fixed form",
        Validator::Elasticsearch => "it must decode to an id, a colon and a secret",
        Validator::BasicAuth => "it must decode to a user's name, a colon and a password",
        Validator::BitbucketDataCenter => "it must decode to a number, a colon and a secret",
        Validator::Discord => "the first part must decode to the bot's number",
        Validator::Vault => "a long one decodes to a message of a fixed beginning",
        Validator::Fly | Validator::Pypi => "it must decode to a macaroon",
        Validator::AwsAccessKeyId => "holds an account number, which rules some made-up ids out",
        Validator::Jwt => "header and payload must be JSON objects; an expired token is low",
        Validator::Pem => "the body must decode to a private key; one locked by a passphrase is low",
        Validator::Putty => {
            "both parts must decode, and a checksum (HMAC) covers them; one locked by a passphrase is low"
        }
        Validator::Der => "it must decode to a private key",
        Validator::KubernetesData => "a value must decode to more than a setting or a certificate",
        Validator::Base64Pem => "it must decode to a private key; one locked by a passphrase is low",
        Validator::AzureSas => "none, but one that has expired is low",
        Validator::JavaKeystore => "an entry must be a key; a store of certificates alone is none",
        Validator::Pkcs12 => "a bag must be a key; one that may hold certificates alone is low",
        Validator::PgpSecretKey => "the first packet must be a secret key; one locked by a passphrase is low",
        Validator::Unencrypted => "a file that SOPS, age, git-crypt or another tool has encrypted is none",
        Validator::UrlPassword => "none, but hosts of documentation such as example.com make it low",
        Validator::UnlikeWords => "it must be unlike words that people write",
    }
}

/// The account number that an AWS key id carries: bits 7 to 46 of the base32 text behind the four letters, for ids
/// made since 2019 (fifth character `Q` or later). Nine of ten random ids decode to a possible number, so this only doubts.
/// Source: <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>
fn aws_access_key_id(secret: &[u8]) -> Verdict {
    match aws_account(secret) {
        Some(account) if account > LARGEST_AWS_ACCOUNT => Verdict::Invalid("it holds no possible account number"),
        _ => Verdict::Open,
    }
}

/// Accounts of AWS have twelve digits.
pub(crate) const LARGEST_AWS_ACCOUNT: u64 = 999_999_999_999;

/// The number that a key id of AWS holds where one made since 2019 holds its account; see [`aws_access_key_id`].
pub(crate) fn aws_account(key_id: &[u8]) -> Option<u64> {
    let body = key_id.get(4..14).filter(|body| matches!(body[0], b'Q'..=b'Z' | b'2'..=b'7'))?;
    let bits = body.iter().try_fold(0_u64, |bits, byte| Some(bits << 5 | u64::from(base32_digit(*byte)?)))?;
    // 50 bits are read; the account number is the 40 behind the first one, of the first 48.
    Some((bits >> 9) & 0xff_ffff_ffff)
}

/// A password in an address. Hosts that are reserved for documentation take no real one, and `dbuser:dbpass` is what one
/// writes who shows where the two belong.
fn url_password(text: &[u8], span: &Range<usize>) -> Verdict {
    if is_sample_login(&text[..span.start], &text[span.clone()]) {
        return Verdict::Harmless("it is the user's name with another ending");
    }
    let behind = &text[span.end..];
    let behind = behind.strip_prefix(b"@").unwrap_or(behind);
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    let (host, rest) = behind.split_at(behind.iter().position(|byte| !is_letter(byte)).unwrap_or(behind.len()));
    // In a list of hosts another one may be real, and what stands before a second `@` is none.
    let goes_on = matches!(rest, [b'@', ..]) || matches!(rest, [b',', next, ..] if is_letter(next));
    if !goes_on && is_of_documentation(host) {
        return Verdict::Harmless("the host is one of documentation");
    }
    Verdict::Open
}

/// Whether what `before` ends with is a user's name and a colon, and `password` the same name with `pass` for `user`.
fn is_sample_login(before: &[u8], password: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b":") else { return false };
    let start = before.iter().rposition(|byte| b"/\"'` \t\n".contains(byte)).map_or(0, |sign| sign + 1);
    let (user, password) = (before[start..].to_ascii_lowercase(), password.to_ascii_lowercase());
    let stem = user.strip_suffix(b"name").unwrap_or(&user).strip_suffix(b"user");
    stem.is_some_and(|stem| {
        let ending = password.strip_prefix(stem);
        ending.is_some_and(|ending| [&b"pass"[..], b"password", b"passwd", b"pwd"].contains(&ending))
    })
}

/// Whether `host` is reserved for documentation (RFC 2606, RFC 5737).
pub(crate) fn is_of_documentation(host: &[u8]) -> bool {
    const DOMAINS: [&[u8]; 7] =
        [b"example.com", b"example.org", b"example.net", b".example", b".test", b".invalid", b".localhost"];
    const NETWORKS: [&[u8]; 3] = [b"192.0.2.", b"198.51.100.", b"203.0.113."];
    let host = host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
    let is_below = |domain: &[u8]| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(b".") || domain.starts_with(b"."))
    };
    // A name may begin with an address of documentation: four numbers alone are one.
    let is_within = |network: &[u8]| {
        host.strip_prefix(network).is_some_and(|last| !last.is_empty() && last.iter().all(u8::is_ascii_digit))
    };
    DOMAINS.into_iter().any(is_below) || NETWORKS.into_iter().any(is_within)
}

/// The object that base64 in either alphabet, padded or not, is the text of.
pub(crate) fn json_of_base64(text: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_slice(&base64_bytes(text)?).ok()
}

/// What base64 in either alphabet, padded or not, stands for.
fn base64_bytes(text: &[u8]) -> Option<Vec<u8>> {
    let alphabet = if text.iter().any(|byte| b"-_".contains(byte)) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config).decode(text).ok()
}

/// The text that `value` is the base64 of, if it is one that people can read.
pub(crate) fn base64_text(value: &[u8]) -> Option<Vec<u8>> {
    base64_bytes(value).filter(|bytes| is_readable(bytes))
}

fn is_readable(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (b' '..=b'~').contains(byte) || b"\r\n\t".contains(byte))
}

/// The value of a digit of base 32 (RFC 4648).
fn base32_digit(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'2'..=b'7' => Some(letter - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
