//! `keyguard fix`: keys leave files, the program goes on reading them, and nothing is lost on the way.

mod languages;
mod left;
mod shapes;
mod undo;
mod whole;

use std::fs;

use snapbox::str;

use crate::sandbox::{Output, Sandbox, fake};

/// A repository in which keyguard is installed, with a first commit.
fn repository() -> Sandbox {
    let repo = Sandbox::with_hook();
    repo.commit("other", "x\n");
    repo
}

/// The same with a text staged.
fn staged(path: &str, text: &str) -> Sandbox {
    let repo = repository();
    repo.write(path, text);
    repo.git(["add", "--force", "--", path]).success();
    repo
}

fn read(repo: &Sandbox, path: &str) -> String {
    String::from_utf8(fs::read(repo.root().join(path)).unwrap()).unwrap()
}

/// What is staged of a file.
fn index(repo: &Sandbox, path: &str) -> String {
    repo.git(["show", &format!(":{path}")]).text()
}

/// The key stands in no commit, in no staged file and in none of the outputs.
#[track_caller]
fn assert_nowhere(repo: &Sandbox, key: &str, outputs: &[&Output]) {
    for output in outputs {
        assert!(!output.text().contains(key), "an output holds the key");
    }
    let log = repo.git(["log", "--all", "--patch", "--format=%B"]).text();
    assert!(!log.contains(key), "a commit holds the key");
    let found = repo.git(["grep", "--cached", "--text", "--fixed-strings", key]);
    assert_eq!(found.exit(), 1, "the index holds the key");
}

fn python() -> String {
    format!("import sys\nk = \"{}\"\nprint(k)\n", fake::github_pat())
}

/// What `keyguard fix --format json` says, with what it exits with.
fn in_json(repo: &Sandbox, arguments: &[&str], code: i32) -> serde_json::Value {
    let fix = repo.keyguard(["fix", "--format", "json"].iter().chain(arguments));
    fix.code(code);
    let text = fix.text();
    assert!(![fake::github_pat(), fake::stripe_live()].iter().any(|key| text.contains(key)), "{text}");
    // What goes wrong is told behind it.
    serde_json::Deserializer::from_str(&text).into_iter().next().unwrap().unwrap()
}

#[test]
fn a_machine_is_told_what_is_done() {
    let repo = staged("a.py", &python());
    let plan = in_json(&repo, &[], 0);
    assert_eq!((&plan["applied"], &plan["scope"]), (&false.into(), &"staged".into()));
    assert_eq!(plan["edits"][0]["place"], "a.py:2");
    assert_eq!(plan["edits"][0]["variable"], "GITHUB_TOKEN");
    assert_eq!(plan["edits"][0]["added"][0], "k = os.environ[\"GITHUB_TOKEN\"]");
    assert_eq!(index(&repo, "a.py"), python());
    assert_eq!(in_json(&repo, &["--apply"], 0)["applied"], true);
    assert!(index(&repo, "a.py").contains("os.environ"));
    assert_eq!(in_json(&repo, &[], 0)["edits"].as_array().unwrap().len(), 0);
    let restored = in_json(&repo, &["--undo"], 0);
    assert!(restored["restored"].as_array().unwrap().contains(&"a.py".into()), "{restored}");
    // One of two keys cannot be moved, so none is.
    repo.write("b.md", format!("The key is {}\n", fake::stripe_live())).git(["add", "."]).success();
    let plan = in_json(&repo, &["--apply"], 2);
    assert_eq!(plan["applied"], false);
    assert_eq!(plan["refused"].as_array().unwrap().len(), 1);
    assert!(plan["refused"][0]["reason"].as_str().unwrap().contains("a text reads no variable"));
    assert_eq!(plan["movable"].as_array().unwrap().len(), 1);
}

