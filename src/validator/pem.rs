//! PEM blocks of private keys (RFC 7468): the body decodes to what a private key is.

use std::ops::Range;

use super::{DECODES, ENCRYPTED, Verdict, base64_bytes, pgp};

/// The body of a block that begins as a key and does not go on as one.
const BROKEN: Verdict = Verdict::Invalid("its body is cut off or made up");

/// A private key of any label. A block without an END line counts only if it begins as a key.
pub(super) fn pem(secret: &[u8]) -> Verdict {
    const SHORTEST_BODY: usize = 32;
    let Some(block) = PemBlock::parse(secret) else { return Verdict::NotAKey };
    let is_legacy_encrypted = memchr::memmem::find(block.headers, b"ENCRYPTED").is_some();
    if is_legacy_encrypted || block.label.starts_with(b"ENCRYPTED") {
        // Whatever the lines around it claim, a body that opens is open.
        let opens = base64_bytes(&block.body).is_some_and(|bytes| asn1(&bytes) == DECODES);
        return if opens { DECODES } else { ENCRYPTED };
    }
    if block.body.len() < SHORTEST_BODY || block.is_shortened {
        return Verdict::NotAKey;
    }
    if block.label.starts_with(b"PGP") {
        return pgp::private_key(&block.body);
    }
    let Some(bytes) = base64_bytes(&block.body) else {
        return if block.is_closed && block.is_dense {
            Verdict::Invalid("its body does not decode")
        } else {
            Verdict::NotAKey
        };
    };
    match contained(&bytes) {
        // The bytes behind a start that no key has are no key that was cut, and code between the two lines is none.
        Verdict::Invalid(_) if !begins_a_key(&bytes) && (!block.is_closed || !block.is_dense) => Verdict::NotAKey,
        verdict => verdict,
    }
}

/// What the bytes of a body are.
fn contained(bytes: &[u8]) -> Verdict {
    if bytes.starts_with(OPENSSH_MAGIC) { openssh(bytes) } else { asn1(bytes) }
}

/// What stands between the lines of such a block, alone; its last, short line may stand behind `span`. Only a whole key
/// is one: the beginning is the same in many texts about keys.
///
/// Of a file that is such a key as a whole, the bytes themselves; whatever stands behind them makes them no other key.
pub(super) fn der(text: &[u8], span: &Range<usize>) -> Verdict {
    const LONGEST_LINE: usize = 100;
    let bytes = &text[span.clone()];
    if bytes.first() == Some(&SEQUENCE) {
        return match asn1(first_element(bytes)) {
            verdict if verdict == DECODES || verdict == ENCRYPTED => verdict,
            _ => Verdict::NotAKey,
        };
    }
    let end = text.len().min(span.end + LONGEST_LINE);
    let mut letters = base64_of(&text[span.start..end]);
    letters.truncate(letters.iter().position(|byte| *byte == b'=').unwrap_or(letters.len()));
    // One letter more than whole bytes need belongs to what follows.
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let bytes = base64_bytes(&letters).unwrap_or_default();
    if asn1(first_element(&bytes)) == DECODES { DECODES } else { Verdict::NotAKey }
}

/// The first element of DER, with its tag and length; nothing when it is cut off.
fn first_element(der: &[u8]) -> &[u8] {
    element(der).map_or(&[], |(_, _, rest)| &der[..der.len() - rest.len()])
}

/// Whether the bytes are a certificate or a public key in DER.
pub(super) fn is_public(der: &[u8]) -> bool {
    asn1(der) == Verdict::NotAKey
}

/// The base64 of such a block, as in the files of Kubernetes. Where it is cut nothing can be said.
pub(super) fn base64_of_pem(secret: &[u8]) -> Verdict {
    let whole = &secret[..secret.len() / 4 * 4];
    let text = base64_bytes(whole).unwrap_or_default();
    let is_closed = PemBlock::parse(&text).is_some_and(|block| block.is_closed);
    let is_locked = memchr::memmem::find(&text, b"ENCRYPTED").is_some();
    if is_closed || is_locked { pem(&text) } else { Verdict::Open }
}

