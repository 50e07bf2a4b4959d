#!/bin/sh
# Shows keyguard at work in a scratch repository, until a blocked commit is seen. Leaves nothing behind.
set -eu
PATH="${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin:$PATH"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.invalid
export GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@example.invalid

git init -q .
keyguard install

echo
echo '$ git commit   # a file that reads its key from the environment'
echo 'key = os.environ["STRIPE_SECRET_KEY"]' > pay.py
git add pay.py
git commit -q -m 'Read the key from the environment'
echo 'committed, without a word'

echo
echo '$ git commit   # a file that holds one'
# The token is made up and put together here, so that this file holds none.
kind=live
echo "key = \"sk_${kind}_q7Zt2LmXw9RbV4nYp6KsD1fG\"" > pay.py
git add pay.py
if git commit -q -m 'Oops'; then
    echo 'the commit went through: keyguard does not work here' >&2
    exit 1
fi
echo
echo "Commits in the scratch repository: $(git rev-list --count HEAD). The second one was stopped."
