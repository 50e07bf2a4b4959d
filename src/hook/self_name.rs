//! Whether a hook looks at its own name, which it loses when it stands beside ours.
//!
//! One script for many hooks asks `basename "$0"` which of them it is; called by another name it would do nothing, and
//! nobody would notice. Asking for its folder (`dirname "$0"`) is no harm: that stays the same. The text is searched,
//! not understood: it is written by people who want it to work, and one who hides the question from us is not guarded
//! against.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::Kind;

/// How a hook looks at its own name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Not at all, or only to print it; or it is a program, which can be told any name.
    Never,
    /// In a shell script that reads just as well when its shell is told to read it under its name.
    Shell {
        /// The first word after `#!`.
        interpreter: PathBuf,
        /// The rest of that line, which the system passes on as one argument.
        argument: Option<String>,
    },
    /// In some other way.
    Other,
}

/// How the hook at `file` looks at its own name.
pub(crate) fn look(file: &Path) -> Look {
    let Ok(Some(text)) = script(file) else { return Look::Never };
    let (interpreter, argument) = interpreter(&text);
    let shell = shell(&interpreter, argument.as_deref());
    let uses = match shell {
        Shell::None => uses_in_program(&text),
        _ => uses_in_shell(&with_sourced(&text, file.parent().unwrap_or(Path::new(".")))),
    };
    match uses {
        Uses { name: Asked::Never, .. } => Look::Never,
        Uses { name: Asked::ByDollarZero, other: 0 } if shell == Shell::TakesName => {
            Look::Shell { interpreter, argument }
        }
        _ => Look::Other,
    }
}

/// The text of a script; `None` for a program, which may be large and is not read.
fn script(file: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(file)?;
    let mut bytes = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut bytes)?;
    if !bytes.starts_with(b"#!") && bytes.contains(&0) {
        return Ok(None);
    }
    file.read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Which kind of shell an interpreter is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shell {
    /// One in which `$0` stays the same while another file is read: measured for these.
    TakesName,
    /// One in which it does not, or not in every version.
    KeepsName,
    None,
}

/// The question a script asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    #[default]
    Never,
    /// The name that the shell was given, which may be any.
    ByDollarZero,
    /// The name of the file that is read.
    ByFile,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Uses {
    name: Asked,
    /// How often the script uses its path for what else, such as to run or read itself.
    other: usize,
}

/// The two parts of the `#!` line; a script without one is read by `sh`.
fn interpreter(text: &str) -> (PathBuf, Option<String>) {
    let line = text.strip_prefix("#!").and_then(|rest| rest.lines().next()).unwrap_or("sh").trim();
    match line.split_once([' ', '\t']) {
        Some((program, argument)) => (program.into(), Some(argument.trim().to_owned())),
        None => (line.into(), None),
    }
}

fn shell(interpreter: &Path, argument: Option<&str>) -> Shell {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut shell = name(&interpreter.to_string_lossy());
    if shell == "env" {
        let words = argument.unwrap_or_default().split_whitespace();
        shell = name(words.into_iter().find(|word| !word.starts_with('-')).unwrap_or_default());
    }
    match shell.as_str() {
        "sh" | "dash" | "bash" | "ash" => Shell::TakesName,
        "zsh" | "ksh" | "mksh" | "ksh93" => Shell::KeepsName,
        _ => Shell::None,
    }
}

/// The script and those files of its folder that it has the shell read: they see the same `$0`.
fn with_sourced(text: &str, folder: &Path) -> String {
    let mut whole = text.to_owned();
    for line in text.lines() {
        let line = format!(" {}", line.trim());
        let is_reading = line.contains(" . ") || line.contains(" source ");
        let Some((_, rest)) = line.split_once("$0").or_else(|| line.split_once("${0")).filter(|_| is_reading) else {
            continue;
        };
        let rest = rest.strip_prefix("%/*").unwrap_or(rest).trim_start_matches(['"', ')', '}', ' ']);
        let end = |letter: char| letter.is_whitespace() || "\"';)&|".contains(letter);
        let name = rest.strip_prefix('/').and_then(|rest| rest.split(end).next());
        if let Some(sourced) = name.and_then(|name| fs::read(folder.join(name)).ok()) {
            whole.push('\n');
            whole.push_str(&String::from_utf8_lossy(&sourced));
        }
    }
    whole
}

