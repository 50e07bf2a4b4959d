//! `git cat-file --batch`: objects through git itself, for what we cannot read on our own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};
use git2::ObjectType;

use super::id::Id;

/// A running `git cat-file --batch`.
pub(super) struct Batch {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// An object as git gave it.
pub(super) struct Object {
    pub(super) id: Id,
    pub(super) kind: ObjectType,
    pub(super) content: Vec<u8>,
}

impl Batch {
    /// Starts it; `git` is the command without its verb.
    pub(super) fn start(mut git: Command) -> Result<Self> {
        git.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = git.spawn().context("run git")?;
        let (questions, answers) = child.stdin.take().zip(child.stdout.take()).context("run git")?;
        Ok(Self { child, questions, answers: BufReader::new(answers) })
    }

    /// The object that `name` stands for; `None` when git knows none. An error says that git has ended, as it does when
    /// asked for an object that a partial clone has yet to fetch.
    pub(super) fn ask(&mut self, name: &str) -> Result<Option<Object>> {
        writeln!(self.questions, "{name}").context("ask git")?;
        let mut header = Vec::new();
        self.answers.read_until(b'\n', &mut header).context("read git's answer")?;
        let header = String::from_utf8(header)?;
        let Some(header) = header.strip_suffix('\n') else { bail!("git cat-file has ended") };
        if header.ends_with(" missing") || header.ends_with(" ambiguous") {
            return Ok(None);
        }
        let mut fields = header.split(' ');
        let mut next = || fields.next().ok_or_else(|| anyhow!("git cat-file gave an answer of another form"));
        let id = Id::from_hex(next()?.as_bytes()).context("git cat-file gave no name")?;
        let kind = ObjectType::from_str(next()?).context("git cat-file gave no kind")?;
        let size: usize = next()?.parse().context("git cat-file gave no size")?;
        let mut content = Vec::new();
        let length = self.answers.by_ref().take(size as u64 + 1).read_to_end(&mut content)?;
        if length != size + 1 || content.pop() != Some(b'\n') {
            bail!("git cat-file has ended");
        }
        Ok(Some(Object { id, kind, content }))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It only reads: there is nothing to finish.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
