//! `keyguard allow`: writes entries into keyguard.toml, and stages it where that loses nothing.

mod known;
mod last;
mod list;

use std::io::{self, Write};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use toml::value::Datetime;

pub(in crate::command) use last::with_all_staged;

use super::staging::{Next, OwnFile, Staging};
use super::{census, complete, config, config_of_work_tree, work_tree_of};
use crate::change::Change;
use crate::cli::{AllowArgs, Global};
use crate::config::edit::{self, Written};
use crate::config::{AllowSpec, Config, FILE_NAME, Sources, Workshop, allow_flaw, load, read_if_present};
use crate::environment::Environment;
use crate::git::{Caller, Repo, command};
use crate::inspect::{Counting, Inspector};
use crate::outcome::{Exit, Outcome};
use crate::report::{Format, sanitized, write_document};
use crate::rules;
use crate::secret::Fingerprint;

/// Allows what the arguments name, or lists what is allowed.
pub(crate) fn allow(args: &AllowArgs, global: &Global, environment: &Environment, out: &mut dyn Write) -> Result<Exit> {
    if args.list || args.unused || args.expired {
        return list::list(args, global, environment, out);
    }
    let is_json = global.format == Format::Json;
    let mut nowhere = io::sink();
    let said: &mut dyn Write = if is_json { &mut nowhere } else { &mut *out };
    let repo = Repo::open(environment, Caller::User)?;
    let (root, git_dir) = (repo.work_tree()?.to_path_buf(), repo.git_dir().to_path_buf());
    let entries = entries(args, repo, (global, environment), said)?;
    let file = root.join(FILE_NAME);
    let own = OwnFile::new(&root, (FILE_NAME, Next::CommitAgain), environment);
    let staging = if args.no_stage { Staging::LeftToUser } else { own.staging()? };
    let (content, written) = edit::with_entries(read_if_present(&file)?.as_deref(), &entries)?;
    let config = check_all(&content, global, environment)?;
    let remarks = remarks(args, &entries, config, (global, environment))?;
    let is_changed = written != Written::default();
    if is_changed {
        Workshop::open(&git_dir)?.write_atomically(&file, &content)?;
        writeln!(said, "{}{}", words(written), own.carry_out(staging)?)?;
    } else if !entries.is_empty() {
        // That nothing blocks has been said.
        writeln!(said, "already allowed in {FILE_NAME}; nothing was changed{}", own.advice(staging))?;
    }
    if is_json {
        let is_staged = is_changed && staging == Staging::Stage;
        let entries: Vec<_> = entries.iter().map(list::fields).collect();
        let document = json!({
            "version": 1, "file": FILE_NAME, "entries": entries, "added": written.added, "renewed": written.renewed,
            "staged": is_staged, "notices": remarks,
        });
        write_document(&document, out)?;
    } else {
        for remark in remarks {
            // Of an entry that is written whatever it matches; who reads it has the last word.
            writeln!(io::stderr(), "keyguard: {remark}").ok();
        }
    }
    Ok(Exit::Clean)
}

/// What was written, as the beginning of a sentence.
fn words(Written { added, renewed, ended }: Written) -> String {
    let entries = |number: usize| if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") };
    let words = match (added, renewed) {
        (_, 0) => format!("added {} to {FILE_NAME}", entries(added)),
        (0, _) => format!("renewed {} in {FILE_NAME}", entries(renewed)),
        _ => format!("added {} and renewed {} in {FILE_NAME}", entries(added), entries(renewed)),
    };
    ended.map_or(words.clone(), |day| format!("{words} (now without an end, was {day})"))
}

/// The entries that the arguments ask for; none when nothing blocks.
fn entries(
    args: &AllowArgs,
    repo: Repo,
    (global, environment): (&Global, &Environment),
    said: &mut dyn Write,
) -> Result<Vec<AllowSpec>> {
    let reason = args.reason.clone().unwrap_or_default();
    if reason.trim().trim_matches('.').is_empty() {
        bail!("the reason says nothing\nhelp: say why this is no secret: --reason \"test data\"");
    }
    let config = config_of_work_tree(global, environment)?;
    config::compile(&config)?;
    refuse_key(&reason, "reason", &config)?;
    let by = repo.config_string("user.name").filter(|name| !name.trim().is_empty());
    refuse_key(by.as_deref().unwrap_or_default(), "name of the user in git's configuration", &config)?;
    let common = AllowSpec { reason: Some(reason), by, expires: last_day(args)?, ..AllowSpec::default() };
    if let Some(path) = &args.path {
        let entry = AllowSpec { path: Some(path.clone()), rule: args.rule.clone(), ..common };
        if let Some(flaw) = allow_flaw(&entry) {
            bail!(
                "such an entry is not written: {flaw}\nhelp: name fewer files in --path, such as `tests/fixtures/**`"
            );
        }
        return Ok(vec![entry]);
    }
    let fingerprints = if args.last {
        last::whatever_blocks(repo, global, environment, said)?
    } else {
        args.fingerprint.iter().map(|text| parse_fingerprint(text)).collect::<Result<Vec<_>>>()?
    };
    let entry = |fingerprint: &Fingerprint| AllowSpec { fingerprint: Some(fingerprint.to_string()), ..common.clone() };
    Ok(fingerprints.iter().map(entry).collect())
}

