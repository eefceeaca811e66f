#!/usr/bin/env bash
# Makes the Debian package from the release build, and prints its path: packaging/build-deb.sh [VERSION]
set -euo pipefail
cd "$(dirname "$0")/.."

command -v cargo-deb >/dev/null || cargo install --locked cargo-deb >&2
cargo build --release --locked --workspace >&2

# Manual pages and completions, in the words of the program that goes with them.
made=$PWD/target/package
program=${CARGO_TARGET_DIR:-target}/release/okta-haiilo-sync
rm -rf "$made"
mkdir -p "$made/man" "$made/completions"
"$program" man --dir "$made/man"
for shell in bash zsh fish; do "$program" completions "$shell" >"$made/completions/$shell"; done

cargo deb --no-build --locked --output "$made/" ${1:+--deb-version "$1"} >&2
ls "$made"/*.deb
