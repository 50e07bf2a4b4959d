//! Recognises what is encrypted already: values, blocks and whole files that may be committed.
//!
//! Asked about a candidate alone, and never about a proven one: ciphertext is random, so any short pattern turns up in
//! it, but a checksum does not. The word "encrypted" proves nothing: what follows it has to look like ciphertext.

mod attributes;
mod demand;
mod policy;
mod sops;
mod values;
mod whole;
mod wildmatch;

use std::ops::Range;

use memchr::memmem;

pub(crate) use demand::Demand;
pub(crate) use policy::{Policies, Policy, is_policy};
pub(crate) use sops::Creation;
pub(crate) use whole::{is_encrypted, is_encrypted_throughout, is_opaque};

/// The encrypted stretches of one text.
pub(crate) struct Encrypted<'t> {
    text: &'t [u8],
    blocks: Vec<Range<usize>>,
}

impl<'t> Encrypted<'t> {
    /// Looks for encrypted blocks, in one pass for each kind.
    pub(crate) fn within(text: &'t [u8]) -> Self {
        if is_encrypted_file(text) {
            return Self { text, blocks: std::iter::once(0..text.len()).collect() };
        }
        let mut blocks: Vec<_> = armored(text).chain(vaulted(text)).chain(sealed(text)).collect();
        blocks.sort_by_key(|block| block.start);
        Self { text, blocks }
    }

    /// Whether `span` lies in a block or is part of an encrypted value.
    pub(crate) fn covers(&self, span: &Range<usize>) -> bool {
        let before = self.blocks.partition_point(|block| block.start <= span.start);
        self.blocks[..before].last().is_some_and(|block| span.end <= block.end) || is_encrypted_value(self.text, span)
    }
}

/// Files that are encrypted from the first byte on.
fn is_encrypted_file(text: &[u8]) -> bool {
    const MAGICS: [&[u8]; 5] =
        [b"\0GITCRYPT\0", b"age-encryption.org/v1\n", b"LUKS\xba\xbe", b"Salted__", b"U2FsdGVkX1"];
    MAGICS.iter().any(|magic| text.starts_with(magic)) || is_rails_credentials(text.trim_ascii())
}

/// Rails' `credentials.yml.enc`: ciphertext, initialization vector and tag, each in base64, joined by `--`.
/// Source: `ActiveSupport::MessageEncryptor`, AES-256-GCM.
fn is_rails_credentials(text: &[u8]) -> bool {
    let Some(tag) = memmem::rfind(text, b"--") else { return false };
    let Some(vector) = memmem::rfind(&text[..tag], b"--") else { return false };
    vector >= 16
        && text[..vector].iter().all(|byte| is_base64(*byte))
        && tag - vector == 18
        && text.len() - tag == 26
        && text[tag + 2..].iter().all(|byte| is_base64(*byte) || *byte == b'=')
}