const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// A private key in DER (X.690): PKCS#1 and DSA are a version and numbers, SEC 1 (RFC 5915) a version and bytes, PKCS#8
/// (RFC 5958) a version, a sequence that begins with the algorithm, and bytes.
fn asn1(der: &[u8]) -> Verdict {
    let Some((SEQUENCE, content, [])) = element(der) else { return BROKEN };
    let Some(parts) = elements(content) else { return BROKEN };
    let names_algorithm = |content: &[u8]| matches!(element(content), Some((OBJECT_IDENTIFIER, ..)));
    match parts[..] {
        [(INTEGER, _), (SEQUENCE, algorithm), (OCTET_STRING, _), ..] if names_algorithm(algorithm) => DECODES,
        [(INTEGER, [1]), (OCTET_STRING, _), ..] => DECODES,
        [(SEQUENCE, algorithm), (OCTET_STRING, _)] if names_algorithm(algorithm) => ENCRYPTED,
        // Public keys and certificates under the wrong label.
        [(INTEGER, _), (INTEGER, _)]
        | [(SEQUENCE, _), (BIT_STRING, _)]
        | [(SEQUENCE, _), (SEQUENCE, _), (BIT_STRING, _)] => Verdict::NotAKey,
        [(INTEGER, [0 | 1]), ref numbers @ ..]
            if numbers.len() >= 4 && numbers[..4].iter().all(|part| part.0 == INTEGER) =>
        {
            DECODES
        }
        _ => BROKEN,
    }
}

/// Tag and content of the first element, and what stands behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(*short), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 3))?;
            (digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Tags and contents of all elements, if they fill the bytes.
fn elements(mut der: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut all = Vec::new();
    while !der.is_empty() {
        let (tag, content, rest) = element(der)?;
        all.push((tag, content));
        der = rest;
    }
    Some(all)
}

/// Whether the bytes are the beginning of a longer key: a sequence whose first element is a version.
fn begins_a_key(bytes: &[u8]) -> bool {
    bytes.starts_with(OPENSSH_MAGIC)
        || matches!(bytes, [SEQUENCE, 0x82, _, _, INTEGER, 1, 0 | 1, ..] | [SEQUENCE, 0x81, _, INTEGER, 1, 0 | 1, ..])
}

/// OpenSSH's own container: magic, names of cipher and derivation, its options, the number of keys, the public one, and
/// the private part, which begins with the same number twice.
/// Source: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>
fn openssh(bytes: &[u8]) -> Verdict {
    let parts = || {
        let rest = bytes.strip_prefix(OPENSSH_MAGIC)?;
        let (cipher, rest) = ssh_string(rest)?;
        let (_, rest) = ssh_string(rest)?;
        let (_, rest) = ssh_string(rest)?;
        let (_, rest) = ssh_string(rest.get(4..)?)?;
        let (private, rest) = ssh_string(rest)?;
        rest.is_empty().then_some((cipher, private))
    };
    match parts() {
        Some((b"none", private)) if private.len() > 8 && private[..4] == private[4..8] => DECODES,
        Some((b"none", _)) | None => BROKEN,
        Some(_) => ENCRYPTED,
    }
}

/// A text that begins with its length in four bytes (RFC 4251), and what stands behind it.
pub(super) fn ssh_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// A private key block taken apart; line breaks may be written as `\n` or `%0A` or be missing altogether.
pub(crate) struct PemBlock<'t> {
    /// For example `RSA PRIVATE KEY`.
    pub(crate) label: &'t [u8],
    /// The lines such as `Proc-Type: 4,ENCRYPTED` before the body.
    headers: &'t [u8],
    /// The base64 text without anything between its characters.
    pub(crate) body: Vec<u8>,
    /// Where the label's line ends in the block.
    pub(crate) label_end: usize,
    /// Whether an END line follows.
    is_closed: bool,
    /// Whether dots stand for a part of the body.
    is_shortened: bool,
    /// Whether a good part of what stands between the two lines is text in base64.
    is_dense: bool,
}

impl<'t> PemBlock<'t> {
    /// Takes apart a text that starts with `-----BEGIN `.
    pub(crate) fn parse(block: &'t [u8]) -> Option<Self> {
        const BEGIN: &[u8] = b"-----BEGIN ";
        let rest = block.strip_prefix(BEGIN)?;
        let label_length = memchr::memmem::find(rest, b"-----")?;
        let label_end = BEGIN.len() + label_length + 5;
        let content = &block[label_end..];
        let end = memchr::memmem::find(content, b"-----END");
        let content = &content[..end.unwrap_or(content.len())];
        let (headers, body) = content.split_at(header_length(content));
        let label = &rest[..label_length];
        let whole = whole_body(label, body);
        // Three dots stand for what was left out, unless nothing was.
        let is_shortened = whole.is_none() && memchr::memmem::find(body, DOTS).is_some();
        let is_dense = is_dense(body);
        let body = whole.unwrap_or_else(|| match base64_of(body) {
            plain if label.starts_with(b"PGP") || begins_a_body(&plain) => plain,
            _ => longest_runs(body),
        });
        Some(Self { label, headers, body, label_end, is_closed: end.is_some(), is_shortened, is_dense })
    }
}

const DOTS: &[u8] = b"...";

