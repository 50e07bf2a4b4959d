//! Whether a file that has to be encrypted is: from its first byte to its last, or value by value as its tool does it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::{
    AGE, OPENSSL, armor, is_base64, is_rails_credentials, is_recipient, line_end, lines_end, sealed, sops, vaulted,
};

/// Whether the file may be committed where it has to be encrypted.
pub(crate) fn is_encrypted(text: &[u8]) -> bool {
    is_encrypted_throughout(text) || is_encrypted_by_value(text)
}

/// The same where a filter works on the file, which leaves nothing readable. An empty file has nothing to hide, and
/// git-crypt leaves it as it is.
pub(crate) fn is_encrypted_throughout(text: &[u8]) -> bool {
    let content = text.trim_ascii();
    content.is_empty()
        || has_magic(text)
        || is_of_age(text)
        || is_openssl_text(content)
        || is_rails_credentials(content)
        || armor::is_whole(content)
        || content.starts_with(b"$ANSIBLE_VAULT;")
            && vaulted(content).next().is_some_and(|block| !block.is_empty() && block.end == content.len())
        || is_pgp_message(text)
        || sops::is_encrypted(text)
}

/// Whether the file may be what a tool that nobody knows has made of another: it is no text, or base64 throughout.
pub(crate) fn is_opaque(text: &[u8]) -> bool {
    let content = text.trim_ascii();
    let is_letter = |byte: &u8| is_base64(*byte) || byte.is_ascii_whitespace() || *byte == b'=';
    let is_long_word =
        |content: &[u8]| content.len() >= 24 && content.iter().all(is_letter) && !content.contains(&b' ');
    memchr::memchr(0, text).is_some() || str::from_utf8(text).is_err() || is_long_word(content)
}

/// What files begin with that are encrypted to their end, and then ciphertext. Whoever writes the former alone has encrypted
/// nothing.
fn has_magic(text: &[u8]) -> bool {
    /// And how many bytes at least, of nonces, salts and headers, stand before the ciphertext.
    const MAGICS: [(&[u8], usize); 5] = [
        (b"\0GITCRYPT\0", 12),
        (b"LUKS\xba\xbe", 64),
        (b"Salted__", 8),
        (b"VimCrypt~0", 2),
        // KeePass.
        (b"\x03\xd9\xa2\x9a", 64),
    ];
    let behind = |(magic, least): (&[u8], usize)| text.strip_prefix(magic).filter(|rest| rest.len() >= least);
    MAGICS.into_iter().find_map(behind).is_some_and(is_ciphertext) || is_of_strongbox(text)
}

/// A line that says so, then base64.
fn is_of_strongbox(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"# STRONGBOX ENCRYPTED RESOURCE ; See ") else { return false };
    let (address, body) = rest.split_at(line_end(rest, 0));
    let letters: Vec<_> = body.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    !address.trim_ascii().contains(&b' ') && !letters.is_empty() && STANDARD.decode(letters).is_ok()
}

/// Whether bytes may be random. Of a few any may happen to be letters, but not all of them.
fn is_ciphertext(bytes: &[u8]) -> bool {
    const FEW: usize = 32;
    let is_letter = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if bytes.len() > FEW { is_no_text(bytes) } else { bytes.is_empty() || !bytes.iter().all(is_letter) }
}

/// The header of age, with a recipient at least, and then what is no text. The header of a file that was cut off goes on to
/// its end.
/// Source: <https://age-encryption.org/v1>
fn is_of_age(text: &[u8]) -> bool {
    // Made-up recipients, which readers have to pass over, are of any letters.
    let is_made_up =
        |line: &[u8]| line.split(|byte| *byte == b' ').nth(1).is_some_and(|kind| kind.ends_with(b"-grease"));
    if !text.strip_prefix(AGE).is_some_and(|rest| rest.starts_with(b"-> ")) {
        return false;
    }
    let end = lines_end(text, AGE.len(), |line| is_recipient(line) || line.starts_with(b"-> ") && is_made_up(line));
    let mac = text[end..].strip_prefix(b"--- ").map_or(0, |_| line_end(text, end) - end);
    let is_mac = |line: &[u8]| line.iter().skip(4).all(|byte| is_base64(*byte));
    is_mac(text[end..end + mac].trim_ascii()) && is_no_text(&text[end + mac..])
}

/// Whether an eighth of the bytes at least are none that a text has. Of random ones more than half are.
fn is_no_text(bytes: &[u8]) -> bool {
    const RARE: usize = 8;
    let is_utf8 = str::from_utf8(bytes).is_ok();
    let is_odd = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() || !byte.is_ascii() && !is_utf8;
    bytes.iter().filter(is_odd).count() * RARE >= bytes.len()
}

/// What OpenSSL writes, in base64 as of transcrypt, and nothing else.
fn is_openssl_text(content: &[u8]) -> bool {
    if !content.starts_with(OPENSSL) {
        return false;
    }
    let letters: Vec<_> = content.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    STANDARD.decode(letters).is_ok_and(|bytes| has_magic(&bytes))
}

