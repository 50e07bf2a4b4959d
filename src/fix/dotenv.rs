//! The file of variables: what stands in it, and one more line that every reader takes for the same.
//!
//! A value stands as it is where it has letters, digits and a few signs, and in single quotes otherwise: so the common
//! dotenv readers, docker compose and `sh` agree. Where they would not, the value is not written.

/// A file of variables.
#[derive(Default)]
pub(crate) struct Dotenv {
    content: Vec<u8>,
    entries: Vec<(String, Vec<u8>)>,
}

impl Dotenv {
    /// Reads the file; what is no assignment is kept as it is.
    pub(crate) fn parse(content: &[u8]) -> Self {
        let mut entries = Vec::new();
        let mut lines = content.split(|byte| *byte == b'\n');
        while let Some(line) = lines.next() {
            let Some((name, value)) = assignment(line) else { continue };
            // A value in quotes may go over lines.
            let quote = value.first().copied().filter(|quote| b"\"'".contains(quote));
            let mut value = value.to_vec();
            while quote.is_some_and(|quote| !value[1..].contains(&quote)) {
                let Some(next) = lines.next() else { break };
                value.push(b'\n');
                value.extend_from_slice(next);
            }
            entries.push((name, unquoted(&value)));
        }
        Self { content: content.to_vec(), entries }
    }

    /// The value of a variable; the last one counts, as for a shell.
    pub(crate) fn value_of(&self, name: &str) -> Option<&[u8]> {
        self.entries.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_slice())
    }

    /// The variables that have the value.
    pub(crate) fn names_of<'d>(&'d self, value: &'d [u8]) -> impl Iterator<Item = &'d str> {
        self.entries.iter().filter(move |(_, other)| other == value).map(|(name, _)| name.as_str())
    }

    /// The file with lines more.
    pub(crate) fn with_lines(&self, lines: &[String]) -> Vec<u8> {
        let end = if self.content.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
        let mut content = self.content.clone();
        if !content.is_empty() && !content.ends_with(b"\n") {
            content.extend_from_slice(end.as_bytes());
        }
        for line in lines {
            content.extend_from_slice(line.as_bytes());
            content.extend_from_slice(end.as_bytes());
        }
        content
    }
}

/// `NAME=VALUE`, with `export` before it or not.
fn assignment(line: &[u8]) -> Option<(String, &[u8])> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
    let sign = memchr::memchr(b'=', line)?;
    let name = str::from_utf8(line[..sign].trim_ascii()).ok()?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name.to_owned(), line[sign + 1..].trim_ascii()))
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    match value {
        [quote @ (b'"' | b'\''), rest @ ..] => {
            let end = memchr::memchr(*quote, rest).unwrap_or(rest.len());
            rest[..end].to_vec()
        }
        _ => {
            let comment = value.windows(2).position(|pair| pair == b" #").unwrap_or(value.len());
            value[..comment].trim_ascii_end().to_vec()
        }
    }
}

/// The line that gives `name` the value, or why there is none that all readers agree on.
pub(crate) fn line(name: &str, value: &[u8]) -> Result<String, &'static str> {
    let text = str::from_utf8(value).map_err(|_| "the value is no UTF-8")?;
    if text.chars().any(char::is_control) {
        return Err("the value has several lines or control characters, which not every reader of such a file takes");
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+=:@%,~^".contains(&byte);
    if text.bytes().all(is_plain) && !text.starts_with(['~', '=']) {
        return Ok(format!("{name}={text}"));
    }
    // A doubled backslash is one to some.
    if !text.contains('\'') && !text.contains("\\\\") && !text.ends_with('\\') {
        return Ok(format!("{name}='{text}'"));
    }
    if !text.contains(['"', '$', '`', '\\', '!']) {
        return Ok(format!("{name}=\"{text}\""));
    }
    Err("the readers of such a file do not agree on quotes and backslashes in one value: store it by hand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        for value in ["plain-1.2/3+=", "a b#c", "$HOME", "it's", "a\"b", "ü", "p&w;|", "~x", "a\\b"] {
            let line = line("K", value.as_bytes()).unwrap();
            let file = Dotenv::default().with_lines(std::slice::from_ref(&line));
            assert_eq!(Dotenv::parse(&file).value_of("K"), Some(value.as_bytes()), "{line}");
            assert_eq!(Dotenv::parse(&file).names_of(value.as_bytes()).collect::<Vec<_>>(), ["K"]);
        }
        for value in [&b"a\nb"[..], b"'$", b"a\\\\b", b"\xff", b"\x1b[m"] {
            assert!(line("K", value).is_err());
        }
    }

    #[test]
    fn what_is_there_stays() {
        let file = Dotenv::parse(b"# c\r\nexport A = 'x # y' # z\r\nB=b # c\r\nC=\"1\n2\"\nA=last");
        assert_eq!(file.value_of("A"), Some(&b"last"[..]));
        assert_eq!(file.value_of("B"), Some(&b"b"[..]));
        assert_eq!(file.value_of("C"), Some(&b"1\n2"[..]));
        assert!(file.with_lines(&["D=d".to_owned()]).ends_with(b"A=last\r\nD=d\r\n"));
    }
}
