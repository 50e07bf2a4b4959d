//! PuTTY's private key files.
//!
//! Source: <https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html>

use sha2::{Digest as _, Sha256};

use super::pem::ssh_string;
use super::{CHECKSUM_MISMATCH, CHECKSUM_VALID, DECODES, ENCRYPTED, Verdict, base64_bytes};

/// A file without a passphrase: version 3 carries an HMAC under the empty key, of version 2 both parts are strings of
/// SSH, the public one beginning with the name of its algorithm.
pub(super) fn putty(secret: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(secret).replace("\\r", "").replace("\\n", "\n");
    let mut lines = text.lines().map(str::trim);
    let Some(file) = Fields::read(&mut lines) else { return Verdict::Invalid("a part of it is missing") };
    if file.encryption != "none" {
        return ENCRYPTED;
    }
    let starts_with_name = ssh_string(&file.public).is_some_and(|(name, _)| name == file.algorithm.as_bytes());
    if !starts_with_name || ssh_string(&file.private).is_none() {
        return Verdict::Invalid("its body is cut off or made up");
    }
    match file.version {
        '3' if file.mac == hex(&hmac_of_empty_key(&file.covered())) => CHECKSUM_VALID,
        '3' => Verdict::Invalid(CHECKSUM_MISMATCH),
        _ => DECODES,
    }
}

struct Fields<'t> {
    version: char,
    algorithm: &'t str,
    encryption: &'t str,
    comment: &'t str,
    public: Vec<u8>,
    private: Vec<u8>,
    mac: &'t str,
}

impl<'t> Fields<'t> {
    fn read(lines: &mut impl Iterator<Item = &'t str>) -> Option<Self> {
        let (version, algorithm) = lines.next()?.strip_prefix("PuTTY-User-Key-File-")?.split_once(": ")?;
        let encryption = lines.next()?.strip_prefix("Encryption: ")?;
        let comment = lines.next()?.strip_prefix("Comment: ")?;
        let public = blob(lines, "Public-Lines: ")?;
        let private = blob(lines, "Private-Lines: ")?;
        let mac = lines.next()?.strip_prefix("Private-MAC: ")?;
        Some(Self { version: version.chars().next()?, algorithm, encryption, comment, public, private, mac })
    }

    /// What the MAC is taken over: each part with its length before it.
    fn covered(&self) -> Vec<u8> {
        let parts = [
            self.algorithm.as_bytes(),
            self.encryption.as_bytes(),
            self.comment.as_bytes(),
            &self.public,
            &self.private,
        ];
        let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
        parts.into_iter().flat_map(|part| [&length(part), part].concat()).collect()
    }
}

/// The base64 of as many lines as the one with this name says; lines about the passphrase may stand before it.
fn blob<'t>(lines: &mut impl Iterator<Item = &'t str>, name: &str) -> Option<Vec<u8>> {
    let count: usize = lines.find_map(|line| line.strip_prefix(name))?.parse().ok()?;
    let text: String = lines.take(count).collect();
    base64_bytes(text.as_bytes())
}

/// HMAC-SHA-256 (RFC 2104) under a key of no bytes.
pub(crate) fn hmac_of_empty_key(message: &[u8]) -> [u8; 32] {
    let inner = Sha256::new_with_prefix([0x36; 64]).chain_update(message).finalize();
    Sha256::new_with_prefix([0x5c; 64]).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_that_of_the_standard() {
        let mac = hex(&hmac_of_empty_key(b""));
        assert_eq!(mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    }
}