fn uses_in_shell(text: &str) -> Uses {
    let mut uses = Uses::default();
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let aliases: Vec<_> = lines().filter_map(alias).collect();
    for line in lines() {
        let is_alias = alias(line).is_some();
        for name in ["0", "BASH_SOURCE"].into_iter().chain(aliases.iter().copied()) {
            for (before, after) in mentions(line, name) {
                match purpose(before, after) {
                    Purpose::Folder | Purpose::Print => {}
                    Purpose::Name if name == "BASH_SOURCE" => uses.name = Asked::ByFile,
                    // Whether it is run or read by another script: both names are the same, or both are not.
                    Purpose::Compare if line.contains("BASH_SOURCE") => uses.other += 1,
                    Purpose::Name | Purpose::Compare => uses.name = uses.name.max(Asked::ByDollarZero),
                    Purpose::Other => uses.other += usize::from(!is_alias),
                }
            }
        }
    }
    uses
}

/// The variable that a line sets to `$0`.
fn alias(line: &str) -> Option<&str> {
    let line = ["local ", "readonly ", "export "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    (is_name && matches!(value.trim_end_matches(';').trim_matches('"'), "$0" | "${0}")).then_some(name)
}

/// What stands before and after each `$name` that the shell replaces, the braces and the index of an array left out.
fn mentions<'l>(line: &'l str, name: &str) -> Vec<(&'l str, &'l str)> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices('$') {
        let (before, rest) = line.split_at(at);
        let rest = rest.strip_prefix('$').unwrap_or(rest);
        let (rest, is_braced) = rest.strip_prefix('{').map_or((rest, false), |rest| (rest, true));
        let Some(rest) = rest.strip_prefix(name) else { continue };
        let is_longer = rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
        if is_longer || before.ends_with('\\') || is_single_quoted(before) {
            continue;
        }
        let rest = rest.strip_prefix("[0]").filter(|_| is_braced).unwrap_or(rest);
        let rest = rest.strip_prefix('}').filter(|_| is_braced).unwrap_or(rest);
        found.push((before, rest));
    }
    found
}

/// Whether a line is within single quotes after `before`, as an awk program is, whose `$0` is another.
fn is_single_quoted(before: &str) -> bool {
    let mut quote = None;
    let mut letters = before.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None | Some('"'), '\\') => drop(letters.next()),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    quote == Some('\'')
}

/// What a script wants with its path.
enum Purpose {
    Folder,
    Name,
    Compare,
    Print,
    Other,
}

fn purpose(before: &str, after: &str) -> Purpose {
    let command = before.trim_end_matches('"').trim_end();
    let command = command.strip_suffix("--").unwrap_or(command).trim_end();
    let is_compared = ["case", "[", "test"].iter().any(|word| command.ends_with(word));
    let is_beside = after.trim_start_matches('"').starts_with('.');
    if command.ends_with("dirname") || after.starts_with("%/*") || after.starts_with("%/}") {
        Purpose::Folder
    } else if ["echo ", "printf ", "usage", "die ", "warn "].iter().any(|word| before.starts_with(word)) {
        Purpose::Print
    } else if command.ends_with("basename") || after.starts_with(['#', '%', '/']) || is_beside {
        Purpose::Name
    } else if is_compared {
        Purpose::Compare
    } else {
        Purpose::Other
    }
}

/// Words by which scripts in other languages call their own path.
const PATHS: [&str; 8] =
    ["__file__", "argv[0]", "$0", "__FILE__", "$PROGRAM_NAME", "__filename", "process.argv[1]", "import.meta.url"];
