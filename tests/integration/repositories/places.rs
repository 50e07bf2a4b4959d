//! Where a repository may lie, and how git may be told of it.

use super::*;

#[test]
fn work_trees_of_every_name() {
    with_both_readers(|repo| {
        let long = ["a-long-name-of-a-folder"; 30].join("/");
        let names: [&[u8]; 10] = [
            b"with space",
            b"quote ' and \" and `",
            b"line\nbreak",
            b"not \xff\xfe UTF-8",
            "\u{fc}\u{4e2d}\u{6587} \u{1f511}".as_bytes(),
            b"-dash",
            b"$HOME",
            b"colon:and;more",
            b"back\\slash",
            long.as_bytes(),
        ];
        for name in names {
            let folder = repo.tmp("places").join(OsStr::from_bytes(name));
            fs::create_dir_all(&folder).unwrap();
            let site = Site::new(repo, &folder, &[]);
            site.from("sub").guards(&String::from_utf8_lossy(name));
        }
    });
}

#[test]
fn git_directories_behind_links_and_files() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let git_dir = repo.root().join(".git");
        fs::rename(&git_dir, repo.tmp("git dir ")).unwrap();
        symlink("../git dir ", &git_dir).unwrap();
        site.guards_single_paths("a link");
        for (what, content) in
            [("a relative name", "gitdir: ../git dir \n"), ("line ends of Windows", "gitdir: ../git dir \r\n")]
        {
            fs::remove_file(&git_dir).unwrap();
            fs::write(&git_dir, content).unwrap();
            site.guards_single_paths(what);
            merges(&site, what);
        }
        // The work tree itself, and a folder in it, by another name.
        symlink(repo.root(), repo.tmp("by-link")).unwrap();
        let other = Site::at(repo, "../by-link").variable("PWD", repo.tmp("by-link"));
        other.guards("a work tree behind a link");
        symlink(repo.root().join("dir"), repo.tmp("dir-link")).unwrap();
        let inside = Site { folder: repo.tmp("dir-link"), ..Site::at(repo, ".") };
        inside.guards("a folder in it behind a link");
        // The folder of all objects, and the index, behind links.
        fs::rename(repo.tmp("git dir /objects"), repo.tmp("objects")).unwrap();
        symlink(repo.tmp("objects"), repo.tmp("git dir /objects")).unwrap();
        site.guards("objects behind a link");
        fs::rename(repo.tmp("git dir /refs"), repo.tmp("refs")).unwrap();
        symlink(repo.tmp("refs"), repo.tmp("git dir /refs")).unwrap();
        site.guards("branches behind a link");
    });
}

/// Concludes a merge by hand; what the other side has is not new.
#[track_caller]
fn merges(site: &Site<'_>, what: &str) {
    site.git(&["checkout", "--quiet", "-B", "side"]).success();
    site.stage("dir/theirs", format!("{what}\n{}", leak("theirs")));
    site.stage("dir/other", "side\n");
    site.git(&["commit", "--quiet", "--no-verify", "-m", "side"]).success();
    site.git(&["switch", "--quiet", "main"]).success();
    site.stage("dir/other", "main\n");
    site.commit().success().silent();
    site.git(&["merge", "--quiet", "side"]).code(1);
    site.stage("dir/other", leak("ours"));
    site.blocks("dir/other:2:10");
    site.stage("dir/other", format!("{what}\n"));
    // By hand the hook is not told where the git directory is.
    site.keyguard(&["hook", "pre-commit"]).success().silent();
    site.passes();
}

