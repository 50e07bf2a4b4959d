//! Recognises hashes and content ids: git objects, checksums of lock files, image digests, HTTP tags; and embedded data.
//!
//! Judged by place and form, never by the name of the file: a password in a lock file's address is a real leak. Never
//! asked about a proven value.

use std::ops::Range;

use crate::placeholder::words_of;

/// Whether `span` is a digest, or lies in one or in a long piece of encoded data.
pub(crate) fn covers(text: &[u8], span: &Range<usize>) -> bool {
    let value = &text[span.clone()];
    let before = line_before(text, span.start);
    is_labelled(before, value, &text[span.end..])
        || is_digest(name_before(before), value)
        || is_in_base64(text, span)
        || has_length_of_digest(value) && is_one_of(COLLECTIONS, heading(text, span.start))
}

/// Whether a value that is assigned to `name` is a digest: the name's last word says so, or it is the path of a file,
/// and the value is as long as a digest is.
pub(crate) fn is_digest(name: &[u8], value: &[u8]) -> bool {
    has_length_of_digest(value) && (is_name_of_digest(name, value) || is_file(name))
}

/// Last words of names whose values are digests or ids of content.
const NAMES: &[&str] = &[
    "blake2b",
    "blake3",
    "blob",
    "changeset",
    "checksum",
    "checksums",
    "commit",
    "digest",
    "digests",
    "etag",
    "fingerprint",
    "fingerprints",
    "hash",
    "hashes",
    "integrity",
    "md5",
    "md5sum",
    "oid",
    "ref",
    "reference",
    "rev",
    "revision",
    "sha",
    "sha1",
    "sha1sum",
    "sha224",
    "sha256",
    "sha256sum",
    "sha384",
    "sha512",
    "sha512sum",
    "shasum",
    "thumbprint",
    "tree",
];

/// Names of blocks that hold a digest for each of many things.
const COLLECTIONS: &[&str] = &["checksums", "spec checksums", "hashes", "digests", "fingerprints", "integrity"];

fn is_one_of(list: &[&str], word: &[u8]) -> bool {
    list.iter().any(|entry| entry.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether the last word of `name` says that `value` is a digest, as long as one by that algorithm.
fn is_name_of_digest(name: &[u8], value: &[u8]) -> bool {
    /// Words behind the last one that only tell how it is written.
    const FORMS: &[&str] = &["", "hex", "base64", "b64", "sum"];
    let mut words = words_of(name).rev().filter(|word| !is_one_of(FORMS, word));
    let is_named = words
        .next()
        .is_some_and(|word| is_one_of(NAMES, word) && bytes_of(word).is_none_or(|bytes| has_length(value, bytes)));
    // Telegram calls the secret of an application `api_hash`: <https://core.telegram.org/api/obtaining_api_id>
    is_named && words.next().is_none_or(|word| !word.eq_ignore_ascii_case(b"api"))
}

/// A path with an extension, as in a list of files with their checksums.
fn is_file(name: &[u8]) -> bool {
    let Some(slash) = memchr::memrchr(b'/', name) else { return false };
    let file = &name[slash + 1..];
    memchr::memchr(b'.', file).is_some_and(|dot| dot > 0 && dot + 1 < file.len()) && !file.contains(&b':')
}

/// MD5 to SHA-512 in hex digits of one case or in padded base64.
fn has_length_of_digest(value: &[u8]) -> bool {
    let is_hex = value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        || value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    match value.len() {
        32 | 40 | 56 | 64 | 96 | 128 => is_hex,
        24 | 28 | 44 | 88 => value.ends_with(b"=") && value.iter().all(|byte| is_base64(*byte)),
        _ => false,
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// `sha512-...`, `sha256:...`, `h1:...`: an algorithm right before the text that holds the value, which is as long as a
/// digest by that algorithm is.
fn is_labelled(before: &[u8], value: &[u8], behind: &[u8]) -> bool {
    let lead = before.iter().rev().take_while(|byte| is_base64(**byte)).count();
    let rest = behind.iter().take(LONGEST).take_while(|byte| is_base64(**byte)).count();
    let (label, lead) = before.split_at(before.len() - lead);
    value.iter().all(|byte| is_base64(*byte)) && is_label_of(label, &[lead, value, &behind[..rest]].concat())
}

/// As long as no digest is.
const LONGEST: usize = 129;

/// How many bytes a digest by the algorithm called `word` has.
fn bytes_of(word: &[u8]) -> Option<usize> {
    const ALGORITHMS: [(&str, usize); 7] =
        [("md5", 16), ("sha1", 20), ("sha224", 28), ("sha256", 32), ("h1", 32), ("sha384", 48), ("sha512", 64)];
    let word = word.strip_suffix(b"sum").unwrap_or(word);
    ALGORITHMS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)).map(|(_, bytes)| *bytes)
}

/// Whether `label` ends in an algorithm and a sign, and `text` is a digest by it.
fn is_label_of(label: &[u8], text: &[u8]) -> bool {
    let Some((b'-' | b':', label)) = label.split_last() else { return false };
    let start = label.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |before| before + 1);
    bytes_of(&label[start..]).is_some_and(|bytes| has_length(text, bytes))
}

/// Whether `text` is so many bytes in hex digits or in base64, padded or not.
fn has_length(text: &[u8], bytes: usize) -> bool {
    let letters = text.len() - text.iter().rev().take_while(|byte| **byte == b'=').count();
    letters == (bytes * 4).div_ceil(3) || text.len() == bytes * 2 && text.iter().all(u8::is_ascii_hexdigit)
}

/// Whether `value` is as a whole a digest with its algorithm before it, as in `sha256:...`.
pub(crate) fn is_whole_labelled(value: &[u8]) -> bool {
    let sign = value.iter().position(|byte| b":-".contains(byte)).map_or(0, |sign| sign + 1);
    is_label_of(&value[..sign], &value[sign..])
}

/// The part of the line that stands before `start`, as far as a name can reach.
fn line_before(text: &[u8], start: usize) -> &[u8] {
    const FARTHEST: usize = 512;
    let from = start.saturating_sub(FARTHEST);
    let before = &text[from..start];
    memchr::memrchr(b'\n', before).map_or(before, |newline| &before[newline + 1..])
}

/// The name to which a value is assigned that follows `before`; of `<sha256 value="` it is the tag's.
fn name_before(before: &[u8]) -> &[u8] {
    let is_sign = |byte: &u8| b" \t\"'`:=>([,".contains(byte);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:@".contains(byte);
    let last_name = |text: &'_ [u8]| -> Range<usize> {
        let end = text.len() - text.iter().rev().take_while(|byte| is_sign(byte)).count();
        end - text[..end].iter().rev().take_while(|byte| is_name(byte)).count()..end
    };
    let name = last_name(before);
    if before[name.clone()] == *b"value" { &before[last_name(&before[..name.start])] } else { &before[name] }
}

