//! Only what this commit brings in: an old key never blocks, whatever is done to the lines, names and kinds around it; a
//! new one always does.

use std::fs;

use crate::sandbox::{Output, Sandbox, fake, with_both_readers};

/// A line that holds a token.
fn key() -> String {
    format!("token = \"{}\"\n", fake::github_pat())
}

/// A line that holds another one.
fn new_key() -> String {
    format!("token = \"{}\"\n", fake::github_pat_other())
}

/// So many lines without a key.
fn filler(count: usize) -> String {
    (0..count).map(|line| format!("line {line}\n")).collect()
}

#[track_caller]
fn blocked(output: &Output, place: &str) {
    output.code(1).says(&format!("commit blocked: GitHub personal access token (classic) (checksum valid) in {place}"));
    for token in [fake::github_pat(), fake::github_pat_other()] {
        assert!(!output.text().contains(&token[4..]), "the token is printed in full");
    }
}

/// Stages everything and commits.
fn commit_all(repo: &Sandbox) -> Output {
    repo.git(["add", "--all"]).success();
    repo.git(["commit", "--quiet", "--message", "x"])
}

/// Commits what is staged.
fn commit(repo: &Sandbox) -> Output {
    repo.git(["commit", "--quiet", "--message", "x"])
}

/// Plays one edit of a file: what it holds before and after, and where the key is that blocks, if any does.
fn edit(before: &str, after: &str, place: Option<&str>) {
    with_both_readers(|repo| {
        repo.commit("a", before).write("a", after);
        match place {
            None => commit_all(repo).success().silent(),
            Some(place) => {
                blocked(&commit_all(repo), place);
                repo.assert_commits(1);
                return;
            }
        };
        repo.assert_commits(2);
    });
}

#[test]
fn context_lines_are_old() {
    edit(&format!("above\n{}below\n", key()), &format!("ABOVE\n{}BELOW\n", key()), None);
    edit(&format!("above\n{}below\n", key()), &format!("above\n{}{}below\n", key(), new_key()), Some("a:3:10"));
}

#[test]
fn deletions_bring_nothing_in() {
    edit(&format!("{}{}", key(), filler(5)), &filler(5), None);
    edit(&format!("{}{}{}", filler(3), key(), new_key()), &format!("{}{}", filler(2), new_key()), None);
    with_both_readers(|repo| {
        repo.commit("a", key()).commit("b", "x\n");
        repo.git(["rm", "--quiet", "a"]).success();
        commit(repo).success().silent();
        repo.git(["rm", "--quiet", "b"]).success();
        commit(repo).success().silent();
        repo.assert_commits(4);
    });
}

#[test]
fn a_deletion_that_joins_two_halves_makes_a_key() {
    let token = fake::github_pat();
    let (first, second) = token.split_at(20);
    edit(&format!("token = \"{first}\n{second}\"\n"), &format!("token = \"{token}\"\n"), Some("a:1:10"));
    // Lines taken out of a private key that was interrupted by them: nothing is added, so git shows no added line.
    let key = fake::openssh_key();
    let (head, body) = key.split_once('\n').unwrap();
    edit(&format!("{head}\nnot a key, see the manual\n{body}"), &key, None);
}

#[test]
fn pure_renames_are_old_with_and_without_rename_detection() {
    for renames in ["true", "false", "copies"] {
        with_both_readers(|repo| {
            repo.git(["config", "diff.renames", renames]).success();
            repo.git(["config", "diff.renameLimit", "1"]).success();
            repo.commit("one", key());
            repo.git(["mv", "one", "two"]).success();
            commit(repo).success().silent();
            for number in 0..30 {
                repo.write(format!("old/f{number}"), format!("{number}\n{}", key()));
            }
            repo.git(["add", "."]).success();
            repo.git(["commit", "--quiet", "--no-verify", "--message", "x"]).success();
            repo.git(["mv", "old", "new"]).success();
            commit(repo).success().silent();
            repo.assert_commits(4);
        });
    }
}

#[test]
fn a_rename_with_an_edit_brings_in_the_edit_alone() {
    with_both_readers(|repo| {
        repo.commit("a", format!("{}{}", key(), filler(20)));
        repo.git(["mv", "a", "dir b"]).success();
        repo.write("dir b", format!("{}{}changed\n", key(), filler(20)));
        commit_all(repo).success().silent();
        repo.git(["mv", "dir b", "c"]).success();
        repo.write("c", format!("{}{}{}", key(), filler(20), new_key()));
        blocked(&commit_all(repo), "c:22:10");
        repo.assert_commits(2);
    });
}

