//! What to write in the place of a key: the line as it becomes, in the language of its file.

use crate::change::Part;
use crate::outcome::Located;
use crate::remedy;

/// What takes a key's place.
pub(super) enum Replacement {
    /// The whole line.
    Line(String),
    /// The expression alone: the line is too long to be shown, or the key is a part of something larger.
    Expression(String),
}

/// What takes the place of the key, if it is to be read from the environment; `None` where the language has no form for
/// that, or the key is written in a disguise.
pub(super) fn of(located: &Located<'_>) -> Option<Replacement> {
    if located.part != Part::File || located.finding.is_whole_file() || !located.finding.decoded.is_empty() {
        return None;
    }
    let expression = remedy::reference(located.path.as_ref(), &located.finding.variable()?)?;
    Some(match line(located, &expression) {
        Some(line) => Replacement::Line(line),
        None => Replacement::Expression(expression),
    })
}

/// The line with `expression` in the place of the key and of the quotes around it. Everything else of the line has to be
/// on show: a part of it that is cut off or masked cannot be repeated.
fn line(located: &Located<'_>, expression: &str) -> Option<String> {
    const MASK: &str = "****";
    const WIDEST: usize = 72;
    let short = |line: String| Some(line.trim().to_owned()).filter(|line| line.chars().count() <= WIDEST);
    let finding = &located.finding;
    let (before, after) = (finding.excerpt.before.as_str(), finding.excerpt.after.as_str());
    let is_whole = !before.starts_with('…') && !after.ends_with('…') && !before.contains(MASK) && !after.contains(MASK);
    if !is_whole || finding.location.line != finding.location.end_line {
        return None;
    }
    let quote = after.chars().next().filter(|quote| "\"'`".contains(*quote) && before.ends_with(*quote));
    if let Some(quote) = quote {
        let (before, after) = (before.strip_suffix(quote)?, after.strip_prefix(quote)?);
        // `b"..."` and `f"..."` are more than a text, and `""` may end one that began above.
        let is_plain = !before.ends_with(|c: char| c.is_alphanumeric() || c == quote) && !after.starts_with(quote);
        return is_plain.then(|| format!("{before}{expression}{after}")).and_then(short);
    }
    // Where a name in a text is enough, there need be no quotes.
    let is_of_shell = expression.starts_with("\"$") || expression.starts_with("${");
    let is_bare = before.ends_with(['=', ' ']) && (after.is_empty() || after.starts_with([' ', ';']));
    (is_of_shell && is_bare).then(|| format!("{before}{expression}{after}")).and_then(short)
}
