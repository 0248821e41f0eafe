#!/bin/sh
# Proves by building it alone what the domain cannot do. A build of the whole workspace unifies
# features, so only a check of the one crate shows that chrono has no clock and uuid no randomness.
set -eu
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

fail() { printf 'not pure: %s\n' "$*" >&2; exit 1; }

"$cargo" check --quiet --locked -p ledger

# What the domain is built from, by the tree of the crate alone.
tree=$("$cargo" tree --locked -p ledger --edges normal,build --prefix none --format '{p} {f}')
for crate in tokio sled bincode tracing clap getrandom rand iana-time-zone; do
  if printf '%s\n' "$tree" | grep -q "^$crate v"; then fail "ledger is built with $crate"; fi
done
features() { printf '%s\n' "$tree" | sed -n "s/^$1 v[^ ]* //p" | tr ',' '\n'; }
if features chrono | grep -Eqx 'clock|now'; then fail "chrono brings a clock"; fi
if features uuid | grep -Eqx 'v[1-8]|fast-rng|rng'; then fail "uuid makes new ids"; fi

# What the domain says of itself.
forbidden='std::(fs|net|env|thread|time|process)|SystemTime|Instant::now|Utc::now|Uuid::new_|HashMap|HashSet|\bf(32|64)\b'
if grep -rnE "$forbidden" crates/ledger/src; then fail "ledger names what it must not know"; fi

# Which of our crates each may depend on: arrows point down only.
allowed() {
  case $1 in
    ledger) echo '' ;;
    journal | projection | protocol) echo 'ledger' ;;
    engine) echo 'ledger journal projection' ;;
    query) echo 'ledger journal projection protocol engine' ;;
    server) echo 'ledger journal projection protocol engine query' ;;
    export) echo 'ledger protocol' ;;
    cli) echo 'ledger journal projection protocol engine query export' ;;
    *) fail "crate $1 has no place in the order of dependencies; give it one in tests/pure.sh" ;;
  esac
}
ours=$(ls crates)
for crate in $ours; do
  [ "$crate" = testkit ] && continue
  may=$(allowed "$crate")
  uses=$("$cargo" tree --locked -p "$crate" --edges normal,build --depth 1 --prefix none --format '{p}' |
    tail -n +2 | cut -d' ' -f1)
  for used in $uses; do
    printf '%s\n' "$ours" | grep -qx "$used" || continue
    printf ' %s ' "$may" | grep -q " $used " || fail "$crate depends on $used"
  done
done
if grep -rnE '\b(f32|f64)\b' crates/*/src --include='*.rs' |
  grep -E 'price|quantity|pnl|fee|amount|cost|money' ; then fail "money in a float"; fi
printf 'pure: the domain has no clock, IO, async or randomness, and dependencies point down only\n'