/// The first line above `start` that is indented less: the name of the block in which it lies.
fn heading(text: &[u8], start: usize) -> &[u8] {
    const FARTHEST: usize = 16 << 10;
    let depth = |line: &[u8]| line.iter().take_while(|byte| b" \t".contains(byte)).count();
    let from = start.saturating_sub(FARTHEST);
    let mut lines = text[from..start].rsplit(|byte| *byte == b'\n');
    let own = lines.next().map_or(0, depth);
    let above = lines.find(|line| depth(line) < own && !line.trim_ascii().is_empty()).unwrap_or_default();
    let is_letter = u8::is_ascii_alphanumeric;
    let first = above.iter().position(is_letter).unwrap_or(above.len());
    let end = above.iter().rposition(is_letter).map_or(first, |last| last + 1);
    &above[first..end]
}

/// Whether `span` is a part of a longer text in base64: a font, an image, a compiled module or a table in a bundle.
fn is_in_base64(text: &[u8], span: &Range<usize>) -> bool {
    /// No path is so long without a dot.
    const LONG: usize = 256;
    const PART: usize = 4;
    /// Enough to tell what stands before a key from the beginning of the text around it.
    const LEAD: usize = 8;
    const FARTHEST: usize = 4 << 10;
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/".contains(*byte);
    if !text[span.clone()].iter().all(|byte| is_letter(&byte)) {
        return false;
    }
    let before = text[..span.start].iter().rev().take(FARTHEST).take_while(is_letter).count();
    let behind = text[span.end..].iter().take(FARTHEST).take_while(is_letter).count();
    let padding = text[span.end + behind..].iter().take(2).take_while(|byte| **byte == b'=').count();
    let around = [&text[span.start - before..span.start], &text[span.end..span.end + behind]];
    let length = before + span.len() + behind;
    let is_whole =
        (length + padding).is_multiple_of(4) && (padding > 0 || around.iter().any(|part| part.contains(&b'+')));
    before >= LONG || length >= LONG.max(span.len() * PART) || before >= LEAD && is_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";

    /// The candidate is written `HEX` and is replaced by forty digits.
    fn silent(text: &str) -> bool {
        let start = text.find("HEX").unwrap();
        covers(text.replacen("HEX", HEX, 1).as_bytes(), &(start..start + HEX.len()))
    }

    #[test]
    fn digests_are_recognised_by_name_and_place() {
        for text in [
            "DATADOG_COMMIT_SHA=HEX",
            "\"reference\": \"HEX\",",
            "  revision: HEX",
            "    resolved-ref: HEX",
            "mapboxDownloadSha1 = 'HEX'",
            "etag: \"HEX\"",
            "checksum_sha1_hex: HEX",
            "<sha1 value=\"HEX\" origin=\"Generated\"/>",
            "\"https://example.org/x/mapbox/mod.ts\": \"HEX\"",
            "assets/stripe.js: HEX",
            "hash = \"sha1:HEX\"",
            "integrity sha1-HEX",
            "SPEC CHECKSUMS:\n  Alamofire: 00\n  Mixpanel: HEX\n",
            "\"hashes\": {\n  \"datadog\": \"HEX\"\n}",
            "see commit HEX",
        ] {
            assert!(silent(text), "{text}");
        }
        let blob = format!("url(data:font/woff2;base64,{}HEX{})", "Ab0/".repeat(40), "+k9Z".repeat(40));
        assert!(silent(&blob));
        assert!(is_whole_labelled(format!("sha1-{HEX}").as_bytes()) && !is_whole_labelled(b"sha256-k7Rw2pQx9zLm"));
        assert!(silent("table = \"Uk9+Uk9HFAgUrCetJ0cqSCr/HEX/zM=\""));
    }

    #[test]
    fn keys_are_no_digests() {
        for text in [
            "DATADOG_APP_KEY=HEX",
            "sha256_hmac_key: HEX",
            "TELEGRAM_API_HASH=HEX",
            "//registry.example.org/:_authToken=HEX",
            "https://registry.example.org/api.token:key=HEX",
            "commit:\n  token: HEX",
            "checksums:\n  a: 00\ntoken: HEX",
            "sha1: 00 token: HEX",
            "mysha1-HEX",
            "sha256:HEX",
            "md5-HEX",
            "token: HEX",
            "https://api.example.org/v2/apps/live/HEX",
            "KEY=HEX=",
        ] {
            assert!(!silent(text), "{text}");
        }
        assert!(!is_digest(b"sha256", b"hunter2hunter2"));
        assert!(!is_digest(b"sha256", &[b'G'; 40]));
    }
}