#[test]
fn thirty_renames_with_edits_bring_in_the_edits_alone() {
    with_both_readers(|repo| {
        for number in 0..30 {
            repo.write(format!("old/f{number}"), format!("{number}\n{}{}", key(), filler(10)));
        }
        repo.git(["add", "."]).success();
        repo.git(["commit", "--quiet", "--no-verify", "--message", "x"]).success();
        repo.git(["mv", "old", "new"]).success();
        for number in 0..30 {
            repo.write(format!("new/f{number}"), format!("{number} changed\n{}{}", key(), filler(10)));
        }
        repo.git(["add", "."]).success();
        repo.write("new/f7", format!("7 changed\n{}{}{}", key(), filler(10), new_key()));
        blocked(&commit_all(repo), "new/f7:13:10");
        repo.write("new/f7", format!("7 changed\n{}{}", key(), filler(10)));
        commit_all(repo).success().silent();
    });
}

#[test]
fn copies_are_new() {
    for renames in ["true", "copies"] {
        with_both_readers(|repo| {
            repo.git(["config", "diff.renames", renames]).success();
            repo.commit("a", format!("{}{}", key(), filler(20)));
            repo.write("copy", format!("{}{}", key(), filler(20)));
            blocked(&commit_all(repo), "copy:1:10");
            // Two files out of one: one of them is the renamed one, the other a copy.
            repo.git(["mv", "a", "b"]).success();
            commit_all(repo).code(1).says("commit blocked: ").says("Nothing was committed.");
            repo.assert_commits(1);
        });
    }
}

#[test]
fn a_key_moved_to_another_file_is_new() {
    with_both_readers(|repo| {
        repo.commit("a", format!("{}{}", key(), filler(20))).commit("b", filler(3));
        repo.write("a", filler(20)).write("b", format!("{}{}", filler(3), key()));
        blocked(&commit_all(repo), "b:4:10");
        repo.git(["reset", "--quiet", "--hard"]).success();
        // Out of a file that stays, into one that is made for it.
        repo.write("a", filler(20)).write("c", key());
        blocked(&commit_all(repo), "c:1:10");
        repo.assert_commits(2);
    });
}

#[test]
fn swapped_files_each_have_the_other_ones_key() {
    with_both_readers(|repo| {
        repo.commit("a", key()).commit("b", new_key());
        repo.write("a", new_key()).write("b", key());
        commit_all(repo).code(1).says("2 secrets in 2 files").says("a:1:10").says("b:1:10");
    });
}

#[test]
fn changes_of_mode_bring_nothing_in() {
    with_both_readers(|repo| {
        repo.commit("a", key());
        repo.git(["update-index", "--chmod=+x", "a"]).success();
        commit(repo).success().silent();
        repo.git(["update-index", "--chmod=-x", "a"]).success();
        commit(repo).success().silent();
        // With an edit, the edit counts.
        repo.write("a", format!("{}{}", key(), new_key()));
        repo.git(["add", "--chmod=+x", "a"]).success();
        blocked(&commit(repo), "a:2:10");
        repo.assert_commits(3);
    });
}

