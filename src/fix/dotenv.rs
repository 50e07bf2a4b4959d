//! The file of variables: what stands in it, and one more line that every reader takes for the same.
//!
//! A value stands as it is where it has letters, digits and a few signs, and in single quotes otherwise: so the common
//! dotenv readers, docker compose and `sh` agree. Where they would not, the value is not written. Nor is it below a line
//! that goes on to the next one: what is added there would be a part of what stands above.

/// A file of variables.
#[derive(Default)]
pub(crate) struct Dotenv {
    content: Vec<u8>,
    entries: Vec<(String, Vec<u8>)>,
    open: Option<Open>,
}

/// What a file ends in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// The line where it begins, counted from 1.
    pub(crate) line: usize,
    /// What it is, as the rest of a sentence about the line.
    pub(crate) what: &'static str,
}

impl Open {
    const QUOTE: &str = "begins a quote that nothing ends";
    const BACKSLASH: &str = "ends with a backslash, which takes the next line in";
}

impl Dotenv {
    /// Reads the file; what is no assignment is kept as it is.
    pub(crate) fn parse(content: &[u8]) -> Self {
        let mut entries = Vec::new();
        let mut open = open_for_shell(content);
        let mut lines = content.split(|byte| *byte == b'\n').zip(1..);
        while let Some((line, number)) = lines.next() {
            let Some((name, value)) = assignment(line) else { continue };
            // A value in quotes may go over lines.
            let quote = value.first().copied().filter(|quote| b"\"'".contains(quote));
            let mut value = value.to_vec();
            let mut unended = quote.filter(|quote| !value[1..].contains(quote));
            while let Some(quote) = unended {
                let Some((next, _)) = lines.next() else {
                    open = open.or(Some(Open { line: number, what: Open::QUOTE }));
                    break;
                };
                value.push(b'\n');
                value.extend_from_slice(next);
                // What came before is known to have none.
                unended = (!next.contains(&quote)).then_some(quote);
            }
            entries.push((name, unquoted(&value)));
        }
        Self { content: content.to_vec(), entries, open }
    }

    /// What has to be ended before a line can be added.
    pub(crate) fn open(&self) -> Option<Open> {
        self.open
    }

    /// The value of a variable; the last one counts, as for a shell.
    pub(crate) fn value_of(&self, name: &str) -> Option<&[u8]> {
        self.entries.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_slice())
    }

    /// The variables that have the value.
    pub(crate) fn names_of<'d>(&'d self, value: &'d [u8]) -> impl Iterator<Item = &'d str> {
        self.entries.iter().filter(move |(_, other)| other == value).map(|(name, _)| name.as_str())
    }

    /// The file with lines more. They end without `\r` whatever the others do, which `sh` takes for a part of the value.
    pub(crate) fn with_lines(&self, lines: &[String]) -> Vec<u8> {
        let mut content = self.content.clone();
        if !content.is_empty() && !content.ends_with(b"\n") {
            content.push(b'\n');
        }
        for line in lines {
            content.extend_from_slice(line.as_bytes());
            content.push(b'\n');
        }
        content
    }
}

/// What the file leaves open for `sh`, which knows quotes inside words and takes a line in behind a backslash.
fn open_for_shell(content: &[u8]) -> Option<Open> {
    let (mut quote, mut start, mut line) = (None, 1, 1);
    let mut begins_word = true;
    let mut bytes = content.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b'#') if begins_word => {
                // A comment may hold anything.
                bytes.by_ref().find(|byte| *byte == b'\n');
                line += 1;
                continue;
            }
            (None | Some(b'"'), b'\\') => match bytes.next() {
                None => return Some(Open { line, what: Open::BACKSLASH }),
                Some(b'\n') if bytes.len() == 0 => return Some(Open { line, what: Open::BACKSLASH }),
                Some(next) => line += usize::from(next == b'\n'),
            },
            (None, b'"' | b'\'') => (quote, start) = (Some(byte), line),
            (Some(own), _) if byte == own => quote = None,
            _ => {}
        }
        line += usize::from(byte == b'\n');
        begins_word = byte.is_ascii_whitespace() || b";&|()".contains(&byte);
    }
    quote.map(|_| Open { line: start, what: Open::QUOTE })
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

/// Whether the value stands in the file without quotes.
pub(crate) fn is_bare(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./+=:@%,^".contains(byte);
    value.iter().all(is_plain) && !value.starts_with(b"=")
}

/// The line that gives `name` the value, or why there is none that all readers agree on.
pub(crate) fn line(name: &str, value: &[u8]) -> Result<String, &'static str> {
    let text = str::from_utf8(value).map_err(|_| "the value is no UTF-8")?;
    if text.chars().any(char::is_control) {
        return Err("the value has several lines or control characters, which not every reader of such a file takes");
    }
    if is_bare(value) {
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
        for value in ["plain-1.2/3+=", "a b#c", "$HOME", "it's", "a\"b", "ü", "p&w;|", "~x", "a:~/b", "a\\b"] {
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
        assert!(file.with_lines(&["D=d".to_owned()]).ends_with(b"A=last\nD=d\n"));
    }

    #[test]
    fn an_unended_quote_over_many_lines_takes_no_longer_than_they_do() {
        let text = ["A='x\n", &"\n".repeat(1 << 20)].concat();
        let start = std::time::Instant::now();
        assert_eq!(Dotenv::parse(text.as_bytes()).open(), Some(Open { line: 1, what: Open::QUOTE }));
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[test]
    fn what_is_left_open_is_told_by_its_line() {
        for (text, expected) in [
            ("", None),
            ("A='a'\nB=\"b\nc\"\n# it's\nC=c # it's\nD=a\\'b\nE='a\\'", None),
            ("A=a\\\nB=b\n", None),
            ("A=1\nB=\"b\nC=c\n", Some((2, Open::QUOTE))),
            ("A='a\\'b'\n", Some((1, Open::QUOTE))),
            ("A=\"a\\\"\n\n", Some((1, Open::QUOTE))),
            ("A=1\n\nB=it's\n", Some((3, Open::QUOTE))),
            // The shell is done with this, a reader of variables is not.
            ("A=it's\nB='b\n", Some((2, Open::QUOTE))),
            ("A=1\nB=b\\\n", Some((2, Open::BACKSLASH))),
            ("A=1\nB=b\\", Some((2, Open::BACKSLASH))),
            ("A=\"b\\\n", Some((1, Open::BACKSLASH))),
        ] {
            let open = Dotenv::parse(text.as_bytes()).open();
            assert_eq!(open.map(|open| (open.line, open.what)), expected, "{text}");
        }
    }
}
