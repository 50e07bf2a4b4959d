//! commit-msg: the message is committed too, and no other hook sees it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::super::{baseline_of_commit, config_of_commit};
use super::state::FileState;
use super::{Report, report};
use crate::change::Change;
use crate::config::Sources;
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::hook::chain::Call;
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Exit, Outcome};
use crate::report::Subject;

/// What git cuts a message at, behind the comment character.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------\n";

/// Looks at the message in the file that the arguments of `call` name; gives the verdict, and the file as it was.
///
/// Comment lines count: git takes them out only when an editor ran. A key that HEAD's message holds is old: with
/// `--amend` it comes from there.
pub(super) fn check(call: &Call, environment: &Environment) -> Result<(Exit, FileState)> {
    let start = Instant::now();
    let name = call.args.first().context("git gave no file with the message")?;
    let file = environment.current_dir.join(name);
    let looked_at = FileState::of(&file);
    let text = std::fs::read(&file).context("read the message")?;
    let repo = Repo::open(environment, Caller::Hook)?;
    let may_be_cut = environment.is_editor_used() && memchr::memmem::find(&text, SCISSORS).is_some();
    let text = if may_be_cut { cut(&text, &comment_starts(&repo)) } else { &text };
    let reader = StagedReader::new(&repo, Parents::Head)?;
    let sources = Sources { environment, given: None, repository: None, min_confidence: None };
    let config = config_of_commit(&reader, &repo, sources)?;
    let mut outcome = Outcome { notices: config.notices.clone(), ..Outcome::default() };
    let inspector = Inspector::new(&config, Counting::Files);
    let old = reader.head_message()?.into_iter().collect();
    inspector.inspect(&Change::message(text.to_vec(), old), &mut outcome);
    inspector.finish(&|| baseline_of_commit(&reader), &mut outcome)?;
    // git keeps the file, until the next message is written into it.
    let hint = Some(format!("The message is kept in {}.", Path::new(name).display()));
    Ok((
        report(Report { call, repo: &repo, subject: Subject::Message, start, hint }, &outcome, environment)?,
        looked_at,
    ))
}

/// What may begin a comment line, by the setting that git itself goes by: libgit2 knows none from the command line. With
/// `auto` git takes a character that no line begins with.
fn comment_starts(repo: &Repo) -> Vec<Vec<u8>> {
    let setting = repo.last_setting("^core\\.comment(string|char)$");
    match setting.as_deref() {
        Some(b"auto") => b"#;@!$%^&|:".iter().map(|byte| vec![*byte]).collect(),
        Some(text) if !text.is_empty() => vec![text.to_vec()],
        _ => vec![b"#".to_vec()],
    }
}

/// The text before git's own scissors: that line, and behind it the comment that tells what it is for. A line that
/// looks like it alone is committed.
fn cut<'t>(text: &'t [u8], comment_starts: &[Vec<u8>]) -> &'t [u8] {
    let is_cut = |rest: &[u8]| {
        comment_starts.iter().any(|start| {
            let behind = rest.strip_prefix(&start[..]).and_then(|rest| rest.strip_prefix(SCISSORS));
            behind.is_some_and(|behind| behind.starts_with(start))
        })
    };
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|end| end + 1));
    starts.into_iter().find(|start| is_cut(&text[*start..])).map_or(text, |start| &text[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gits_own_scissors_cut() {
        let own = "# ------------------------ >8 ------------------------\n# Do not modify or remove the line above.\n";
        let cut = |text: &str| String::from_utf8_lossy(cut(text.as_bytes(), &[b"#".to_vec()])).into_owned();
        assert_eq!(cut(&format!("subject\n\n{own}diff\n")), "subject\n\n");
        assert_eq!(cut(&format!("{own}diff\n")), "");
        for text in [
            "subject\n# ------------------------ >8 ------------------------\ntext\n",
            "subject\n; ------------------------ >8 ------------------------\n; text\n",
            "subject # ------------------------ >8 ------------------------\n# text\n",
            "",
        ] {
            assert_eq!(cut(text), text);
        }
    }
}
