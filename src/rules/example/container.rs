//! Made-up private keys in their containers, right down to lengths and checksums.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Random, text};
use crate::validator::{pgp, putty};

/// A block with that label.
pub(super) fn pem(label: &str, random: &mut Random) -> String {
    let (body, sum) = match label.split(' ').next().unwrap_or_default() {
        "OPENSSH" => (openssh(random), String::new()),
        "PGP" => {
            let body = pgp_key(random);
            let sum = STANDARD.encode(&pgp::crc24(&body).to_be_bytes()[1..]);
            (body, format!("\n={sum}"))
        }
        "RSA" | "DSA" => (rsa(random), String::new()),
        "EC" => (ec(random), String::new()),
        "ENCRYPTED" => (encrypted(random), String::new()),
        _ => (pkcs8(random), String::new()),
    };
    // A blank line ends the headers of OpenPGP.
    let begin = if label.starts_with("PGP") { "\n\n" } else { "\n" };
    format!("-----BEGIN {label}-----{begin}{}{sum}\n-----END {label}-----", wrapped(&body, 64))
}

/// The body of such a block in one line.
pub(super) fn der(label: &str, random: &mut Random) -> String {
    let block = pem(label, random);
    block.lines().filter(|line| !line.starts_with('-')).collect()
}

fn wrapped(bytes: &[u8], width: usize) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n")
}

/// One element of ASN.1.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = match content.len() {
        0..=0x7f => vec![length[7]],
        0x80..=0xff => vec![0x81, length[7]],
        _ => vec![0x82, length[6], length[7]],
    };
    [&[tag][..], &length, content].concat()
}

/// A number of so many random bytes.
fn number(count: usize, random: &mut Random) -> Vec<u8> {
    element(2, &[&[0x5a][..], &random.bytes(count - 1)].concat())
}

fn rsa(random: &mut Random) -> Vec<u8> {
    let mut numbers = vec![element(2, &[0])];
    numbers.extend([128, 3, 128, 64, 64, 64, 64, 64].map(|count| number(count, random)));
    element(0x30, &numbers.concat())
}

/// Of P-256, with the public point.
fn ec(random: &mut Random) -> Vec<u8> {
    let curve = element(0xa0, &P256);
    let point = element(0xa1, &element(3, &[&[0, 4][..], &random.bytes(64)].concat()));
    element(0x30, &[element(2, &[1]), element(4, &random.bytes(32)), curve, point].concat())
}

const P256: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// The same in the container that names the algorithm.
fn pkcs8(random: &mut Random) -> Vec<u8> {
    let algorithm = element(0x30, &[&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1][..], &P256].concat());
    element(0x30, &[element(2, &[0]), algorithm, element(4, &ec(random))].concat())
}

fn encrypted(random: &mut Random) -> Vec<u8> {
    let algorithm = element(0x30, &[&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13][..], &[0x30, 0]].concat());
    element(0x30, &[algorithm, element(4, &random.bytes(160))].concat())
}

/// A text of SSH: its length, then itself.
fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes()[..], bytes].concat()
}

fn openssh(random: &mut Random) -> Vec<u8> {
    let public = [string(b"ssh-ed25519"), string(&random.bytes(32))].concat();
    let check = random.bytes(4);
    let private =
        [&check[..], &check, &public, &string(&random.bytes(64)), &string(b"ada@laptop"), &[1, 2, 3]].concat();
    let head = [b"openssh-key-v1\0".to_vec(), string(b"none"), string(b"none"), string(b""), vec![0, 0, 0, 1]].concat();
    [head, string(&public), string(&private)].concat()
}

/// A packet with a key of Ed25519 (its older form) that no passphrase locks.
fn pgp_key(random: &mut Random) -> Vec<u8> {
    const CURVE: [u8; 10] = [9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
    let public = [&[4, 0x65, 0, 0, 0, 22][..], &CURVE, &[1, 7, 0x40], &random.bytes(32)].concat();
    let secret = [&[1, 0, 0x80][..], &random.bytes(31)].concat();
    let sum = secret.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let content = [&public[..], &[0], &secret, &sum.to_be_bytes()].concat();
    [&[0x94, u8::try_from(content.len()).unwrap_or(0)][..], &content].concat()
}

/// A file of PuTTY in version 3.
pub(super) fn putty(encryption: &str, random: &mut Random) -> String {
    let public = [string(b"ssh-ed25519"), string(&random.bytes(32))].concat();
    let private = string(&random.bytes(32));
    let parts = [b"ssh-ed25519", encryption.as_bytes(), b"ada@laptop", &public, &private];
    let covered: Vec<u8> = parts.into_iter().flat_map(string).collect();
    let is_open = encryption == "none";
    let mac = if is_open {
        putty::hmac_of_empty_key(&covered).iter().map(|byte| format!("{byte:02x}")).collect()
    } else {
        text("hex", 64, random).unwrap_or_default()
    };
    let derivation = if is_open { "" } else { "Key-Derivation: Argon2id\nArgon2-Memory: 8192\n" };
    format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: {encryption}\nComment: ada@laptop\nPublic-Lines: 2\n{}\n\
         {derivation}Private-Lines: 1\n{}\nPrivate-MAC: {mac}\n",
        wrapped(&public, 64),
        wrapped(&private, 64),
    )
}