/// Reason and name go into a file that is committed, where a key would stand in the open.
fn refuse_key(text: &str, what: &str, config: &Config) -> Result<()> {
    let mut outcome = Outcome::default();
    let text = Change::message(text.as_bytes().to_vec(), Vec::new());
    Inspector::new(config, Counting::Files).inspect(&text, &mut outcome);
    let allowed = outcome.suppressed.iter().map(|(located, _)| located);
    match outcome.blocked.iter().chain(allowed).next() {
        None => complete(outcome, &format!("the {what}")).map(drop),
        Some(located) => bail!(
            "the {what} holds a key: {}\nhelp: say in words that all may read, {FILE_NAME} is no place for a key",
            located.finding.rule.facts().title
        ),
    }
}

/// The last day on which the entries are to hold, in UTC.
fn last_day(args: &AllowArgs) -> Result<Option<Datetime>> {
    const MOST_DAYS: i64 = 36_500;
    let today = OffsetDateTime::now_utc().date();
    let day = match (&args.expires, &args.days) {
        (Some(date), _) => parse_date(date).context("--expires")?,
        (None, Some(days)) => {
            let days = days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
            let day = days.and_then(|days| today.checked_add(Duration::days(days)));
            day.with_context(|| {
                format!(
                    "--days takes a whole number from 1 to {MOST_DAYS}\nhelp: it counts from today, such as --days 30; to \
                     have a key block again, take its entry out of {FILE_NAME}"
                )
            })?
        }
        (None, None) => return Ok(None),
    };
    if day < today {
        bail!(
            "{day} is over, so the entry would never hold\nhelp: name its last day, or how many days it is to hold: --days 30"
        );
    }
    Ok(Some(day.to_string().parse()?))
}

/// Parses a fingerprint. The complaint does not repeat the text, which may be the key itself.
pub(super) fn parse_fingerprint(text: &str) -> Result<Fingerprint> {
    text.parse().map_err(|message| {
        anyhow!("this is no fingerprint: {message}\nhelp: copy it from the report, or allow all that blocks: --last")
    })
}

/// Parses a date, such as 2027-03-01.
fn parse_date(text: &str) -> Result<Date> {
    let date = || {
        let parsed: Datetime = text.parse().ok()?;
        let date = parsed.date.filter(|_| parsed.time.is_none())?;
        let month = time::Month::try_from(date.month).ok()?;
        Date::from_calendar_date(i32::from(date.year), month, date.day).ok()
    };
    date().context("a date is year, month and day, such as 2027-03-01")
}

/// Checks the edited file with all other layers, as far as `config check` does: an entry that the next commit cannot
/// read is better not written.
pub(super) fn check_all(content: &[u8], global: &Global, environment: &Environment) -> Result<Config> {
    let repository = Some((FILE_NAME.to_owned(), content.to_vec()));
    let config = load(Sources { environment, given: global.config.clone(), repository, min_confidence: None })?;
    config::compile(&config)?;
    Ok(config)
}

/// What may be a mistake of typing: an entry for a key that stands nowhere here.
fn remarks(
    args: &AllowArgs,
    entries: &[AllowSpec],
    config: Config,
    (global, environment): (&Global, &Environment),
) -> Result<Vec<String>> {
    if let Some(rule) = &args.rule {
        if !config.knows_rule(rule) {
            bail!("--rule names no rule that there is\nhelp: see `keyguard rules list`");
        }
        if let Some(remark) = matches_no_file(args.path.as_deref().unwrap_or_default(), environment)? {
            return Ok(vec![remark]);
        }
        let is_asked_for = |place: &usize| entries.iter().any(|entry| config.allow[*place].spec == *entry);
        let asked_for: Vec<_> = (0..config.allow.len()).filter(is_asked_for).collect();
        let unused = census::unused_entries(config, environment)?;
        let is_unused = asked_for.iter().any(|place| unused.contains(place));
        return Ok(is_unused
            .then(|| "nothing that is tracked matches this entry now".to_owned())
            .into_iter()
            .collect());
    }
    if args.last {
        return Ok(Vec::new());
    }
    let wanted = entries.iter().filter_map(|entry| entry.fingerprint.as_ref()?.parse().ok()).collect();
    let unknown = known::unknown(wanted, global, environment)?;
    let words =
        |fingerprint| format!("no key here has the fingerprint {fingerprint}: is it typed as the report has it?");
    Ok(unknown.into_iter().map(words).collect())
}

/// The remark about a glob that no tracked file matches: one that was written for the folder it was typed in, perhaps.
fn matches_no_file(glob: &str, environment: &Environment) -> Result<Option<String>> {
    let Some(root) = work_tree_of(&environment.current_dir) else { return Ok(None) };
    let globs = rules::glob_set(std::iter::once(glob))?;
    let matches = command::tracked_names(&root)?.iter().any(|path| globs.is_match(path.as_path()));
    let glob = sanitized(glob.as_bytes());
    Ok((!matches).then(|| format!("no tracked file matches `{glob}`; globs count from the root of the repository")))
}