/// A message of `OpenPGP` without armor: session keys, then encrypted data (RFC 9580, sections 4.2, 5.1 and 5.3).
fn is_pgp_message(text: &[u8]) -> bool {
    const PUBLIC: u8 = 1;
    const SYMMETRIC: u8 = 3;
    const MOST_KEYS: usize = 1000;
    let mut rest = text;
    for count in 0..MOST_KEYS {
        let Some((tag, content, behind)) = packet(rest) else { return false };
        match (tag, content) {
            (PUBLIC, [3 | 6, ..]) | (SYMMETRIC, [4..=6, ..]) if is_ciphertext(content) => rest = behind,
            // The first byte is a version in the later two.
            (9, data) | (18 | 20, [_, data @ ..]) => return count > 0 && behind.is_empty() && is_ciphertext(data),
            _ => return false,
        }
    }
    false
}

/// Tag and content of the first packet, and what follows. Data of a length that is told in parts runs to the end.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (tag, length, content) = match (first, rest) {
        (0xc0.., [length @ 0..=191, content @ ..]) => (first & 0x3f, usize::from(*length), content),
        (0xc0.., [high @ 192..=223, low, content @ ..]) => {
            (first & 0x3f, ((usize::from(*high) - 192) << 8) + usize::from(*low) + 192, content)
        }
        (0xc0.., [224..=254, content @ ..]) => (first & 0x3f, content.len(), content),
        (0xc0.., [255, a, b, c, d, content @ ..]) | (0x82 | 0x86 | 0x8e | 0xa6, [a, b, c, d, content @ ..]) => {
            let tag = if *first >= 0xc0 { first & 0x3f } else { first >> 2 & 0xf };
            (tag, usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok()?, content)
        }
        (0x80..=0xbf, _) => match (first & 3, rest) {
            (0, [length, content @ ..]) => (first >> 2 & 0xf, usize::from(*length), content),
            (1, [high, low, content @ ..]) => {
                (first >> 2 & 0xf, usize::from(u16::from_be_bytes([*high, *low])), content)
            }
            (3, content) => (first >> 2 & 0xf, content.len(), content),
            _ => return None,
        },
        _ => return None,
    };
    let (content, behind) = content.split_at_checked(length).unwrap_or((content, &[]));
    Some((tag, content, behind))
}

