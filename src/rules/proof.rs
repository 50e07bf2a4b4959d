//! The names of the proofs. Shared by `build.rs` and the configuration, like the rules.

use serde::Deserialize;

/// An offline proof that a rule may ask for; `validator.rs` holds the proofs themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validator {
    /// GitHub's and npm's CRC-32 in the last six base62 digits.
    #[serde(rename = "crc32-base62")]
    Crc32Base62,
    /// Polar's, where the body is short.
    Polar,
    /// Deno's and JSR's, over the prefix too.
    Deno,
    /// Vercel's, over 50 characters behind the prefix.
    Vercel,
    /// Apify's, small letters first, over the prefix too.
    Apify,
    /// Dynamic's, small letters first.
    Dynamic,
    /// Synapse's, behind the last underscore.
    Matrix,
    /// Atlassian's and Bitbucket's CRC-32 in eight hex digits.
    Atlassian,
    /// Grafana's CRC-32, its bytes from the lowest.
    Grafana,
    /// Zuplo's CRC-32 without the prefix.
    Zuplo,
    /// Confluent's CRC-32 in base64.
    Confluent,
    /// GitLab's CRC-32 in base36, with the payload's length before it.
    GitlabRoutable,
    /// NATS's CRC-16 in base32.
    NatsSeed,
    /// Marvin32 of an Azure storage account key.
    AzureStorage,
    /// Marvin32 of an annotated key of Azure.
    AzureAnnotated,
    /// CRC-32 in a token of Azure `DevOps` of 52 letters.
    AzureDevops,
    /// bech32 of an age identity.
    AgeIdentity,
    /// bech32 of a Nostr secret key.
    NostrKey,
    /// base58check of Bitcoin's wallet import format.
    BitcoinWif,
    /// base58check of an extended private key.
    ExtendedKey,
    /// Words and checksum of a BIP-39 seed phrase.
    Mnemonic,
    /// JSON of a 1Password service account.
    Onepassword,
    /// JSON of a Grafana Cloud access policy.
    GrafanaCloud,
    /// JSON of an old Grafana API key.
    GrafanaLegacy,
    /// JSON in a Sentry organisation token.
    Sentry,
    /// JSON in a Mapbox token.
    Mapbox,
    /// JSON of a Cloudflare tunnel.
    CloudflareTunnel,
    /// JSON in a Miro token.
    Miro,
    /// Text of a long-lived Amazon Bedrock key.
    BedrockLong,
    /// The presigned address in a short-lived Amazon Bedrock key.
    BedrockShort,
    /// Text of a `JFrog` reference token.
    Artifactory,
    /// Text of an Intercom token.
    Intercom,
    /// Text of a `WorkOS` key.
    Workos,
    /// Id and secret of an Elasticsearch API key.
    Elasticsearch,
    /// User and password of a stored login.
    BasicAuth,
    /// Number and secret of a Bitbucket Data Center token.
    BitbucketDataCenter,
    /// The number of a Discord bot.
    Discord,
    /// The message in a Vault token.
    Vault,
    /// The macaroons of Fly.io.
    Fly,
    /// The macaroon of `PyPI`.
    Pypi,
    /// An AWS key id whose account number is a possible one.
    AwsAccessKeyId,
    /// A token whose header and payload are JSON objects, not expired.
    Jwt,
    /// A private key block whose body decodes to what its label says.
    Pem,
    /// A PuTTY key file without a passphrase.
    Putty,
    /// A private key in DER and base64, without the lines around it.
    Der,
    /// The `data` of a Kubernetes Secret, with a secret among it.
    KubernetesData,
    /// A PEM block of a private key, as a whole in base64.
    Base64Pem,
    /// Says nothing more than whether an Azure signature has expired.
    AzureSas,
    /// A key store of Java that holds more than certificates.
    JavaKeystore,
    /// A container of keys and certificates, with a key in it.
    Pkcs12,
    /// A secret key of `OpenPGP` without armor.
    PgpSecretKey,
    /// A file in the clear, and not one that a tool has encrypted.
    Unencrypted,
    /// A password in an address, which is worth less where the host is one of documentation.
    UrlPassword,
    /// No proof, but words that people write are none.
    UnlikeWords,
}