#[cfg(unix)]
fn link(repo: &Sandbox, target: &str, name: &str) {
    let path = repo.root().join(name);
    fs::remove_file(&path).ok();
    std::os::unix::fs::symlink(target, path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_is_its_target_and_never_what_it_points_at() {
    with_both_readers(|repo| {
        fs::write(repo.tmp("outside"), key()).unwrap();
        fs::create_dir(repo.tmp("folder")).unwrap();
        fs::write(repo.tmp("folder/keys"), key()).unwrap();
        link(repo, "../outside", "to-a-file");
        link(repo, "../folder", "to-a-folder");
        link(repo, "nowhere", "dangling");
        link(repo, "to-itself", "to-itself");
        link(repo, "/dev/zero", "endless");
        commit_all(repo).success().silent();
        link(repo, &format!("https://x/?access_token={}", fake::github_pat()), "endless");
        blocked(&commit_all(repo), "endless:1:25");
        // The text may be old too.
        repo.git(["commit", "--quiet", "--no-verify", "--message", "x"]).success();
        repo.git(["mv", "endless", "renamed"]).success();
        commit(repo).success().silent();
        link(repo, &format!("https://y/?access_token={}", fake::github_pat()), "renamed");
        commit_all(repo).success().silent();
        repo.assert_commits(4);
    });
}

#[cfg(unix)]
#[test]
fn changes_of_kind_are_seen_both_ways() {
    with_both_readers(|repo| {
        repo.commit("a", "text\n");
        link(repo, &format!("/x?token={}", fake::github_pat()), "a");
        blocked(&commit_all(repo), "a:1:10");
        link(repo, "/x", "a");
        commit_all(repo).success().silent();
        // A link, then a file.
        fs::remove_file(repo.root().join("a")).unwrap();
        repo.write("a", key());
        blocked(&commit_all(repo), "a:1:10");
        // A link, then a folder.
        fs::remove_file(repo.root().join("a")).unwrap();
        repo.write("a/b", key());
        blocked(&commit_all(repo), "a/b:1:10");
        repo.write("a/b", "clean\n");
        commit_all(repo).success().silent();
        // A folder, then a link, then a file.
        fs::remove_dir_all(repo.root().join("a")).unwrap();
        link(repo, &format!("/x?token={}", fake::github_pat()), "a");
        blocked(&commit_all(repo), "a:1:10");
        fs::remove_file(repo.root().join("a")).unwrap();
        repo.write("a", key());
        blocked(&commit_all(repo), "a:1:10");
        repo.assert_commits(3);
    });
}

#[cfg(unix)]
#[test]
fn a_change_of_kind_keeps_an_old_key_old() {
    with_both_readers(|repo| {
        let text = format!("/x?token={}", fake::github_pat());
        link(repo, &text, "a");
        repo.git(["add", "a"]).success();
        repo.git(["commit", "--quiet", "--no-verify", "--message", "x"]).success();
        fs::remove_file(repo.root().join("a")).unwrap();
        repo.write("a", &text);
        commit_all(repo).success().silent();
        fs::remove_file(repo.root().join("a")).unwrap();
        link(repo, &text, "a");
        commit_all(repo).success().silent();
        repo.assert_commits(3);
    });
}

/// Makes `path` a repository of its own, which the outer one stages as a submodule; gives its commit.
fn embed(repo: &Sandbox, path: &str) {
    fs::create_dir_all(repo.root().join(path)).unwrap();
    let git = |args: &[&str]| repo.run("git").current_dir(path).args(args).output();
    git(&["init", "--quiet"]).success();
    fs::write(repo.root().join(path).join("secret"), key()).unwrap();
    git(&["add", "."]).success();
    git(&["commit", "--quiet", "--no-verify", "--message", "inner"]).success();
}

#[test]
fn a_submodule_is_no_content_and_what_takes_its_place_is() {
    for ignore in ["all", "none"] {
        with_both_readers(|repo| {
            repo.git(["config", "diff.ignoreSubmodules", ignore]).success();
            repo.git(["config", "diff.submodule", "diff"]).success();
            // With `all` some gits find nothing to commit.
            let commit = || repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]);
            repo.commit("first", "x\n");
            embed(repo, "sub");
            repo.run("git").args(["-c", "advice.addEmbeddedRepo=false", "add", "sub"]).output().success();
            commit().success().silent();
            // Another commit of it.
            fs::write(repo.root().join("sub/secret"), new_key()).unwrap();
            let inner = |args: &[&str]| repo.run("git").current_dir("sub").args(args).output();
            inner(&["commit", "--quiet", "--no-verify", "--all", "--message", "inner"]).success();
            repo.git(["add", "sub"]).success();
            commit().success().silent();
            // A file in its place, then a folder, then a submodule again.
            fs::remove_dir_all(repo.root().join("sub")).unwrap();
            repo.write("sub", key());
            blocked(&commit_all(repo), "sub:1:10");
            fs::remove_file(repo.root().join("sub")).unwrap();
            repo.write("sub/file", key());
            blocked(&commit_all(repo), "sub/file:1:10");
            repo.write("sub/file", "clean\n");
            commit_all(repo).success().silent();
            repo.git(["rm", "-r", "--quiet", "sub"]).success();
            embed(repo, "sub");
            repo.run("git").args(["-c", "advice.addEmbeddedRepo=false", "add", "sub"]).output().success();
            commit().success().silent();
            repo.assert_commits(5);
        });
    }
}

#[test]
fn what_is_only_announced_is_no_content_until_it_is_committed() {
    with_both_readers(|repo| {
        repo.commit("a", "1\n").write("later", key()).write("a", "2\n");
        repo.git(["add", "--intent-to-add", "later"]).success();
        repo.git(["add", "a"]).success();
        commit(repo).success().silent();
        // `commit --all` takes announced files in.
        blocked(&repo.git(["commit", "--quiet", "--all", "--message", "x"]), "later:1:10");
        blocked(&repo.git(["commit", "--quiet", "--message", "x", "--", "later"]), "later:1:10");
        repo.assert_commits(2);
    });
}