/// The base64 text of a body that is a whole key, in whatever way it has to be read for that: all of it, or of each line
/// the longest text or the last one, with the lines that hold dots or without.
fn whole_body(label: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let is_whole = |letters: &Vec<u8>| {
        let verdict = if label.starts_with(b"PGP") {
            pgp::private_key(letters)
        } else {
            base64_bytes(letters).map_or(BROKEN, |bytes| contained(&bytes))
        };
        matches!(verdict, Verdict::Valid(_) | Verdict::Harmless(_))
    };
    let read = |body: &[u8]| {
        Some(base64_of(body))
            .filter(is_whole)
            .or_else(|| Some(longest_runs(body)).filter(is_whole))
            .or_else(|| Some(last_runs(body)).filter(is_whole))
    };
    read(body).or_else(|| {
        let lines = body.split_inclusive(|byte| *byte == b'\n');
        memchr::memmem::find(body, DOTS)?;
        read(&lines.filter(|line| memchr::memmem::find(line, DOTS).is_none()).collect::<Vec<_>>().concat())
    })
}

/// Whether at least a third of `body` is made of long texts in base64.
fn is_dense(body: &[u8]) -> bool {
    const LONG: usize = 20;
    let runs = body.split(|byte| !is_base64(*byte)).map(<[u8]>::len);
    runs.filter(|length| *length >= LONG).sum::<usize>() * 3 >= body.len()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// How much of the content is header lines: `Name: value`, the name of letters and hyphens. None stands behind the first
/// line of the body.
fn header_length(content: &[u8]) -> usize {
    let is_name = |colon: &usize| {
        let name = content[..*colon].iter().rev().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-');
        name.count() >= 4
    };
    // The colon of a log line stands before the body, not before a header's value.
    let has_body = |colon: &usize| {
        let line = content[*colon..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let run = |part: &[u8]| part.iter().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count();
        line.split(|byte| !byte.is_ascii_alphanumeric() && !b"+/=".contains(byte)).any(|part| run(part) >= 40)
    };
    memchr::memrchr_iter(b':', &content[..first_line(content)]).find(|colon| is_name(colon) && !has_body(colon)).map_or(
        0,
        |colon| {
            let line_end = content[colon..].windows(2).position(|pair| pair[0] == b'\n' || pair == b"\\n");
            line_end.map_or(content.len(), |end| colon + end + 1)
        },
    )
}

/// Where the first text in base64 starts that is as long as the lines of a body.
fn first_line(content: &[u8]) -> usize {
    const LONG: usize = 40;
    let mut start = 0;
    for run in content.split(|byte| !is_base64(*byte)) {
        if run.len() >= LONG {
            break;
        }
        start += run.len() + 1;
    }
    start.min(content.len())
}

/// Whether base64 begins as a sequence of ASN.1 or as OpenSSH's magic does.
fn begins_a_body(base64: &[u8]) -> bool {
    base64.starts_with(b"M") || base64.starts_with(b"b3BlbnNz")
}

/// The longest base64 text of each line: the rest is what a log, a comment or a quotation puts before it, also before
/// the END line.
fn longest_runs(body: &[u8]) -> Vec<u8> {
    runs_of_lines(body, |runs| runs.max_by_key(|run| run.len()))
}

/// The last base64 text of each line: before a short one, which ends a body, may stand longer words.
fn last_runs(body: &[u8]) -> Vec<u8> {
    runs_of_lines(body, |runs| runs.filter(|run| !run.is_empty()).last())
}

fn runs_of_lines(
    body: &[u8],
    pick: impl for<'l> Fn(&mut dyn Iterator<Item = &'l [u8]>) -> Option<&'l [u8]>,
) -> Vec<u8> {
    let end = memchr::memrchr(b'\n', body).unwrap_or(body.len());
    let picked = |line| pick(&mut <[u8]>::split(line, |byte| !is_base64(*byte))).unwrap_or_default();
    body[..end].split(|byte| *byte == b'\n').flat_map(picked).copied().collect()
}

/// The base64 characters of a PEM body. Escapes (`\n`, `%0A`), quotes, blanks and the `+` that joins two strings fall
/// away.
pub(super) fn base64_of(body: &[u8]) -> Vec<u8> {
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| b" \t\r\n\"'`".contains(byte));
    let mut out = Vec::with_capacity(body.len());
    let mut position = 0;
    while let Some(byte) = body.get(position) {
        match byte {
            b'\\' if body.get(position + 1) != Some(&b'/') => position += 1, // and the letter behind it
            b'%' => {
                if let Some(byte) = percent_encoded(&body[position..]) {
                    out.extend(Some(byte).filter(|byte| is_base64(*byte)));
                    position += 2;
                }
            }
            b'+' if is_edge(position.checked_sub(1).and_then(|before| body.get(before)))
                && is_edge(body.get(position + 1)) => {}
            byte if is_base64(*byte) => out.push(*byte),
            _ => {}
        }
        position += 1;
    }
    out
}