/// Blocks that begin and end with a line of their own: age and PGP. Line ends may be escaped.
fn armored(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    const LABELS: [(&[u8], &[u8]); 2] = [
        (b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"),
        (b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"),
    ];
    LABELS.into_iter().flat_map(move |(begin, end)| {
        let ends: Vec<usize> = memmem::find_iter(text, end).collect();
        memmem::find_iter(text, begin)
            .filter_map(move |start| {
                let stop = *ends.get(ends.partition_point(|stop| *stop < start))?;
                Some(start..stop)
            })
            .collect::<Vec<_>>()
    })
}

/// Ansible's vault: a header, then lines of hex digits, alone in a file or indented behind `!vault |`.
fn vaulted(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    const HEADER: &[u8] = b"$ANSIBLE_VAULT;";
    memmem::find_iter(text, HEADER).map(|start| {
        let is_digits = |line: &[u8]| line.trim_ascii().iter().all(u8::is_ascii_hexdigit);
        let line_end = |from: usize| memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |end| from + end + 1);
        let mut end = line_end(start);
        while end < text.len() && is_digits(&text[end..line_end(end)]) {
            end = line_end(end);
        }
        start..end
    })
}

/// The `encryptedData` of Kubernetes' `SealedSecret`: all lines that are indented deeper, or all up to the closing brace.
fn sealed(text: &[u8]) -> Vec<Range<usize>> {
    const NAME: &[u8] = b"encryptedData";
    let mut blocks: Vec<Range<usize>> = Vec::new();
    if memmem::find(text, b"SealedSecret").is_none() {
        return blocks;
    }
    for start in memmem::find_iter(text, NAME) {
        if blocks.last().is_some_and(|block| start < block.end) {
            continue;
        }
        let behind = start + NAME.len();
        let is_json = text.get(behind) == Some(&b'"');
        let end =
            if is_json { memchr::memchr(b'}', &text[behind..]).map(|end| behind + end) } else { dedent(text, start) };
        blocks.push(start..end.unwrap_or(text.len()));
    }
    blocks
}

/// Where the first line begins that is indented no deeper than the one in which `start` stands.
fn dedent(text: &[u8], start: usize) -> Option<usize> {
    let indent = start - memchr::memrchr(b'\n', &text[..start]).map_or(0, |newline| newline + 1);
    memchr::memchr_iter(b'\n', &text[start..]).map(|newline| start + newline + 1).find(|line| {
        let content = &text[*line..];
        let depth = content.iter().take_while(|byte| **byte == b' ').count();
        depth <= indent && !content[depth..].starts_with(b"\n") && !content[depth..].starts_with(b"\r")
    })
}

/// Whether `span` is part of a value that says itself, or by its name, that it is encrypted.
fn is_encrypted_value(text: &[u8], span: &Range<usize>) -> bool {
    const FARTHEST: usize = 4 << 10;
    let from = span.start.saturating_sub(FARTHEST);
    let from = memchr::memrchr(b'\n', &text[from..span.start]).map_or(from, |newline| from + newline + 1);
    let start = span.start - text[from..span.start].iter().rev().take_while(|byte| is_base64(**byte)).count();
    let length = text[start..].iter().take(2 * FARTHEST).take_while(|byte| is_base64(**byte)).count();
    let (lead, run) = (&text[from..start], &text[start..start + length]);
    if in_brackets(&text[from..span.start], &text[span.start..]) {
        return true;
    }
    span.end <= start + length && (is_tagged(run) || is_led(lead, run) || is_named(lead, &text[start..], length))
}

/// Letters of base64 in both alphabets. The `=` at its end is left out, because it stands behind names too.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// `ENC[...]` of SOPS and eyaml, `ENC(...)` of Jasypt: an algorithm and its fields, or base64 alone.
fn in_brackets(before: &[u8], behind: &[u8]) -> bool {
    const LONGEST: usize = 8 << 10;
    let is_in = |open: &[u8], close: u8| {
        let Some(start) = memmem::rfind(before, open).map(|start| start + open.len()) else { return false };
        let Some(length) = memchr::memchr2(close, b'\n', &behind[..behind.len().min(LONGEST)]) else { return false };
        let (head, tail) = (&before[start..], &behind[..length]);
        let names_algorithm = head.iter().position(|byte| *byte == b',').is_some_and(|comma| {
            comma > 0 && head[..comma].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
        });
        let is_ciphertext = |part: &[u8]| part.iter().all(|byte| b"+/=".contains(byte) || byte.is_ascii_alphanumeric());
        behind[length] == close
            && !head.contains(&close)
            && (names_algorithm || is_ciphertext(head) && is_ciphertext(tail))
    };
    is_in(b"ENC[", b']') || is_in(b"ENC(", b')')
}

/// Ciphertext with a header of its own: Fernet, OpenSSL's salt, the key services of AWS and Google.
fn is_tagged(run: &[u8]) -> bool {
    const TAGS: [&[u8]; 7] = [b"gAAAAA", b"U2FsdGVkX1", b"AQICAH", b"AQECAH", b"AQEDAH", b"AQIDAH", b"CiQA"];
    const SHORTEST: usize = 40;
    run.len() >= SHORTEST && TAGS.iter().any(|tag| run.starts_with(tag))
}

/// What stands right before ciphertext: Vault's transit engine, Spring's and Jenkins's marks, dotenvx.
fn is_led(lead: &[u8], run: &[u8]) -> bool {
    /// A point of a curve, a vector and a tag, in base64.
    const SHORTEST_OF_DOTENVX: usize = 120;
    let is_transit = memmem::rfind(lead, b"vault:v").is_some_and(|start| {
        let version = &lead[start + b"vault:v".len()..];
        matches!(version, [digits @ .., b':'] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    });
    is_transit
        || lead.ends_with(b"{cipher}")
        || lead.ends_with(b"{") && run.starts_with(b"AQAAABAAAA")
        || lead.ends_with(b"encrypted:") && run.starts_with(b"B") && run.len() >= SHORTEST_OF_DOTENVX
}

/// Names that hold nothing but ciphertext: `secure:` of CI services and Pulumi (`v1:vector:text`), `ciphertext`, and
/// `enc` of SOPS's own data. The value has to be whole base64, as no token with a prefix is.
fn is_named(lead: &[u8], value: &[u8], length: usize) -> bool {
    const NAMES: [&[u8]; 3] = [b"secure", b"ciphertext", b"enc"];
    const SHORTEST: usize = 24;
    let is_sign = |byte: &u8| b" \t\"':=".contains(byte);
    let padding = value[length..].iter().take(2).take_while(|byte| **byte == b'=').count();
    let is_whole = value[..length].iter().all(|byte| !b"-_".contains(byte)) && (length + padding).is_multiple_of(4);
    NAMES.iter().any(|name| {
        let Some(start) = memmem::rfind(lead, name) else { return false };
        let starts_word = start == 0 || !(lead[start - 1].is_ascii_alphanumeric() || lead[start - 1] == b'_');
        let between = &lead[start + name.len()..];
        let value_start = between.iter().position(|byte| !is_sign(byte)).unwrap_or(between.len());
        let is_versioned = between[value_start..].starts_with(b"v1:") && between.ends_with(b":");
        let is_plain = value_start == between.len() && length + padding >= SHORTEST && is_whole;
        starts_word && value_start > 0 && (is_versioned || is_plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The candidate is written `KEY` and is replaced by forty random letters.
    #[track_caller]
    fn covers(text: &str) -> bool {
        const KEY: &str = "hV4k9QzT2mXwaB3Rk9tRq7Zw2Lm5VkPq8sYd1Gf0";
        let start = text.find("KEY").unwrap();
        let text = text.replacen("KEY", KEY, 1);
        Encrypted::within(text.as_bytes()).covers(&(start..start + KEY.len()))
    }

    #[test]
    fn ciphertext_is_recognised() {
        let long = "Ab0/".repeat(30);
        for text in [
            "password: ENC[AES256_GCM,data:KEY,iv:2k=,aad:o=,tag:w==,type:str]",
            "\"password\": \"ENC[AES256_GCM,data:AAAA,iv:KEY,tag:w==]\"",
            "  secret: ENC[PKCS7,MIIBKEYAA==]",
            "spring.datasource.password=ENC(KEY)",
            "token = vault:v12:KEY",
            "password: '{cipher}KEY'",
            "<secret>{AQAAABAAAAAQKEY==}</secret>",
            "API_TOKEN=gAAAAABKEYAA",
            "blob: AQICAHhKEYAA==",
            "enc: CiQAKEYAA",
            "PASSWORD=U2FsdGVkX18KEY",
            "    - secure: \"KEY\"",
            "  secure: KEY",
            "  app:token:\n    secure: v1:AAAA:KEY",
            "    enc: KEY",
            "ciphertext = \"KEY\"",
            "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6231\n  3133\nb: 1\nc: !vault |\n  $ANSIBLE_VAULT;1.2;AES256;dev KEY\n",
            "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\nKEY\n-----END AGE ENCRYPTED FILE-----",
            r"{'enc': '-----BEGIN PGP MESSAGE-----\n\nKEY\n-----END PGP MESSAGE-----'}",
            "kind: SealedSecret\nspec:\n  encryptedData:\n    a: KEY\n",
            "{\"kind\": \"SealedSecret\", \"spec\": {\"encryptedData\": {\"a\": \"b\", \"c\": \"KEY\"}}}",
            "\0GITCRYPT\0 anything KEY",
            "age-encryption.org/v1\n-> X25519 KEY",
            "KEY--AAAABBBBCCCCDDDD--AAAABBBBCCCCDDDDEEEEFF==\n",
        ] {
            assert!(covers(text), "{text}");
        }
        assert!(covers(&format!("TOKEN=\"encrypted:B{long}KEY\"")));
    }

    #[test]
    fn what_only_stands_near_is_not() {
        for text in [
            "password: KEY",
            "encrypted: KEY",
            "encrypted:KEY",
            "db: ENC[AES256_GCM,data:AAAA,tag:w==]\ntoken: KEY",
            "db: ENC[AES256_GCM,data:AAAA,tag:w==] token: KEY",
            "ENC[live_KEY]",
            "ENC(a-KEY)",
            "secure: sk_KEY",
            "insecure: KEY",
            "secure: true # KEY",
            "kind: SealedSecret\nspec:\n  encryptedData:\n    a: b\n  template:\n    a: KEY\n",
            "kind: Secret\nencryptedData:\n  a: KEY",
            "$ANSIBLE_VAULT;1.1;AES256\n6231\ntoken: KEY",
            "-----BEGIN PGP MESSAGE-----\n\nYWdl\n-----END PGP MESSAGE-----\nKEY",
            "-----BEGIN PGP MESSAGE-----\n\nKEY",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nKEY\n",
            "# see $ANSIBLE_VAULT; and git-crypt\nKEY",
            "see vault:v1: or KEY",
        ] {
            assert!(!covers(text), "{text}");
        }
    }
}
