//! How much of the text the variable takes: an address goes out as a whole, since `DATABASE_URL` is one.

use std::ops::Range;

/// Whether the variable is by its name to hold an address or a connection string, and no password alone.
fn is_of_address(variable: &str) -> bool {
    ["_URL", "_URI", "_DSN", "CONNECTION_STRING"].iter().any(|end| variable.ends_with(end))
}

/// The stretch of `text` that goes into `variable`: the address around the secret at `span` where that is a value of its
/// own, else `span`.
pub(crate) fn extent(variable: Option<&str>, text: &[u8], span: &Range<usize>) -> Range<usize> {
    let is_wide = variable.is_some_and(is_of_address);
    let wide = is_wide.then(|| address(text, span).or_else(|| quoted(text, span))).flatten();
    wide.unwrap_or_else(|| span.clone())
}

/// What a variable is called that holds only what stands at `span`: no address when the address begins before it.
pub(super) fn narrowed(variable: &str, text: &[u8], span: &Range<usize>) -> String {
    let begins_before = span.start.checked_sub(1).is_some_and(|before| !is_end(text[before]) && text[before] != b'=');
    if !is_of_address(variable) || !begins_before {
        return variable.to_owned();
    }
    let what = if text.get(span.end) == Some(&b'@') { "PASSWORD" } else { "SECRET" };
    match variable.rsplit_once('_') {
        Some((of, "STRING")) => format!("{}{what}", of.strip_suffix("CONNECTION").unwrap_or(of)),
        Some((of, _)) => format!("{of}_{what}"),
        None => variable.to_owned(),
    }
}

/// Whether an address ends before this.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>')
}

/// Whether a language may put something else in for this, within quotes.
fn is_live(byte: u8) -> bool {
    matches!(byte, b'\\' | b'$' | b'{' | b'}')
}

/// `scheme://...` around the secret, when it is the whole of a quoted or of a plain value.
fn address(text: &[u8], span: &Range<usize>) -> Option<Range<usize>> {
    const LONGEST: usize = 2048;
    let first = span.start.saturating_sub(LONGEST);
    let open = text[first..span.start].iter().rposition(|byte| is_end(*byte)).map_or(first, |end| first + end + 1);
    let scheme_end = open + memchr::memmem::find(&text[open..span.start], b"://")?;
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b':');
    let start = text[open..scheme_end].iter().rposition(|byte| !is_scheme(byte)).map_or(open, |other| open + other + 1);
    let last = text.len().min(span.end + LONGEST);
    let end = text[span.end..last].iter().position(|byte| is_end(*byte)).map_or(last, |end| span.end + end);
    let (before, behind) = (start.checked_sub(1).map(|before| text[before]), text.get(end).copied());
    let is_value = match before {
        Some(quote @ (b'"' | b'\'' | b'`')) => behind == Some(quote),
        None | Some(b'=') => behind.is_none_or(|byte| byte.is_ascii_whitespace()),
        Some(byte) => byte.is_ascii_whitespace() && behind.is_none_or(|byte| byte.is_ascii_whitespace()),
    };
    let is_plain = matches!(before, Some(b'"' | b'\'' | b'`')) || !matches!(text[end - 1], b',' | b';' | b')' | b']');
    (is_value && is_plain && !text[start..end].iter().any(|byte| is_live(*byte))).then_some(start..end)
}

/// `Name=value;...` around the secret, in quotes.
fn quoted(text: &[u8], span: &Range<usize>) -> Option<Range<usize>> {
    const LONGEST: usize = 2048;
    let is_edge = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'\n' | b'\r');
    let first = span.start.saturating_sub(LONGEST);
    let open = first + text[first..span.start].iter().rposition(is_edge)?;
    let close = span.end + text[span.end..text.len().min(span.end + LONGEST)].iter().position(is_edge)?;
    let inner = &text[open + 1..close];
    let is_string = text[open] == text[close] && !matches!(text[open], b'\n' | b'\r');
    let has_fields = inner.contains(&b'=') && inner.contains(&b';');
    (is_string && has_fields && !inner.iter().any(|byte| is_live(*byte))).then_some(open + 1..close)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the variable would take of the text, in which the secret is `TOK`.
    fn taken<'t>(variable: &str, text: &'t str) -> &'t str {
        let start = text.find("TOK").unwrap();
        text.get(extent(Some(variable), text.as_bytes(), &(start..start + 3))).unwrap()
    }

    #[test]
    fn an_address_goes_out_as_a_whole() {
        for (text, expected) in [
            ("db = \"postgres://a:TOK@h.x/b?c=d\"", "postgres://a:TOK@h.x/b?c=d"),
            ("DATABASE_URL=postgres+psycopg://a:TOK@h/b\nX=1", "postgres+psycopg://a:TOK@h/b"),
            ("url: jdbc:postgresql://a:TOK@h/b\n", "jdbc:postgresql://a:TOK@h/b"),
            ("f('a', 'postgres://a:TOK@h/b')", "postgres://a:TOK@h/b"),
            ("  - DATABASE_URL=postgres://a:TOK@h/b", "postgres://a:TOK@h/b"),
            // What else stands in the string would be lost.
            ("db = \"see postgres://a:TOK@h/b\"", "TOK"),
            ("db = f\"postgres://a:TOK@{host}/b\"", "TOK"),
            ("db = \"postgres://a:TOK@h/b\\n\"", "TOK"),
            ("[postgres://a:TOK@h/b, x]", "TOK"),
            ("db = \"postgres://a:TOK@\" + host", "postgres://a:TOK@"),
            ("db = \"TOK\"", "TOK"),
        ] {
            assert_eq!(taken("DATABASE_URL", text), expected, "{text}");
        }
        assert_eq!(taken("DB_PASSWORD", "db = \"postgres://a:TOK@h/b\""), "TOK");
    }

    #[test]
    fn a_connection_string_goes_out_as_a_whole() {
        let string = "Server=a,1433; User ID=b;Password=TOK;";
        assert_eq!(taken("CONNECTION_STRING", &format!("var c = \"{string}\";")), string);
        assert_eq!(taken("CONNECTION_STRING", &format!("c={string}")), "TOK");
        assert_eq!(taken("CONNECTION_STRING", "c = $\"Server={a};Password=TOK\""), "TOK");
    }

    #[test]
    fn a_part_of_an_address_is_not_called_one() {
        for (variable, text, expected) in [
            ("DATABASE_URL", "f\"postgres://a:TOK@{h}\"", "DATABASE_PASSWORD"),
            ("SLACK_WEBHOOK_URL", "\"https://h/TOK\"", "SLACK_WEBHOOK_SECRET"),
            ("SLACK_WEBHOOK_URL", "\"TOK\"", "SLACK_WEBHOOK_URL"),
            ("REDIS_URL", "REDIS_URL=TOK", "REDIS_URL"),
            ("AZURE_STORAGE_CONNECTION_STRING", "A;B:TOK", "AZURE_STORAGE_SECRET"),
            ("CONNECTION_STRING", "A;B:TOK", "SECRET"),
            ("GITHUB_TOKEN", "a:TOK", "GITHUB_TOKEN"),
        ] {
            let start = text.find("TOK").unwrap();
            assert_eq!(narrowed(variable, text.as_bytes(), &(start..start + 3)), expected, "{text}");
        }
    }
}
