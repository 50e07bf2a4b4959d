//! `.gitleaksignore`: places, `FILE:RULE:LINE` or `COMMIT:FILE:RULE:LINE`. A place says nothing of what stands there, so
//! it is looked up, and what is found becomes an entry by fingerprint.

use std::rc::Rc;

use anyhow::Result;

use super::{Import, Key, Place, short};

/// The keys in a file, as of a commit or in the work tree; `None` where there is no such file.
pub(crate) type Look<'a> = &'a mut dyn FnMut(Option<&str>, &str) -> Result<Option<Rc<[Key]>>>;

/// Reads a list of places.
pub(crate) fn import(file: &str, text: &str, look: Look<'_>) -> Result<Import> {
    let mut import = Import::default();
    for (index, line) in text.lines().enumerate() {
        let place = Place { file, line: Some(index + 1) };
        let entry = line.trim();
        if entry.is_empty() || entry.starts_with('#') {
            continue;
        }
        let Some(ignored) = Ignored::parse(entry) else {
            import.remark(place, "is not FILE:RULE:LINE or COMMIT:FILE:RULE:LINE");
            continue;
        };
        match ignored.key(look)? {
            Ok(key) => import.allow_key(&key, format!("{} of {file}", short(ignored.rule))),
            Err(why) => import.remark(place, format!("{why} in `{}`", short(ignored.path))),
        }
    }
    Ok(import)
}

struct Ignored<'t> {
    commit: Option<&'t str>,
    path: &'t str,
    rule: &'t str,
    line: usize,
}

impl<'t> Ignored<'t> {
    /// The name of a file may hold a colon, so it is what is left.
    fn parse(entry: &'t str) -> Option<Self> {
        let (rest, line) = entry.rsplit_once(':')?;
        let (place, rule) = rest.rsplit_once(':')?;
        let is_commit = |text: &str| text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (commit, path) = match place.split_once(':') {
            Some((commit, path)) if is_commit(commit) => (Some(commit), path),
            _ => (None, place),
        };
        Some(Self { commit, path, rule, line: line.parse().ok()? }).filter(|_| !path.is_empty() && !rule.is_empty())
    }

    /// The one key at that place, or why there is none.
    fn key(&self, look: Look<'_>) -> Result<Result<Key, &'static str>> {
        let Some(keys) = look(self.commit, self.path)? else { return Ok(Err("there is nothing to look at")) };
        let here: Vec<&Key> = keys.iter().filter(|key| key.lines.contains(&self.line)).collect();
        let of_rule: Vec<&Key> = here.iter().copied().filter(|key| key.rule == self.rule).collect();
        let meant = if of_rule.is_empty() { here } else { of_rule };
        Ok(match meant.as_slice() {
            [] => Err("keyguard finds no key on that line"),
            [key, rest @ ..] if rest.iter().all(|other| other.fingerprint == key.fingerprint) => Ok((*key).clone()),
            _ => Err("keyguard finds several keys on that line"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_their_end() {
        let read = |entry| Ignored::parse(entry).map(|found| (found.commit, found.path, found.rule, found.line));
        assert_eq!(read("a/b.py:acme-key:12"), Some((None, "a/b.py", "acme-key", 12)));
        assert_eq!(read("0123abcd:c:d:acme-key:1"), Some((Some("0123abcd"), "c:d", "acme-key", 1)));
        for entry in ["a", "a:b", "a:b:c", ":b:1", "a::1", "a:b:-1"] {
            assert_eq!(read(entry), None, "{entry}");
        }
    }
}
