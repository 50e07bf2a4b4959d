//! Reads the value that is given some lines below the name: by `variable "NAME" {` and `default = "VALUE"` in Terraform,
//! by `NAME:` and further in `Default: VALUE` in `CloudFormation`, by `name: NAME`, `type: string` and `default: VALUE`.

use std::ops::Range;

/// A value stands no farther from its name.
const LONGEST: usize = 600;
/// The words for the value, in small letters.
const KEYS: [&[u8]; 3] = [b"defaultvalue", b"default", b"value"];

/// The place behind the sign that gives a value to the name at `name`, if it opens such a block.
pub(super) fn value(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let end = text.len().min(name.end + LONGEST);
    let behind = &text[name.end..end];
    let closing = behind.iter().take(2).take_while(|byte| b"\\\"'".contains(byte)).count();
    let mut place = closing + blanks(&behind[closing..]);
    let is_colon = behind.get(place) == Some(&b':');
    if is_colon || behind.get(place) == Some(&b'=') {
        place += 1;
        place += blanks(&behind[place..]);
    }
    let block = match behind.get(place)? {
        b'{' => place + 1..place + 1 + flat(&behind[place + 1..]),
        b'\r' | b'\n' if is_colon => place..place + indented(&behind[place..], indent(text, name.start)),
        b'\r' | b'\n' | b',' if !is_colon && is_named(&text[..name.start]) => place..place + fields(&behind[place..]),
        _ => return None,
    };
    behind_key(&behind[block.clone()]).map(|found| name.end + block.start + found)
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| b" \t".contains(byte)).count()
}

/// How far a block goes that holds no other one.
fn flat(text: &[u8]) -> usize {
    text.iter().position(|byte| b"{}".contains(byte)).unwrap_or(text.len())
}

/// How far the line at `place` is moved in. The dash of a list moves in, too.
fn indent(text: &[u8], place: usize) -> usize {
    let line = memchr::memrchr(b'\n', &text[..place]).map_or(0, |newline| newline + 1);
    text[line..].iter().take_while(|byte| b" \t-".contains(byte)).count()
}

/// How far the lines go that are farther in than `outer`.
fn indented(text: &[u8], outer: usize) -> usize {
    let is_outside = |newline: &usize| {
        let line = &text[newline + 1..];
        let is_blank = line.trim_ascii_start().is_empty() || line.starts_with(b"\n") || line.starts_with(b"\r\n");
        !is_blank && line.iter().take_while(|byte| b" \t".contains(byte)).count() <= outer
    };
    memchr::memchr_iter(b'\n', text).find(is_outside).unwrap_or(text.len())
}

/// Whether what comes is the name of an entry of a list.
fn is_named(before: &[u8]) -> bool {
    let opening = before.iter().rev().take(2).take_while(|byte| b"\\\"'".contains(byte)).count();
    let before = before[..before.len() - opening].trim_ascii_end();
    let Some(before) = before.strip_suffix(b":") else { return false };
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    [&b"name"[..], b"key"]
        .iter()
        .any(|word| before.len() >= word.len() && before[before.len() - word.len()..].eq_ignore_ascii_case(word))
}

/// How far the fields of the same entry go.
fn fields(text: &[u8]) -> usize {
    let end = flat(text);
    let is_next = |newline: &usize| text[newline + 1..].trim_ascii_start().starts_with(b"-");
    memchr::memchr_iter(b'\n', &text[..end]).find(is_next).unwrap_or(end)
}

/// The place behind the sign behind the first word for the value.
fn behind_key(block: &[u8]) -> Option<usize> {
    let folded = block.to_ascii_lowercase();
    KEYS.iter().find_map(|key| {
        memchr::memmem::find_iter(&folded, key).find_map(|start| {
            let quotes = folded[..start].iter().rev().take(2).take_while(|byte| b"\\\"'".contains(byte)).count();
            let before = folded[..start - quotes].iter().rev().find(|byte| !b" \t".contains(byte));
            let mut place = start + key.len();
            place += folded[place..].iter().take(2).take_while(|byte| b"\\\"'".contains(byte)).count();
            place += blanks(&folded[place..]);
            let is_key =
                before.is_none_or(|byte| b"\n,".contains(byte)) && matches!(folded.get(place), Some(b':' | b'='));
            is_key.then_some(place + 1)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, is_found: bool) {
        let start = text.find("db_password").unwrap();
        let place = value(text.as_bytes(), &(start..start + "db_password".len()));
        let expected = is_found.then(|| text.find("VALUE").unwrap());
        let place =
            place.map(|place| place + text.as_bytes()[place..].iter().take_while(|b| b" \"'".contains(b)).count());
        assert_eq!(place, expected, "{text}");
    }

    #[test]
    fn values_are_found_below_their_name() {
        for text in [
            "variable \"db_password\" {\n  type = string\n  default     = \"VALUE\"\n}",
            "  db_password:\n    Type: String\n    NoEcho: true\n    Default: VALUE\n  Other:\n",
            "{\"db_password\": {\"type\": \"string\", \"defaultValue\": \"VALUE\"}}",
            "- name: db_password\n  type: string\n  default: VALUE\n",
            "{\"key\": \"db_password\", \"type\": \"text\", \"value\": \"VALUE\"}",
            "db_password:\r\n  default: VALUE\r\n",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn values_of_others_are_not_taken() {
        for text in [
            "variable \"db_password\" {\n  type = string\n}\nvariable \"x\" {\n  default = \"VALUE\"\n}",
            "variable \"db_password\" {\n  type = object({})\n}\ndefault = \"VALUE\"",
            "  db_password:\n    Type: String\n  Other:\n    Default: VALUE\n",
            "- name: db_password\n  type: string\n- name: other\n  default: VALUE\n",
            "db_password\n  default: VALUE\n",
            "db_password {\n  by_default: VALUE\n}",
            "db_password:\n  default_value_of: VALUE\n",
            "- name: db_password\n  valueFrom: VALUE\n",
        ] {
            check(text, false);
        }
    }
}
