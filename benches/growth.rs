//! How the time of a scan grows with its text: eight times the text must not take much more than eight times as long,
//! whatever the lines look like.
//!
//! `cargo bench --bench growth`. Prints the worst, as ratios of CPU time within one run, and fails where one is above
//! `LIMIT`. The texts are made of words that wake many rules, in one line or in many, drawn with a fixed seed.

#![expect(clippy::print_stdout, reason = "a bench prints its result")]

mod cpu;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cpu::cpu_time;
use keyguard::change::BytePath;
use keyguard::decode::Text;
use keyguard::finding::Confidence;
use keyguard::rules::RuleSet;
use keyguard::scanner::Scanner;

/// Bytes of the shorter text; the longer one is `TIMES` as long.
const SIZE: usize = 256 << 10;
const TIMES: usize = 8;
/// How many times as long the longer one may take. Were the time to grow with the square, it would be 64.
const LIMIT: f64 = 16.0;
const RUNS: usize = 3;
const TOLD: usize = 10;

/// Words, by what they make together.
const WORDS: [(&str, &str); 16] = [
    ("code", "function return key token secret password = ( ) { } ; , . a b var => 'x' \"api_key\": \" ' 0x1f Bearer"),
    ("members", "{\" \":\" \",\" \"} password secret value default hunter2Xk9 { } [ ] , type name key"),
    ("blocks", "db_password{ secret: { } type=string default = name: x password"),
    ("manifests", "apiVersion:v1 kind:Secret data: stringData: a: aGVsbG8= { } \" , :"),
    ("armour", "-----BEGIN -----END RSA PRIVATE KEY ----- MIIE abcd \\n : Proc-Type:"),
    ("tokens", "eyJ hbGciOi IUzI1Ni . _ - sub abcdefgh Bearer"),
    ("addresses", "postgres:// user : pass @ host / ? & = https:// # %40"),
    ("base64", "password= QUtJ QQ== Z2hw c2st + / \" ' \\"),
    ("escapes", "\\u0067 \\x68 \\150 %67 &#103; ghp_ \" + ' . =3D"),
    ("statements", "CREATE USER a IDENTIFIED BY ' INSERT INTO users ( password ) VALUES ( , ALTER ROLE"),
    ("calls", "auth( password \"a\" , ) new basic_auth( setPassword( . requests.get( auth=("),
    ("joined", "\"abc\" + 'def' \\ \"ghp_\" .. \"sk_\" ."),
    ("accounts", "machine login password default x user: $2y$10$ $apr1$ {SHA} : abc/def"),
    ("markup", "<password> </password> <add key=\" \" value=\" \"/> secret <!-- --> abc1Xk29"),
    ("markers", "keyguard:allow # // -- token= \"abc\" ENC[AES iv: sops: mac:"),
    ("words", "mnemonic abandon ability seed about zoo phrase = :"),
];

fn main() -> ExitCode {
    let rules = RuleSet::built_in();
    let mut samples = Vec::new();
    for (name, words) in WORDS {
        for (shape, gap) in [("one line", ""), ("words", " "), ("lines", "\n")] {
            let [short, long] = [SIZE, SIZE * TIMES].map(|size| cost(&rules, drawn(words, gap, size)));
            samples.push((long.as_secs_f64() / short.as_secs_f64(), name, shape, long));
        }
    }
    samples.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("{:>6} {:>8}  text", "ratio", "ms");
    for (ratio, name, shape, long) in samples.iter().take(TOLD) {
        println!("{ratio:6.1} {:8.1}  {name}, {shape}", long.as_secs_f64() * 1e3);
    }
    let bad = samples.iter().filter(|(ratio, ..)| *ratio > LIMIT).count();
    println!("{} texts, {bad} that took more than {LIMIT} times as long when {TIMES} times as long", samples.len());
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The quickest of some scans; the first one also compiles the regexes.
fn cost(rules: &RuleSet, text: String) -> Duration {
    let text = Text::decode(text.into_bytes());
    let scanner = Scanner::new(rules, Confidence::Low).decoding(2);
    let run = |_| {
        let start = cpu_time();
        black_box(scanner.scan(&BytePath::from("a.txt"), &text).expect("built-in rules scan"));
        cpu_time().saturating_sub(start)
    };
    (0..RUNS).map(run).min().unwrap_or_default()
}

/// Words in random order, about every third with a gap behind it.
fn drawn(words: &str, gap: &str, size: usize) -> String {
    let words: Vec<_> = words.split(' ').collect();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let mut text = String::with_capacity(size + 64);
    while text.len() < size {
        text.push_str(words[next(words.len())]);
        if next(3) == 0 {
            text.push_str(gap);
        }
    }
    text
}
