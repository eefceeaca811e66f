#!/usr/bin/env bash
# Runs a command beside a private PostgreSQL, by default the tests that need one:
#
#     tests/postgres/run.sh [COMMAND…]
#
# The server and a pooling proxy before it have a data folder, a socket and ports of their own, listen on this machine alone, and are ended
# when the command ends. The command finds them in its environment:
#
#     TEST_POSTGRES     URL of the server, as its administrator, with password; TLS is on
#     TEST_POSTGRES_CA  the authority of its certificate
#     TEST_PGBOUNCER    URL of a proxy that pools by transaction; its database `one` has a pool of one session
#     TEST_PGBOUNCER_BY_SESSION   URL of one that pools by session
set -euo pipefail
cd "$(dirname "$0")/../.."

binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }
if [ -z "$(binaries)" ] || ! command -v pgbouncer >/dev/null || ! command -v openssl >/dev/null; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql pgbouncer openssl
fi
bin=$(binaries)

# Neither the server nor the proxy runs as root. What is started through this is the process itself, so that its id is known.
as_server=()
[ "$(id -u)" != 0 ] || as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)

# A path of a socket is short, and a checkout may lie where only its owner may look.
mkdir -p target
place=$(mktemp -d "$PWD/target/postgres.XXXXXX")
if [ "${#place}" -gt 80 ] || ! { chmod 755 "$place" && "${as_server[@]}" test -x "$place"; }; then
    rmdir "$place"
    place=$(mktemp -d /tmp/postgres.XXXXXX)
fi
pids=()
finish() {
    for pid in "${pids[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$place"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
password=marker-postgres-password
(
    umask 077
    printf '%s' "$password" >"$place/password"
    # The server shows a certificate of an authority that nobody knows.
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=an authority" -keyout "$place/ca.key" -out "$place/ca.crt" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$place/server.key" -out "$place/server.csr" 2>/dev/null
    openssl x509 -req -in "$place/server.csr" -CA "$place/ca.crt" -CAkey "$place/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) -out "$place/server.crt" 2>/dev/null
    : >"$place/log"
)
[ "$(id -u)" != 0 ] || chown -R postgres:postgres "$place"
"${as_server[@]}" "$bin/initdb" --pgdata="$place/data" --username=admin --auth=password --pwfile="$place/password" \
    --encoding=UTF8 --no-sync >/dev/null
"${as_server[@]}" "$bin/postgres" -D "$place/data" -k "$place" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=200 \
    -c fsync=off -c ssl=on -c ssl_cert_file="$place/server.crt" -c ssl_key_file="$place/server.key" >"$place/log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
    "$bin/pg_isready" -q -h "$place" -p "$port" && break
    kill -0 "${pids[0]}" || { cat "$place/log"; exit 1; }
    sleep 0.1
done

# proxy NAME MODE: a proxy on a port of its own; prints nothing, sets proxy_port.
proxy() {
    proxy_port=$(free_port)
    printf '"admin" "%s"\n' "$password" >"$place/users"
    cat >"$place/$1.ini" <<INI
[databases]
* = host=$place port=$port
one = host=$place port=$port dbname=postgres pool_size=1
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $proxy_port
unix_socket_dir =
auth_type = plain
auth_file = $place/users
pool_mode = $2
ignore_startup_parameters = extra_float_digits
logfile = $place/$1.log
INI
    chmod 644 "$place/$1.ini" "$place/users"
    "${as_server[@]}" "$(command -v pgbouncer)" -q "$place/$1.ini" >/dev/null 2>&1 &
    pids+=($!)
    for _ in $(seq 100); do
        (: </dev/tcp/127.0.0.1/"$proxy_port") 2>/dev/null && return
        sleep 0.1
    done
    cat "$place/$1.log"
    exit 1
}
proxy by-transaction transaction
TEST_PGBOUNCER="postgres://admin:$password@127.0.0.1:$proxy_port/postgres"
proxy by-session session
TEST_PGBOUNCER_BY_SESSION="postgres://admin:$password@127.0.0.1:$proxy_port/postgres"
TEST_POSTGRES="postgres://admin:$password@127.0.0.1:$port/postgres"
TEST_POSTGRES_CA="$place/ca.crt"
chmod 755 "$place"
chmod 644 "$place/ca.crt"
export TEST_POSTGRES TEST_POSTGRES_CA TEST_PGBOUNCER TEST_PGBOUNCER_BY_SESSION

[ $# -gt 0 ] || set -- cargo test --locked --no-fail-fast --package okta-haiilo-sync --lib --test it -- --ignored on_postgres
"$@"
