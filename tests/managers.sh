#!/bin/sh
# Tries keyguard beside the real husky, lefthook, pre-commit and prek, as far as they are found on PATH.
#
#     sh tests/managers.sh KEYGUARD [--require-all]
#
# KEYGUARD is the program to try. A tool that is missing is said aloud and not tried; with --require-all that is a
# failure. Every trial is a fresh repository in a temporary folder with a home of its own. Ends with 0 if all went well.
set -u

program=${1-}
require_all=${2-}
case $program in
'' | -*)
    echo "usage: sh tests/managers.sh KEYGUARD [--require-all]" >&2
    exit 2
    ;;
esac
program=$(cd "$(dirname "$program")" && pwd -P)/$(basename "$program")
tree=$(cd "$(dirname "$0")/.." && pwd -P)
[ -x "$program" ] || {
    echo "error: $program is not a program" >&2
    exit 2
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
ln -s "$program" "$scratch/bin/keyguard"
PATH=$scratch/bin:$PATH
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE SKIP PRE_COMMIT HUSKY LEFTHOOK KEYGUARD_READER KEYGUARD_CONFIG
export PATH NO_COLOR=1 CI=1 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=trial GIT_AUTHOR_EMAIL=trial@example.invalid
export GIT_COMMITTER_NAME=trial GIT_COMMITTER_EMAIL=trial@example.invalid
# Made up and put together here, so that this file holds no key.
kind=live
key=sk_${kind}_q7Zt2LmXw9RbV4nYp6KsD1fG
count=0
failed=0

# What the last command said.
said=$scratch/said

# Runs the rest of the line in a new repository; what it said is shown if it failed.
trial() {
    count=$((count + 1))
    HOME=$scratch/$count
    export HOME XDG_CACHE_HOME="$HOME/.cache" XDG_CONFIG_HOME="$HOME/.config"
    mkdir -p "$HOME/repo"
    if (
        cd "$HOME/repo" && git init -q -b main . && git init -q --bare ../remote && git remote add origin ../remote
        "$@"
    ) >"$HOME/log" 2>&1; then
        printf 'ok      %s\n' "$*"
    else
        printf 'FAILED  %s\n' "$*"
        sed 's/^/        /' "$HOME/log"
        failed=$((failed + 1))
    fi
}

fail() {
    echo "FAILED: $*"
    exit 1
}

# The command ends well.
passes() {
    echo "\$ $*"
    "$@" >"$said" 2>&1 || {
        cat "$said"
        fail "this should have gone through: $*"
    }
    cat "$said"
}

# The command does not end well, whatever the reason.
stops() {
    echo "\$ $*"
    if "$@" >"$said" 2>&1; then
        cat "$said"
        fail "this should have been stopped: $*"
    fi
    cat "$said"
}

# The command is stopped, and keyguard says why.
blocked() {
    stops "$@"
    says 'Stripe secret key in '
}

# The last command said that.
says() {
    grep -qF -e "$1" "$said" || fail "it does not say: $1"
}

says_not() {
    if grep -qF -e "$1" "$said"; then fail "it says: $1"; fi
}

# The manager's own hook has left its mark since the last time.
marked() {
    [ -f .git/mark ] || fail "the manager's own hook did not run"
    rm .git/mark
}

# A line with a key.
leak() {
    echo "key = \"$key\"" >>"$1"
}

add() {
    git add -- "$@"
}

commit() {
    git commit -q -m "$@"
}

# A commit with a key is stopped, and one without goes through; the manager's own hook runs.
guarded() {
    rm -f .git/mark
    leak leak.py
    add leak.py
    blocked commit leak
    git rm -q -f leak.py
    rm -f .git/mark
    echo "clean $(git rev-list --all --count)" >clean.txt
    add clean.txt
    passes commit clean
    marked
}

# The same for messages and merges; a clean push goes through. Afterwards the branch `topic` brings in a key.
guarded_by_every_hook() {
    guarded
    blocked git commit -q --allow-empty -m "$key"
    passes git push -q origin main
    git checkout -q -b topic
    leak merged.py
    add merged.py
    commit leak --no-verify
    git checkout -q main
    echo other >other.txt
    add other.txt
    passes commit other
    blocked git merge -q --no-edit topic
    git merge --abort || git reset -q --hard
}

# doctor says that nothing stops a key, whose fault that is, and the command; that is run, and all is well again.
mended_by() {
    stops keyguard doctor
    says "$1"
    says "help: $2"
    $2 || fail "$2"
    keyguard doctor >"$said" 2>&1 || passes keyguard doctor --run-hooks
    says BLOCKED
    guarded
}

hooks() {
    find .git/hooks -type f ! -name '*.sample' -exec ls -l {} + | awk '{ print $1, $NF }' | sort
}

# --- pre-commit and prek -----------------------------------------------------------------------------------------------

# A configuration with a hook that leaves a mark.
with_config() {
    cat >.pre-commit-config.yaml <<'EOF'
repos:
- repo: local
  hooks:
  - id: mark
    name: mark
    language: system
    entry: sh -c 'echo ran >"$(git rev-parse --git-dir)/mark"'
    always_run: true
    pass_filenames: false
    stages: [pre-commit, pre-merge-commit, pre-push, commit-msg]
EOF
    add .pre-commit-config.yaml
    commit config
}

ours_then_theirs() {
    with_config
    passes keyguard install
    passes "$1" install
    guarded
    passes keyguard doctor --run-hooks
    case $2 in
    ours-first) passes keyguard uninstall && passes "$1" uninstall ;;
    theirs-first) passes "$1" uninstall && passes keyguard uninstall ;;
    esac
    [ -z "$(hooks)" ] || fail "this is left: $(hooks)"
}

