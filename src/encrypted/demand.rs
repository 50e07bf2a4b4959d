//! Why a file must be encrypted, and how to do it.

use super::attributes::Place;
use crate::change::BytePath;
use crate::git::command;

/// What asks for a file to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// git's attributes, by the filter of this name.
    Filter(String, Place),
    /// A creation rule of `.sops.yaml`.
    Sops,
    /// `[[encrypted]]` of the configuration, by this glob.
    Config(String),
    /// Its own name.
    Name,
}

impl Demand {
    /// A fragment that says what asks.
    pub(crate) fn because(&self) -> String {
        match self {
            Self::Filter(name, by) => {
                let file = match by {
                    Place::Tree => ".gitattributes",
                    Place::Clone => "info/attributes of the git directory",
                    Place::User => "the user's file of attributes (core.attributesFile)",
                };
                format!("{file} gives it filter={name}")
            }
            Self::Sops => "a creation rule of .sops.yaml covers it".to_owned(),
            Self::Config(glob) => format!("[[encrypted]] of the configuration names {glob}"),
            Self::Name => "its name says that it is encrypted".to_owned(),
        }
    }

    /// What to do about the file at `path`: the tool and its command.
    pub(crate) fn remedy(&self, path: &BytePath) -> String {
        let shown = for_shell(path);
        let sops = || format!("Encrypt it with SOPS: `sops --encrypt --in-place {shown} && git add {shown}`");
        match self {
            Self::Filter(name, _) if name.starts_with("git-crypt") => format!(
                "Encrypt it with git-crypt: `git add --renormalize {shown}`. If the repository is locked, first `git stash \
                 && git-crypt unlock && git stash pop`"
            ),
            Self::Filter(name, _) if name == "crypt" || name.starts_with("crypt-") || name == "transcrypt" => format!(
                "Encrypt it with transcrypt: set it up in this clone with `transcrypt`, then `git add --renormalize {shown}`"
            ),
            Self::Filter(name, _) if name == "git-agecrypt" => format!(
                "Encrypt it with git-agecrypt: set it up in this clone with `git-agecrypt init`, then `git add --renormalize \
                 {shown}`"
            ),
            Self::Filter(name, _) => format!(
                "Encrypt it with the filter {name}: set `filter.{name}.clean` up in this clone, then `git add --renormalize \
                 {shown}`"
            ),
            Self::Sops => sops(),
            Self::Config(_) => format!(
                "Encrypt it with the tool of this repository, such as `sops --encrypt --in-place {shown}`, then `git add \
                 {shown}`"
            ),
            Self::Name => match path.as_bytes() {
                [.., b'.', b'a', b'g', b'e'] => {
                    format!("Encrypt it with age: `age --encrypt -r RECIPIENT -o {shown} FILE && git add {shown}`")
                }
                [.., b'.', b'y', b'm', b'l', b'.', b'e', b'n', b'c'] => {
                    format!("Encrypt it with Rails: `bin/rails credentials:edit`, then `git add {shown}`")
                }
                _ => sops(),
            },
        }
    }
}

/// The path as a shell takes it for one word.
fn for_shell(path: &BytePath) -> String {
    let text = String::from_utf8_lossy(path.as_bytes());
    command::quoted_word(&if text.starts_with('-') { format!("./{text}") } else { text.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_and_its_command_are_named() {
        let filter = |name: &str| Demand::Filter(name.to_owned(), Place::Tree);
        for (demand, path, expected) in [
            (filter("git-crypt-ops"), "a", "with git-crypt: `git add --renormalize a`"),
            (filter("crypt"), "a", "with transcrypt: set it up"),
            (filter("crypt-team"), "a", "with transcrypt: set it up"),
            (filter("strongbox"), "a", "with the filter strongbox"),
            (
                Demand::Sops,
                "it's/a b.yaml",
                r"`sops --encrypt --in-place 'it'\''s/a b.yaml' && git add 'it'\''s/a b.yaml'`",
            ),
            (Demand::Config("x".to_owned()), "-x", "then `git add ./-x`"),
            (Demand::Name, "x.age", "with age: `age --encrypt"),
            (Demand::Name, "config/credentials.yml.enc", "with Rails:"),
            (Demand::Name, "x.enc.yaml", "with SOPS:"),
        ] {
            let remedy = demand.remedy(&BytePath::from(path));
            assert!(remedy.contains(expected), "{remedy}");
        }
    }
}