/// Tools that leave names and settings readable: sealed secrets, eyaml, values of Ansible's vault, dotenvx. The rules for
/// keys look at what stands beside those.
fn is_encrypted_by_value(text: &[u8]) -> bool {
    /// What a value begins with, and how many letters of base64 follow at least.
    const VALUES: [(&[u8], usize); 3] = [(b"ENC[PKCS7,", 40), (b"ENC[GPG,", 40), (b"encrypted:B", 100)];
    let is_letter = |byte: &&u8| is_base64(**byte) || byte.is_ascii_whitespace();
    let follow = |place: usize, least: usize| text[place..].iter().take(least).take_while(is_letter).count() == least;
    let holds =
        |(sign, least): (&[u8], usize)| memmem::find_iter(text, sign).any(|start| follow(start + sign.len(), least));
    let is_plain_secret = |line: &[u8]| line.trim_ascii() == b"kind: Secret";
    VALUES.into_iter().any(holds)
        || memmem::find(text, b"!vault").is_some() && vaulted(text).any(|block| !block.is_empty())
        || !sealed(text).is_empty() && !text.split(|byte| *byte == b'\n').any(is_plain_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_passes() {
        let body = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==";
        let vault = "$ANSIBLE_VAULT;1.1;AES256\n6231\n3133\n";
        let texts = [
            String::new(),
            "\n".to_owned(),
            "age-encryption.org/v1\n-> X25519 x".to_owned(),
            "U2FsdGVkX1/HqwRNKJMFHz/7GkIBIRKn7ssMHyvvQZw=\n".to_owned(),
            format!("-----BEGIN AGE ENCRYPTED FILE-----\n{body}\n-----END AGE ENCRYPTED FILE-----\n"),
            format!("-----BEGIN PGP MESSAGE-----\r\n\r\n{body}\r\n-----END PGP MESSAGE-----\r\n"),
            vault.to_owned(),
            format!("a: !vault |\n  {vault}"),
            format!("a: ENC[PKCS7,{}]\nb: c\n", "MIIBeQYJKoZIhvcNAQcD".repeat(4)),
            format!("kind: SealedSecret\nspec:\n  encryptedData:\n    a: Ag{0}{0}\n", body.trim_end_matches('=')),
            "age-encryption.org/v1\n-> X25519 x\n".to_owned(),
            "# STRONGBOX ENCRYPTED RESOURCE ; See x\nYWdl\n".to_owned(),
        ];
        for text in texts {
            assert!(is_encrypted(text.as_bytes()), "{text}");
        }
        let header = "age-encryption.org/v1\n-> X25519 x\nYWdl\n-> q3}-grease #! $\n\n--- YWdl\n";
        assert!(is_encrypted(&[header.as_bytes(), &[0x8f, 0xfe, 7, b'a', b'\n', 0xc1]].concat()));
        // One letter, in the ways of git-crypt, OpenSSL and Vim.
        for file in [
            &b"\0GITCRYPT\0\x8a\x4fh\x90\xf3\xc1q\x1b\xe5\x36T\xd8\x7c"[..],
            // git-crypt 0.7 writes this for an empty file.
            b"\0GITCRYPT\0\x8a\x4fh\x90\xf3\xc1q\x1b\xe5\x36T\xd8",
            b"Salted__\xc7\xab\x04M(\x93\x05\x1f?\xfb\x1aB\x01!\x12\xa7\xee\xcb\x0c\x1f+\xefA\x9c",
            b"VimCrypt~03!\x8a\x4fh\x90\xf3\xc1q\x1b\xe5\x36T\xd8\x7c\x9f\x14u\x99\x02",
        ] {
            assert!(is_encrypted(file), "{file:x?}");
        }
        for packets in [&[0x85, 0, 3, 3, 1, 2, 0xd2, 1, 1][..], &[0x84, 2, 3, 1, 0xc3, 2, 4, 9, 0xd2, 0xe0, 1]] {
            assert!(is_encrypted(packets), "{packets:x?}");
        }
    }

    #[test]
    fn what_is_partly_encrypted_or_something_else_does_not() {
        let body = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==";
        let texts = [
            "password: plain".to_owned(),
            format!("U2FsdGVkX1{body}\npassword: plain"),
            format!("note\n-----BEGIN PGP MESSAGE-----\n\n{body}\n-----END PGP MESSAGE-----"),
            format!("-----BEGIN PGP MESSAGE-----\n\n{body}\n-----END PGP MESSAGE-----\npassword: plain"),
            format!("-----BEGIN PGP MESSAGE-----\n\n{body}\n-----END PGP MESSAGE----- password: plain"),
            "-----BEGIN AGE ENCRYPTED FILE-----\npassword: plain\n-----END AGE ENCRYPTED FILE-----\n".to_owned(),
            "-----BEGIN PKCS7-----\npassword: plain\n-----END PKCS7-----\n".to_owned(),
            "$ANSIBLE_VAULT;1.1;AES256\n6231\npassword: plain".to_owned(),
            "age-encryption.org/v1\npassword: plain".to_owned(),
            "age-encryption.org/v1\n-> X25519 x\nYWdl\npassword: plain".to_owned(),
            "age-encryption.org/v1\n-> X25519 x\nYWdl\n--- YWdl\npassword: pl\u{e4}in".to_owned(),
            "age-encryption.org/v1\n-> X25519 x\nYWdl\n--- password: plain".to_owned(),
            "age-encryption.org/v1\n-> password=plain\n".to_owned(),
            format!(
                "kind: SealedSecret\nencryptedData:\n  a: Ag{0}{0}\n---\nkind: Secret\n",
                body.trim_end_matches('=')
            ),
            "kind: SealedSecret\nencryptedData:\n  a: plain\n".to_owned(),
            "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  password: plain\n".to_owned(),
            "encrypted: true".to_owned(),
            "password: encrypted:By hand".to_owned(),
            "# ENC[PKCS7,...] goes here\npassword: plain".to_owned(),
            "# !vault goes here\npassword: plain".to_owned(),
        ];
        for text in texts {
            assert!(!is_encrypted(text.as_bytes()), "{text}");
        }
        for header in ["\0GITCRYPT\0", "Salted__", "VimCrypt~", "VimCrypt~02!", "# STRONGBOX ENCRYPTED RESOURCE ; "] {
            for clear in
                ["", "pw", "pw = hunter2 clear text", "pw = hunter2\nof a file that is somewhat longer than that"]
            {
                let text = format!("{header}{clear}");
                assert!(!is_encrypted(text.as_bytes()), "{text}");
            }
        }
        for text in [
            &b"LUKS\xba\xbepw = hunter2 clear text"[..],
            b"\x03\xd9\xa2\x9apw = hunter2 clear text",
            b"\x85\0\x01\x03\xd2\x05hunter2 pass clear text",
            b"\x85\0\x01\x03\xd2\x18\x01hunter2 pass clear text",
            b"\x85\0\x29\x03password = hunter2 in a file in the clear\xd2\x01\x01",
            b"U2FsdGVkX1hunter2clear",
            b"U2FsdGVkX18gcHcgPSBodW50ZXIyIGNsZWFyIHRleHQh",
            b"# STRONGBOX ENCRYPTED RESOURCE ; See x\npw = hunter2\n",
        ] {
            assert!(!is_encrypted(text), "{text:x?}");
        }
        for packets in [&[0x94, 1, 3][..], &[0x85, 0, 1, 3], &[0xd2, 1, 1], &[0x84]] {
            assert!(!is_encrypted(packets), "{packets:x?}");
        }
    }

    #[test]
    fn ciphertext_of_an_unknown_tool_is_opaque() {
        assert!(is_opaque(b"\x8f\xfe\x00") && is_opaque(b"YWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\n"));
        assert!(!is_opaque(b"password=hunter2") && !is_opaque(b"two words of letters only here\n"));
    }
}