theirs_then_ours() {
    with_config
    passes "$1" install
    before=$(hooks)
    passes keyguard install
    guarded
    passes keyguard doctor --run-hooks
    # It leaves what it did not write itself, and that is ours here.
    [ "$2" = ours-first ] || passes "$1" uninstall
    passes keyguard uninstall
    [ "$(hooks)" = "$before" ] || fail "this is left: $(hooks)"
    passes "$1" uninstall
    [ -z "$(hooks)" ] || fail "this is left: $(hooks)"
}

# Either tool, again and again, leads to no ring and no loss.
by_turns() {
    with_config
    turns=0
    while [ "$turns" -lt 2 ]; do
        passes "$1" install
        passes keyguard install
        guarded
        turns=$((turns + 1))
    done
    passes keyguard doctor --run-hooks
}

they_overwrite_us() {
    with_config
    passes keyguard install
    passes "$1" install -f
    mended_by "$1's" "keyguard install"
}

into_config() {
    with_config
    passes "$1" install
    cp .pre-commit-config.yaml ../before
    passes keyguard install --into "$1"
    says_not 'one step more'
    add .pre-commit-config.yaml
    commit into --no-verify
    passes "$1" validate-config
    guarded
    stops keyguard doctor
    says 'keyguard doctor --run-hooks'
    passes keyguard doctor --run-hooks
    passes keyguard uninstall
    cmp .pre-commit-config.yaml ../before || fail "the configuration is not as it was"
}

# prek also looks into folders of a work tree, from there.
into_part_of_work_tree() {
    with_config
    passes prek install
    mkdir part
    passes keyguard install --into prek
    git mv .pre-commit-config.yaml part/
    printf 'repos: []\n' >.pre-commit-config.yaml
    leak part/old.py
    git add .
    commit part --no-verify
    echo second >>part/old.py
    add part/old.py
    passes prek run
    passes commit 'a line below an old key'
    leak part/new.py
    add part/new.py
    blocked commit new
    blocked prek run
    says 'part/new.py:1:'
    git rm -q -f part/new.py
    blocked prek run --all-files
}

