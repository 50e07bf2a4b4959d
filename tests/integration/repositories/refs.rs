//! What HEAD may be: a chain of names, a commit, a branch that is yet to come, a file elsewhere.

use super::*;

#[test]
fn head_of_every_form() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let git = |args: &[&str]| site.git(args).success().text().trim().to_owned();
        // A name that stands for a name that stands for a branch.
        git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        git(&["symbolic-ref", "refs/heads/alias-of-alias", "refs/heads/alias"]);
        git(&["symbolic-ref", "HEAD", "refs/heads/alias-of-alias"]);
        site.guards("a chain of names");
        git(&["pack-refs", "--all"]);
        site.guards("a chain of names, packed");
        git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
        git(&["pack-refs", "--all", "--prune"]);
        site.guards("packed branches");
        git(&["switch", "--quiet", "-c", "deep/er/branch"]);
        site.guards("a branch with slashes");
        git(&["update-ref", "refs/namespaces/n/refs/heads/main", "HEAD"]);
        git(&["symbolic-ref", "HEAD", "refs/namespaces/n/refs/heads/main"]);
        site.guards("a branch of a namespace");
        git(&["update-ref", "refs/worktree/own", "HEAD"]);
        git(&["symbolic-ref", "HEAD", "refs/worktree/own"]);
        site.guards("a name of this work tree alone");
        git(&["checkout", "--quiet", "--detach"]);
        site.guards("no branch");
        git(&["tag", "heads/main"]);
        git(&["switch", "--quiet", "main"]);
        git(&["update-ref", "refs/HEAD", "HEAD~1"]);
        git(&["config", "core.warnAmbiguousRefs", "false"]);
        site.guards("a tag and a branch that look like others");
    });
}

#[test]
fn head_that_is_a_link_or_of_bytes() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        let head = repo.root().join(".git/HEAD");
        fs::remove_file(&head).unwrap();
        symlink("refs/heads/main", &head).unwrap();
        site.guards("a link to the branch");
        fs::remove_file(&head).unwrap();
        symlink("refs/heads/unborn", &head).unwrap();
        site.passes_as_root();
        fs::remove_file(&head).unwrap();
        fs::write(&head, b"ref: refs/heads/br\xe4nch\n").unwrap();
        site.passes_as_root();
        site.guards("a branch whose name is not UTF-8");
        fs::write(&head, "ref:   refs/heads/main  \n").unwrap();
        site.git(&["reset", "--quiet", "--hard"]).success();
        site.guards("white space around the name");
    });
}

impl Site<'_> {
    /// Makes the first commit of an unborn branch, in which nothing is old.
    #[track_caller]
    fn passes_as_root(&self) {
        self.stage("old", leak("in HEAD already"));
        self.blocks("old:2:10");
        self.stage("old", "1\n");
        self.passes();
        self.git(&["rev-list", "--count", "HEAD"]).success().stdout("1\n");
        self.stage("old", leak("in HEAD already"));
        self.git(&["commit", "--quiet", "--no-verify", "-m", "x"]).success();
    }
}

#[test]
fn branches_that_are_yet_to_come() {
    with_both_readers(|repo| {
        let site = Site::new(repo, ".", &[]);
        for branch in ["new", "with/a/slash"] {
            site.git(&["switch", "--quiet", "--orphan", branch]).success();
            site.passes_as_root();
            site.git(&["symbolic-ref", "refs/heads/name", "refs/heads/of-nothing"]).success();
        }
        site.git(&["symbolic-ref", "HEAD", "refs/heads/name"]).success();
        site.git(&["rm", "-r", "--quiet", "--cached", "."]).success();
        site.passes_as_root();
        site.guards("a name of a branch that came");
    });
}

#[test]
fn branches_kept_in_tables() {
    with_git_since((2, 45), "--ref-format=reftable", |repo| {
        let site = Site::new(repo, "../tables", &["--ref-format=reftable"]);
        site.guards("a branch");
        site.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]).success();
        site.git(&["symbolic-ref", "HEAD", "refs/heads/alias"]).success();
        site.guards("a name of a branch");
        site.git(&["checkout", "--quiet", "--detach"]).success();
        site.guards("no branch");
        site.git(&["switch", "--quiet", "--orphan", "with/slash"]).success();
        site.passes_as_root();
        site.git(&["worktree", "add", "--quiet", "../linked", "main"]).success();
        Site::at(repo, "../linked").guards("a linked work tree");
    });
    with_git_since((2, 46), "git refs migrate", |repo| {
        let site = Site::new(repo, ".", &[]);
        site.git(&["config", "core.logAllRefUpdates", "false"]).success();
        // What HEAD was before must not count.
        for format in ["reftable", "files"] {
            // An old git does not take logs along.
            fs::remove_dir_all(repo.root().join(".git/logs")).ok();
            site.git(&["refs", "migrate", &format!("--ref-format={format}")]).success();
            site.guards(format);
        }
    });
}

#[test]
fn branches_kept_outside_the_git_directory() {
    with_git_since((2, 54), "GIT_REFERENCE_BACKEND", |repo| {
        let site = Site::new(repo, ".", &[]);
        let refs = repo.tmp("refs-elsewhere");
        fs::create_dir(&refs).unwrap();
        let copy = repo.run("cp").args(["-r", ".git/HEAD", ".git/refs"]).args([&refs]).output();
        copy.success();
        // In the branch of the git directory the key is old, in the one that counts it is not.
        site.stage("dir/new", leak("in the wrong branch"));
        site.stage("keyguard.toml", "[rules]\ndisable = [\"github-pat-classic\"]\n");
        site.git(&["commit", "--quiet", "--no-verify", "-m", "x"]).success();
        let uri = format!("files://{}", refs.display());
        let elsewhere = Site::at(repo, ".").variable("GIT_REFERENCE_BACKEND", &uri);
        elsewhere.git(&["rev-list", "--count", "HEAD"]).success().stdout("1\n");
        elsewhere.git(&["rm", "--quiet", "--cached", "keyguard.toml"]).success();
        fs::remove_file(repo.root().join("keyguard.toml")).unwrap();
        elsewhere.blocks("dir/new:2:10");
        elsewhere.guards("named by the environment");
        site.git(&["config", "core.repositoryFormatVersion", "1"]).success();
        site.git(&["config", "extensions.refStorage", &uri]).success();
        site.guards("named by the configuration");
    });
}
