//! Random histories in real repositories, with git as the oracle: after every step both readers have to say the same,
//! and what git's own commands say is brought in.
//!
//! Everything follows from a seed. `KEYGUARD_ORACLE_SEED=7` repeats one walk, and `KEYGUARD_ORACLE_STEPS=20000` makes
//! the tests take so many steps in all.

#![expect(clippy::print_stderr, clippy::use_debug, reason = "a failure tells how to repeat it")]

mod edit;
mod judge;
mod random;
mod walk;

use walk::{Tally, Walk};

use crate::sandbox::{fake, with_both_readers};

/// Steps of one walk.
const STEPS: usize = 60;
/// Steps of all tests together.
const ALL_STEPS: usize = 3120;
const TESTS: usize = 4;

#[expect(clippy::disallowed_methods, reason = "how a person repeats a failure or walks further")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap())
}

fn walks(test: usize) {
    let seeds: Vec<u64> = match number("KEYGUARD_ORACLE_SEED") {
        Some(seed) => vec![seed].into_iter().filter(|_| test == 0).collect(),
        None => {
            let steps = number("KEYGUARD_ORACLE_STEPS").map_or(ALL_STEPS, |steps| usize::try_from(steps).unwrap());
            (0..steps.div_ceil(TESTS * STEPS)).map(|walk| (walk * TESTS + test) as u64).collect()
        }
    };
    let mut tally = Tally::default();
    for seed in &seeds {
        Walk::new(*seed).run(STEPS, &mut tally);
    }
    // To be seen with `--nocapture`.
    eprintln!("{} walks: {tally:?}", seeds.len());
    if seeds.len() > 1 {
        tally.check();
    }
}

#[test]
fn random_histories_are_judged_as_git_tells_them_one() {
    walks(0);
}

#[test]
fn random_histories_are_judged_as_git_tells_them_two() {
    walks(1);
}

#[test]
fn random_histories_are_judged_as_git_tells_them_three() {
    walks(2);
}

#[test]
fn random_histories_are_judged_as_git_tells_them_four() {
    walks(3);
}

#[test]
fn folders_that_a_sparse_index_closes_are_looked_into() {
    with_both_readers(|repo| {
        let key = format!("{}\n", fake::github_pat());
        repo.commit("far/deep/old.txt", &key).commit("near/file", "text\n");
        repo.git(["sparse-checkout", "set", "--cone", "--sparse-index", "near"]).success();
        repo.git(["ls-files", "--sparse"]).stdout("far/\nnear/file\n");
        repo.git(["rm", "-r", "--quiet", "--cached", "--sparse", "far"]).success();
        repo.write("near/renamed.txt", &key).git(["add", "near"]).success();
        repo.keyguard(["scan", "--staged"]).success();
        repo.write("near/copied.txt", &key).git(["add", "near"]).success();
        repo.keyguard(["scan", "--staged"]).code(1);
    });
}
