#!/bin/sh
# Writes docs/transcripts.md: what a terminal shows of three commits that keyguard blocks. A test compares the page.
#
#     sh tests/transcripts.sh >docs/transcripts.md
#
# The keys are made up and put together here, so that no file holds one.
# Backticks and dollars are to be printed as they are:
# shellcheck disable=SC2016
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.invalid
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.invalid
export NO_COLOR=1 LC_ALL=C
unset KEYGUARD_FORMAT SKIP

# Prints a command as it is typed, and then what it says.
type_in() {
    printf '$ %s\n' "$1"
    sh -c "$1" 2>&1 || true
}

# Changes a file as whoever edits it would.
edit() {
    printf '$ "$EDITOR" %s\n' "$1"
    sed "$2" "$1" >"$scratch/edited"
    cat "$scratch/edited" >"$1"
}

# Starts a section with a new repository in which keyguard is installed.
section() {
    printf '\n## %s\n\n%s\n\n```console\n' "$1" "$2"
    git init -q "$3"
    cd "$3"
    keyguard install >/dev/null
}

finish() {
    printf '```\n\n%s\n' "$1"
    cd "$scratch"
}

cat <<'END'
<!-- Written by `sh tests/transcripts.sh`. -->

# Three blocked commits

What a terminal shows, from the block to the commit that passes. The keys are made up.
END

section 'A real key' 'The value goes into `.env`, which git ignores, and the line becomes what the report says.' shop
kind=live
printf 'import os\n\nstripe_key = "sk_%s_q7Zt2LmXw9RbV4nYp6KsD1fG"\n' "$kind" >pay.py
type_in 'git add pay.py'
type_in "git commit -qm 'Take payments'"
name=$(keyguard scan --staged | sed -n 's/^ *Or: keyguard fix \(kg1:[0-9a-f]*\).*/\1/p')
type_in "keyguard fix $name --apply"
type_in "git commit -qm 'Take payments' && git log --oneline --format=%s"
finish 'Two commands. Had the key been pushed before, the page under 3. would be next.'

section 'A false alarm' 'A key that is public by design looks like any other.' site
printf 'search_api_key = "b7Qx2LmTw9RzV4nYp6KsD1fG"\n' >search.py
type_in 'git add search.py'
type_in "git commit -qm 'Add the search box'"
name=$(keyguard scan --staged | sed -n 's/^ *keyguard allow \(kg1:[0-9a-f]*\).*/\1/p')
type_in "keyguard allow $name --reason 'public: it can only search'"
type_in "git commit -qm 'Add the search box' && git log --oneline --format=%s"
finish 'The entry names this value by its fingerprint: it holds wherever the value is moved, and for no other.'

section 'A test fixture' 'A test needs something that looks like a token.' app
printf 'TOKEN = "xo%s-4%s-4%s-%s"\n' xb 12345678903 98765432107 Qw7Zt2LmXw9RbV4nYp6KsD1f >test_login.py
type_in 'git add test_login.py'
type_in "git commit -qm 'Test the login'"
edit test_login.py 's/$/  # keyguard:allow -- made up/'
type_in 'git add test_login.py'
type_in "git commit -qm 'Test the login' && git log --oneline --format=%s"
finish 'The marker stays with the line, and says to the next reader why it is there.'
