//! `keyguard baseline`: writes down what HEAD holds already, so that only new keys block.

use std::collections::HashSet;
use std::io::Write;

use anyhow::Result;
use serde_json::json;

use super::staging::{Next, OwnFile, Staging};
use super::{census, config_of_work_tree};
use crate::allowlist::Allowlist;
use crate::baseline::{Baseline, FILE_NAME};
use crate::cli::{BaselineArgs, Global};
use crate::config::{Workshop, read_if_present};
use crate::environment::Environment;
use crate::git::staged::{Parents, StagedReader};
use crate::git::{Caller, Repo};
use crate::outcome::{Exit, Located};
use crate::report::{Format, headline, write_document};

/// So many new keys are named one by one.
const TOLD: usize = 12;

/// Writes the baseline anew from the files of HEAD. A file that is not committed is never looked at: what it holds, such
/// as a `.env`, would be allowed before it was ever there.
pub(crate) fn baseline(
    args: &BaselineArgs,
    global: &Global,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<Exit> {
    let repo = Repo::open(environment, Caller::User)?;
    let root = repo.work_tree()?.to_path_buf();
    let file = root.join(FILE_NAME);
    let content = read_if_present(&file)?;
    let old = content.as_deref().map(Baseline::parse).transpose()?;
    let config = config_of_work_tree(global, environment)?;
    let outcome = census::of_head(&StagedReader::new(&repo, Parents::All)?, &config)?;
    let allowlist = Allowlist::new(&config);
    let (expired, found): (Vec<_>, Vec<_>) =
        outcome.blocked.iter().partition(|located: &&Located<'_>| allowlist.is_expired(located));
    let new = Baseline::of(found.iter().copied());
    let own = OwnFile::new(&root, (FILE_NAME, Next::CommitIt), environment);
    let staging = if args.no_stage { Staging::LeftToUser } else { own.staging()? };
    let text = in_style_of(content.as_deref(), new.text());
    let is_written = content.as_deref() != Some(text.as_bytes()) && !(content.is_none() && new.len() == 0);
    if is_written {
        Workshop::open(repo.git_dir())?.write_atomically(&file, text.as_bytes())?;
    }
    let old = old.unwrap_or_default();
    let counts = Counts { keys: new.len(), added: new.count_beyond(&old), dropped: old.count_beyond(&new) };
    let is_json = global.format == Format::Json;
    let added: Vec<_> = found.into_iter().filter(|located| !old.holds(located.finding.fingerprint())).collect();
    if !is_json {
        tell(&added, out)?;
    }
    let outcome = match (is_written, content.is_some()) {
        (true, _) => format!("wrote {} to {FILE_NAME}{}", counts.in_words(), own.carry_out(staging)?),
        (false, true) => {
            format!("{FILE_NAME} is up to date: {}; nothing was changed{}", counts.in_words(), own.advice(staging))
        }
        (false, false) => "no committed file holds a key that would block, so there is nothing to record".to_owned(),
    };
    if is_json {
        let Counts { keys, added, dropped } = counts;
        let is_staged = is_written && staging == Staging::Stage;
        let document = json!({
            "version": 1, "file": FILE_NAME, "keys": keys, "added": added, "dropped": dropped,
            "written": is_written, "staged": is_staged,
        });
        write_document(&document, out)?;
    } else {
        writeln!(out, "{outcome}")?;
        remarks(&added, &expired, out)?;
    }
    Ok(Exit::Clean)
}

/// What a baseline amounts to beside the one before.
struct Counts {
    keys: usize,
    added: usize,
    dropped: usize,
}

impl Counts {
    /// `3 keys (2 added, 1 dropped)`.
    fn in_words(&self) -> String {
        let keys = if self.keys == 1 { "1 key".to_owned() } else { format!("{} keys", self.keys) };
        let changes = [(self.added, "added"), (self.dropped, "dropped")];
        let changes = changes.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
        let changes: Vec<_> = changes.collect();
        if changes.is_empty() { keys } else { format!("{keys} ({})", changes.join(", ")) }
    }
}

/// Names the keys that were not there before, each with its first place.
fn tell(added: &[&Located<'_>], out: &mut dyn Write) -> Result<()> {
    let mut seen = HashSet::new();
    let first: Vec<_> = added.iter().filter(|located| seen.insert(located.finding.fingerprint())).collect();
    for located in first.iter().take(TOLD) {
        writeln!(out, "{}  {}", located.finding.fingerprint(), headline(located))?;
    }
    if let Some(more) = first.len().checked_sub(TOLD).filter(|more| *more > 0) {
        writeln!(out, "and {more} more")?;
    }
    Ok(())
}

fn remarks(added: &[&Located<'_>], expired: &[&Located<'_>], out: &mut dyn Write) -> Result<()> {
    if !added.is_empty() {
        writeln!(out, "They are in the history all the same: revoke what is real.")?;
    }
    let expired: HashSet<_> = expired.iter().map(|located| located.finding.fingerprint()).collect();
    match expired.len() {
        0 => Ok(()),
        1 => Ok(writeln!(out, "1 key is left out: its allow entry has expired, so it blocks again.")?),
        more => Ok(writeln!(out, "{more} keys are left out: their allow entries have expired, so they block again.")?),
    }
}

/// `text` with the line ends of the file that it replaces, which git may have changed at the checkout.
fn in_style_of(old: Option<&[u8]>, text: String) -> String {
    let has_crlf = old.is_some_and(|old| memchr::memmem::find(old, b"\r\n").is_some());
    if has_crlf { text.replace('\n', "\r\n") } else { text }
}