#[test]
fn an_announced_file_in_the_place_of_an_old_one_is_no_content() {
    with_both_readers(|repo| {
        repo.commit("a", key()).commit("b", "1\n");
        repo.git(["rm", "--quiet", "--cached", "a"]).success();
        repo.write("a", new_key());
        repo.git(["add", "--intent-to-add", "a"]).success();
        repo.write("b", "2\n");
        repo.git(["add", "b"]).success();
        // This commit deletes `a`.
        commit(repo).success().silent();
        repo.git(["add", "a"]).success();
        blocked(&commit(repo), "a:1:10");
        repo.assert_commits(3);
    });
}

#[test]
fn other_line_ends_bring_nothing_in() {
    let text = format!("{}{}", filler(3), key());
    edit(&text, &text.replace('\n', "\r\n"), None);
    edit(&text.replace('\n', "\r\n"), &text, None);
    edit(&text.replace('\n', "\r"), &text, None);
    edit(&text, &format!("{}{}", text, new_key()).replace('\n', "\r\n"), Some("a:5:10"));
}

#[test]
fn renormalized_line_ends_bring_nothing_in() {
    with_both_readers(|repo| {
        let text = format!("{}{}", filler(3), key()).replace('\n', "\r\n");
        repo.git(["config", "core.autocrlf", "false"]).success();
        repo.git(["config", "core.safecrlf", "false"]).success();
        repo.commit("a", &text).commit("b", &text);
        for (name, value) in [("core.autocrlf", "input"), ("core.autocrlf", "true")] {
            repo.git(["config", name, value]).success();
            repo.git(["add", "--renormalize", "."]).success();
            repo.git(["commit", "--quiet", "--allow-empty", "--message", "x"]).success().silent();
        }
        repo.git(["config", "core.autocrlf", "false"]).success();
        repo.write(".gitattributes", "* text=auto eol=crlf\n");
        repo.git(["add", "--renormalize", "."]).success();
        commit_all(repo).success().silent();
        repo.write("a", format!("{}{}", text, new_key()));
        blocked(&commit_all(repo), "a:5:10");
    });
}

#[test]
fn a_last_line_that_gains_or_loses_its_end_brings_nothing_in() {
    edit(key().trim_end(), &key(), None);
    edit(&key(), key().trim_end(), None);
    edit(key().trim_end(), &format!("{}more\n", key()), None);
    edit(key().trim_end(), &format!("{}{}", key(), new_key().trim_end()), Some("a:2:10"));
}

#[test]
fn an_old_key_on_a_changed_line_is_old() {
    edit(&format!("{} # old note\n", key().trim_end()), &format!("{} # new note\n", key().trim_end()), None);
    edit(&key(), &key().replace("token", "github_token"), None);
    edit(&key(), &key().replace('"', "'"), None);
    // A second, new key on the line of the old one.
    let both = format!("{} {}", key().trim_end(), new_key());
    edit(&key(), &both, Some("a:1:61"));
    // The key itself changed.
    edit(&key(), &new_key(), Some("a:1:10"));
}

#[test]
fn moved_and_indented_lines_are_old() {
    edit(&format!("{}{}", key(), filler(30)), &format!("{}{}", filler(30), key()), None);
    edit(&format!("{}{}", filler(30), key()), &format!("{}{}", key(), filler(30)), None);
    edit(&key(), &format!("if x {{\n\t    {}}}\n", key()), None);
    edit(&format!("    {}", key()), &key(), None);
}

#[test]
fn an_old_key_that_stands_twice_is_old() {
    edit(&key(), &format!("{0}{1}{0}{0}", key(), filler(3)), None);
    edit(&key(), &format!("{} other = \"{}\"\n", key().trim_end(), fake::github_pat()), None);
}

#[test]
fn a_key_that_was_taken_out_is_new_when_it_comes_back() {
    with_both_readers(|repo| {
        repo.commit("a", key()).commit("a", "none\n").write("a", key());
        blocked(&commit_all(repo), "a:1:10");
        // Deleted and staged anew in one commit, it never went away.
        repo.commit("b", key());
        repo.git(["rm", "--quiet", "--cached", "b"]).success();
        repo.write("a", "none\n");
        repo.git(["add", "a", "b"]).success();
        repo.write("c", "x\n");
        commit_all(repo).success().silent();
    });
}

/// A private key with another letter in its body.
fn other_private_key() -> String {
    let replace = |(number, line): (usize, &str)| {
        let line = if number == 2 { line.replace('A', "B") } else { line.to_owned() };
        line + "\n"
    };
    fake::openssh_key().lines().enumerate().map(replace).collect()
}

