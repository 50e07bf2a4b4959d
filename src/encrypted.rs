//! Recognises what is encrypted already: values, blocks and whole files that may be committed.
//!
//! Asked about a candidate alone, and never about a proven one: ciphertext is random, so any short pattern turns up in
//! it, but a checksum does not. The word "encrypted" proves nothing: what follows it has to look like ciphertext.

mod armor;
mod attributes;
mod demand;
mod go;
mod policy;
mod sops;
mod values;
mod whole;
pub(crate) mod wildmatch;

use std::ops::Range;

use memchr::memmem;

pub(crate) use attributes::Filter;
pub(crate) use demand::Demand;
pub(crate) use policy::{Outside, Policies, Policy, is_policy};
pub(crate) use sops::Creation;
pub(crate) use whole::{is_encrypted, is_encrypted_throughout, is_opaque};
pub(crate) use wildmatch::Case;

/// The encrypted stretches of one text.
pub(crate) struct Encrypted<'t> {
    text: &'t [u8],
    blocks: Vec<Range<usize>>,
    /// Where the ciphertext begins in a file that is encrypted into bytes, not into text.
    body: Option<usize>,
}

impl<'t> Encrypted<'t> {
    /// Looks for encrypted blocks, in one pass for each kind.
    pub(crate) fn within(text: &'t [u8]) -> Self {
        let body = body_of_file(text);
        let mut blocks: Vec<_> = armor::blocks(text).chain(vaulted(text)).chain(sealed(text)).collect();
        blocks.extend(head_of_file(text, body));
        blocks.sort_unstable_by_key(|block| block.start);
        Self { text, blocks, body }
    }

    /// Whether `span` lies in a block or is part of an encrypted value.
    pub(crate) fn covers(&self, span: &Range<usize>) -> bool {
        let before = self.blocks.partition_point(|block| block.start <= span.start);
        self.blocks[..before].last().is_some_and(|block| span.end <= block.end)
            || self.body.is_some_and(|body| {
                body <= span.start && is_amid_bytes(&self.text[body..], span.start - body..span.end - body)
            })
            || is_encrypted_value(self.text, span)
    }

    /// Whether a letter of the same text in base64 stands before `place`. Ciphertext is random from its first letter on,
    /// so what begins there as keys of a kind begin is no ciphertext, whatever the text around it claims.
    pub(crate) fn goes_on_at(&self, place: usize) -> bool {
        place.checked_sub(1).is_some_and(|before| is_base64(self.text[before]))
    }
}

/// Where the ciphertext of a file begins that is encrypted from the first byte on, behind what tells so.
fn body_of_file(text: &[u8]) -> Option<usize> {
    const MAGICS: [&[u8]; 3] = [b"\0GITCRYPT\0", b"LUKS\xba\xbe", b"Salted__"];
    let end_of_age = || Some(memmem::find(text, b"\n--- ")? + b"\n--- ".len());
    if text.starts_with(AGE) {
        return end_of_age();
    }
    MAGICS.iter().find(|magic| text.starts_with(magic)).map(|magic| magic.len())
}

const AGE: &[u8] = b"age-encryption.org/v1\n";

/// The part of such a file that is text: the recipients of age, all of a file of OpenSSL's or Rails's in base64.
fn head_of_file(text: &[u8], body: Option<usize>) -> Option<Range<usize>> {
    if text.starts_with(AGE) {
        return Some(0..lines_end(&text[..body.unwrap_or(text.len())], AGE.len(), is_recipient));
    }
    if text.starts_with(OPENSSL) {
        return Some(0..lines_end(text, 0, is_line_of_base64));
    }
    is_rails_credentials(text.trim_ascii()).then_some(0..text.len())
}

/// `Salted__` in base64.
const OPENSSL: &[u8] = b"U2FsdGVkX1";

/// A line of age's header: the kind of a recipient and its words, or the key of the file for it.
fn is_recipient(line: &[u8]) -> bool {
    let words = line.strip_prefix(b"-> ").unwrap_or(line);
    words.iter().all(|byte| is_base64(*byte) || *byte == b' ' && words.len() < line.len())
}

