#!/bin/bash
# The life of the package, inside a root of its own with systemd running or not: installed, upgraded, removed, purged. Every step says what
# must be so. /package holds this script, first.deb, and second.deb, which has a higher version and changed conffiles.
set -euo pipefail
cd /

etc=/etc/okta-haiilo-sync
units=/usr/lib/systemd/system
booted=no
[ ! -d /run/systemd/system ] || booted=yes

fail() { echo "FAILED: $*" >&2; exit 1; }
# is WHAT FOUND EXPECTED
is() { [ "$2" = "$3" ] || fail "$1 is ‘$2’, not ‘$3’"; }
# owned PATH MODE USER GROUP
owned() { is "$1" "$(stat -c '%a %U %G' "$1")" "$2 $3 $4"; }
there() { for path; do [ -e "$path" ] || fail "$path is not there"; done; }
gone() { for path; do [ ! -e "$path" ] || fail "$path is still there"; done; }
# says TEXT WORDS
says() { case $1 in *"$2"*) ;; *) fail "‘$2’ is not in: $1" ;; esac; }
as_service() { runuser -u okta-haiilo-sync -- "$@"; }
# ends CODE COMMAND…: runs a command that must end with this code; its output is in $told.
ends() {
    local expected=$1 code=0
    shift
    told=$("$@" 2>&1) || code=$?
    [ "$code" = "$expected" ] || fail "‘$*’ ended with $code, not $expected: $told"
}
# A secret, as the README says it is put there.
secret() { install -o okta-haiilo-sync -g okta-haiilo-sync -m 0600 /dev/stdin "$etc/credentials/$1"; }
# unit_ends UNIT CODE RESULT: starts a unit of one cycle.
unit_ends() {
    systemctl reset-failed "$1" 2>/dev/null || true
    systemctl start "$1" 2>/dev/null || true
    local found
    found="$(systemctl show --value -p ExecMainStatus "$1") $(systemctl show --value -p Result "$1")"
    [ "$found" = "$2 $3" ] || fail "$1 ended with ‘$found’, not ‘$2 $3’: $(journalctl --no-pager -u "$1" -n 30)"
}
step() { echo "--- $*"; }

step "install"
ends 0 dpkg -i /package/first.deb
says "$told" "then run: sudo -u okta-haiilo-sync okta-haiilo-sync check"
is "the number of lines about what to do" "$(grep -c '^okta-haiilo-sync:' <<<"$told")" 1
owned $etc 755 root root
owned $etc/okta-haiilo-sync.toml 640 root okta-haiilo-sync
owned $etc/mapping.advocacy.toml 640 root okta-haiilo-sync
owned $etc/mapping.intranet.toml 640 root okta-haiilo-sync
owned $etc/credentials 750 root okta-haiilo-sync
owned /var/lib/okta-haiilo-sync 700 okta-haiilo-sync okta-haiilo-sync
owned /usr/bin/okta-haiilo-sync 755 root root
owned /usr/lib/sysusers.d/okta-haiilo-sync.conf 644 root root
for unit in okta-haiilo-sync.service okta-haiilo-sync-once.service okta-haiilo-sync-once.timer; do owned $units/$unit 644 root root; done
doc=/usr/share/doc/okta-haiilo-sync
# A root of least size leaves out documentation; what the package holds is looked at outside.
is "the home of the user" "$(getent passwd okta-haiilo-sync | cut -d: -f6)" /var/lib/okta-haiilo-sync
is "the shell of the user" "$(basename "$(getent passwd okta-haiilo-sync | cut -d: -f7)")" nologin
[ "$(id -u okta-haiilo-sync)" -lt 1000 ] || fail "the user is none of the system"
there /usr/share/bash-completion/completions/okta-haiilo-sync /usr/share/zsh/vendor-completions/_okta-haiilo-sync \
    /usr/share/fish/vendor_completions.d/okta-haiilo-sync.fish
is "what dpkg says is changed" "$(dpkg --verify okta-haiilo-sync | grep -v $doc | grep -v /usr/share/man || true)" ""

step "the program runs here"
ends 0 okta-haiilo-sync --version
says "$told" "okta-haiilo-sync 0."
# The sample lacks nothing but the secrets.
ends 2 as_service okta-haiilo-sync check --offline
is "the number of findings" "$(grep -c '^error: ' <<<"$told")" 2
says "$told" "$etc/credentials/okta-private-key"
says "$told" "$etc/credentials/haiilo-token"
printf -- '-----BEGIN PRIVATE KEY-----\nno key\n-----END PRIVATE KEY-----\n' | secret okta-private-key
printf 'a-token' | secret haiilo-token
ends 2 as_service okta-haiilo-sync check --offline
says "$told" "the private key of okta is damaged"
if runuser -u nobody -- cat $etc/okta-haiilo-sync.toml 2>/dev/null; then fail "anybody may read the configuration"; fi
if runuser -u nobody -- ls $etc/credentials 2>/dev/null; then fail "anybody may look for secrets"; fi
if as_service rm -f $etc/credentials/haiilo-token 2>/dev/null; then fail "the service may remove its own secrets"; fi
rm $etc/credentials/okta-private-key $etc/credentials/haiilo-token

