//! Reads the passwords that SQL gives to users in its own words: `IDENTIFIED BY 'VALUE'`,
//! `IDENTIFIED WITH plugin BY 'VALUE'`, `SET PASSWORD FOR 'app'@'%' = 'VALUE'`.

use std::ops::Range;

/// So much may stand between the words.
const LONGEST: usize = 160;

/// Where the statement whose word stands at `name` goes on with the value.
pub(super) fn value(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let rest = &text[name.end..text.len().min(name.end + LONGEST)];
    let word = &text[name.clone()];
    if word.eq_ignore_ascii_case(b"identified") {
        return behind_by(rest).map(|place| name.end + place);
    }
    if !word.eq_ignore_ascii_case(b"password") || !starts_with(rest.trim_ascii_start(), b"for ") {
        return None;
    }
    let line = rest.split(|byte| b"\r\n;".contains(byte)).next()?;
    let sign = line.iter().position(|byte| *byte == b'=')?;
    let is_user = line[..sign].iter().all(|byte| byte.is_ascii_alphanumeric() || b" '\"`@%._-\\".contains(byte));
    is_user.then_some(name.end + sign + 1)
}

/// The place behind `BY`, or behind `WITH plugin BY`.
fn behind_by(rest: &[u8]) -> Option<usize> {
    let mut place = blanks(rest);
    if starts_with(&rest[place..], b"with ") {
        place += b"with ".len();
        place += rest[place..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        place += blanks(&rest[place..]);
    }
    let is_by = place > 0 && starts_with(&rest[place..], b"by ");
    is_by.then_some(place + b"by ".len())
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_sql_are_passed() {
        for (text, name) in [
            ("IDENTIFIED BY |", "IDENTIFIED"),
            ("identified  by |", "identified"),
            ("IDENTIFIED WITH mysql_native_password\n  BY |", "IDENTIFIED"),
            ("PASSWORD FOR 'app'@'%' =|", "PASSWORD"),
            ("PASSWORD FOR app =|", "PASSWORD"),
        ] {
            let place = value(text.as_bytes(), &(0..name.len()));
            assert_eq!(place, text.find('|'), "{text}");
        }
        for (text, name) in [
            ("identified by", "identified"),
            ("identified with auth_socket;", "identified"),
            ("password for (x = 1)", "password"),
            ("password for the user\n= 1", "password"),
            ("password = 'x'", "password"),
        ] {
            assert_eq!(value(text.as_bytes(), &(0..name.len())), None, "{text}");
        }
    }
}
