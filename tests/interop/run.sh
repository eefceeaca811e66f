#!/usr/bin/env bash
# Real peers: the built program against a SCIM server of others, and the simulators before clients and judges of others.
# Needs Python 3.11 or newer with venv; the peers come from PyPI into target/interop.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=$PWD/tests/interop
place=$PWD/target/interop
release=$PWD/target/release

cargo build --release --locked --workspace
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
cd "$place"
"$place/venv/bin/python" "$here/simulators.py" "$release/okta-haiilo-sim"
"$place/venv/bin/python" "$here/cycles.py" "$release/okta-haiilo-sync" "$release/okta-haiilo-sim"
