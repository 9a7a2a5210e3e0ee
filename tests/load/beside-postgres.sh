#!/usr/bin/env bash
# Payments a second of MAP and of PostgreSQL 15, one after the other on this machine, in one run.
#
#   bash tests/load/beside-postgres.sh
#   IN_FLIGHT="64" ROUNDS=3 SECONDS_EACH=10 bash tests/load/beside-postgres.sh
#   HALF=1 IN_FLIGHT="64" bash tests/load/beside-postgres.sh    # and each at half of what it reached, at a fixed pace
#
# PostgreSQL runs with its durable defaults (fsync, synchronous_commit) in a temporary cluster of its own on a free
# port of loopback, and makes the same payment by one stored function (payment.sql), called prepared by pgbench: no
# HTTP, no signature, no second writer. MAP is `map bench` over real sockets with its defaults. Each has the whole
# machine in its turn, the load included; customers are drawn by chance from the same number. Answers and ledgers
# are checked on both sides. Prints a table, then the figures as JSON; needs root or Debian's postgresql-15, and jq.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly LOAD="$PWD/tests/load"
readonly IN_FLIGHT="${IN_FLIGHT:-1 8 64}" ROUNDS="${ROUNDS:-1}" SECONDS_EACH="${SECONDS_EACH:-5}"
readonly CUSTOMERS="${CUSTOMERS:-10000}" HALF="${HALF:-0}"
readonly MAP="${MAP_BINARY:-$PWD/target/release/map}"
unset MAP_BINARY # to map, a variable that begins with MAP_ is a setting
readonly BIN=/usr/lib/postgresql/15/bin

say() { printf '%s\n' "$*" >&2; }
die() { say "beside-postgres: $*"; exit 1; }

install_postgres() {
    [[ -x "$BIN/postgres" ]] && command -v jq >/dev/null && return
    [[ "$(id -u)" == 0 ]] || die "postgresql-15 and jq are not installed, and only root can install them"
    say "installing postgresql-15 and jq from Debian; no cluster of the system is created or started"
    mkdir -p /etc/postgresql-common
    [[ -e /etc/postgresql-common/createcluster.conf ]] ||
        printf 'create_main_cluster = false\n' > /etc/postgresql-common/createcluster.conf
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql-15 jq >&2
}