if [ $booted = yes ]; then
    step "nothing is started before it is configured"
    is "the daemon" "$(systemctl is-active okta-haiilo-sync.service || true) $(systemctl is-enabled okta-haiilo-sync.service || true)" "inactive disabled"
    is "the timer" "$(systemctl is-active okta-haiilo-sync-once.timer || true) $(systemctl is-enabled okta-haiilo-sync-once.timer || true)" "inactive disabled"

    step "without any secret the unit starts, and the program says what is missing"
    unit_ends okta-haiilo-sync-once.service 2 exit-code
    says "$(journalctl --no-pager -u okta-haiilo-sync-once.service)" "/run/credentials/okta-haiilo-sync-once.service/haiilo-token"

    step "a cycle on simulated servers"
    okta-haiilo-sync demo --serve --people 3 >/package/demo.out 2>/package/demo.err &
    demo=$!
    trap 'kill -INT $demo 2>/dev/null || true' EXIT
    for _ in $(seq 100); do grep -q '^config' /package/demo.out && break; sleep 0.1; done
    made=$(dirname "$(awk '$1 == "config" { print $2 }' /package/demo.out)")
    sed -e '/^state = /d' -e '/^credentials_dir = /d' "$made/okta-haiilo-sync.toml" >$etc/okta-haiilo-sync.toml
    cp "$made/mapping.toml" $etc/mapping.toml
    chgrp okta-haiilo-sync $etc/mapping.toml
    chmod 640 $etc/mapping.toml
    secret okta-token <"$made/credentials/okta-token"
    secret haiilo-token <"$made/credentials/haiilo-token"
    # The first run wants an approval: 3 is a failure of the unit, which is what a monitor sees.
    unit_ends okta-haiilo-sync-once.service 3 exit-code
    owned /var/lib/okta-haiilo-sync/state.db 600 okta-haiilo-sync okta-haiilo-sync
    ends 0 as_service okta-haiilo-sync status --json
    id=$(sed -n 's/.*"approval_id": *"\([^"]*\)".*/\1/p' <<<"$told" | head -1)
    ends 0 as_service okta-haiilo-sync approve "$id"
    unit_ends okta-haiilo-sync-once.service 0 success
    ends 0 as_service okta-haiilo-sync plan --exit-code

    step "a secret in the store of systemd goes before the folder, and is enough"
    mkdir -p -m 700 /etc/credstore
    mv $etc/credentials/haiilo-token /etc/credstore/okta-haiilo-sync.haiilo-token
    printf 'not-the-token' | secret haiilo-token
    unit_ends okta-haiilo-sync-once.service 0 success
    ends 1 as_service okta-haiilo-sync plan
    rm $etc/credentials/haiilo-token
    unit_ends okta-haiilo-sync-once.service 0 success
    secret haiilo-token </etc/credstore/okta-haiilo-sync.haiilo-token
    rm /etc/credstore/okta-haiilo-sync.haiilo-token

    step "the timer"
    systemctl enable --now okta-haiilo-sync-once.timer 2>/dev/null
    is "the timer" "$(systemctl is-active okta-haiilo-sync-once.timer)" active
    systemctl list-timers --no-pager okta-haiilo-sync-once.timer | grep -q okta-haiilo-sync-once.service || fail "the timer has no next time"
    systemctl disable --now okta-haiilo-sync-once.timer 2>/dev/null

    step "the daemon"
    printf '%s\n' '' '[listen]' 'address = "127.0.0.1:9464"' '' '[schedule]' 'full = "*/2 * * * * *"' >>$etc/okta-haiilo-sync.toml
    # page PATH: what the daemon answers.
    page() {
        exec 3<>/dev/tcp/127.0.0.1/9464
        printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$1" >&3
        cat <&3
        exec 3>&-
    }
    pid() { systemctl show --value -p MainPID okta-haiilo-sync.service; }
    systemctl enable --now okta-haiilo-sync.service 2>/dev/null || fail "it does not start: $(journalctl --no-pager -u okta-haiilo-sync.service -n 30)"
    first=$(pid)
    ends 0 as_service okta-haiilo-sync plan --exit-code
    for _ in $(seq 100); do page /metrics | grep -q '^okta_haiilo_sync_cycles_total{result="applied"} [1-9]' && break; sleep 0.1; done
    says "$(page /readyz)" " 200 "
    says "$(systemctl show --value -p StatusText okta-haiilo-sync.service)" "last cycle applied at"
    names=$(page /metrics | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort)
    [ "$(wc -l <<<"$names")" -gt 12 ] || fail "there are hardly any metrics: $names"
    is "what metrics.txt does not name" "$(comm -23 <(echo "$names") <(sort /package/metrics.txt))" ""
    systemctl reload okta-haiilo-sync.service
    sleep 2
    is "the daemon after a reload" "$(systemctl is-active okta-haiilo-sync.service) $(pid)" "active $first"
