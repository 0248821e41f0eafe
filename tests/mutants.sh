#!/bin/sh
# Plants one bug after the other in a copy of the sources. The test that a patch names must turn red:
# a mutant that survives shows a test that cannot fail.
#
#   sh tests/mutants.sh [PATCH...]
set -eu
cd "$(dirname "$0")/.."
root=$PWD
cargo=${CARGO:-cargo}
CARGO_TARGET_DIR=${MUTANTS_TARGET_DIR:-$root/target/mutants}
export CARGO_TARGET_DIR
# Only the fixtures: a mutant that needs a corpus to die would survive elsewhere.
unset POSLEDGER_CORPUS

[ $# -gt 0 ] || set -- crates/testkit/mutants/*.patch
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 2' HUP INT TERM
for part in *; do
  [ "$part" = target ] || cp -a "$part" "$copy/"
done
cd "$copy"
# Cargo goes by the age of files; what an earlier run left in the target folder must not count.
find crates -name '*.rs' -exec touch {} +

tests_of() { sed -n 's/^# killed by: //p' "$1"; }
run() { $cargo test --quiet -p testkit --test it -- --exact "$1"; }

fail() {
  printf '%s\n' "$1" >&2
  [ ! -s "$copy/log" ] || tail -n 40 "$copy/log" >&2
  exit 2
}

# A test that is red already would kill every mutant.
for test in $(for patch; do tests_of "$root/$patch"; done | sort -u); do
  run "$test" >log 2>&1 || fail "$test does not hold without any mutant"
  grep -q '^test result: ok. 1 passed' log || fail "there is no test $test"
done

survivors=0
printf '%-44s %-10s %s\n' mutant verdict 'killed by'
for patch; do
  name=$(basename "$patch" .patch)
  : >log
  git apply --recount "$root/$patch" 2>log || fail "$name does not apply any more: the code has moved on"
  $cargo test --quiet -p testkit --test it --no-run >log 2>&1 || fail "$name does not compile"
  for test in $(tests_of "$root/$patch"); do
    if run "$test" >log 2>&1; then
      verdict=SURVIVED
      survivors=$((survivors + 1))
    elif grep -q '^test result: FAILED' log; then
      verdict=killed
    else
      fail "$name: $test did not run to its end"
    fi
    printf '%-44s %-10s %s\n' "$name" "$verdict" "$test"
  done
  git apply --recount --reverse "$root/$patch"
done

[ "$survivors" -eq 0 ] || { printf '%s survived\n' "$survivors" >&2; exit 1; }
