//! Reads an assignment in whatever language it is written: `name = value`, `"name": "value"`, `--name value`,
//! `<name>value</name>`, `set("name", "value")`, `name := value`, `let name: &str = "value"`.
//!
//! Calls, schemes of HTTP and SQL give secrets away under other words than names: `call.rs`, `scheme.rs`, `sql.rs`. A
//! value that stands some lines below its name is for `block.rs`.

use std::ops::Range;

use super::{block, call, scheme, sql};

/// A name with the value that it is given, as places in the text.
pub(super) struct Assignment {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    sign: Sign,
    quote: Option<u8>,
    /// Whether name and value are all that stands on their line, as in YAML, or in one pair of quotes, as a header.
    is_alone: bool,
    /// What the value is where the name does not say it, to be put behind the name.
    pub(super) meaning: Option<&'static str>,
}

/// What joins name and value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// `=`, `:=`, `?=`, `=>`, `==` and the like.
    Equals,
    /// `:`, also in JSON and YAML.
    Colon,
    /// The end of a tag.
    Tag,
    /// The comma or bracket of a call.
    Call,
    /// Nothing but blanks, or a dash between blanks.
    Blank,
}

const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 4096;
const MOST_BLANKS: usize = 40;

impl Assignment {
    /// The assignment to the name around `hit`, if there is one.
    pub(super) fn around(text: &[u8], hit: &Range<usize>) -> Option<Self> {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let before = text[..hit.start].iter().rev().take(LONGEST_NAME).take_while(|byte| is_name(byte)).count();
        // A keyword may go on with the sign behind the name, as `login(` does.
        let longest = hit.len() + LONGEST_NAME;
        let length = text[hit.start..].iter().take(longest).take_while(|byte| is_name(byte)).count();
        let name = hit.start - before..hit.start + length;
        if let Some(call::Argument { value, quote, meaning }) = call::argument(text, &name) {
            return Some(Self::quoted(name, value, quote, meaning));
        }
        if let Some(scheme::Credentials { value, quote, meaning }) = scheme::credentials(text, &name) {
            return Some(Self::quoted(name, value, quote, meaning));
        }
        Self::given(text, name)
    }

    /// What is meant by its place in a call or a header.
    fn quoted(name: Range<usize>, value: Range<usize>, quote: u8, meaning: &'static str) -> Self {
        Self { name, value, sign: Sign::Call, quote: Some(quote), is_alone: false, meaning: Some(meaning) }
    }

    /// What is given to the name in so many words or signs.
    fn given(text: &[u8], name: Range<usize>) -> Option<Self> {
        let mut reader = Reader { text, place: name.end };
        let of_sql = sql::value(text, &name);
        let sign = if let Some(place) = of_sql {
            reader.place = place;
            Sign::Equals
        } else if let Some(sign) = reader.apart() {
            sign
        } else if let Some(place) = block::value(text, &name) {
            reader.place = place;
            Sign::Equals
        } else {
            reader.sign()?
        };
        let quote = reader.opening(sign)?;
        let value = reader.value(sign, quote)?;
        let is_alone = sign == Sign::Colon && stands_alone(text, &name, &value);
        Some(Self { name, value, sign, quote, is_alone, meaning: of_sql.map(|_| "password") })
    }

    /// Whether the value stands in quotes.
    pub(super) fn is_quoted(&self) -> bool {
        self.quote.is_some()
    }

    /// Whether what joins name and value says by itself that a value is given, and no sentence is written.
    pub(super) fn is_marked(&self) -> bool {
        self.is_quoted() || self.is_alone || matches!(self.sign, Sign::Equals | Sign::Tag)
    }
}