into_toml() {
    printf '# kept\n[[repos]]\nrepo = "local"\nhooks = [\n  { id = "mark", name = "mark", language = "system", entry = "sh -c '\''echo ran >.git/mark'\''", always_run = true, pass_filenames = false },\n]\n' >prek.toml
    passes prek install
    cp prek.toml ../before
    passes keyguard install --into prek
    add prek.toml
    commit into --no-verify
    passes prek validate-config prek.toml
    guarded
    passes keyguard doctor --run-hooks
    passes keyguard uninstall
    cmp prek.toml ../before || fail "the configuration is not as it was"
}

every_hook_of_config() {
    with_config
    passes keyguard install --into "$1" --all
    add .pre-commit-config.yaml
    commit into
    for type in pre-commit pre-merge-commit commit-msg pre-push; do
        passes "$1" install --hook-type "$type"
    done
    guarded_by_every_hook
    # A commit that was there only for a while is pushed with the others.
    git merge -q --no-edit --no-verify topic
    git rm -q merged.py
    commit 'gone again' --no-verify
    blocked git push -q origin main
    git reset -q --hard HEAD~2
    passes git push -q origin main
}

# A push of a branch that the remote does not know at all.
first_push() {
    with_config
    passes keyguard install --into "$1" --hook pre-push
    add .pre-commit-config.yaml
    commit into
    passes "$1" install --hook-type pre-push
    leak brief.py
    add brief.py
    commit leak
    git rm -q brief.py
    commit 'gone again'
    blocked git push -q origin main
    git reset -q --hard HEAD~2
    passes git push -q origin main
    marked
}

# An entry, with an old key in the history that nobody is to hear of again.
with_entry() {
    with_config
    leak old.py
    echo second >>old.py
    echo text >text.txt
    add old.py text.txt
    commit old
    passes keyguard install --into "$1"
    add .pre-commit-config.yaml
    commit into
    passes "$1" install
}

commits_as_entry() {
    with_entry "$1"
    echo third >>old.py
    add old.py
    passes commit 'a line below an old key'
    leak new.py
    add new.py
    blocked commit new
    echo 'unstaged' >>new.py
    blocked commit 'partially staged'
    says 'new.py:1:'
    git rm -q -f new.py
    leak text.txt
    blocked git commit -q -a -m all
    echo fourth >>old.py
    add old.py
    blocked git commit -q -m path text.txt
    passes git commit -q -m path old.py
    # The key is in the work tree alone: it is no part of this commit.
    echo fifth >>old.py
    add old.py
    passes commit 'not the unstaged key'
    git checkout -q -- text.txt
    leak --help
    add --help
    blocked commit 'a file that looks like an option'
    git rm -q -f -- --help
    ln -s "$key" link
    add link
    blocked commit 'a link'
    git rm -q -f link
    git rm -q text.txt
    passes commit 'a deletion alone'
    says Skipped
    passes git commit -q --allow-empty -m nothing
}

merges_as_entry() {
    with_entry "$1"
    git checkout -q -b topic
    printf 'key = "%s"\ntopic\n' "$key" >old.py
    leak theirs.py
    git add .
    commit topic --no-verify
    git checkout -q main
    printf 'key = "%s"\nmain\n' "$key" >old.py
    git add .
    passes commit main
    stops git merge -q topic
    printf 'key = "%s"\nboth\n' "$key" >old.py
    add old.py
    leak added.py
    add added.py
    blocked commit 'a key that the merge adds'
    says 'added.py:1:'
    says_not 'theirs.py'
    git rm -q -f added.py
    passes commit 'old keys and those of the other side'
}

