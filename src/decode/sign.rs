//! What shows that a text may hide a key: the prefilter looks for these signs along with the keywords of the rules.
//!
//! `build.rs` reads this file too, so that a sign costs what a keyword costs: nothing where it does not stand.

/// A way of writing that keeps a key from being found as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Two bytes a character, or four.
    Utf16,
    /// Base64, with either alphabet.
    Base64,
    /// `%3D`, as in addresses.
    Percent,
    /// `\u003d`, `\x3d`, `\075`, `\"`, `\n`: a string inside a string.
    Escape,
    /// `=3D`, as in mails.
    QuotedPrintable,
    /// `&#61;`, `&quot;`.
    Entity,
    /// `"abc" + "def"` and its like.
    Joined,
}

/// The ways that signs announce; a base64 text has no sign but itself.
pub(crate) const SIGNED: [Way; 5] = [Way::Percent, Way::Escape, Way::QuotedPrintable, Way::Entity, Way::Joined];

/// The signs of `way`, without capitals.
pub(crate) const fn signs(way: Way) -> &'static [&'static str] {
    match way {
        Way::Percent => &["%0a", "%2", "%3", "%4", "%5", "%6", "%7"],
        Way::Escape => &[
            r"\u000a", r"\u002", r"\u003", r"\u004", r"\u005", r"\u006", r"\u007", r"\u{", r"\x0a", r"\x2", r"\x3",
            r"\x4", r"\x5", r"\x6", r"\x7", r"\04", r"\05", r"\06", r"\07", r"\1", r"\/\/", "\\\"", r"\n", r"\r",
            r"\t",
        ],
        Way::QuotedPrintable => &["=3d", "=\n", "=\r\n"],
        Way::Entity => &["&#", "&quot;"],
        Way::Joined => &[
            "\"+", "\" +", "\".", "\" .", "\"&", "\" &", "\"\n", "\"\r", "\"\\\n", "\" \\\n", "\"\"", "\"'", "\" \"",
            "\" '", "'+", "' +", "'.", "' .", "'&", "' &", "'\n", "'\r", "'\\\n", "' \\\n", "''", "'\"", "' '", "' \"",
            "`+", "` +", "\\\n", "\\\r\n",
        ],
        Way::Utf16 | Way::Base64 => &[],
    }
}