/// Whether nothing but the marks of a list or one pair of quotes stands around name and value on their line.
fn stands_alone(text: &[u8], name: &Range<usize>, value: &Range<usize>) -> bool {
    // A line may be a whole bundle; marks are few.
    const FARTHEST: usize = 512;
    let before = &text[name.start.saturating_sub(FARTHEST)..name.start];
    let before = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let behind = &text[value.end..text.len().min(value.end + FARTHEST)];
    let behind = behind.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_short = before.len().max(behind.len()) < FARTHEST;
    let before = before.trim_ascii();
    let ends_line = behind.trim_ascii().is_empty() || behind.trim_ascii_start().starts_with(b"#");
    let is_in_quotes = before.last().is_some_and(|quote| is_quote(*quote) && behind.first() == Some(quote));
    is_short && matches!(before, b"" | b"-" | b"\"" | b"'") && ends_line || is_in_quotes
}

struct Reader<'t> {
    text: &'t [u8],
    place: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.place).copied()
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.place.min(self.text.len())..]
    }

    /// Passes at most `most` bytes that are in `set`; tells how many.
    fn pass(&mut self, set: &[u8], most: usize) -> usize {
        let count = self.rest().iter().take(most).take_while(|byte| set.contains(byte)).count();
        self.place += count;
        count
    }

    /// Passes a type such as `string`, `&'static str` or `Option<String>`; tells how long it is.
    fn pass_type(&mut self) -> usize {
        const IN_TYPES: &[u8] = b"_.:<>[]?*&'";
        let is_type = |byte: &&u8| byte.is_ascii_alphanumeric() || IN_TYPES.contains(byte);
        let word = |rest: &[u8]| rest.iter().take(40).take_while(is_type).count();
        let first = word(self.rest());
        self.place += first;
        if self.text[self.place - first..self.place].starts_with(b"&'") && self.pass(b" ", 1) == 1 {
            self.place += word(self.rest());
        }
        first
    }

    /// Passes what joins the name to a value that is given apart: `name: NAME` and on the next line `value: VALUE`,
    /// `{"name": "NAME", "value": "VALUE"}`, `<key>NAME</key><string>VALUE</string>`.
    fn apart(&mut self) -> Option<Sign> {
        const GAP: &[u8] = b" \t\r\n";
        const LONGEST_GAP: usize = 2 * MOST_BLANKS;
        let start = self.place;
        if self.rest().starts_with(b"</key>") {
            self.place += b"</key>".len();
            self.pass(GAP, LONGEST_GAP);
            if self.rest().starts_with(b"<string>") {
                self.place += b"<string>".len();
                return Some(Sign::Tag);
            }
        } else {
            self.pass(b"\\\"'", 2);
            self.pass(b" \t", MOST_BLANKS);
            let is_listed = self.pass(b",", 1) > 0;
            let gap = self.place;
            self.pass(GAP, LONGEST_GAP);
            let is_apart = is_listed || self.text[gap..self.place].contains(&b'\n');
            self.pass(b"\\\"'", 2);
            let word = self.rest().get(..b"value".len()).is_some_and(|word| word.eq_ignore_ascii_case(b"value"));
            if is_apart && word {
                self.place += b"value".len();
                self.pass(b"\\\"'", 2);
                self.pass(b" \t", MOST_BLANKS);
                if self.pass(b":=", 1) > 0 {
                    return Some(Sign::Equals);
                }
            }
        }
        self.place = start;
        None
    }

    /// What joins the name, which ends here, to a value.
    fn sign(&mut self) -> Option<Sign> {
        let closing = self.pass(b"\\\"'`])}", 4);
        let blanks = self.pass(b" \t", MOST_BLANKS);
        let start = self.place;
        match self.peek()? {
            b'=' | b'?' | b'|' | b'+' if self.equals() => Some(Sign::Equals),
            b'|' | b'?' | b'o' if self.otherwise() => Some(Sign::Equals),
            b':' => {
                if self.equals() {
                    return Some(Sign::Equals);
                }
                self.place = start + 1;
                Some(if self.typed_equals() { Sign::Equals } else { Sign::Colon })
            }
            b'>' if closing == 0 || self.text[start - 1] == b'"' => {
                self.place += 1;
                Some(Sign::Tag)
            }
            b',' if closing > 0 && is_quote(self.text[start - 1]) => {
                self.place += 1;
                Some(Sign::Call)
            }
            b'(' if blanks == 0 => {
                self.place += 1;
                Some(Sign::Call)
            }
            b'-' if blanks > 0 && self.rest().starts_with(b"- ") => {
                self.place += 2;
                Some(Sign::Blank)
            }
            _ if blanks == 0 => None,
            _ if self.typed_equals() => Some(Sign::Equals),
            _ => {
                self.place = start;
                Some(Sign::Blank)
            }
        }
    }

    /// Passes an assignment sign that ends in `=`, or `=>`.
    fn equals(&mut self) -> bool {
        let signs = self.rest().iter().take(3).take_while(|byte| b"=:?|+>!".contains(byte)).count();
        let is_assigned = self.rest()[..signs].contains(&b'=');
        if is_assigned {
            self.place += signs;
        }
        is_assigned
    }

    /// Passes what stands between a look-up and the string for when it finds nothing.
    fn otherwise(&mut self) -> bool {
        let Some(sign) = [&b"|| "[..], b"?? ", b"or "].into_iter().find(|sign| self.rest().starts_with(sign)) else {
            return false;
        };
        let is_string = self.rest().get(sign.len()).copied().is_some_and(is_quote);
        if is_string {
            self.place += sign.len();
        }
        is_string
    }

    /// Passes a type and the `=` behind it; stays where it is when there is none.
    fn typed_equals(&mut self) -> bool {
        let start = self.place;
        self.pass(b" \t", MOST_BLANKS);
        let is_typed = self.pass_type() > 0 && {
            self.pass(b" \t", MOST_BLANKS);
            matches!(self.peek(), Some(b'=' | b':')) && self.equals()
        };
        if !is_typed {
            self.place = start;
        }
        is_typed
    }

    /// Passes what stands before the value; the quote that opens it, if any. `None` where no value can follow.
    #[expect(clippy::option_option, reason = "no value, a bare one, a quoted one")]
    fn opening(&mut self, sign: Sign) -> Option<Option<u8>> {
        const BLANK: &[u8] = b" \t";
        const WITH_BREAKS: &[u8] = b" \t\r\n";
        self.pass(BLANK, MOST_BLANKS);
        if sign == Sign::Call {
            self.pass_parameter();
        }
        let is_block = self.pass(b"|>", 1) > 0 && sign == Sign::Colon && {
            self.pass(b"-+", 1);
            true
        };
        let line_end = self.place;
        let broke = self.pass(WITH_BREAKS, 2 * MOST_BLANKS) > 0 && self.text[line_end..self.place].contains(&b'\n');
        let value = self.place;
        self.pass(b"({[", 2);
        self.pass(WITH_BREAKS, MOST_BLANKS);
        self.pass(b"bBrRfFuUN@$", 2);
        self.pass(b"\\", 3);
        if let Some(quote) = self.peek().filter(|byte| is_quote(*byte) && !(broke && sign == Sign::Call)) {
            self.place += 1;
            if self.rest().starts_with(&[quote, quote]) {
                self.place += 2;
            }
            return Some(Some(quote));
        }
        self.place = value;
        self.pass_scheme();
        let goes_on = !broke || is_block || sign == Sign::Tag;
        (goes_on && sign != Sign::Call).then_some(None)
    }

    /// Passes the name of the parameter that a look-up falls back on: `config("NAME", default="VALUE")`.
    fn pass_parameter(&mut self) {
        const NAMES: [&[u8]; 2] = [b"default", b"fallback"];
        let Some(name) = NAMES.iter().find(|name| self.rest().starts_with(name)) else { return };
        let start = self.place;
        self.place += name.len();
        self.pass(b" ", 1);
        if self.pass(b"=:", 1) == 0 {
            self.place = start;
        }
        self.pass(b" ", 1);
    }

    /// Passes the scheme of an `Authorization` header.
    fn pass_scheme(&mut self) {
        const SCHEMES: [&[u8]; 8] =
            [b"bearer ", b"basic ", b"token ", b"apikey ", b"bot ", b"splunk ", b"key ", b"oauth "];
        let starts =
            |scheme: &&&[u8]| self.rest().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        if let Some(scheme) = SCHEMES.iter().find(starts) {
            self.place += scheme.len();
        }
    }

    /// The value, which starts here.
    fn value(&self, sign: Sign, quote: Option<u8>) -> Option<Range<usize>> {
        let rest = self.rest();
        let rest = &rest[..rest.len().min(LONGEST_VALUE + 1)];
        let length = match (quote, sign) {
            (Some(quote), _) => rest.iter().position(|byte| *byte == quote || *byte == b'\n')?,
            (None, Sign::Tag) => memchr::memmem::find(rest, b"</").filter(|end| !rest[..*end].contains(&b'<'))?,
            (None, _) => rest.iter().position(|byte| ends_bare(*byte)).unwrap_or(rest.len()),
        };
        // A bare value that goes on with a bracket is a call or a template.
        let goes_on = rest.get(length).is_some_and(|byte| b"(<{[".contains(byte));
        if length > LONGEST_VALUE || quote.is_none() && sign != Sign::Tag && goes_on {
            return None;
        }
        let end = self.place + length;
        let end = if quote.is_some() && self.text[..end].ends_with(b"\\") { end - 1 } else { end };
        (end > self.place).then_some(self.place..end)
    }
}