#[test]
fn the_files_of_a_home_folder() {
    with_both_readers(|repo| {
        let home = repo.home();
        repo.git(["init", "--quiet", "--bare", "--initial-branch=main", "../home/.dotfiles"]).success();
        let tree = |form: &str| OsString::from(form.replace("HOME", home.to_str().unwrap()));
        let by_options = |folder: &str| {
            let site = Site::at(repo, "../home").from(folder).option(tree("--git-dir=HOME/.dotfiles"));
            site.option(tree("--work-tree=HOME"))
        };
        let by_variables = |folder: &str| {
            let site = Site::at(repo, "../home").from(folder).variable("GIT_DIR", tree("HOME/.dotfiles"));
            site.variable("GIT_WORK_TREE", tree("HOME"))
        };
        by_variables(".").start();
        by_variables(".").guards_single_paths("by variables");
        by_variables("deep/er").guards("by variables, from a folder in it");
        let options = |what: &str, folder: &str| {
            let site = by_options(folder);
            site.stage("dir/new", leak("x"));
            blocked(&site.commit(), "dir/new:2:10\n");
            blocked(&site.git(&["commit", "-m", "x", "--", ":/dir/new"]), "dir/new:2:10\n");
            site.stage("dir/new", format!("{what}\n"));
            site.commit().success().silent();
        };
        options("by options", ".");
        options("by options, from a folder in it", "deep/er");
        by_variables(".").git(&["config", "safe.bareRepository", "explicit"]).success();
        by_variables(".").git(&["config", "status.showUntrackedFiles", "no"]).success();
        options("with usual settings", ".");
        // The configuration is the one in the home folder.
        fs::write(repo.home().join("keyguard.toml"), "[rules]\ndisable = [\"github-pat-classic\"]\n").unwrap();
        by_options(".").stage("dir/new", leak("x"));
        by_variables("deep/er").scan().success();
        by_options("deep/er").commit().success();
    });
}

#[test]
fn a_git_directory_named_alone_has_the_working_directory_for_a_root() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let named = |folder: &str| Site::at(repo, folder).variable("GIT_DIR", repo.root().join(".git"));
        named(".").guards("in the usual root");
        fs::create_dir(repo.tmp("other")).unwrap();
        let other = named("../other");
        other.git(&["reset", "--quiet", "--hard"]).success();
        other.guards("in another folder");
        let is_allowed = "[rules]\ndisable = [\"github-pat-classic\"]\n";
        other.write("keyguard.toml", is_allowed);
        other.stage("dir/new", leak("x"));
        other.scan().success();
        other.keyguard(&["scan"]).success();
        other.git(&["commit", "--quiet", "-m", "x"]).success();
        fs::remove_file(repo.tmp("other/keyguard.toml")).unwrap();
        other.stage("dir/new", format!("more\n{}", fake_other()));
        site.write("keyguard.toml", is_allowed);
        other.blocks("dir/new:2:10");
    });
}

/// A line with another key.
fn fake_other() -> String {
    format!("token = \"{}\"\n", crate::sandbox::fake::github_pat_other())
}

#[test]
fn a_relative_index_counts_from_the_root_of_the_work_tree() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let own = Site::at(repo, ".").from("sub").variable("GIT_INDEX_FILE", "own");
        own.git(&["read-tree", "HEAD"]).success();
        assert!(repo.root().join("own").is_file(), "git put it into the root");
        own.guards("an index of its own");
        // It is no index of the usual name.
        own.stage("dir/new", leak("x"));
        site.scan().success();
        own.blocks("dir/new:2:10");
    });
}

#[test]
fn what_git_does_not_find_is_not_found() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", leak("x"));
        let below = || Site::at(repo, "dir");
        below().blocks("dir/new:2:10");
        let stopped = below().variable("GIT_CEILING_DIRECTORIES", repo.root());
        stopped.git(&["status"]).code(128);
        stopped.scan().code(2).stdout("").says("not a git repository");
        below().variable("GIT_CEILING_DIRECTORIES", repo.tmp("")).blocks("dir/new:2:10");
        for (name, value) in [("GIT_DIR", "nowhere"), ("GIT_DIR", "../dir"), ("GIT_COMMON_DIR", "nowhere")] {
            let nowhere = below().variable(name, value);
            nowhere.git(&["status"]).code(128);
            nowhere.scan().code(2).stdout("").says("error: ");
        }
        // The git directory in two parts: git looks for branches in the part that is this work tree's own.
        site.git(&["worktree", "add", "--quiet", "../linked"]).success();
        fs::rename(repo.root().join(".git/worktrees/linked"), repo.tmp("apart")).unwrap();
        fs::remove_file(repo.tmp("apart/commondir")).unwrap();
        let apart = Site::at(repo, "../linked").variable("GIT_DIR", repo.tmp("apart"));
        let apart =
            apart.variable("GIT_COMMON_DIR", repo.root().join(".git")).variable("GIT_WORK_TREE", repo.tmp("linked"));
        apart.git(&["rev-parse", "--verify", "--quiet", "HEAD"]).code(1);
        apart.blocks("old:2:10");
        apart.stage("old", "clean\n");
        apart.passes();
        apart.stage("old", leak("in HEAD already"));
        apart.git(&["commit", "--quiet", "--no-verify", "-m", "x"]).success();
        apart.guards("in parts");
    });
}