#[test]
fn a_private_key_is_new_when_any_line_of_it_is() {
    // In the middle, so that neither its first nor its last line is added.
    with_both_readers(|repo| {
        repo.commit("id", other_private_key()).write("id", fake::openssh_key());
        commit_all(repo).code(1).says("in id:1:1");
        repo.write("id", format!("{}{}", other_private_key(), fake::openssh_key()));
        commit_all(repo).code(1).says("in id:8:1");
        repo.assert_commits(1);
    });
}

#[test]
fn a_private_key_that_is_moved_indented_or_quoted_otherwise_is_old() {
    let key = fake::openssh_key();
    edit(&format!("{key}{}", filler(20)), &format!("{}{key}", filler(20)), None);
    edit(&key, &key.lines().map(|line| format!("    {line}\n")).collect::<String>(), None);
    edit(&key, &key.replace('\n', "\r\n"), None);
    edit(&key, &format!("key = \"{}\"\n", key.trim_end().replace('\n', "\\n")), None);
    // Its header alone goes elsewhere, and comes back with the body.
    let (head, body) = key.split_once('\n').unwrap();
    edit(&format!("{head}\n{body}{}", filler(20)), &format!("{}{head}\n{body}", filler(20)), None);
}

#[test]
fn a_header_that_is_put_above_a_body_makes_a_key() {
    with_both_readers(|repo| {
        let key = fake::openssh_key();
        let (head, body) = key.split_once('\n').unwrap();
        repo.commit("id", body).write("id", format!("{head}\n{body}"));
        commit_all(repo).code(1).says("in id:1:1");
    });
}

/// Starts a conflicted merge: `shared` differs on both sides, `side` also adds `theirs`, `main` adds `ours`.
fn conflict(repo: &Sandbox, theirs: &str, ours: &str) {
    repo.commit("shared", format!("{}base\n", filler(3)));
    repo.git(["switch", "--quiet", "--create", "side"]).success();
    repo.commit("shared", format!("{}side\n{theirs}", filler(3)));
    repo.git(["switch", "--quiet", "main"]).success();
    repo.commit("shared", format!("{}main\n{ours}", filler(3)));
    repo.git(["merge", "side"]).code(1);
}

#[test]
fn a_key_in_either_parent_is_old_in_the_merge() {
    for (theirs, ours) in [(key(), String::new()), (String::new(), key()), (key(), new_key()), (key(), key())] {
        with_both_readers(|repo| {
            conflict(repo, &theirs, &ours);
            repo.write("shared", format!("{}both\n{ours}{theirs}", filler(3)));
            commit_all(repo).success().silent();
            assert_eq!(repo.git(["rev-list", "--count", "--merges", "HEAD"]).text().trim(), "1");
        });
    }
}

#[test]
fn a_key_of_the_resolution_is_new() {
    with_both_readers(|repo| {
        conflict(repo, &key(), "");
        repo.write("shared", format!("{}both\n{}{}", filler(3), key(), new_key()));
        blocked(&commit_all(repo), "shared:6:10");
        // Into a file that the merge did not touch, and into one that only the resolution makes.
        repo.write("shared", format!("{}both\n{}", filler(3), key())).write("extra", key());
        blocked(&commit_all(repo), "extra:1:10");
        repo.git(["rm", "--quiet", "--force", "extra"]).success();
        commit_all(repo).success().silent();
    });
}

#[test]
fn the_marks_of_a_conflict_do_not_make_a_key_new() {
    with_both_readers(|repo| {
        conflict(repo, &key(), "");
        // Committed as git left it, marks and all.
        commit_all(repo).success().silent();
    });
}

#[test]
fn an_octopus_is_judged_against_every_parent() {
    with_both_readers(|repo| {
        repo.commit("base", "x\n");
        for (branch, content) in [("one", key()), ("two", new_key())] {
            repo.git(["switch", "--quiet", "--create", branch, "main"]).success();
            repo.commit(branch, content);
        }
        repo.git(["switch", "--quiet", "main"]).success();
        repo.commit("main", "x\n");
        repo.git(["merge", "--quiet", "--no-commit", "one", "two"]).success();
        repo.write("fresh", key());
        blocked(&commit_all(repo), "fresh:1:10");
        repo.git(["rm", "--quiet", "--force", "fresh"]).success();
        // One parent's key in the other one's file is in no parent's version of it.
        repo.write("one", format!("{}{}", key(), new_key()));
        blocked(&commit_all(repo), "one:2:10");
        repo.write("one", format!("changed\n{}", key()));
        commit_all(repo).success().silent();
        assert_eq!(repo.git(["rev-list", "--parents", "--max-count=1", "HEAD"]).text().split(' ').count(), 4);
    });
}