/// The byte that `%XX` writes.
fn percent_encoded(text: &[u8]) -> Option<u8> {
    let digits = str::from_utf8(text.get(1..3)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::example;

    fn block(label: &str, number: usize) -> String {
        example::expand(&format!("<pem:{label}>"), "validator", number)
    }

    #[test]
    fn private_keys_decode() {
        for label in
            ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
        {
            let block = block(label, 0);
            let right = pem(block.as_bytes());
            assert!(matches!(right, Verdict::Valid(_)), "{label}: {right:?}");
            assert_eq!(pem(block.replace('\n', "\\n").as_bytes()), right, "{label} escaped");
            let percent = block.replace('\n', "%0A").replace('+', "%2B").replace('=', "%3D");
            assert_eq!(pem(percent.as_bytes()), right, "{label} percent-encoded");
            let lines: Vec<_> = block.lines().collect();
            let open = lines[..lines.len() - 1].join("\n");
            assert_eq!(pem(open.as_bytes()), right, "{label} without its last line");
            let cut: Vec<_> =
                lines.iter().enumerate().filter(|(place, _)| *place != 2).map(|(_, line)| *line).collect();
            let cut = pem(cut.join("\n").as_bytes());
            assert!(matches!(cut, Verdict::Invalid(_) | Verdict::NotAKey), "{label} without its second line: {cut:?}");
        }
    }

    #[test]
    fn what_stands_before_each_line_falls_away() {
        for label in ["RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            let block = block(label, 5);
            for before in [
                "2026-04-26 12:36:01 ",
                "// ",
                "# ",
                "17| ",
                "[INFO] ",
                "[Main] M: ",
                "INFO: ",
                "2024-01-01 12:00:00 | ",
                "2024-01-01T12:00:00.000Z [worker{3}] debug: ",
                "\x1b[32mweb_1  │\x1b[0m ",
            ] {
                let quoted = block.replace('\n', &format!("\n{before}"));
                assert_eq!(pem(quoted.as_bytes()), DECODES, "{before}{label}");
            }
        }
    }

    #[test]
    fn dots_stand_for_what_is_left_out_alone() {
        let block = block("RSA PRIVATE KEY", 6);
        let lines: Vec<_> = block.lines().collect();
        let shortened = [&lines[..2], &["..."], &lines[4..]].concat().join("\n");
        assert_eq!(pem(shortened.as_bytes()), Verdict::NotAKey);
        for line in ["...", "MIIEpAIBAAKCAQEA..."] {
            let more = block.replacen('\n', &format!("\n{line}\n"), 1);
            assert_eq!(pem(more.as_bytes()), DECODES, "{line}");
        }
    }

    #[test]
    fn what_is_cut_must_begin_as_a_key() {
        let block = block("RSA PRIVATE KEY", 1);
        let half: Vec<_> = block.lines().take(4).collect();
        assert_eq!(pem(half.join("\n").as_bytes()), BROKEN);
        let random = example::expand("<base64:64>\n<base64:64>", "validator", 0);
        let begin = block.lines().next().unwrap();
        assert_eq!(pem(format!("{begin}\n{random}").as_bytes()), Verdict::NotAKey);
    }

    #[test]
    fn locked_and_public_keys_are_told_apart() {
        assert_eq!(pem(block("ENCRYPTED PRIVATE KEY", 0).as_bytes()), ENCRYPTED);
        let dashes = "-----";
        let legacy = format!(
            "{dashes}BEGIN RSA PRIVATE KEY{dashes}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
        );
        assert_eq!(pem(legacy.as_bytes()), ENCRYPTED);
        let dots = format!("{dashes}BEGIN PRIVATE KEY{dashes}\n...\n{dashes}END PRIVATE KEY{dashes}");
        assert_eq!(pem(dots.as_bytes()), Verdict::NotAKey);
        // A public key of Ed25519 (RFC 8410) under the label of a private one.
        let public = format!("{dashes}BEGIN PRIVATE KEY{dashes}\nMCowBQYDK2VwAyEA{}=\n", "Ab3d".repeat(10) + "Ab0");
        assert_eq!(pem(public.as_bytes()), Verdict::NotAKey);
    }

    #[test]
    fn a_private_key_is_the_same_however_it_is_written() {
        let block = block("RSA PRIVATE KEY", 3);
        let body = PemBlock::parse(block.as_bytes()).unwrap().body;
        for other in [
            block.replace('\n', "\r\n"),
            block.replace('\n', "\\n"),
            block.replace('\n', "\n    "),
            block.replace('\n', "\\n\" +\n  \""),
            block.replace('/', "\\/").replace('\n', "\\n"),
            block.replace('/', "%2F").replace('\n', "%0a"),
        ] {
            assert_eq!(PemBlock::parse(other.as_bytes()).unwrap().body, body, "{other}");
        }
    }
}