runs_as_entry() {
    with_entry "$1"
    blocked "$1" run --all-files
    says 'old.py:1:'
    blocked "$1" run --files old.py
    passes "$1" run --files text.txt
    passes "$1" run
    says Skipped
    echo third >>old.py
    add old.py
    passes "$1" run
    says Passed
    leak text.txt
    blocked "$1" run --files text.txt
    passes "$1" run
    add text.txt
    blocked "$1" run
    says 'text.txt:2:'
    git reset -q --hard
    leak --help
    blocked "$1" run keyguard --files ./--help
    says ' --help:1:'
    add --help
    blocked "$1" run keyguard
    git rm -q -f -- --help
    mkdir folder
    passes "$1" run keyguard --files folder
    says Skipped
}

ranges_as_entry() {
    with_entry "$1"
    echo third >>old.py
    add old.py
    passes commit third
    leak brief.py
    echo text >kept.txt
    add brief.py kept.txt
    commit leak --no-verify
    git rm -q brief.py
    passes commit 'gone again'
    passes "$1" run --from-ref HEAD~3 --to-ref HEAD~2
    says Passed
    blocked "$1" run --from-ref HEAD~3 --to-ref HEAD
    says 'brief.py:1:'
    passes "$1" run --from-ref HEAD --to-ref HEAD
    says Skipped
}

# More names than one call can take.
many_files_as_entry() {
    with_entry "$1"
    awk 'BEGIN { for (i = 0; i < 4000; i++) print "a-file-with-a-name-of-some-length-that-fills-the-line/" i }' >../names
    mkdir a-file-with-a-name-of-some-length-that-fills-the-line
    xargs touch <../names
    leak a-file-with-a-name-of-some-length-that-fills-the-line/2000
    git add .
    blocked commit many
    says '/2000:1:'
    blocked "$1" run keyguard
    echo no >a-file-with-a-name-of-some-length-that-fills-the-line/2000
    git add .
    passes "$1" run keyguard
    passes commit many
}

manifest() {
    passes "$1" validate-manifest "$tree/.pre-commit-hooks.yaml"
    git -c core.fsmonitor=false clone -q "$tree" ../source
    cp "$tree/.pre-commit-hooks.yaml" ../source/
    git -C ../source add .pre-commit-hooks.yaml
    git -C ../source commit -q --allow-empty -m manifest
    leak new.py
    add new.py
    blocked "$1" try-repo ../source keyguard-system --all-files
    git rm -q -f new.py
    echo text >text.txt
    add text.txt
    passes "$1" try-repo ../source keyguard-system --all-files
    says Passed
}

# --- husky -------------------------------------------------------------------------------------------------------------

with_husky() {
    mkdir .husky
    echo 'echo ran >.git/mark' >.husky/pre-commit
    add .husky
    git commit -q --no-verify -m husky
    passes husky
}

husky_first() {
    with_husky
    cp .husky/pre-commit ../before
    stops keyguard install
    says 'help: keyguard install --into husky'
    passes keyguard install --into husky
    says_not 'one step more'
    guarded
    passes keyguard doctor --run-hooks
    passes keyguard uninstall
    cmp .husky/pre-commit ../before || fail "the script is not as it was"
}

husky_later() {
    passes keyguard install
    with_husky
    mended_by husky 'keyguard install --into husky'
}

husky_not_set_up() {
    mkdir .husky
    echo 'echo ran >.git/mark' >.husky/pre-commit
    passes keyguard install --into husky
    says 'one step more, for git does not come to husky yet: npx husky'
    passes husky
    guarded
}

husky_every_hook() {
    with_husky
    echo 'cat >.git/mark' >.husky/pre-push
    passes keyguard install --into husky --all
    guarded
    blocked git commit -q --allow-empty -m "$key"
    passes git push -q origin main
    grep -q '^refs/heads/main ' .git/mark || fail "the script of husky did not read what git told it"
    leak pushed.py
    add pushed.py
    commit leak --no-verify
    blocked git push -q origin main
}

# --- lefthook ----------------------------------------------------------------------------------------------------------

