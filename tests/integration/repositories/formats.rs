//! What the format of a repository may be: other names of objects, extensions, settings for one work tree alone.

use super::*;

#[test]
fn objects_named_by_sha256() {
    with_both_readers(|repo| {
        let site = Site::new(repo, "../sha256", &["--object-format=sha256"]);
        site.guards_single_paths("plain");
        for (option, value) in [("--index-version", "4"), ("--split-index", "--refresh")] {
            site.git(&["update-index", option, value]).success();
            site.guards_single_paths(option);
        }
        site.git(&["update-index", "--no-split-index"]).success();
        site.git(&["repack", "-adq"]).success();
        site.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "dir"]).success();
        site.guards("packed and sparse");
        site.git(&["switch", "--quiet", "--orphan", "fresh"]).success();
        site.stage("dir/new", leak("x"));
        site.blocks("dir/new:2:10");
    });
    with_git_since((2, 45), "extensions.compatObjectFormat", |repo| {
        repo.git(["init", "--quiet", "--object-format=sha256", "../compatible"]).success();
        let site = Site::at(repo, "../compatible");
        site.git(&["config", "extensions.compatObjectFormat", "sha1"]).success();
        if site.git(&["status"]).text().contains("requires Rust") {
            eprintln!("not tried: extensions.compatObjectFormat: this git was built without it");
            return;
        }
        site.start();
        site.guards("known by SHA-1 too");
    });
}

#[test]
fn extensions_that_change_nothing_for_a_commit() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        for (setting, value) in [
            ("extensions.noop", "1"),
            ("extensions.preciousObjects", "true"),
            ("extensions.partialClone", "origin"),
            ("extensions.worktreeConfig", "true"),
        ] {
            for version in ["0", "1"] {
                if setting != "extensions.noop" || version == "1" {
                    site.git(&["config", "core.repositoryFormatVersion", version]).success();
                    site.git(&["config", setting, value]).success();
                    site.guards(&format!("{setting} in version {version}"));
                    site.git(&["config", "--unset", setting]).success();
                }
            }
        }
    });
}

#[test]
fn work_trees_that_are_linked_by_relative_paths() {
    with_git_since((2, 48), "extensions.relativeWorktrees", |repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["worktree", "add", "--quiet", "--relative-paths", "../linked"]).success();
        site.git(&["config", "extensions.relativeWorktrees"]).success().stdout("true\n");
        Site::at(repo, "../linked").guards_single_paths("in the linked one");
        site.guards("in the main one");
        fs::rename(repo.root(), repo.tmp("moved")).unwrap();
        fs::create_dir(repo.root()).unwrap();
        fs::rename(repo.tmp("moved/.git"), repo.root().join(".git")).unwrap();
        Site::at(repo, "../linked").guards("after a move and back");
    });
}

#[test]
fn submodules_at_paths_of_their_own() {
    with_git_since((2, 54), "extensions.submodulePathConfig", |repo| {
        let site = Site::new(repo, ".", &[]);
        let module = Site::new(repo, "../module", &[]);
        site.git(&["config", "core.repositoryFormatVersion", "1"]).success();
        site.git(&["config", "extensions.submodulePathConfig", "true"]).success();
        site.git(&["submodule", "--quiet", "add", "../module", "sub"]).success();
        site.commit().success();
        site.guards("around it");
        let inside = Site::at(repo, "sub");
        inside.keyguard(&["install"]).success();
        inside.guards("inside");
        module.guards("where it came from");
    });
}