# PostgreSQL refuses to run as root.
unprivileged() { if [[ "$(id -u)" == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }
psql_quiet() { psql -h 127.0.0.1 -p "$PORT" -U postgres -d postgres -XqAt -v ON_ERROR_STOP=1 "$@"; }

start_postgres() {
    unprivileged "$BIN/initdb" -D "$FOLDER/postgres/data" -U postgres -A trust -E UTF8 --no-locale >/dev/null
    local try
    for try in 1 2 3 4 5; do
        PORT=$((20000 + RANDOM % 20000))
        unprivileged "$BIN/pg_ctl" -D "$FOLDER/postgres/data" -l "$FOLDER/postgres/log" -s -w \
            -o "-h 127.0.0.1 -p $PORT -k $FOLDER/postgres" start && return
        say "port $PORT is taken (try $try)"
    done
    die "PostgreSQL does not start: $(tail -n 5 "$FOLDER/postgres/log")"
}

# Ends what this script started, and nothing else.
clean_up() {
    [[ ! -f "$FOLDER/postgres/data/postmaster.pid" ]] ||
        unprivileged "$BIN/pg_ctl" -D "$FOLDER/postgres/data" -s -m immediate stop || true
    rm -rf "$FOLDER"
}

# One JSON object: payments a second and latencies of so many clients. At a pace latency counts from when a payment
# was due, as in `map bench --mode half`.
postgres_run() {
    local clients="$1" batch="$2" out jobs pace=()
    [[ -z "${3:-}" ]] || pace=(-R "$3")
    out="$FOLDER/log-$batch"
    mkdir "$out"
    jobs="$(nproc)"
    "$BIN/pgbench" -h 127.0.0.1 -p "$PORT" -U postgres -n -M prepared -f "$LOAD/payment.pgbench" -T "$SECONDS_EACH" \
        -c "$clients" -j "$((jobs < clients ? jobs : clients))" "${pace[@]}" -D number=0 -D "customers=$CUSTOMERS" \
        -D "batch=B$batch" --log --log-prefix="$out/t" postgres > "$out/report" 2>&1 || die "$(cat "$out/report")"
    grep -q '^number of failed transactions: 0 ' "$out/report" || die "$(cat "$out/report")"
    ACKNOWLEDGED=$((ACKNOWLEDGED + $(awk '/transactions actually processed/ { split($6, n, "/"); print n[1] }' "$out/report")))
    RESULT="$(awk '{ print $3 }' "$out"/t.* | sort -n | awk -v tps="$(awk '/^tps/ { print int($3) }' "$out/report")" '
        { us[NR] = $1 }
        function at(q) { n = int(NR * q); return us[n < 1 ? 1 : n] }
        END { printf "{\"per_second\":%d,\"latency_us\":{\"p50\":%d,\"p90\":%d,\"p99\":%d,\"p999\":%d,\"max\":%d}}",
              tps, at(0.5), at(0.9), at(0.99), at(0.999), us[NR] }')"
    rm -rf "$out"
}

# Notes the runs of one mode beside each other.
note() {
    jq -c --arg mode "$1" --argjson clients "$2" --argjson postgres "$RESULT" '
        def door(d): .runs[] | select(.door == d and .mode == $mode) | { per_second, latency_us };
        { in_flight: $clients, $mode, postgres: $postgres, grpc: door("gRPC"), json: door("JSON") }
    ' <<< "$3" >> "$FOLDER/figures"
}

check_postgres() {
    local found
    found="$(psql_quiet -c "SELECT (SELECT count(*) FROM orders),
        (SELECT coalesce(sum(amount), 0) FROM postings),
        (SELECT count(*) FROM accounts a WHERE kind = 95 AND balance - 100000000 <> (SELECT coalesce(sum(amount), 0)
            FROM postings p WHERE p.customer = a.customer AND p.leg = 1))")"
    [[ "$found" == "$ACKNOWLEDGED|0|0" ]] || die "PostgreSQL acknowledged $ACKNOWLEDGED payments and has $found"
}

main() {
    [[ -x "$MAP" ]] || die "no $MAP: cargo build --release -p map"
    install_postgres
    FOLDER="$(mktemp -d)"
    chmod 755 "$FOLDER"
    trap clean_up EXIT
    mkdir "$FOLDER/postgres"
    [[ "$(id -u)" != 0 ]] || chown postgres "$FOLDER/postgres"
    start_postgres
    psql_quiet -v "customers=$CUSTOMERS" -f "$LOAD/payment.sql" -c 'VACUUM ANALYZE' -c 'CHECKPOINT'
    ACKNOWLEDGED=0
    local round clients doors
    : > "$FOLDER/figures"
    for ((round = 1; round <= ROUNDS; round++)); do
        for clients in $IN_FLIGHT; do
            say "round $round of $ROUNDS, $clients in flight: MAP"
            doors="$("$MAP" bench --data "$FOLDER/map" --customers "$CUSTOMERS" --in-flight "$clients" \
                --mode "spread$([[ "$HALF" == 0 ]] || echo ,half)" --seconds "$SECONDS_EACH" --json)" || die "map bench failed"
            say "round $round of $ROUNDS, $clients in flight: PostgreSQL"
            postgres_run "$clients" "$round-$clients"
            note spread "$clients" "$doors"
            [[ "$HALF" != 0 ]] || continue
            say "round $round of $ROUNDS, half of that: PostgreSQL"
            postgres_run "$clients" "$round-$clients-half" "$(jq '.per_second / 2 | floor' <<< "$RESULT")"
            note half "$clients" "$doors"
        done
    done
    check_postgres
    report
}

report() {
    say "both ledgers hold what was acknowledged. Payments a second (p50 / p99 in ms), medians of $ROUNDS rounds:"
    # The median of all figures of one kind; a ratio is that of two runs next to each other.
    jq -s '
        def median: sort | .[(length - 1) / 2 | floor];
        def kind(k): { per_second: (map(k.per_second) | median),
                       p50_us: (map(k.latency_us.p50) | median), p99_us: (map(k.latency_us.p99) | median) };
        def ratio(k): map(k.per_second / .postgres.per_second * 100 | round / 100) | median;
        def p99(k): map(k.latency_us.p99 / .postgres.latency_us.p99 * 100 | round / 100) | median;
        group_by([.in_flight, .mode == "half"]) | map({ in_flight: .[0].in_flight, mode: .[0].mode, rounds: length, postgres: kind(.postgres),
            grpc: (kind(.grpc) + { ratio: ratio(.grpc), p99_ratio: p99(.grpc) }),
            json: (kind(.json) + { ratio: ratio(.json), p99_ratio: p99(.json) }) })
    ' "$FOLDER/figures" > "$FOLDER/medians"
    jq -r '
        def cell: "\(.per_second) (\(.p50_us / 1000) / \(.p99_us / 1000))";
        def ratios: "\(.ratio) (p99 \(.p99_ratio))";
        (["in flight", "PostgreSQL", "MAP gRPC", "ratio", "MAP JSON, signed", "ratio"] | @tsv),
        (.[] | ["\(.in_flight)\(if .mode == "half" then ", half" else "" end)",
            (.postgres | cell), (.grpc | cell), (.grpc | ratios), (.json | cell), (.json | ratios)] | @tsv)
    ' "$FOLDER/medians" | column -t -s $'\t' >&2
    jq . "$FOLDER/medians"
}

main "$@"
