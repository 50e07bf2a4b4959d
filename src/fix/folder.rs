//! What the other files of a folder say of an edit, where a program reads all of them as one.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::edit::Editor;
use super::place;
use super::store::Store;
use crate::change::BytePath;
use crate::git::command::quoted_word;
use crate::remedy::{self, Declaration, Edit};

/// Which file of a folder declares a variable, by the folder and the name.
pub(super) type Declared = BTreeMap<(Vec<u8>, String), BytePath>;

/// What stands around a file, as it was when it was first asked for: a commit waits for this.
#[derive(Default)]
pub(super) struct Folder(OnceCell<Around>);

struct Around {
    /// The other files.
    others: Vec<Vec<u8>>,
    is_called: bool,
}

impl Folder {
    fn around(&self, editor: &Editor<'_>) -> &Around {
        self.0.get_or_init(|| Around {
            others: editor.root.map(|root| place::texts_beside(root, editor.path)).unwrap_or_default(),
            is_called: editor.root.is_some_and(|root| is_called(root, editor.path)),
        })
    }
}

/// Whether the file has to declare it, and no other one of the folder does.
pub(super) fn has_to_declare(editor: &Editor<'_>, declaration: &Declaration, declared: &mut Declared) -> bool {
    let Some(asked) = &declaration.in_folder else { return true };
    let key = (folder(editor.path).to_vec(), declaration.name.clone());
    let place = declared.entry(key).or_insert_with(|| {
        // An empty path is that of a file which stays as it is.
        let is_there = editor.folder.around(editor).others.iter().any(|text| asked.is_declared(text));
        if is_there { BytePath::from("") } else { editor.path.clone() }
    });
    place == editor.path && !asked.is_declared(editor.text)
}

/// The edit for the value at `span`, with the first name like `name` that the folder has in no other use.
pub(super) fn fitting(editor: &Editor<'_>, store: &Store, (span, name): (&Range<usize>, &str)) -> Result<Edit, String> {
    const MOST: usize = 9;
    let numbered = (2..=MOST).map(|number| format!("{name}_{number}"));
    for name in std::iter::once(name.to_owned()).chain(numbered) {
        let edit = remedy::replacement(editor.path, editor.text, span, &name).map_err(|why| why.to_string())?;
        let Some(asked) = edit.declaration.as_ref().and_then(|own| own.in_folder.as_ref()) else { return Ok(edit) };
        let around = editor.folder.around(editor);
        if around.is_called {
            return Err("Terraform gives variables to the folder it runs in, and another one calls this: declare the \
                        variable in both by hand"
                .to_owned());
        }
        let mut texts = around.others.iter().map(Vec::as_slice).chain([editor.text]);
        if let Some(flaw) = texts.clone().find_map(|text| asked.flaw(text)) {
            return Err(flaw.to_owned());
        }
        let is_free = match store.value_of(&edit.variable) {
            // One that has the value is that of an earlier edit.
            Some(other) => other == &editor.text[span.clone()],
            None => !texts.any(|text| asked.is_declared(text)),
        };
        if is_free {
            return Ok(edit);
        }
    }
    Err("the folder has variables of such names already: refer to one by hand".to_owned())
}

/// What is left to do with the value: docker compose looks for its variables beside its own file.
pub(super) fn note(path: &BytePath, store: &Store, note: String) -> String {
    let is_beside = folder(path) == folder(&store.path) && store.path.name() == b".env";
    if note != remedy::COMPOSE || is_beside {
        return note;
    }
    let word = |path: &BytePath| quoted_word(&place::shown(path));
    format!("start with: docker compose --env-file {} -f {} up", word(&store.path), word(path))
}

fn folder(path: &BytePath) -> &[u8] {
    &path.as_bytes()[..path.as_bytes().len() - path.name().len()]
}

/// Whether the folder is a module: called so, or named as one by a file further up.
fn is_called(root: &Path, path: &BytePath) -> bool {
    let folder = folder(path);
    if folder.split(|byte| *byte == b'/').any(|part| part == b"modules") {
        return true;
    }
    let mut tops = std::iter::once(0).chain(memchr::memchr_iter(b'/', folder).map(|slash| slash + 1));
    tops.any(|top| {
        let Some(inner) = folder[top..].strip_suffix(b"/") else { return false };
        let source = [b"\"./", inner, b"\""].concat();
        let of_folder = BytePath::from(&[&folder[..top], b".keyguard.tf"].concat()[..]);
        let texts = place::texts_beside(root, &of_folder);
        texts.iter().any(|text| memchr::memmem::find(text, &source).is_some())
    })
}
