#!/bin/sh
# Checks licences, advisories, sources and duplicates with cargo-deny, which is installed where it
# is missing.
set -eu
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
version=0.20.2

if ! command -v cargo-deny >/dev/null 2>&1; then
  printf 'installing cargo-deny %s\n' "$version" >&2
  "$cargo" install --quiet --locked "cargo-deny@$version"
fi
deny=$(command -v cargo-deny || printf '%s/bin/cargo-deny' "${CARGO_HOME:-$HOME/.cargo}")
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The advisory database is fetched from the network; without it the other checks still count.
"$deny" --log-level warn check licenses bans sources
if ! "$deny" --log-level error check advisories 2>"$log"; then
  if grep -qiE 'fetch|network|resolve|connect' "$log"; then
    printf 'skipped: the advisory database cannot be reached from here\n'
  else
    cat "$log" >&2
    exit 1
  fi
fi
