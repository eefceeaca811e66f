#!/usr/bin/env bash
# Real peers: the built program against SCIM servers of others, and the simulators before clients and judges of others.
# Needs Python 3.11 or newer with venv, and Node.js with npm, which it installs from Debian where they are missing. The peers come from PyPI and npm into
# target/interop.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=$PWD/tests/interop
place=$PWD/target/interop
release=$PWD/target/release

command -v npm >/dev/null || {
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends nodejs npm
}
cargo build --release --locked --workspace
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
# Express 5 shows the parameters of a request anew each time it is asked, so that these routers lose what they read of startIndex and count.
npm install --prefix "$place/node" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --silent \
    scimmy@1.3.5 scimmy-routers@1.3.2 express@4.22.3
cd "$place"
"$place/venv/bin/python" "$here/simulators.py" "$release/okta-haiilo-sim"
"$place/venv/bin/python" "$here/cycles.py" "$release/okta-haiilo-sync" "$release/okta-haiilo-sim"
"$place/venv/bin/python" "$here/intranet.py" "$release/okta-haiilo-sync" "$release/okta-haiilo-sim"