/// Gives everything below `path` to another user.
fn give_away(repo: &Sandbox, path: &str) -> bool {
    repo.run("chown").args(["-R", "65534:65534", path]).output().exit() == 0
}

#[test]
fn a_repository_of_another_user() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", leak("x"));
        if !give_away(repo, ".") {
            eprintln!("not tried: repositories of other users: this user cannot give files away");
            return;
        }
        site.git(&["commit", "-m", "x"]).code(128).says("dubious ownership");
        site.scan().code(2).stdout("").says("error: ");
        // Trust by the command line, by the environment, by a file, by a condition in one: git runs the hook.
        let trusted = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*")];
        let by_variables =
            || trusted.iter().fold(Site::at(repo, "."), |site, (name, value)| site.variable(name, *value));
        by_variables().blocks("dir/new:2:10");
        let by_option = Site::at(repo, ".").option("-c").option(format!("safe.directory={}", repo.root().display()));
        blocked(&by_option.commit(), "dir/new:2:10\n");
        blocked(&by_option.git(&["commit", "-m", "x", "-a"]), "dir/new:2:10\n");
        let (global, included) = (repo.tmp("global"), repo.tmp("included"));
        for folder in ["*".to_owned(), repo.root().display().to_string()] {
            fs::write(&included, format!("[safe]\n\tdirectory = {folder}\n")).unwrap();
            for name in [&included, &global] {
                let condition =
                    format!("[includeIf \"gitdir:{}/**\"]\n\tpath = {}\n", repo.tmp("").display(), included.display());
                fs::write(&global, condition).unwrap();
                let site = Site::at(repo, ".").variable("GIT_CONFIG_GLOBAL", name);
                // Conditions do not count for git where it is about trust.
                if name == &included {
                    site.blocks("dir/new:2:10");
                } else {
                    site.git(&["status"]).code(128);
                    site.scan().code(2).stdout("").says("error: ");
                }
            }
        }
        fs::write(&included, "[safe]\n\tdirectory = *\n\tdirectory =\n").unwrap();
        let refused = Site::at(repo, ".").variable("GIT_CONFIG_GLOBAL", &included);
        refused.git(&["status"]).code(128);
        refused.scan().code(2).stdout("").says("error: ");
        by_option.stage("dir/new", "1\n");
        by_option.commit().success().silent();
    });
}

#[test]
fn bare_repositories_have_to_be_named_where_git_says_so() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        let global = repo.tmp("global");
        fs::write(&global, "[safe]\n\tbareRepository = explicit\n").unwrap();
        Site::at(repo, ".").variable("GIT_CONFIG_GLOBAL", &global).guards("one that is not bare");
        repo.git(["clone", "--quiet", "--bare", ".", "dir/bare"]).success();
        let bare = Site::at(repo, "dir/bare").variable("GIT_CONFIG_GLOBAL", &global);
        bare.scan().code(2).stdout("").says("error: ");
        repo.git(["worktree", "add", "--quiet", "../linked"]).success();
        Site::at(repo, "../linked").variable("GIT_CONFIG_GLOBAL", &global).guards("a linked work tree");
        site.guards("without the setting");
    });
}
