//! Having git ignore a file: one line more in `.gitignore`.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Access, Plan, Scope, Staging, Write, mark, place};
use crate::change::BytePath;
use crate::git::{command, entry};
use crate::report::listed;

const FILE: &str = ".gitignore";

/// Adds to the plan what has git ignore `paths`, as far as it does not yet. In the index the line goes below what is
/// staged there, whatever else the file of the work tree holds.
pub(super) fn ignore(root: &Path, paths: &[BytePath], scope: Scope, plan: &mut Plan) -> Result<()> {
    let mut lines = Vec::new();
    for path in paths {
        if !command::is_ignored_path(root, path)? {
            lines.push(pattern(path));
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    let file = BytePath::from(FILE);
    let before = place::read(root, &file)?;
    let (tracked, mark) = (entry::entry(root, &file)?, entry::mark(root, &file)?);
    let hidden = mark::hidden_text(root, mark, tracked.as_ref())?;
    let after = with_lines(before.as_deref().or(hidden.as_deref()).unwrap_or_default(), &lines);
    let named: Vec<_> = lines.iter().map(|line| crate::report::sanitized(line)).collect();
    plan.remarks.push(format!("{FILE} gets {}, so that git leaves it out", listed(&named)));
    let staged = match &tracked {
        Some(own) if own.is_file() => Some(with_lines(&entry::content(root, &own.id)?, &lines)),
        Some(_) => bail!("`{FILE}` is staged as a link, so it is left alone: stage a file in its place"),
        None if before.is_none() => Some(after.clone()),
        None => None,
    };
    match (mark, staged.filter(|_| scope == Scope::Staged)) {
        (Some(mark), _) => plan.remarks.push(mark::not_staged(mark, &file)),
        (None, Some(content)) => {
            let mode = tracked.as_ref().map_or("100644".to_owned(), |entry| entry.mode.clone());
            plan.staging.push(Staging { path: file.clone(), before: tracked, mode, content: Some(content) });
        }
        (None, None) if scope == Scope::Staged => {
            plan.remarks.push(format!("{FILE} is not staged by this: git add {FILE}"));
        }
        (None, None) if tracked.is_none() => plan.to_add.push(file.clone()),
        (None, None) => {}
    }
    plan.writes.push(Write { path: file, before, after, access: Access::Usual });
    Ok(())
}

fn with_lines(content: &[u8], lines: &[Vec<u8>]) -> Vec<u8> {
    let end: &[u8] = if content.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut out = content.to_vec();
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(end);
    }
    for line in
        lines.iter().filter(|line| !content.split(|byte| *byte == b'\n').any(|own| own.trim_ascii_end() == **line))
    {
        out.extend_from_slice(line);
        out.extend_from_slice(end);
    }
    out
}

/// The pattern that stands for one path. What would end a line is named by its class.
fn pattern(path: &BytePath) -> Vec<u8> {
    let path = path.as_bytes();
    let mut pattern = vec![b'/'];
    for (place, byte) in path.iter().enumerate() {
        let is_last = place + 1 == path.len();
        match byte {
            b'\n' | b'\r' => pattern.extend_from_slice(b"[[:cntrl:]]"),
            b'\\' | b'*' | b'?' | b'[' => pattern.extend_from_slice(&[b'\\', *byte]),
            // Blanks at the end of a line are no part of it.
            b' ' if is_last => pattern.extend_from_slice(b"\\ "),
            _ => pattern.push(*byte),
        }
    }
    pattern
}
