#!/usr/bin/env bash
# The package, the units, the alert rules, the dashboard and the manifests, before judges of others. Root is needed: the package lives and
# dies in throw-away roots of Debian, once without systemd, and once booted with it in a container that has no network.
# Installs Debian's packages if they are missing; the judge of manifests comes from PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=$PWD/tests/package
tools=$PWD/target/package-tools
step() { printf -- '--- %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "this must run as root"

missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
command -v systemd-analyze >/dev/null || missing+=(systemd)
command -v dpkg-shlibdeps >/dev/null || missing+=(dpkg-dev)
python3 -c "import ensurepip, venv" 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ] || { ! command -v promtool >/dev/null && [ ! -x "$tools/prometheus/usr/bin/promtool" ]; }; then
    apt-get update -q
fi
[ ${#missing[@]} = 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
mkdir -p "$tools"
if ! command -v promtool >/dev/null && [ ! -x "$tools/prometheus/usr/bin/promtool" ]; then
    # Taken out of its package, since installing that would start a server.
    (cd "$tools" && rm -f prometheus_*.deb && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb prometheus)
fi
PATH=$PATH:$tools/prometheus/usr/bin

root=
finish() {
    [ -z "$root" ] || umount -q "$root/proc" "$root/dev" 2>/dev/null || true
    [ -z "$root" ] || rm -rf --one-file-system "$root"
}
trap finish EXIT

step "alert rules and dashboard"
monitoring=$PWD/config/monitoring
promtool check rules "$monitoring/okta-haiilo-sync.rules.yml"
promtool check config "$monitoring/prometheus.yml"
promtool test rules "$here/rules.test.yml"
# A rule without a test could say anything.
for alert in $(sed -n 's/^ *- alert: //p' "$monitoring/okta-haiilo-sync.rules.yml"); do
    [ "$(grep -c "\b$alert\b" "$here/rules.test.yml")" -ge 2 ] || fail "no test makes $alert fire"
done
python3 "$here/metrics.py" "$monitoring/metrics.txt" "$monitoring/okta-haiilo-sync.rules.yml" "$monitoring/grafana-dashboard.json" \
    >"$tools/dashboard.rules.yml"
promtool check rules "$tools/dashboard.rules.yml"

step "manifests of Kubernetes"
[ -x "$tools/venv/bin/kubernetes-validate" ] || python3 -m venv "$tools/venv"
"$tools/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
"$tools/venv/bin/kubernetes-validate" --strict config/kubernetes/*.yaml

step "units"
# Both services are fenced in alike.
fence() { sed -n '/^User=/,/^\[Install\]/p' "$1" | grep -v -e '^#' -e '^\[' -e '^WantedBy' -e '^$'; }
diff <(fence systemd/okta-haiilo-sync.service) <(fence systemd/okta-haiilo-sync-once.service) || fail "the fences of the units differ"
[ "$(fence systemd/okta-haiilo-sync.service | wc -l)" -gt 20 ] || fail "the units have no fence"
for unit in okta-haiilo-sync okta-haiilo-sync-once; do
    systemd-analyze security --no-pager --offline=true --threshold=15 "systemd/$unit.service" | tail -1
done

step "package"
first=$(packaging/build-deb.sh)
while read -r name; do
    grep -aqF "$name" "${CARGO_TARGET_DIR:-target}/release/okta-haiilo-sync" || fail "the program does not know the metric $name"
done <"$monitoring/metrics.txt"
contents=$(dpkg-deb -c "$first")
for path in /usr/share/doc/okta-haiilo-sync/{README.md,CHANGELOG.md,copyright,docs/first-hour.md} /usr/share/man/man1/okta-haiilo-sync{,-sync,-store-backup}.1.gz \
    /usr/share/doc/okta-haiilo-sync/examples/{monitoring/okta-haiilo-sync.rules.yml,kubernetes/deployment.yaml}; do
    grep -q "^-rw-r--r-- .*\.$path\$" <<<"$contents" || fail "the package does not hold $path as everybody can read it"
done

# The base is made once; roots are copies of it.
base=$tools/base
if [ ! -e "$base" ]; then
    rm -rf "$base.new"
    debootstrap --variant=minbase --include=ca-certificates,dbus,procps,systemd "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$base.new" \
        >"$tools/debootstrap.log" 2>&1 || { tail -20 "$tools/debootstrap.log"; fail "no root of Debian can be made"; }
    mv "$base.new" "$base"
fi
new_root() {
    [ -z "$root" ] || rm -rf --one-file-system "$root"
    root=$(mktemp -d "$tools/root.XXXXXX")
    chmod 755 "$root"
    cp -a "$base/." "$root/"
    mkdir "$root/package"
    cp "$first" "$root/package/first.deb"
    cp "$tools/second.deb" "$root/package/second.deb"
    cp "$here/inside.sh" "$monitoring/metrics.txt" "$root/package/"
}
contain() { timeout 300 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network "$@"; }
# The second package: a higher version, and other conffiles.
rm -rf "$tools/second"
dpkg-deb -R "$first" "$tools/second"
sed -i 's/^Version: .*/&+second/' "$tools/second/DEBIAN/control"
for file in okta-haiilo-sync mapping.advocacy; do echo '# changed by the package' >>"$tools/second/etc/okta-haiilo-sync/$file.toml"; done
dpkg-deb --root-owner-group -Znone -b "$tools/second" "$tools/second.deb" >/dev/null

step "the life of the package without systemd"
new_root
rm "$root/usr/bin/systemd-sysusers" "$root/usr/bin/systemctl"
if contain --pipe /bin/true >/dev/null 2>&1; then
    # The container is told not to remove a folder of its own that lies on no memory file system, and says so.
    contain --pipe /package/inside.sh 2>&1 | grep -v "^Attempted to remove disk file system"
else
    # A machine that is a container itself may start none: then a changed root must do.
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    timeout 300 chroot "$root" /package/inside.sh
    umount "$root/proc" "$root/dev"
    boots=no
fi

step "the life of the package with systemd"
new_root
cat >"$root/etc/systemd/system/package-test.service" <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/package/inside.sh >/package/log 2>&1; echo $? >/package/code'
ExecStopPost=/bin/systemctl poweroff --force --no-block
[Install]
WantedBy=multi-user.target
UNIT
systemctl --root="$root" --quiet enable package-test.service
# What dpkg unpacks must be there before systemd judges the units, and must be gone again for the life to begin.
dpkg-deb -x "$first" "$root"
judged=$(chroot "$root" systemd-analyze verify --man=no /usr/lib/systemd/system/okta-haiilo-sync{,-once}.service \
    /usr/lib/systemd/system/okta-haiilo-sync-once.timer 2>&1) || fail "systemd-analyze verify: $judged"
[ -z "$judged" ] || fail "systemd-analyze verify: $judged"
(cd "$root" && dpkg-deb --fsys-tarfile "$first" | tar t | grep -v '/$' | xargs rm)
rm -rf "$root/etc/okta-haiilo-sync"
if [ "${boots-yes}" = no ]; then
    echo "no container can be started here: the units are judged, and were not run"
    exit 0
fi
contain --boot </dev/null >"$tools/boot.log" 2>&1 \
    || true
cat "$root/package/log" 2>/dev/null || tail -50 "$tools/boot.log"
[ "$(cat "$root/package/code" 2>/dev/null)" = 0 ] || fail "the package does not live with systemd"
