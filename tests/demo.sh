#!/bin/sh
# A sample day, from import to snapshot; the daemon goes on serving afterwards. Safe to repeat: the
# second time every line is a duplicate.
set -eu
cd "$(dirname "$0")/.."
data=${DATA:-demo-data}
listen=${LISTEN:-127.0.0.1:7171}
bin=${BIN:-target/release}
url=http://$listen
log=$data/daemon.log

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { printf '\033[2m$ posledger %s\033[0m\n' "$*"; "$bin/posledger" --url "$url" "$@"; }

mkdir -p "$data"
say "Starting the ledger on $url"
if "$bin/posledger" --url "$url" positions --limit 1 >/dev/null 2>&1; then
  printf 'a ledger is serving there already; using it\n'
else
  nohup "$bin/posledgerd" --data "$data/ledger" --listen "$listen" >"$data/daemon.out" 2>"$log" &
  pid=$!
  until grep -q '^listening on ' "$data/daemon.out"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      cat "$log" >&2
      exit 2
    fi
    sleep 0.1
  done
  printf '%s\n' "$pid" >"$data/daemon.pid"
  cat "$data/daemon.out"
fi

say "Importing a sample day"
# Refusals and doubtful facts are part of the day; they end with 1, which is not an error here.
show import fixtures/sample_day/*.jsonl --format acks || [ $? -eq 1 ]

say "Open positions"
show positions

say "Finished trades, newest first"
show trades --limit 15

say "The most eventful position, replayed from the journal alone"
eventful=$("$bin/posledger" --url "$url" positions --state all --sort=-fills --limit 1 --format csv |
  sed -n '2s/,.*//p')
show replay "$eventful"

say "Statistics by strategy"
show stats --by strategy

say "A snapshot of everything at one sequence"
snapshot=$data/snapshot-$(date -u +%Y%m%dT%H%M%SZ)
show export --out "$snapshot" --format parquet
ls -l "$snapshot"

say "The ledger goes on serving"
cat <<EOF
  $url/v1/positions    open positions as JSON
  $url/openapi.json    every route
  $url/metrics         for Prometheus
  $bin/posledger explain $(printf '%.13s' "$eventful") realized_pnl
EOF
if [ -f "$data/daemon.pid" ]; then
  printf '  kill %s              stops it cleanly\n' "$(cat "$data/daemon.pid")"
fi
