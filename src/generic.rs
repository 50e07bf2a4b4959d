//! Keys without a format: a value that a name calls secret and that nobody would have written by hand.
//!
//! A rule that finds an assigned value wakes at a word such as `token`; [`find`] reads the assignment around it, and
//! [`judge`] is the one place that decides. Its opinion is made of a name, a place and a value, so that another judge can
//! take its place.

mod assignment;
mod block;
mod call;
mod name;
mod parent;
mod scheme;
mod sql;
mod value;

use std::cell::LazyCell;
use std::ops::Range;

use crate::change::BytePath;
use crate::{placeholder, validator};

use assignment::Assignment;

/// An assignment that may give a secret away.
pub(crate) struct Suspect {
    /// The name in lower case, its words joined by `_`.
    pub(crate) name: String,
    /// From the name to the end of the value.
    pub(crate) whole: Range<usize>,
    /// Where the secret stands.
    pub(crate) span: Range<usize>,
    assignment: Assignment,
    likeness: value::Likeness,
    /// Whether the name speaks of something beside a secret.
    pub(crate) is_about_a_secret: bool,
    /// Whether name and value stand in the query of an address.
    is_in_query: bool,
    /// Whether that is the address of a host called `api`.
    is_sent_to_api: bool,
}

/// The suspicious assignment whose name holds the word at `hit`.
pub(crate) fn find(text: &[u8], hit: &Range<usize>, path: &BytePath) -> Option<Suspect> {
    let assignment = Assignment::around(text, hit)?;
    let span = value::secret_part(text, &assignment)?;
    let value = &text[span.clone()];
    // Most values are no secret whatever their name: only for the rest is the name worth writing out.
    let name = LazyCell::new(|| full_name(text, &assignment));
    let chosen = || {
        let is_chosen =
            is_environment(path) && value::may_be_chosen(value) && name::is_password(&name) && !name::is_switch(&name);
        is_chosen.then_some(value::Likeness::Chosen)
    };
    let likeness = value::Likeness::of(value, &assignment, || name::is_password(&name)).or_else(chosen)?;
    let name = LazyCell::force(&name).clone();
    let whole = assignment.name.start..span.end;
    let is_unfit = !name::is_free(&name) && !value::is_token68(value);
    if is_unfit || name::is_key_id(&name, value) {
        return None;
    }
    let is_about_a_secret = name::is_about(&name);
    let is_in_query = text[..whole.start].ends_with(b"?") || text[..whole.start].ends_with(b"&");
    let is_sent_to_api = is_in_query && is_query_of_api(&text[..whole.start]);
    Some(Suspect { name, whole, span, assignment, likeness, is_about_a_secret, is_in_query, is_sent_to_api })
}

/// The name, with what is known of its place: a call's argument, or the object that a bare `key` belongs to.
fn full_name(text: &[u8], assignment: &Assignment) -> String {
    let written = name::normalized(&text[assignment.name.clone()]);
    if let Some(meaning) = assignment.meaning {
        return format!("{written}_{meaning}");
    }
    let owner = || parent::name(text, assignment.name.start).map(|span| name::normalized(&text[span]));
    match name::is_bare(&written).then(owner).flatten() {
        Some(owner) if name::owns_secrets(&owner) => format!("{owner}_{written}"),
        _ => written,
    }
}

/// How sure we are that a suspect is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// As sure as its name lets us be.
    Sure,
    /// The value is random, but the name says so little that someone whose key it is must be named near by.
    DependsOnProvider,
    /// Ids have its form, so that the name must be one for a key of a provider's whose keys have it too.
    DependsOnName,
    /// It may be something else.
    Unsure,
}

/// What there is to say of the suspect with this value in a file of this path.
pub(crate) fn judge(suspect: &Suspect, value: &[u8], path: &BytePath) -> Opinion {
    const LONG: usize = 16;
    if is_for_trial(path) {
        return Opinion::Unsure;
    }
    let is_bare = name::is_bare(&suspect.name);
    let is_sure = match suspect.likeness {
        value::Likeness::Id if placeholder::has_made_up_trait(value) => false,
        value::Likeness::Random | value::Likeness::Id if value::is_garbled(value) && !has_no_form(&suspect.name) => {
            false
        }
        value::Likeness::Random | value::Likeness::Id if is_bare && !suspect.is_sent_to_api => {
            return Opinion::DependsOnProvider;
        }
        value::Likeness::Id if !is_bare => return of_id(suspect),
        value::Likeness::Random | value::Likeness::Id | value::Likeness::Chosen => true,
        value::Likeness::Password => {
            let is_vague = name::is_vague(&suspect.name) && (is_bare || value.len() < LONG);
            suspect.assignment.is_marked()
                && !is_vague
                && !suspect.is_in_query
                && !placeholder::has_made_up_trait(value)
        }
    };
    if is_sure { Opinion::Sure } else { Opinion::Unsure }
}

/// What there is to say where ids and hashes have the same form as the value.
fn of_id(suspect: &Suspect) -> Opinion {
    match (suspect.assignment.is_marked(), name::is_telling(&suspect.name)) {
        (true, true) => Opinion::Sure,
        (false, true) => Opinion::DependsOnProvider,
        (true, false) => Opinion::DependsOnName,
        (false, false) => Opinion::Unsure,
    }
}

/// Whether `before` ends within the query of `https://api.acme.net/...`: the `key` that such a host is sent is an API key,
/// where it may be a file's elsewhere.
fn is_query_of_api(before: &[u8]) -> bool {
    const LONGEST: usize = 300;
    let near = &before[before.len().saturating_sub(LONGEST)..];
    let Some(scheme) = memchr::memmem::rfind(near, b"https://") else { return false };
    let address = &near[scheme..];
    let host = address[b"https://".len()..].split(|byte| b"/?".contains(byte)).next().unwrap_or_default();
    let is_one_word = !address.iter().any(|byte| byte.is_ascii_whitespace() || b"\"'`<>".contains(byte));
    is_one_word && host.starts_with(b"api.") && !validator::is_of_documentation(host)
}

/// Whether nobody would have written `text` by hand.
pub(crate) fn is_unlike_words(text: &[u8]) -> bool {
    value::is_unlike_words(text)
}

/// Whether the user chooses what stands behind `name`, so that no provider gives it a form.
pub(crate) fn has_no_form(name: &str) -> bool {
    name::is_password(name)
}

/// Whether the file is one that programs read their own passwords from: what stands there is no sample.
fn is_environment(path: &BytePath) -> bool {
    let name = path.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let is_sample = || {
        let words = ["example", "sample", "template", "tmpl", "dist", "default", "defaults"];
        name.split(|byte| *byte == b'.').any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word.as_bytes())))
    };
    (name == b".env" || name.starts_with(b".env.")) && !is_sample()
}

/// Whether files of this path hold made-up values by trade: tests, examples, documentation.
fn is_for_trial(path: &BytePath) -> bool {
    const WORDS: [&[u8]; 17] = [
        b"test",
        b"tests",
        b"testing",
        b"testdata",
        b"spec",
        b"specs",
        b"example",
        b"examples",
        b"sample",
        b"samples",
        b"fixture",
        b"fixtures",
        b"mock",
        b"mocks",
        b"demo",
        b"doc",
        b"docs",
    ];
    let bytes = path.telling().to_ascii_lowercase();
    bytes.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}