with_lefthook() {
    cat >lefthook.yml <<'EOF'
# kept
pre-commit:
  parallel: true
  commands:
    mark: # its own
      run: echo ran >.git/mark
EOF
    add lefthook.yml
    git commit -q --no-verify -m lefthook
}

lefthook_first() {
    with_lefthook
    passes lefthook install
    cp lefthook.yml ../before
    passes keyguard install --into lefthook
    says_not 'one step more'
    passes lefthook validate
    guarded
    passes keyguard doctor --run-hooks
    passes keyguard uninstall
    cmp lefthook.yml ../before || fail "the configuration is not as it was"
}

lefthook_jobs() {
    printf 'pre-commit:\n  piped: true\n  jobs:\n    - run: echo ran >.git/mark\n      glob: "*"\n' >lefthook.yml
    add lefthook.yml
    commit lefthook
    cp lefthook.yml ../before
    passes keyguard install --into lefthook
    says 'one step more, for git does not come to lefthook yet: lefthook install'
    passes lefthook install
    passes lefthook validate
    guarded
    leak text.txt
    add text.txt
    blocked git commit -q -m path text.txt
    blocked git commit -q -a -m all
    passes keyguard uninstall
    cmp lefthook.yml ../before || fail "the configuration is not as it was"
}

lefthook_later() {
    passes keyguard install
    with_lefthook
    # shellcheck disable=SC2086 # an option or none
    passes lefthook install ${1-}
    mended_by lefthook "keyguard install --into lefthook"
}

# lefthook was there first, and ours stands before it.
lefthook_chained() {
    with_lefthook
    passes lefthook install
    before=$(hooks)
    passes keyguard install
    guarded
    passes keyguard doctor
    passes keyguard uninstall
    [ "$(hooks)" = "$before" ] || fail "this is left: $(hooks)"
}

lefthook_takes_its_place_back() {
    with_lefthook
    passes lefthook install
    passes keyguard install
    says 'keyguard install --into lefthook'
    passes lefthook install --force
    mended_by lefthook 'keyguard install --into lefthook'
    passes lefthook install --force
    guarded
}

lefthook_every_hook() {
    with_lefthook
    passes keyguard install --into lefthook --all
    passes lefthook install
    passes lefthook validate
    guarded_by_every_hook
    blocked git push -q origin topic
}

# --- all of them -------------------------------------------------------------------------------------------------------

missing=
for tool in pre-commit prek; do
    command -v "$tool" >/dev/null || {
        missing="$missing $tool"
        continue
    }
    for order in ours-first theirs-first; do
        trial ours_then_theirs "$tool" "$order"
        trial theirs_then_ours "$tool" "$order"
    done
    trial by_turns "$tool"
    trial they_overwrite_us "$tool"
    trial into_config "$tool"
    trial every_hook_of_config "$tool"
    trial first_push "$tool"
    trial commits_as_entry "$tool"
    trial merges_as_entry "$tool"
    trial runs_as_entry "$tool"
    trial ranges_as_entry "$tool"
    trial many_files_as_entry "$tool"
    trial manifest "$tool"
done
if command -v prek >/dev/null; then
    trial into_toml
    trial into_part_of_work_tree
fi
if command -v husky >/dev/null; then
    for trial in husky_first husky_later husky_not_set_up husky_every_hook; do trial "$trial"; done
else
    missing="$missing husky"
fi
if command -v lefthook >/dev/null; then
    for trial in lefthook_first lefthook_jobs lefthook_later lefthook_chained lefthook_every_hook; do trial "$trial"; done
    trial lefthook_later --force
    trial lefthook_takes_its_place_back
else
    missing="$missing lefthook"
fi

for tool in $missing; do echo "not tried: $tool is not on PATH"; done
echo "$count trials, $failed failed"
[ "$failed" = 0 ] && { [ -z "$missing" ] || [ "$require_all" != --require-all ]; }
