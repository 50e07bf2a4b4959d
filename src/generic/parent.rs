//! Reads what encloses a name: `jwt` for the `key` in `"jwt": { "key": ... }`, in YAML below `jwt:`, in a section `[jwt]`.

use std::ops::Range;

/// An enclosing name stands no farther away.
const FARTHEST: usize = 2 << 10;

/// Where the name stands that encloses `place`.
pub(super) fn name(text: &[u8], place: usize) -> Option<Range<usize>> {
    let first = place.saturating_sub(FARTHEST);
    let end = match open_brace(&text[first..place]) {
        Some(brace) => before_sign(&text[first..first + brace])?,
        None => line_above(&text[first..place])?,
    };
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = text[first..first + end].iter().rev().take_while(is_name).count();
    (length > 0).then(|| first + end - length..first + end)
}

/// The brace that is open at the end of `before`.
fn open_brace(before: &[u8]) -> Option<usize> {
    let mut closed = 0_usize;
    for (place, byte) in before.iter().enumerate().rev() {
        match byte {
            b'}' => closed += 1,
            b'{' if closed == 0 => return Some(place),
            b'{' => closed -= 1,
            _ => {}
        }
    }
    None
}

/// Where the name ends whose value begins behind `before`.
fn before_sign(before: &[u8]) -> Option<usize> {
    let before = before.trim_ascii_end();
    let before = [&b"=>"[..], b":", b"=", b"("].iter().find_map(|sign| before.strip_suffix(*sign)).unwrap_or(before);
    let before = before.trim_ascii_end();
    let quotes = before.iter().rev().take(2).take_while(|byte| b"\\\"'`".contains(byte)).count();
    before.len().checked_sub(quotes)
}

/// Where the name ends in the next line above that is not as far in, `name:`, or heads a section, `[name]`.
fn line_above(before: &[u8]) -> Option<usize> {
    let own = memchr::memrchr(b'\n', before)? + 1;
    let indent = |line: &[u8]| line.iter().take_while(|byte| b" -".contains(byte)).count();
    let inner = indent(&before[own..]);
    let mut end = own - 1;
    loop {
        let start = memchr::memrchr(b'\n', &before[..end]).map_or(0, |newline| newline + 1);
        let line = before[start..end].trim_ascii_end();
        let is_section = inner == 0 && line.starts_with(b"[") && line.ends_with(b"]");
        if is_section || !line.trim_ascii().is_empty() && indent(line) < inner {
            let name = if is_section { line.strip_suffix(b"]") } else { line.strip_suffix(b":") };
            return name.map(|name| start + name.trim_ascii_end().len());
        }
        end = start.checked_sub(1)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_around_a_key_is_found() {
        for (text, expected) in [
            ("{\"Jwt\": {\"Issuer\": \"x\", \"Key\": 1", Some("Jwt")),
            ("{\n  \"Jwt\": {\n    \"More\": {\"a\": 1},\n    \"Key\": 1", Some("Jwt")),
            ("jwt {\n  Key = 1", Some("jwt")),
            ("new Jwt({ Key: 1", Some("Jwt")),
            ("'jwt' => {\n  Key => 1", Some("jwt")),
            ("jwt:\n  issuer: x\n\n  Key: 1", Some("jwt")),
            ("jwt:\n  - name: x\n    Key: 1", Some("jwt")),
            ("[tool.jwt]\na = 1\nKey = 1", Some("tool.jwt")),
            ("a: 1\nKey: 1", None),
            ("text\n  Key: 1", None),
            ("{\"a\": [{\"Key\": 1", None),
            ("Key", None),
        ] {
            let found = name(text.as_bytes(), text.find("Key").unwrap());
            assert_eq!(found.and_then(|span| text.get(span)), expected, "{text}");
        }
    }
}