/// Words that take the name out of a path, or compare it.
const NAMES: [&str; 8] = ["basename", ".name", ".stem", "endswith", "end_with?", "endsWith", ".split", "rsplit"];

fn uses_in_program(text: &str) -> Uses {
    let has = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    let is_print = |line: &str| {
        ["print", "echo", "puts", "die", "warn", "console.", "sys.exit", "sys.stderr", "parser"]
            .iter()
            .any(|word| line.starts_with(word))
    };
    let asks = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#') && !line.starts_with("//") && !is_print(line))
        .any(|line| has(line, &PATHS) && (has(line, &NAMES) || has(line, &Kind::ALL.map(Kind::name))));
    Uses { name: if asks { Asked::ByFile } else { Asked::Never }, other: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_look(text: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hook");
        fs::write(&file, text).unwrap();
        let actual = match look(&file) {
            Look::Never => "never".to_owned(),
            Look::Other => "other".to_owned(),
            Look::Shell { interpreter, argument } => {
                format!("{} {}", interpreter.display(), argument.unwrap_or_default()).trim().to_owned()
            }
        };
        assert_eq!(actual, expected, "{text}");
    }

    #[test]
    fn a_script_that_asks_for_its_folder_or_prints_its_name_does_not_look() {
        for line in [
            "cd \"$(dirname \"$0\")\"",
            ". \"$(dirname \"$0\")/x\"",
            ". \"$(dirname -- \"$0\")/x\"",
            "cd ${0%/*}/../..",
            "HERE=\"$(cd \"$(dirname \"$0\")\" && pwd)\"",
            "here=`dirname $0`",
            "root=$(dirname \"$(readlink -f \"$0\")\")",
            "DIR=\"$( cd \"$( dirname \"${BASH_SOURCE[0]}\" )\" && pwd )\"",
            "if [[ \"${BASH_SOURCE[0]}\" == \"$0\" ]]; then main; fi",
            "[ \"$0\" = \"$BASH_SOURCE\" ] && main",
            "echo \"usage: $(basename \"$0\")\"",
            "git diff | awk '{print $0}' | grep x",
            "# basename \"$0\"",
            "git lfs pre-push \"$@\"",
            "self=$0\nexec \"$self\"",
            "printf '%s\\n' \"\\$0 pre-commit\"",
            "echo \"$00\" ${01##*/}",
        ] {
            assert_look(&format!("#!/bin/sh\n{line}\n"), "never");
        }
    }

    #[test]
    fn what_other_tools_generate_does_not_look() {
        for text in [
            "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n\
             INSTALL_PYTHON=/usr/bin/python3\n\
             ARGS=(hook-impl --config=.pre-commit-config.yaml --hook-type=pre-commit)\n\
             HERE=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\nARGS+=(--hook-dir \"$HERE\" -- \"$@\")\n\
             exec \"$INSTALL_PYTHON\" -mpre_commit \"${ARGS[@]}\"\n",
            "#!/bin/sh\n# File generated by prek: https://github.com/j178/prek\n\
             HERE=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\n\
             exec \"$PREK\" hook-impl --hook-dir \"$HERE\" --hook-type=pre-commit -- \"$@\"\n",
            "#!/bin/sh\ncommand -v git-lfs >/dev/null 2>&1 || { printf >&2 \"\\n%s\\n\" \"delete the 'pre-push' file\"; \
             exit 2; }\ngit lfs pre-push \"$@\"\n",
            "#!/bin/sh\ncall_lefthook()\n{\n  dir=\"$(git rev-parse --show-toplevel)\"\n}\n\
             call_lefthook run \"pre-commit\" \"$@\"\n",
        ] {
            assert_look(text, "never");
        }
    }

    #[test]
    fn a_shell_script_that_asks_for_its_name_is_read_under_it() {
        for line in [
            "case $(basename \"$0\") in pre-commit) make ;; esac",
            "hookName=`basename \"$0\"`",
            "hook=$(basename -- $0)",
            "hook=${0##*/}",
            "case \"$0\" in *pre-push) make ;; esac",
            "[ \"$0\" = .git/hooks/pre-commit ] || exit 1",
            "for part in \"$0\".d/*; do \"$part\"; done",
            "[ -x \"$0.local\" ] && \"$0.local\" \"$@\"",
            "self=\"$0\"\ncase ${self##*/} in pre-commit) make ;; esac",
            "run \"$(dirname \"$0\")/$(basename \"$0\").d\"",
        ] {
            assert_look(&format!("#!/bin/sh\n{line}\n"), "/bin/sh");
            assert_look(&format!("{line}\n"), "sh");
            assert_look(&format!("#!/usr/bin/env bash\n{line}\n"), "/usr/bin/env bash");
            assert_look(&format!("#! /bin/bash -e\n{line}\n"), "/bin/bash -e");
            assert_look(&format!("#!/bin/zsh\n{line}\n"), "other");
        }
    }

    #[test]
    fn a_shell_script_that_also_reads_or_runs_itself_cannot_be_given_its_name() {
        for line in [
            "exec sudo \"$0\" \"$@\"",
            "sed 1,10d \"$0\" | sh",
            "root=$(readlink -f \"$0\")",
            "self=$0\nexec \"$self\"",
            "hook=$(basename \"${BASH_SOURCE[0]}\")",
            "hook=${BASH_SOURCE##*/}",
            "if [[ \"${BASH_SOURCE}\" == \"${0}\" ]]; then main; fi",
        ] {
            assert_look(&format!("#!/bin/bash\ncase ${{0##*/}} in pre-commit) ;; esac\n{line}\n"), "other");
        }
    }

    #[test]
    fn what_a_shell_script_reads_from_its_folder_counts_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hook");
        for line in [". \"$(dirname \"$0\")/lib.sh\"", "[ -f x ] && . ${0%/*}/lib.sh; true"] {
            fs::write(&file, format!("#!/bin/sh\n{line}\n")).unwrap();
            fs::write(folder.path().join("lib.sh"), "hookName=`basename \"$0\"`\n").unwrap();
            assert_eq!(look(&file), Look::Shell { interpreter: "/bin/sh".into(), argument: None }, "{line}");
            fs::remove_file(folder.path().join("lib.sh")).unwrap();
            assert_eq!(look(&file), Look::Never, "{line}");
        }
    }

    #[test]
    fn other_languages_cannot_be_given_a_name() {
        for (interpreter, line) in [
            ("python3", "hook = os.path.basename(__file__)"),
            ("python3", "hook = Path(sys.argv[0]).name"),
            ("python3", "if sys.argv[0].endswith('pre-commit'):"),
            ("python3", "if 'pre-push' in sys.argv[0]:"),
            ("ruby", "hook_type = File.basename($0)"),
            ("perl", "my $hook = basename($0);"),
            ("node", "const hook = path.basename(process.argv[1])"),
        ] {
            assert_look(&format!("#!/usr/bin/env {interpreter}\n{line}\n"), "other");
        }
        for (interpreter, line) in [
            ("python3", "here = os.path.dirname(__file__)"),
            ("python3", "with open(sys.argv[1]) as message:"),
            ("python3", "print('usage:', os.path.basename(sys.argv[0]))"),
            ("ruby", "main if __FILE__ == $0"),
            ("python3", "# pre-commit is __file__"),
        ] {
            assert_look(&format!("#!/usr/bin/env {interpreter}\n{line}\n"), "never");
        }
    }

    #[test]
    fn a_program_does_not_look_and_neither_does_a_link_to_nowhere() {
        assert_look("\u{7f}ELF\0basename $0 pre-commit", "never");
        assert_eq!(look(Path::new("/nowhere/at/all")), Look::Never);
    }
}