#[test]
fn copies_of_a_value_that_stay_are_told() {
    let value = fake::letters("copies", "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 32);
    let repo = staged("a.py", &format!("client_secret = '{value}'\nauth = ('user', '{value}')\n"));
    let fix = repo.keyguard(["fix", "--apply"]);
    fix.success().says("\na.py:4 still holds the value, which does not block there: take it out by hand\n");
    assert!(!fix.text().contains(&value));
}

#[test]
fn a_dry_run_shows_the_edit_and_changes_nothing() {
    let repo = staged("a.py", &python());
    let before = repo.git(["status", "--porcelain"]).text();
    repo.keyguard(["fix"]).success().stderr("").stdout(str![[r#"
a.py:2  GitHub personal access token (classic)
  - k = "ghp_****************"
  + k = os.environ["GITHUB_TOKEN"]
  + import os

.gitignore gets /.env, so that git leaves it out
.env gets GITHUB_TOKEN (made, for you alone to read)
.env.example gets GITHUB_TOKEN
Load .env before the program runs, with its dotenv package or:
  set -a; . ./.env; set +a

Nothing was changed. To do it: keyguard fix --apply

"#]]);
    assert_eq!(repo.git(["status", "--porcelain"]).text(), before);
    assert_eq!(read(&repo, "a.py"), python());
}

#[test]
fn a_fix_is_staged_and_the_next_commit_passes() {
    let repo = staged("a.py", &python());
    let blocked = repo.git(["commit", "-m", "x"]);
    let fixed = repo.keyguard(["fix", "--apply"]);
    fixed.success().says("Done and staged; commit again. To go back: keyguard fix --undo");
    let expected = "import os\nimport sys\nk = os.environ[\"GITHUB_TOKEN\"]\nprint(k)\n";
    assert_eq!((read(&repo, "a.py").as_str(), index(&repo, "a.py").as_str()), (expected, expected));
    assert_eq!(read(&repo, ".env"), format!("GITHUB_TOKEN={}\n", fake::github_pat()));
    assert_eq!(
        (read(&repo, ".env.example").as_str(), read(&repo, ".gitignore").as_str()),
        ("GITHUB_TOKEN=\n", "/.env\n")
    );
    repo.git(["status", "--porcelain"]).success().stdout("A  .env.example\nA  .gitignore\nA  a.py\n");
    let commit = repo.git(["commit", "--quiet", "-m", "x"]);
    commit.success();
    assert_nowhere(&repo, &fake::github_pat(), &[blocked.code(1), &fixed, &commit]);
    repo.keyguard(["fix", "--apply"]).success().says("nothing blocks");
    repo.git(["status", "--porcelain"]).success().stdout("");
}

#[cfg(unix)]
#[test]
fn the_file_of_variables_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |repo: &Sandbox, path: &str| fs::metadata(repo.root().join(path)).unwrap().permissions().mode() & 0o777;
    let repo = staged("a.py", &python());
    repo.keyguard(["fix", "--apply"]).success();
    assert_eq!((mode(&repo, ".env"), mode(&repo, ".git/keyguard/fix.json")), (0o600, 0o600));
    assert_ne!(mode(&repo, ".env.example"), 0o600);
}

#[cfg(unix)]
#[test]
fn a_file_of_variables_that_others_can_read_is_told_and_stays_so() {
    use std::os::unix::fs::PermissionsExt as _;
    const SAID: &str = "other users can read .env; to have it for you alone: chmod 600 .env\n";
    for (mode, is_told) in [(0o644, true), (0o640, true), (0o600, false)] {
        let repo = staged("a.py", &python());
        repo.write(".env", "A=1\n");
        let file = repo.root().join(".env");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let fix = repo.keyguard(["fix", "--apply"]);
        fix.success();
        assert_eq!(fix.text().contains(SAID), is_told, "{mode:o}: {}", fix.text());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[test]
fn nothing_is_added_below_what_is_left_open() {
    for (content, reason) in [
        ("A=1\nB='b\nC=c\n", "line 2 of .env begins a quote that nothing ends"),
        ("A=it's\n", "line 1 of .env begins a quote that nothing ends"),
        ("A=1\nB=b\\\n", "line 2 of .env ends with a backslash, which takes the next line in"),
    ] {
        let repo = staged("a.py", &python());
        repo.write(".env", content);
        let fix = repo.keyguard(["fix", "--apply"]);
        fix.code(2).says(&format!("{reason}, so nothing can be added below it: end it first\n"));
        assert_eq!((read(&repo, ".env").as_str(), read(&repo, "a.py")), (content, python()));
        // What is there already needs no line more.
        repo.write(".env", format!("GITHUB_TOKEN={}\n{content}", fake::github_pat()));
        repo.keyguard(["fix", "--apply"]).success();
    }
}

#[test]
fn other_changes_of_the_file_stay_unstaged() {
    let key = fake::github_pat();
    let lines = |first: &str, last: &str| format!("{first}\n2\n3\n4\n5\n6\nk = '{key}'\n8\n9\n10\n11\n12\n{last}\n");
    let repo = repository();
    repo.commit("a.js", lines("1", "13").replace(&format!("k = '{key}'\n"), ""));
    repo.write("a.js", lines("1", "13"));
    repo.git(["add", "a.js"]).success();
    repo.write("a.js", lines("first", "last"));
    repo.keyguard(["fix", "--apply"]).success();
    let with = |text: String| text.replace(&format!("'{key}'"), "process.env.GITHUB_TOKEN");
    assert_eq!(index(&repo, "a.js"), with(lines("1", "13")));
    assert_eq!(read(&repo, "a.js"), with(lines("first", "last")));
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    repo.git(["status", "--porcelain"]).success().stdout(" M a.js\n");
}

#[test]
fn after_commit_all_the_work_tree_alone_is_edited() {
    let repo = repository();
    repo.commit("a.js", "let k;\n").commit(".gitignore", ".env\n");
    repo.write("a.js", format!("let k = '{}';\n", fake::github_pat()));
    repo.git(["commit", "-a", "-m", "x"]).code(1);
    repo.keyguard(["fix", "--apply"]).success().stdout(str![[r"
nothing staged blocks, so this looks at all tracked files, as `git commit -a` does
a.js:1  GitHub personal access token (classic)
  - let k = 'ghp_****************';
  + let k = process.env.GITHUB_TOKEN;

.env gets GITHUB_TOKEN (made, for you alone to read)
.env.example gets GITHUB_TOKEN
Load .env before the program runs, with its dotenv package or:
  set -a; . ./.env; set +a

Done, and nothing is staged. Commit as before:
  git add .env.example
  git commit -a
To go back: keyguard fix --undo

"]]);
    repo.git(["status", "--porcelain"]).success().stdout(" M a.js\n?? .env.example\n");
    repo.git(["commit", "--quiet", "-a", "-m", "x"]).success();
    assert_nowhere(&repo, &fake::github_pat(), &[]);
}

#[test]
fn after_commit_all_it_says_how_to_commit_what_is_new() {
    let repo = repository();
    repo.commit("sub/a.js", "let k;\n");
    repo.write("sub/a.js", format!("let k = '{}';\n", fake::github_pat()));
    let fix = repo.run("keyguard").args(["fix", "--apply"]).current_dir("sub").output();
    fix.success().says(
        "\nDone, and nothing is staged. Commit as before:\n  git add :/.gitignore :/.env.example\n  git commit -a\n",
    );
    repo.run("git").args(["add", ":/.gitignore", ":/.env.example"]).current_dir("sub").output().success();
    repo.run("git").args(["commit", "--quiet", "-a", "-m", "x"]).current_dir("sub").output().success();
    repo.git(["status", "--porcelain"]).success().stdout("");

    // What is tracked needs no adding.
    let repo = repository();
    repo.commit("a.js", "let k;\n").commit(".gitignore", "x\n").commit(".env.example", "A=\n");
    repo.write("a.js", format!("let k = '{}';\n", fake::github_pat()));
    let fix = repo.keyguard(["fix", "--apply"]);
    fix.success()
        .says("\nDone, and nothing is staged. Commit as before:\n  git commit -a\nTo go back: keyguard fix --undo\n");
    assert!(!fix.text().contains("git add"), "{}", fix.text());
    repo.git(["commit", "--quiet", "-a", "-m", "x"]).success();
    repo.git(["status", "--porcelain"]).success().stdout("");
}

#[test]
fn one_key_in_many_files_is_one_variable() {
    let repo = repository();
    let text = format!("k = '{}'\n", fake::github_pat());
    for path in ["a.js", "b.rb", "src/c.js"] {
        repo.write(path, &text);
    }
    repo.write("d.js", text.replace(&fake::github_pat(), &fake::github_pat_other()));
    repo.git(["add", "."]).success();
    repo.keyguard(["fix", "--apply"]).success();
    let (first, second) = (fake::github_pat(), fake::github_pat_other());
    assert_eq!(read(&repo, ".env"), format!("GITHUB_TOKEN={first}\nGITHUB_TOKEN_2={second}\n"));
    assert_eq!(read(&repo, "src/c.js"), "k = process.env.GITHUB_TOKEN\n");
    assert_eq!(read(&repo, "d.js"), "k = process.env.GITHUB_TOKEN_2\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
}

#[test]
fn a_variable_that_is_there_is_used_and_one_that_is_taken_is_not() {
    let repo = staged("a.js", &format!("k = '{}'\n", fake::github_pat()));
    repo.write(".gitignore", ".env\n");
    repo.write(".env", format!("# mine\nGITHUB_TOKEN=other\nMY_TOKEN='{}'", fake::github_pat()));
    repo.keyguard(["fix", "--apply"]).success();
    assert_eq!(read(&repo, "a.js"), "k = process.env.MY_TOKEN\n");
    assert_eq!(read(&repo, ".env"), format!("# mine\nGITHUB_TOKEN=other\nMY_TOKEN='{}'", fake::github_pat()));

    let repo = staged("a.js", &format!("k = '{}'\n", fake::github_pat()));
    repo.write(".gitignore", ".env\n");
    repo.write(".env", "GITHUB_TOKEN=other");
    repo.keyguard(["fix", "--apply"]).success();
    let added = read(&repo, ".env");
    let name = added.lines().nth(1).and_then(|line| line.split_once('=')).unwrap().0.to_owned();
    assert_ne!(name, "GITHUB_TOKEN");
    assert_eq!(read(&repo, "a.js"), format!("k = process.env.{name}\n"));
    assert!(added.starts_with("GITHUB_TOKEN=other\n"), "{added}");
}

#[test]
fn fingerprints_choose_and_one_refusal_stops_all() {
    let repo = repository();
    repo.write("a.js", format!("k = '{}'\n", fake::github_pat()));
    repo.write("b.js", format!("// {}\n", fake::github_pat_other()));
    repo.git(["add", "."]).success();
    let refused = repo.keyguard(["fix", "--apply"]);
    refused
        .code(2)
        .says("nothing was changed, as a key cannot be moved safely\nb.js:1:4:")
        .says("it stands in a comment");
    let key = refused.text().split("keyguard fix --apply ").nth(1).unwrap().trim().to_owned();
    repo.git(["status", "--porcelain"]).success().stdout("A  a.js\nA  b.js\n");
    repo.keyguard(["fix", "--apply", &key]).success();
    assert_eq!(read(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\n");
    repo.keyguard(["fix", "kg1:0000000000000000"]).code(2).says("no such key blocks");
    repo.keyguard(["fix", "secret"]).code(2).says("this is no fingerprint");
}

#[test]
fn all_refusals_are_told_at_once() {
    let keys: Vec<_> = ["a", "b", "c", "d"].map(fake::github_token).into();
    let lines: Vec<_> = keys.iter().enumerate().map(|(number, key)| format!("const K{number} = '{key}';\n")).collect();
    let repo = staged("a.php", &format!("<?php\nclass A {{\n{}}}\n", lines.concat()));
    let refused = repo.keyguard(["fix", "--apply"]);
    refused.code(2).says("nothing was changed, as 4 keys cannot be moved safely\na.php:3:13: ").says("\na.php:6:13: ");
    assert_eq!(refused.text().matches("has to be constant").count(), 4, "{}", refused.text());
    assert!(!refused.text().contains("move the rest"), "{}", refused.text());
}

#[test]
fn only_what_can_be_moved_is_offered() {
    let [a, b, c, d] = ["a", "b", "c", "d"].map(fake::github_token);
    let repo = staged("a.js", &format!("// {a}\nx = '{b}';\n// {c}\n"));
    // The first place could be moved, the second one could not, so the key stays in both.
    repo.write("b.js", format!("y = '{d}';\n// {d}\n// {a}\n"));
    repo.git(["add", "b.js"]).success();
    let refused = repo.keyguard(["fix", "--apply"]);
    refused.code(2).says("as 3 keys cannot be moved safely\na.js:1:4: ").says("\na.js:3:4: ");
    refused.says("\nb.js:2:4: ").says("\nb.js:3:4: ");
    let offered = refused.text().split("keyguard fix --apply ").nth(1).unwrap().trim().to_owned();
    repo.keyguard(["fix", "--apply", &offered]).success();
    assert_eq!(read(&repo, "a.js"), format!("// {a}\nx = process.env.GITHUB_TOKEN;\n// {c}\n"));
    assert_eq!(read(&repo, ".env"), format!("GITHUB_TOKEN={b}\n"));
}

#[test]
fn a_refusal_in_the_work_tree_names_its_own_key() {
    let [a, b] = ["a", "b"].map(fake::github_token);
    let repo = staged("a.js", &format!("x = '{a}';\ny = '{b}';\n"));
    repo.write("a.js", format!("x = '{a}';\n// '{b}';\n"));
    let refused = repo.keyguard(["fix", "--apply"]);
    refused
        .code(2)
        .says("as a key cannot be moved safely\na.js:2:6: ")
        .says("in the work tree: it stands in a comment");
    let offered = refused.text().split("keyguard fix --apply ").nth(1).unwrap().trim().to_owned();
    repo.keyguard(["fix", "--apply", &offered]).success();
    assert_eq!(read(&repo, "a.js"), format!("x = process.env.GITHUB_TOKEN;\n// '{b}';\n"));
}

#[test]
fn a_pair_is_moved_as_two_variables() {
    let (id, secret) = fake::aws_pair();
    let repo = staged("a.py", &format!("import os\naws_access_key_id = '{id}'\naws_secret_access_key = '{secret}'\n"));
    repo.keyguard(["fix", "--apply"]).success();
    let env = read(&repo, ".env");
    assert!(env.contains(&id) && env.contains(&secret), "both halves are kept");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    assert_nowhere(&repo, &secret, &[]);
}

#[test]
fn a_tracked_file_of_variables_is_refused() {
    let repo = repository();
    repo.commit(".env", "A=1\n");
    repo.write("a.js", format!("k = '{}'\n", fake::github_pat()));
    repo.git(["add", "a.js"]).success();
    let fix = repo.keyguard(["fix", "--apply"]);
    fix.code(2).says("git tracks `.env`").says("git rm --cached -- .env && echo /.env >>.gitignore");
    assert_eq!(read(&repo, ".env"), "A=1\n");
}

#[test]
fn the_repository_says_where_variables_are_kept_within_bounds() {
    let with = |setting: &str| {
        let repo = staged("a.js", &format!("k = '{}'\n", fake::github_pat()));
        repo.write("keyguard.toml", format!("[remedy]\nenv-file = \"{setting}\"\n"));
        repo
    };
    let repo = with("config/.env.local");
    repo.keyguard(["fix", "--apply"]).success();
    assert!(read(&repo, "config/.env.local").starts_with("GITHUB_TOKEN="));
    repo.git(["check-ignore", "config/.env.local"]).success();
    for bad in ["../.env", ".git/.env", "/tmp/.env", "a.js", ".GIT/x.env"] {
        with(bad).keyguard(["fix", "--apply"]).code(2).says("`env-file` of `[remedy]` must be");
    }
}

#[test]
fn a_command_takes_the_path_of_the_repository_for_one_word() {
    let name = "$(touch PWNED);x.env";
    let setting = format!("[remedy]\nenv-file = \"{name}\"\n");
    let repo = repository();
    repo.commit(name, "A=1\n").write("keyguard.toml", &setting);
    repo.write("a.js", format!("k = '{}'\n", fake::github_pat())).git(["add", "a.js"]).success();
    repo.keyguard(["fix"]).code(2).says(&format!("`git rm --cached -- '{name}' && echo '/{name}' >>.gitignore`"));
    let repo = repository();
    repo.commit("a.js", "k = ''\n").write("a.js", format!("k = '{}'\n", fake::github_pat()));
    repo.write("keyguard.toml", &setting);
    repo.keyguard(["fix", "--apply"]).success().says(&format!("\n  git add .gitignore '{name}.example'\n"));
}

#[cfg(unix)]
#[test]
fn links_and_read_only_files_are_refused_in_words() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let text = format!("k = '{}'\n", fake::github_pat());
    let is_untouched = |repo: &Sandbox| {
        assert!(!repo.root().join(".gitignore").exists(), "nothing is written");
    };
    for path in [".env", ".env.example", ".gitignore"] {
        let repo = staged("a.js", &text);
        fs::write(repo.tmp("elsewhere"), "").unwrap();
        symlink(repo.tmp("elsewhere"), repo.root().join(path)).unwrap();
        repo.keyguard(["fix", "--apply"]).code(2).says(&format!("`{path}` is a link, so it is left alone"));
        assert_eq!(fs::read(repo.tmp("elsewhere")).unwrap(), b"");
        assert_eq!(read(&repo, "a.js"), text);
    }
    let repo = staged("src/a.js", &text);
    fs::rename(repo.root().join("src"), repo.tmp("src")).unwrap();
    symlink(repo.tmp("src"), repo.root().join("src")).unwrap();
    repo.keyguard(["fix", "--apply"]).code(2).says("`src/a.js` lies behind a link");
    is_untouched(&repo);
    let repo = staged("a.js", &text);
    fs::set_permissions(repo.root().join("a.js"), fs::Permissions::from_mode(0o444)).unwrap();
    repo.keyguard(["fix", "--apply"]).code(2).says("`a.js` is read-only, so it is left alone");
    is_untouched(&repo);
}

#[test]
fn what_git_will_not_ignore_is_not_written() {
    let repo = staged("sub/a.js", &format!("k = '{}'\n", fake::github_pat()));
    repo.write("keyguard.toml", "[remedy]\nenv-file = \"sub/.env\"\n");
    repo.write("sub/.gitignore", "!.env\n");
    let fix = repo.keyguard(["fix", "--apply"]);
    fix.code(2).says("nothing was changed: git would not ignore `sub/.env`");
    assert!(!repo.root().join("sub/.env").exists() && !repo.root().join(".gitignore").exists());
    repo.keyguard(["fix", "--undo"]).code(2).says("there is no fix to take back");
}

#[test]
fn another_repository_gets_no_keys() {
    for nested in [".git/HEAD", ".git"] {
        let repo = staged("a.js", &format!("k = '{}'\n", fake::github_pat()));
        repo.write("keyguard.toml", "[remedy]\nenv-file = \"sub/.env\"\n");
        repo.write(format!("sub/{nested}"), "ref: refs/heads/main\n");
        repo.keyguard(["fix", "--apply"]).code(2).says("`sub/.env` lies in another repository");
        assert!(!repo.root().join("sub/.env").exists() && !repo.root().join(".gitignore").exists());
    }
    // A tracked file that is gone from the work tree keeps its entry.
    let repo = Sandbox::new();
    repo.commit("sub", "x\n").write("a.js", format!("k = '{}'\n", fake::github_pat()));
    repo.git(["add", "a.js"]).success();
    fs::remove_file(repo.root().join("sub")).unwrap();
    repo.write("keyguard.toml", "[remedy]\nenv-file = \"sub/.env\"\n");
    repo.keyguard(["fix", "--apply"]).code(2).says("git tracks `sub`, so no file can be put below it");
    repo.git(["ls-files", "--error-unmatch", "sub"]).success();
}

#[test]
fn two_at_once_lose_nothing() {
    let repo = staged("a0.js", &format!("k = '{}'\n", fake::stripe_live()));
    let keys: Vec<_> =
        (0..4).map(|number| fake::letters(&format!("k{number}"), "abcdefghkmnpqrstwxyz23456789", 24)).collect();
    for (number, key) in keys.iter().enumerate() {
        repo.write(format!("b{number}.js"), format!("k = '{}_live_{key}'\n", "sk"));
    }
    repo.git(["add", "."]).success();
    let at_once = "for n in 1 2 3; do keyguard fix --apply & done; wait";
    repo.run("sh").args(["-c", at_once]).output().success();
    let variables = read(&repo, ".env");
    for (number, key) in keys.iter().enumerate() {
        assert!(variables.contains(key.as_str()), "{number}");
        assert!(read(&repo, &format!("b{number}.js")).contains("process.env."), "{number}");
    }
    repo.git(["commit", "--quiet", "--message", "x"]).success();
}

#[test]
fn the_user_alone_says_how_a_language_reads_variables() {
    let form = "[remedy.dialects]\njs = 'env(\"NAME\")'\n";
    let repo = staged("a.js", &format!("k = '{}'\n", fake::github_pat()));
    repo.write("keyguard.toml", form);
    let refused = repo.keyguard(["fix", "--apply"]);
    refused
        .code(2)
        .says("keyguard.toml:1:1: `dialects` of `[remedy]` has a meaning only in the configuration of the user");
    fs::remove_file(repo.root().join("keyguard.toml")).unwrap();
    fs::create_dir_all(repo.home().join(".config/keyguard")).unwrap();
    fs::write(repo.home().join(".config/keyguard/config.toml"), form).unwrap();
    repo.keyguard(["fix", "--apply"]).success();
    assert_eq!(read(&repo, "a.js"), "k = env(\"GITHUB_TOKEN\")\n");
    repo.keyguard(["config", "show"]).success().says("dialects.\"js\" = 'env(\"NAME\")'  # user");

    let repo = staged("a.js", &format!("k = `a ${{b}} {}`\n", fake::github_pat()));
    fs::create_dir_all(repo.home().join(".config/keyguard")).unwrap();
    fs::write(repo.home().join(".config/keyguard/config.toml"), form).unwrap();
    repo.keyguard(["fix", "--apply"]).code(2).says("replaces whole strings only");
}

#[test]
fn repositories_of_all_formats_work() {
    let repo = Sandbox::without_repository();
    repo.git(["init", "--quiet", "--object-format=sha256"]).success();
    repo.install().commit("other", "x\n");
    repo.write("a.js", format!("k = '{}'\n", fake::github_pat())).write("id_ed25519", fake::openssh_key());
    repo.git(["add", "."]).success();
    repo.git(["update-index", "--split-index"]).success();
    repo.keyguard(["fix", "--apply"]).success();
    assert_eq!(index(&repo, "a.js"), "k = process.env.GITHUB_TOKEN\n");
    repo.git(["commit", "--quiet", "-m", "x"]).success();
    repo.keyguard(["fix", "--undo"]).success();
    assert_eq!(read(&repo, "id_ed25519"), fake::openssh_key());
}