#[test]
fn settings_of_one_work_tree_alone() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["worktree", "add", "--quiet", "../linked"]).success();
        let linked = Site::at(repo, "../linked");
        site.git(&["config", "extensions.worktreeConfig", "true"]).success();
        // A place of its own for the files of the main work tree.
        fs::create_dir(repo.tmp("elsewhere")).unwrap();
        site.git(&["config", "--worktree", "core.worktree", "../../elsewhere"]).success();
        let elsewhere = Site { root: repo.tmp("elsewhere"), ..Site::at(repo, ".") };
        elsewhere.git(&["reset", "--quiet", "--hard"]).success();
        elsewhere.guards("the main one's files are elsewhere");
        elsewhere.write("keyguard.toml", "[rules]\ndisable = [\"github-pat-classic\"]\n");
        elsewhere.stage("dir/new", leak("x"));
        elsewhere.scan().success();
        fs::remove_file(repo.tmp("elsewhere/keyguard.toml")).unwrap();
        elsewhere.blocks("dir/new:2:10");
        linked.guards("the linked one's are where they were");
        // The main one is bare, the linked one is not.
        site.git(&["config", "--worktree", "--unset", "core.worktree"]).success();
        site.git(&["config", "--unset", "core.bare"]).success();
        site.git(&["config", "--worktree", "core.bare", "true"]).success();
        linked.guards_single_paths("the main one is bare");
        linked.git(&["config", "--worktree", "core.untrackedCache", "true"]).success();
        linked.guards("a setting of the linked one");
    });
}

#[test]
fn work_trees_of_a_bare_repository() {
    with_both_readers(|repo| {
        let _ = Site::new(repo, ".", &[]);
        repo.git(["clone", "--quiet", "--bare", ".", "../bare/.git"]).success();
        fs::write(repo.tmp("bare/x"), "").unwrap();
        repo.run("git").current_dir("../bare").args(["worktree", "add", "--quiet", "main"]).output().success();
        let linked = Site::at(repo, "../bare/main");
        linked.keyguard(&["install"]).success();
        linked.guards_single_paths("beside the bare repository");
        repo.git(["clone", "--quiet", "--bare", ".", "../bare.git"]).success();
        repo.run("git").current_dir("../bare.git").args(["worktree", "add", "--quiet", "main"]).output().success();
        let inside = Site::at(repo, "../bare.git/main");
        inside.keyguard(&["install"]).success();
        inside.guards("inside the bare repository");
    });
}

#[test]
fn formats_that_git_refuses_are_no_clean_ones() {
    with_each_reader(|repo| {
        let site = Site::new(repo, ".", &[]);
        site.stage("dir/new", leak("x"));
        let file = repo.root().join(".git/config");
        let plain = fs::read_to_string(&file).unwrap();
        for broken in [
            plain.replace("repositoryformatversion = 0", "repositoryformatversion = 1")
                + "[extensions]\n\tnew = true\n",
            plain.replace("repositoryformatversion = 0", "repositoryformatversion = 99"),
            plain.clone() + "[core\n",
            plain.clone() + "[extensions]\n\tobjectFormat = sha256\n",
            plain.replace("repositoryformatversion = 0", "repositoryformatversion = 1")
                + "[extensions]\n\tobjectFormat = md5\n",
        ] {
            fs::write(&file, &broken).unwrap();
            site.git(&["commit", "-m", "x"]).code(128);
            // By hand we may look at what git would not.
            assert!(site.scan().exit() > 0);
            assert!(site.keyguard(&["hook", "pre-commit"]).exit() > 0);
        }
        fs::write(&file, plain).unwrap();
        site.blocks("dir/new:2:10");
    });
}

#[test]
fn a_configuration_that_only_git_can_read() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let file = repo.root().join(".git/config");
        let plain = fs::read_to_string(&file).unwrap();
        for (what, odd) in [
            ("a byte order mark", format!("\u{feff}{plain}")),
            ("line ends of Windows", plain.replace('\n', "\r\n")),
            ("a line that goes on", format!("{plain}[alias]\n\tx = \"!echo \\\n\t  x\" ; remark\n")),
            ("a name of bytes", format!("{plain}[remote \"a\\\"b\\\\c\"]\n\turl = x\n")),
            ("a value without a name", format!("{plain}[core]\n\tignoreCase\n[a.b]\nc=1\n")),
            ("a file that is not there", format!("{plain}[include]\n\tpath = nowhere\n")),
            ("a condition of another git", format!("{plain}[includeIf \"new:x\"]\n\tpath = nowhere\n")),
            ("a long line", format!("{plain}[a]\n\tx = {}\n", "y".repeat(70_000))),
        ] {
            fs::write(&file, odd).unwrap();
            site.guards(what);
        }
    });
}
