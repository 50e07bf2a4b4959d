//! Black-box tests: the built program and real git, in sealed repositories; stdout, stderr and exit code compared.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test that cannot go on has failed")]

mod added_lines;
mod allow;
mod architecture;
mod audit;
mod baseline;
mod brought_in;
mod bytes;
mod catalogue;
mod config;
mod disguise;
mod doctor;
mod encrypt;
mod enforce;
mod explain;
mod first_run;
mod fix;
mod forms;
mod global;
mod grading;
mod guard;
mod history;
mod hostile;
mod import;
mod install;
mod kinds;
mod leak;
mod managers;
mod message;
#[cfg(unix)]
mod oracle;
mod pairs;
mod passing;
mod push;
mod receive;
mod report;
#[cfg(unix)]
mod repositories;
mod sandbox;
mod scan;
mod silence;
mod stored;
mod surroundings;
#[cfg(unix)]
mod transcripts;