fi

step "upgrade"
echo '# changed by the administrator' >>$etc/okta-haiilo-sync.toml
ends 0 dpkg --force-confdef -i /package/second.deb
is "the version" "$(dpkg-query -W -f '${Version}' okta-haiilo-sync)" "$(dpkg-deb -f /package/second.deb Version)"
is "the last line of a changed conffile" "$(tail -1 $etc/okta-haiilo-sync.toml)" "# changed by the administrator"
is "the last line of the new conffile beside it" "$(tail -1 $etc/okta-haiilo-sync.toml.dpkg-dist)" "# changed by the package"
is "the last line of an unchanged conffile" "$(tail -1 $etc/mapping.advocacy.toml)" "# changed by the package"
owned $etc/okta-haiilo-sync.toml 640 root okta-haiilo-sync
owned $etc/mapping.advocacy.toml 640 root okta-haiilo-sync
owned $etc/credentials 750 root okta-haiilo-sync
if grep -q '^okta-haiilo-sync: fill in' <<<"$told"; then fail "an upgrade says what was done long ago"; fi
if [ $booted = yes ]; then
    is "the daemon after an upgrade" "$(systemctl is-active okta-haiilo-sync.service)" active
    [ "$(pid)" != "$first" ] || fail "the daemon is still the old version"
    is "how the old daemon ended" "$(systemctl show --value -p Result okta-haiilo-sync.service)" success
    ends 0 as_service okta-haiilo-sync plan --exit-code
fi

if [ $booted = yes ]; then
    step "the end of the daemon"
    began=$SECONDS
    systemctl stop okta-haiilo-sync.service
    [ $((SECONDS - began)) -le 11 ] || fail "it took $((SECONDS - began)) s"
    is "how it ended" "$(systemctl show --value -p Result okta-haiilo-sync.service) $(systemctl show --value -p ExecMainStatus okta-haiilo-sync.service)" "success 0"
    systemctl start okta-haiilo-sync.service
fi

step "remove"
as_service touch /var/lib/okta-haiilo-sync/kept
printf secret | secret okta-token
ends 0 dpkg -r okta-haiilo-sync
gone /usr/bin/okta-haiilo-sync $units/okta-haiilo-sync.service $units/okta-haiilo-sync-once.timer /usr/lib/sysusers.d/okta-haiilo-sync.conf
there $etc/okta-haiilo-sync.toml $etc/mapping.advocacy.toml $etc/credentials/okta-token /var/lib/okta-haiilo-sync/kept
if [ $booted = yes ]; then
    is "the daemon after its removal" "$(systemctl is-active okta-haiilo-sync.service || true)" inactive
    gone /etc/systemd/system/multi-user.target.wants/okta-haiilo-sync.service
fi

step "install again, over what was left"
ends 0 dpkg --force-confdef -i /package/second.deb
is "the last line of a changed conffile" "$(tail -1 $etc/okta-haiilo-sync.toml)" "# changed by the administrator"
owned $etc/okta-haiilo-sync.toml 640 root okta-haiilo-sync

step "purge"
ends 0 dpkg --purge okta-haiilo-sync
gone $etc/okta-haiilo-sync.toml $etc/mapping.advocacy.toml $etc/okta-haiilo-sync.toml.dpkg-dist
there $etc/credentials/okta-token /var/lib/okta-haiilo-sync/kept
says "$told" "/var/lib/okta-haiilo-sync is left in place"
says "$told" "$etc/credentials is left in place"

step "purge, when nothing is left to keep"
rm -r $etc/credentials/okta-token $etc/credentials/haiilo-token $etc/mapping.toml /var/lib/okta-haiilo-sync/* 2>/dev/null || true
ends 0 dpkg -i /package/first.deb
ends 0 dpkg --purge okta-haiilo-sync
gone $etc /var/lib/okta-haiilo-sync
if grep -q 'left in place' <<<"$told"; then fail "nothing is left, and it says so: $told"; fi
