//! Lines of at most 80 columns, made of a label and a text.

use std::io::{self, Write};

use super::sanitized;

const COLUMNS: usize = 80;

/// Writes a label, then the text from column `indent` on, broken between words. A word that is longer than a line, such as
/// an address or a path, stays whole, so that it can be copied.
pub(crate) fn item(label: &str, indent: usize, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut line = format!("  {label:0$}", indent.saturating_sub(2));
    let mut column = indent;
    for word in sanitized(text.as_bytes()).split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        let is_first = column == indent;
        if !is_first && column + 1 + width > COLUMNS {
            writeln!(out, "{line}")?;
            line = " ".repeat(indent);
            column = indent;
        } else if !is_first {
            line.push(' ');
            column += 1;
        }
        line.push_str(word);
        column += width;
    }
    writeln!(out, "{}", line.trim_end())
}

/// Writes a label, then the text, broken wherever a line is full: for what has no words, as a regex.
pub(crate) fn solid(label: &str, indent: usize, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut label = label;
    for line in text.lines().map(|line| sanitized(line.trim().as_bytes())).filter(|line| !line.is_empty()) {
        let letters: Vec<char> = line.chars().collect();
        for piece in letters.chunks(COLUMNS - indent) {
            writeln!(out, "  {label:0$}{1}", indent - 2, piece.iter().collect::<String>())?;
            label = "";
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_are_kept_and_lines_are_short() {
        let text = written(|out| item("why", 8, &"word ".repeat(40), out));
        assert!(text.lines().all(|line| line.len() <= COLUMNS && line.trim_end() == line), "{text}");
        assert!(text.starts_with("  why   word word") && text.lines().nth(1).unwrap().starts_with("        word"));
        let address = format!("https://acme.net/{}", "a".repeat(80));
        assert_eq!(
            written(|out| item("", 8, &format!("at {address} now"), out)),
            format!("        at\n        {address}\n        now\n")
        );
        assert_eq!(written(|out| item("key", 8, "a\u{1b}b", out)), "  key   a\\u{1b}b\n");
    }

    #[test]
    fn what_has_no_words_is_cut() {
        let text = written(|out| solid("regex", 14, &format!("{}\n  b", "a".repeat(70)), out));
        assert_eq!(text, format!("  regex       {}\n              aaaa\n              b\n", "a".repeat(66)));
    }
}