fn is_quote(byte: u8) -> bool {
    b"\"'`".contains(&byte)
}

fn ends_bare(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'`,;<>(){}[]|&\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_in_many_languages() {
        for text in [
            "my_token = VALUE",
            "export MY_TOKEN=VALUE",
            "\"my_token\": \"VALUE\"",
            "my_token: VALUE # comment",
            "my_token := \"VALUE\"",
            "MY_TOKEN ?= VALUE",
            "let my_token: &'static str = \"VALUE\";",
            "var myToken string = \"VALUE\"",
            "static final String TOKEN = \"VALUE\";",
            "'my_token' => 'VALUE',",
            "config['token'] = 'VALUE'",
            "set(\"token\", \"VALUE\")",
            "setToken('VALUE')",
            "tool --token VALUE --other",
            "tool --token=VALUE",
            "<token>VALUE</token>",
            "<token>\n    VALUE\n</token>",
            "token: |\n  VALUE\n",
            "token: >-\n  VALUE\n",
            "{\\\"token\\\": \\\"VALUE\\\"}",
            "https://api.acme.net/v1?token=VALUE&page=2",
            "acme token - 'VALUE'",
            "token = (\n    'VALUE'\n)",
            "token = r\"VALUE\"",
            "if (token == \"VALUE\") {",
            "- name: my_token\n  value: VALUE\n",
            "{\"name\": \"TOKEN\", \"value\": \"VALUE\"}",
            "<key>token</key>\n<string>VALUE</string>",
            "process.env.TOKEN || 'VALUE'",
            "os.environ.get('TOKEN') or 'VALUE'",
            "env['TOKEN'] ?? \"VALUE\"",
            "config('TOKEN', default='VALUE')",
            "header = \"token VALUE\"",
        ] {
            let start = text.to_ascii_lowercase().find("token").unwrap();
            let found = Assignment::around(text.as_bytes(), &(start..start + 5)).map(|found| found.value);
            let value = found.and_then(|span| text.get(span)).unwrap_or_default().trim();
            assert_eq!(value, "VALUE", "{text}");
        }
    }

    #[test]
    fn what_assigns_nothing_is_left_alone() {
        for text in
            ["token", "token.", "token = get(x)", "token, other", "tokens: []", "the token\nVALUE", "token || VALUE"]
        {
            let found = Assignment::around(text.as_bytes(), &(text.find("token").unwrap()..9.min(text.len())));
            assert!(found.is_none(), "{text}");
        }
    }
}
