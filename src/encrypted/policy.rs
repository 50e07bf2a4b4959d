//! What the files of a tree say about which of them must be encrypted: `.gitattributes` and `.sops.yaml`.

use std::rc::Rc;

use anyhow::{Result, anyhow};

use super::attributes::{self, Attributes, Filter, InFolder, Place};
use super::sops::{Creation, Sops};
use super::wildmatch::Case;

const ATTRIBUTES: &[u8] = b".gitattributes";
const SOPS: &[u8] = b".sops.yaml";

/// Whether a file of this name is one that says so.
pub(crate) fn is_policy(name: &[u8]) -> bool {
    name == ATTRIBUTES || name == SOPS
}

/// What one of them says.
pub(crate) enum Policy {
    Attributes(Attributes),
    Sops(Option<Sops>),
    /// It cannot be read, and this is why.
    Broken(String),
}

impl Policy {
    /// Reads the file called `name`.
    pub(crate) fn read(name: &[u8], content: Vec<u8>) -> Self {
        if name == SOPS {
            return Sops::parse(&content).map_or_else(|error| Self::Broken(error.to_string()), Self::Sops);
        }
        Self::Attributes(Attributes::new(content))
    }
}

/// What git obeys from outside a tree.
#[derive(Default)]
pub(crate) struct Outside {
    /// The attributes of this clone.
    pub(crate) clone: Option<Rc<Policy>>,
    /// Those of the user, for all repositories.
    pub(crate) user: Option<Rc<Policy>>,
}

/// What the files of one tree say, each for the folder that it stands in, with a `/` at its end.
#[derive(Default)]
pub(crate) struct Policies {
    /// The one that goes before all others first.
    attributes: Vec<(Vec<u8>, Place, Rc<Policy>)>,
    case: Case,
    /// The deepest folder first.
    sops: Vec<(Vec<u8>, Rc<Policy>)>,
}

impl Policies {
    /// Takes the files of a tree, in any order.
    pub(crate) fn new(mut files: Vec<(Vec<u8>, Rc<Policy>)>, outside: &Outside, case: Case) -> Self {
        files.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        let (of_tree, sops): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(_, policy)| matches!(**policy, Policy::Attributes(_)));
        let of_tree = of_tree.into_iter().map(|(folder, policy)| (folder, Place::Tree, policy));
        let of = |place, policy: &Option<Rc<Policy>>| policy.clone().map(|policy| (Vec::new(), place, policy));
        let (first, last) = (of(Place::Clone, &outside.clone), of(Place::User, &outside.user));
        let mut attributes: Vec<_> = first.into_iter().chain(of_tree).chain(last).collect();
        if !attributes.iter().any(|(_, _, policy)| encrypts(policy)) {
            attributes.clear();
        }
        Self { attributes, case, sops }
    }

    /// Whether no file can be asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.sops.is_empty()
    }

    /// The filter of `path`, if it is one that encrypts.
    pub(crate) fn filter(&self, path: &[u8]) -> Option<Filter<'_>> {
        let files = self.attributes.iter().filter_map(|(folder, place, policy)| match &**policy {
            Policy::Attributes(attributes) => Some(InFolder { folder, place: *place, attributes }),
            _ => None,
        });
        let files: Vec<_> = files.collect();
        attributes::filter(path, &files, self.case).filter(|filter| is_encrypting(filter.name))
    }

    /// The creation rule of SOPS that covers `path`: that of the nearest configuration.
    pub(crate) fn creation_rule(&self, path: &[u8]) -> Result<Option<&Creation>> {
        for (folder, policy) in &self.sops {
            let Some(rest) = path.strip_prefix(&folder[..]) else { continue };
            return match &**policy {
                Policy::Sops(sops) => Ok(sops.as_ref().and_then(|sops| sops.rule(rest))),
                Policy::Broken(why) => Err(anyhow!(
                    "`{}.sops.yaml`, which says what is to be encrypted, {why}\nhelp: mend it and stage it, SOPS cannot read \
                     it either",
                    String::from_utf8_lossy(folder)
                )),
                Policy::Attributes(_) => Ok(None),
            };
        }
        Ok(None)
    }
}

fn encrypts(policy: &Policy) -> bool {
    matches!(policy, Policy::Attributes(attributes) if attributes.names_filter(is_encrypting))
}

/// Whether a filter of this name encrypts: `git-crypt` and `git-crypt-KEY`, `crypt` and `crypt-CONTEXT` of transcrypt,
/// `git-agecrypt`, `strongbox`, and whatever people write themselves around `sops`, `age`, `gpg` and OpenSSL.
fn is_encrypting(filter: &[u8]) -> bool {
    const TOOLS: [&str; 9] = ["sops", "age", "gpg", "openssl", "strongbox", "ansible-vault", "vault", "rage", "kms"];
    let Ok(name) = str::from_utf8(filter) else { return false };
    let name = name.to_ascii_lowercase();
    name.contains("crypt") || TOOLS.iter().any(|tool| name.strip_prefix("git-").unwrap_or(&name) == *tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_encrypt_are_known_by_name() {
        for name in
            ["git-crypt", "git-crypt-ops", "crypt", "crypt-team", "git-agecrypt", "sops", "git-age", "strongbox"]
        {
            assert!(is_encrypting(name.as_bytes()), "{name}");
        }
        for name in ["lfs", "nbstripout", "image", "indent", "gpgtext", ""] {
            assert!(!is_encrypting(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_nearest_configuration_of_sops_counts() {
        let sops = |text: &str| Rc::new(Policy::read(SOPS, text.as_bytes().to_vec()));
        let rule = |regex: &str| sops(&format!("creation_rules:\n  - path_regex: {regex}\n"));
        let files = vec![(Vec::new(), rule("^a/")), (b"a/".to_vec(), rule("^x$")), (b"b/".to_vec(), sops("a: ["))];
        let policies = Policies::new(files, &Outside::default(), Case::Matters);
        let covers = |path: &str| policies.creation_rule(path.as_bytes()).map(|rule| rule.is_some()).ok();
        assert_eq!(["a/x", "a/y", "c", "b/x"].map(covers), [Some(true), Some(false), Some(false), None]);
    }

    #[test]
    fn attributes_without_such_a_filter_are_left_out() {
        let file = |text: &str| vec![(Vec::new(), Rc::new(Policy::read(ATTRIBUTES, text.as_bytes().to_vec())))];
        assert!(Policies::new(file("* text=auto\n*.bin filter=lfs\n"), &Outside::default(), Case::Matters).is_empty());
        assert!(!Policies::new(file("[attr]x filter=git-crypt\n"), &Outside::default(), Case::Matters).is_empty());
    }
}
