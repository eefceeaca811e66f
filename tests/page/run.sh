#!/usr/bin/env bash
# The status page and the HTML report in a browser that others wrote: what it shows without scripts, that its own policy lets its style in, and that nothing is
# asked of anybody else. Runs the release build between simulated servers; `target/page/*.png` are left for whoever wants to look.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v chromedriver >/dev/null || {
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium chromium-driver
}
program=$PWD/target/release/okta-haiilo-sync
out=$PWD/target/page
mkdir -p "$out"
place=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$place"
}
trap finish EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
# until SECONDS COMMAND…: waits until a command succeeds.
until_so() {
    for _ in $(seq $(($1 * 10))); do
        "${@:2}" >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "not within $1 s: ${*:2}"
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

"$program" demo --serve --people 60 >"$place/demo" 2>&1 &
pids+=($!)
until_so 20 grep -q -- --config "$place/demo"
config=$(sed -n 's/.*--config \([^ ]*\).*/\1/p' "$place/demo")
address=127.0.0.1:$(free_port)
printf '[schedule]\nfull = "*/2 * * * * *"\n[listen]\naddress = "%s"\nshow_people = true\n' "$address" >>"$config"
"$program" --config "$config" run >"$place/run" 2>&1 &
pids+=($!)
page() { python3 -c 'import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())' "http://$address/"; }
page_has() { page | grep -q "$1"; }
until_so 20 page_has "approve "

# browse NAME WINDOW ARGUMENTS…: a picture, the text that the browser made of the page, and what it complained about.
browse() {
    local flags=(--headless --no-sandbox --disable-gpu --user-data-dir="$place/profile" --window-size="$2" --enable-logging=stderr --v=0)
    chromium "${flags[@]}" "${@:3}" --screenshot="$out/$1.png" "http://$address/" 2>"$place/said" >/dev/null
    chromium "${flags[@]}" "${@:3}" --dump-dom "http://$address/" >"$out/$1.html" 2>>"$place/said"
    [ -s "$out/$1.png" ] || fail "no picture $1"
    ! grep -i -e "Content Security Policy" -e "CONSOLE" "$place/said" || fail "the browser complains about $1"
}
browse blocked 1000,800
grep -q "Blocked plans of the last day" "$out/blocked.html" || fail "nothing waits"
grep -q "approve [0-9a-f]" "$out/blocked.html" || fail "the way to approve is missing"

id=$(page | grep -o 'approve [0-9a-f]*' | head -1 | cut -d' ' -f2)
"$program" --config "$config" approve "$id" >/dev/null
until_so 20 page_has "create, done\|<th scope=\"row\">Unchanged</th><td>60"
browse applied 1000,1200
browse applied-dark 1000,1200 --force-dark-mode --enable-features=WebContentsForceDark
browse applied-narrow 400,900
for words in "Cycles come as they should" "<svg" "<rect" "Last cycles" "Report"; do
    grep -q "$words" "$out/applied.html" || fail "$words is not on the page"
done
! grep -i -e "<script" -e "https\?://" "$out/applied.html" || fail "something of others is on the page"

# A report of everybody, since every family name becomes a script.
cat >"$place/hostile" <<'END'
s|^value = "user.lastName"$|value = '''user.lastName ~ "</script><script>document.title='owned'</script>" ~ (assignment.id if user.city != "Berlin" else "")'''|
END
for people in 1000 10000; do
    "$program" demo --serve --in-step --people "$people" >"$place/demo-$people" 2>&1 &
    pids+=($!)
    until_so 60 grep -q -- --config "$place/demo-$people"
    config=$(sed -n 's/.*--config \([^ ]*\).*/\1/p' "$place/demo-$people")
    sed -i -f "$place/hostile" "$(dirname "$config")/mapping.toml"
    "$program" --config "$config" plan --format html --output "$out/report-$people.html"
done
python3 tests/page/report.py "$out" "$out/report-1000.html" "$out/report-10000.html"
size=$(stat -c %s "$out/report-10000.html")
[ "$size" -lt 20000000 ] || fail "a report of 10,000 changes is $size bytes"
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$place/profile" --print-to-pdf="$out/report.pdf" \
    "file://$out/report-1000.html" 2>/dev/null
[ -s "$out/report.pdf" ] || fail "the report cannot be printed"
echo "the page shows in a browser what it says; pictures are in target/page"