/// Where the lines end, from `start` on, that are all of one kind.
fn lines_end(text: &[u8], start: usize, is_one: impl Fn(&[u8]) -> bool) -> usize {
    let mut end = start;
    while end < text.len() {
        let next = line_end(text, end);
        if !is_one(text[end..next].trim_ascii()) {
            break;
        }
        end = next;
    }
    end
}

/// Where the line behind the one begins in which `start` stands.
fn line_end(text: &[u8], start: usize) -> usize {
    memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end + 1)
}

/// Letters of base64, padded or not.
fn is_line_of_base64(line: &[u8]) -> bool {
    let letters = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count();
    matches!(line[letters..], [] | [b'='] | [b'=', b'='])
}

/// Whether the bytes on both sides of `span` are random: bytes that no text holds are a ninth of those.
fn is_amid_bytes(body: &[u8], span: Range<usize>) -> bool {
    const AROUND: usize = 64;
    const RARE: usize = 32;
    let is_random = |side: &[u8]| {
        let is_control = |byte: &&u8| **byte < b' ' && !b"\t\n\r".contains(byte);
        side.iter().filter(is_control).count() * RARE >= side.len()
    };
    is_random(&body[span.start.saturating_sub(AROUND)..span.start])
        && is_random(&body[span.end..body.len().min(span.end + AROUND)])
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

/// Ansible's vault: a header, then lines of hex digits, alone in a file or indented behind `!vault |`. All lines are of
/// one length, but for the last one.
fn vaulted(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    const HEADER: &[u8] = b"$ANSIBLE_VAULT;";
    // Headers may share a line, and what follows it is read once.
    let mut read = 0;
    memmem::find_iter(text, HEADER).filter_map(move |start| {
        if start < read {
            return None;
        }
        let begin = line_end(text, start);
        let width = text[begin..line_end(text, begin)].trim_ascii().len();
        let is_whole = |line: &[u8]| !line.is_empty() && line.len() == width && line.iter().all(u8::is_ascii_hexdigit);
        let end = lines_end(text, begin, is_whole);
        let last = text[end..line_end(text, end)].trim_ascii();
        let is_shorter = last.len() < width && last.iter().all(u8::is_ascii_hexdigit);
        read = if is_shorter { line_end(text, end) } else { end };
        Some(begin..read)
    })
}

/// The sealed values in the `encryptedData` of Kubernetes' `SealedSecret`: in all lines that are indented deeper, or in
/// all up to the closing brace.
fn sealed(text: &[u8]) -> Vec<Range<usize>> {
    const NAME: &[u8] = b"encryptedData";
    let mut values = Vec::new();
    if memmem::find(text, b"SealedSecret").is_none() {
        return values;
    }
    let mut read = 0;
    for start in memmem::find_iter(text, NAME) {
        if start < read {
            continue;
        }
        let behind = start + NAME.len();
        let is_json = text.get(behind) == Some(&b'"');
        let end =
            if is_json { memchr::memchr(b'}', &text[behind..]).map(|end| behind + end) } else { dedent(text, start) };
        read = end.unwrap_or(text.len());
        values.extend(sealed_values(text, behind..read));
    }
    values
}

/// What kubeseal writes: two bytes of length, which begin the base64, then a session key under RSA of 4,096 bits.
fn sealed_values(text: &[u8], block: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    const BEGIN: &[u8] = b"Ag";
    /// Longer than the keys of nearly all kinds; a sealed one is much longer.
    const SHORTEST: usize = 44;
    memmem::find_iter(&text[block.clone()], BEGIN).filter_map(move |place| {
        let start = block.start + place;
        if is_base64(text[start - 1]) {
            return None;
        }
        let length = text[start..block.end].iter().take_while(|byte| is_base64(**byte)).count();
        let value = start..start + length;
        (length >= SHORTEST && is_line_of_base64(&text[value.clone()])).then_some(value)
    })
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
    span.end <= start + length
        && (is_tagged(run) || is_led(lead, &text[start..], length) || is_named(lead, &text[start..], length))
}

/// Letters of base64 in both alphabets. The `=` at its end is left out, because it stands behind names too.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// Whether the place between `before` and `behind`, parts of one line, stands in `ENC[...]` or `ENC(...)`.
fn in_brackets(before: &[u8], behind: &[u8]) -> bool {
    const LONGEST: usize = 8 << 10;
    let is_in = |open: &[u8], close: u8, is_ciphertext: fn(&[u8]) -> bool| {
        let Some(start) = memmem::rfind(before, open).map(|start| start + open.len()) else { return false };
        let Some(length) = memchr::memchr2(close, b'\n', &behind[..behind.len().min(LONGEST)]) else { return false };
        let content = [&before[start..], &behind[..length]].concat();
        behind[length] == close && !content.contains(&close) && is_ciphertext(&content)
    };
    is_in(b"ENC[", b']', is_of_sops_or_eyaml) || is_in(b"ENC(", b')', is_of_jasypt)
}

/// Whether `value` is as a whole `ENC[...]` or `ENC(...)` with ciphertext in it.
pub(crate) fn is_bracketed(value: &[u8]) -> bool {
    let has = |open: &[u8], close: &[u8], is_ciphertext: fn(&[u8]) -> bool| {
        value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(is_ciphertext)
    };
    has(b"ENC[", b"]", is_of_sops_or_eyaml) || has(b"ENC(", b")", is_of_jasypt)
}

/// What stands in `ENC[...]`: the algorithm and fields with names (SOPS), or an envelope of PKCS #7, or of what the
/// algorithm's plugin makes, in base64 (eyaml).
/// Sources: <https://github.com/getsops/sops>, <https://github.com/voxpupuli/hiera-eyaml>
fn is_of_sops_or_eyaml(content: &[u8]) -> bool {
    const ENVELOPE: &[u8] = b"MII";
    const SHORTEST: usize = 40;
    let Some(comma) = content.iter().position(|byte| *byte == b',') else {
        return content.starts_with(ENVELOPE) && is_line_of_base64(content);
    };
    let (algorithm, rest) = (&content[..comma], &content[comma + 1..]);
    let is_capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let is_field = |field: &[u8]| {
        let mut parts = field.splitn(2, |byte| *byte == b':');
        match (parts.next().unwrap_or_default(), parts.next()) {
            (b"data" | b"iv" | b"aad" | b"tag", Some(value)) => is_line_of_base64(value),
            (b"type", Some(value)) => value.iter().all(u8::is_ascii_lowercase),
            _ => false,
        }
    };
    let is_of_eyaml = || {
        is_line_of_base64(rest)
            && if algorithm == b"PKCS7" { rest.starts_with(ENVELOPE) } else { rest.len() >= SHORTEST }
    };
    !algorithm.is_empty()
        && algorithm.iter().all(is_capital)
        && (rest.split(|byte| *byte == b',').all(is_field) || is_of_eyaml())
}

/// What stands in `ENC(...)`: a salt and at least a block, in base64 (Jasypt), maybe behind the bits of the key.
fn is_of_jasypt(content: &[u8]) -> bool {
    const SHORTEST: usize = 24;
    let digits = content.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let content = content[digits..].strip_prefix(b":").unwrap_or(content);
    content.len() >= SHORTEST && content.len().is_multiple_of(4) && is_line_of_base64(content)
}

/// Ciphertext with a header of its own: Fernet, OpenSSL's salt, the key services of AWS and Google.
fn is_tagged(run: &[u8]) -> bool {
    /// Fernet alone writes the other alphabet of base64.
    const FERNET: &[u8] = b"gAAAAA";
    const TAGS: [&[u8]; 6] = [OPENSSL, b"AQICAH", b"AQECAH", b"AQEDAH", b"AQIDAH", b"CiQA"];
    const SHORTEST: usize = 40;
    run.len() >= SHORTEST
        && (run.starts_with(FERNET) || is_line_of_base64(run) && TAGS.iter().any(|tag| run.starts_with(tag)))
}

/// A nonce of 12 bytes and a tag of 16, in base64.
const SHORTEST_OF_VAULT: usize = 40;

/// Whether `value` says that Vault's transit engine has made it, which would have made more of it.
pub(crate) fn is_no_transit(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"vault:v") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let Some(text) = rest[digits..].strip_prefix(b":").filter(|_| digits > 0) else { return false };
    let length = text.iter().take_while(|byte| is_base64(**byte)).count();
    !padded(text, length).is_some_and(|length| length >= SHORTEST_OF_VAULT && length == text.len())
}

