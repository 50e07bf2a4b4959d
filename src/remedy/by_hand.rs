//! What no edit of a file can do: the commands for whoever does it.

use crate::change::BytePath;
use crate::git::command::quoted_word;

/// Whether programs read variables from a file like that: it belongs out of git as a whole.
pub(crate) fn is_file_of_variables(path: &BytePath) -> bool {
    const SAMPLES: [&[u8]; 5] = [b"example", b"sample", b"template", b"dist", b"defaults"];
    let name = path.name().to_ascii_lowercase();
    let is_one = name.starts_with(b".env") && name != b".envrc" || name.ends_with(b".env");
    is_one && !SAMPLES.iter().any(|end| name.ends_with(end))
}

/// Whether the language of the file has a usual package that loads a file of variables into the environment. That of PHP
/// does not by itself, and those of Java cannot.
pub(crate) fn has_dotenv_package(path: &BytePath) -> bool {
    const ENDINGS: [&str; 13] = ["py", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "rb", "go", "rs", "cs"];
    let ending = path.name().rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
    ENDINGS.iter().any(|own| own.as_bytes() == ending)
}

/// How the file leaves git and stays where it is.
pub(crate) fn untrack(path: &BytePath) -> String {
    match typed(path) {
        Some(text) => format!("git rm --cached {}{}", end_of_options(text), quoted_word(text)),
        None => "git rm --cached FILE".to_owned(),
    }
}

/// How the file is staged.
pub(crate) fn stage(path: &BytePath) -> String {
    match typed(path) {
        Some(text) => format!("git add {}{}", end_of_options(text), quoted_word(text)),
        None => "git add FILE".to_owned(),
    }
}

/// How an option of git's is given to the entry of the file.
pub(crate) fn update_index(option: &str, path: &BytePath) -> String {
    match typed(path) {
        Some(text) => format!("git update-index {option} {}{}", end_of_options(text), quoted_word(text)),
        None => format!("git update-index {option} FILE"),
    }
}

/// How the file gets another name. `path` has stars where keys stand in it; a shell that reads the command puts the name
/// there.
pub(crate) fn rename(path: &BytePath) -> String {
    /// A mask has as many stars at least.
    const MASK: &str = "********";
    let Some(text) = typed(path) else { return "git mv OLD_NAME NEW_NAME".to_owned() };
    let mut pieces: Vec<_> = text.split(MASK).map(|piece| quoted_word(piece.trim_start_matches('*'))).collect();
    // Two masks side by side are one star.
    let last = pieces.len() - 1;
    let mut place = 0;
    pieces.retain(|piece| {
        place += 1;
        !piece.is_empty() || place == 1 || place == last + 1
    });
    format!("git mv {}{} NEW_NAME", end_of_options(text), pieces.join("*"))
}

/// The path, where it can be typed.
fn typed(path: &BytePath) -> Option<&str> {
    str::from_utf8(path.as_bytes()).ok().filter(|text| !text.chars().any(char::is_control))
}

fn end_of_options(text: &str) -> &'static str {
    if text.starts_with('-') { "-- " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_variables_are_known_by_their_names() {
        for (path, expected) in [
            (".env", true),
            ("a/.env.local", true),
            ("deploy/prod.env", true),
            (".env.example", false),
            (".envrc", false),
            ("env", false),
            (".env.dist", false),
        ] {
            assert_eq!(is_file_of_variables(&path.into()), expected, "{path}");
        }
    }

    #[test]
    fn not_every_language_loads_a_file_of_variables() {
        for (path, expected) in [("a.py", true), ("A.CS", true), ("a.php", false), ("A.java", false), ("a.kt", false)] {
            assert_eq!(has_dotenv_package(&path.into()), expected, "{path}");
        }
    }

    #[test]
    fn commands_can_be_typed() {
        let stars = "*".repeat(16);
        for (path, expected) in [
            (format!("a/x-ghp_{stars}.txt"), "git mv a/x-ghp_*.txt NEW_NAME"),
            (format!("-it's {stars}/a*b"), "git mv -- '-it'\\''s '*'/a*b' NEW_NAME"),
            (format!("{stars}{stars}"), "git mv * NEW_NAME"),
            (format!("\u{1b}{stars}"), "git mv OLD_NAME NEW_NAME"),
        ] {
            assert_eq!(rename(&BytePath::from(path.as_str())), expected);
        }
        assert_eq!(untrack(&"a/.env".into()), "git rm --cached a/.env");
        assert_eq!(untrack(&"-a b/.env".into()), "git rm --cached -- '-a b/.env'");
        assert_eq!(stage(&"-$(x);.env".into()), "git add -- '-$(x);.env'");
    }
}