/// What stands right before ciphertext: Vault's transit engine, Spring's and Jenkins's marks, dotenvx.
fn is_led(lead: &[u8], value: &[u8], length: usize) -> bool {
    /// A point of a curve, a vector and a tag, in base64.
    const SHORTEST_OF_DOTENVX: usize = 120;
    let run = &value[..length];
    let is_transit = memmem::rfind(lead, b"vault:v").is_some_and(|start| {
        let version = &lead[start + b"vault:v".len()..];
        matches!(version, [digits @ .., b':'] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    });
    is_transit && padded(value, length).is_some_and(|length| length >= SHORTEST_OF_VAULT)
        || lead.ends_with(b"{cipher}") && is_of_spring(run)
        || lead.ends_with(b"{") && run.starts_with(b"AQAAABAAAA")
        || lead.ends_with(b"encrypted:") && run.starts_with(b"B") && run.len() >= SHORTEST_OF_DOTENVX
}

/// What Spring writes behind `{cipher}`: a vector and at least a block of AES in hex digits, or a session key under RSA
/// before those, in base64.
/// Source: <https://github.com/spring-projects/spring-security>, `AesBytesEncryptor` and `RsaSecretEncryptor`
fn is_of_spring(run: &[u8]) -> bool {
    const SHORTEST_IN_HEX: usize = 64;
    const SHORTEST_IN_BASE64: usize = 120;
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hex = || run.len() >= SHORTEST_IN_HEX && run.len().is_multiple_of(2) && run.iter().all(is_digit);
    is_hex() || run.len() >= SHORTEST_IN_BASE64 && is_line_of_base64(run)
}

/// Names that hold nothing but ciphertext: `secure:` of CI services and Pulumi (`v1:vector:text`), `ciphertext`, and
/// `enc` of SOPS's own data. The value has to be whole base64, as no token with a prefix is.
fn is_named(lead: &[u8], value: &[u8], length: usize) -> bool {
    const NAMES: [&[u8]; 3] = [b"secure", b"ciphertext", b"enc"];
    const SHORTEST: usize = 24;
    let is_sign = |byte: &u8| b" \t\"':=".contains(byte);
    let is_long = padded(value, length).is_some_and(|length| length >= SHORTEST);
    NAMES.iter().any(|name| {
        let Some(start) = memmem::rfind(lead, name) else { return false };
        let starts_word = start == 0 || !(lead[start - 1].is_ascii_alphanumeric() || lead[start - 1] == b'_');
        let between = &lead[start + name.len()..];
        let value_start = between.iter().position(|byte| !is_sign(byte)).unwrap_or(between.len());
        let is_versioned = between[value_start..].starts_with(b"v1:") && between.ends_with(b":");
        let is_plain = value_start == between.len() && is_long;
        starts_word && value_start > 0 && (is_versioned || is_plain)
    })
}

/// The length of whole base64 in the usual alphabet, its padding included, of which `value` begins with so many letters.
fn padded(value: &[u8], length: usize) -> Option<usize> {
    let padding = value[length..].iter().take(2).take_while(|byte| **byte == b'=').count();
    let is_usual = value[..length].iter().all(|byte| !b"-_".contains(byte));
    (is_usual && (length + padding).is_multiple_of(4)).then_some(length + padding)
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
            "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\nKEY\n-----END AGE ENCRYPTED FILE-----",
            r"{'enc': '-----BEGIN PGP MESSAGE-----\n\nKEY\n-----END PGP MESSAGE-----'}",
            "kind: SealedSecret\nspec:\n  encryptedData:\n    a: AgBKEYAA==\n",
            "{\"kind\": \"SealedSecret\", \"spec\": {\"encryptedData\": {\"a\": \"b\", \"c\": \"AgBKEYAA==\"}}}",
            "age-encryption.org/v1\n-> X25519 KEY",
            "KEY--AAAABBBBCCCCDDDD--AAAABBBBCCCCDDDDEEEEFF==\n",
        ] {
            assert!(covers(text), "{text}");
        }
        assert!(covers(&format!("TOKEN=\"encrypted:B{long}KEY\"")));
        assert!(covers(&format!("password: '{{cipher}}AQ{long}KEY=='")));
        let hex = format!("password: '{{cipher}}{}'", "081cebd0c12dcb3d".repeat(4));
        assert!(Encrypted::within(hex.as_bytes()).covers(&(hex.len() - 65..hex.len() - 1)));
        let bytes = "\x01z\x1f#\x02".repeat(20);
        assert!(covers(&format!("\0GITCRYPT\0{bytes}KEY{bytes}")) && covers(&format!("Salted__{bytes}KEY")));
        assert!(covers(&format!("age-encryption.org/v1\n-> X25519 a\nb\n--- c\n{bytes}KEY{bytes}")));
        let digits = "62313133".repeat(10);
        let vault = format!("$ANSIBLE_VAULT;1.2;AES256;dev\n{digits}\n{digits}\n6231\n");
        let blocks = Encrypted::within(vault.as_bytes()).blocks;
        assert_eq!((blocks.len(), blocks[0].start, blocks[0].end), (1, vault.find('\n').unwrap() + 1, vault.len()));
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
            "ENC[KEY]",
            "ENC[AES256_GCM,KEY,data:AAAA]",
            "ENC[AES256_GCM,data:AAAA,token:KEY]",
            "ENC[PKCS7,KEY]",
            "ENC(KEYx)",
            "Salted__ is what OpenSSL writes first\ntoken: KEY",
            "U2FsdGVkX1\ntoken: KEY",
            "token: U2FsdGVkX1-KEY",
            "\0GITCRYPT\0 anything KEY",
            "age-encryption.org/v1\ntoken: KEY",
            "$ANSIBLE_VAULT;1.2;AES256;dev KEY\n6231\n",
            "$ANSIBLE_VAULT;1.1;AES256\n6231\n62\nKEY",
            "ENC(a-KEY)",
            "secure: sk_KEY",
            "insecure: KEY",
            "secure: true # KEY",
            "kind: SealedSecret\nspec:\n  encryptedData:\n    a: b\n  template:\n    a: KEY\n",
            "kind: SealedSecret\nspec:\n  encryptedData:\n    a: KEY\n    b: AgB/KEY-\n",
            "kind: SealedSecret\nspec:\n  encryptedData:\n    a: Agx=\n    b: KEYAgB\n",
            "// SealedSecret\nx={\"encryptedData\": 1,\n aws_secret_access_key : \"KEY\"}",
            "password: '{cipher}KEY'",
            "age-encryption.org/v1\n-> password=KEY",
            "age-encryption.org/v1\n-> X25519 a\npassword KEY",
            "kind: Secret\nencryptedData:\n  a: KEY",
            "$ANSIBLE_VAULT;1.1;AES256\n6231\ntoken: KEY",
            "-----BEGIN PGP MESSAGE-----\n\nYWdl\n-----END PGP MESSAGE-----\nKEY",
            "x = '-----BEGIN PGP MESSAGE-----'\na = 'KEY'\ny = '-----END PGP MESSAGE-----'",
            "-----BEGIN PGP MESSAGE-----\nComment: KEY\n\nYWdl\n-----END PGP MESSAGE-----",
            "-----BEGIN PGP MESSAGE-----\n\nKEY",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nKEY\n",
            "# see $ANSIBLE_VAULT; and git-crypt\nKEY",
            "see vault:v1: or KEY",
            "token = vault:v1:KEYx",
            "token = vault:v1:KEY-abc",
        ] {
            assert!(!covers(text), "{text}");
        }
    }

    #[test]
    fn what_vault_would_not_write_is_not() {
        let text = b"value of: vault:v1:hV4k9QzT2mXwaB3Rk9tR\n";
        assert!(!Encrypted::within(text).covers(&(19..39)));
        assert!(is_no_transit(&text[10..39]) && is_no_transit(b"vault:v1:two words"));
        assert!(!is_no_transit(b"vault:secret/data/db#password") && !is_no_transit(b"vault:v1"));
        assert!(!is_no_transit(
            b"vault:v2:TyjC66sJeubDvwMReuKB+suIMoLKE3ZchNR1h0WrRkOtXM2RLUlBqqwosPc51FgIbeujVk3PhMIMX9PV"
        ));
    }

    #[test]
    fn many_headers_on_a_line_take_no_time() {
        let start = std::time::Instant::now();
        let digits = format!("{}\n", "62313133".repeat(10)).repeat(2_000);
        let text = format!("{}\n{digits}", "$ANSIBLE_VAULT;".repeat(4_000));
        assert_eq!(Encrypted::within(text.as_bytes()).blocks.len(), 1);
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
