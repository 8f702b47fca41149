#!/bin/sh
# Brings the pinned Bun into .tools by npm and leaves it at .tools/bin/bun. Needs Node 18 or newer
# and npm, nothing else. Install scripts stay off: the package of the platform holds the binary
# itself.
set -eu

bun_version=1.4.5

fail() {
  echo "weir: $1" >&2
  exit 1
}

command -v node >/dev/null 2>&1 || fail "Node is missing: install Node 18 or newer with npm (https://nodejs.org), then run this again."
command -v npm >/dev/null 2>&1 || fail "npm is missing, though node is here: install npm 8 or newer, then run this again."
[ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 18')" = true ] ||
  fail "Node $(node -p process.versions.node) is too old: install Node 18 or newer, then run this again."

platform=$(node -p 'process.platform + "-" + (process.arch === "arm64" ? "aarch64" : process.arch)')
case $platform in
linux-x64 | linux-aarch64 | darwin-x64 | darwin-aarch64) ;;
*) fail "Weir runs on Linux and macOS, on x64 and arm64; this machine is $platform." ;;
esac

package=@oven/bun-$platform
binary=.tools/node_modules/$package/bin/bun
# What is there may be of an older version, which the hash tells without running it.
if ! node scripts/check-binaries.mjs "$binary" 2>/dev/null; then
  echo "weir: bringing Bun $bun_version"
  npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
    --prefix .tools "$package@$bun_version" >/dev/null ||
    fail "npm could not bring $package@$bun_version: see its words above; the registry must be reachable."
fi
node scripts/check-binaries.mjs "$binary" || fail "This is not the Bun that was pinned."
mkdir -p .tools/bin
ln -sf "../node_modules/$package/bin/bun" .tools/bin/bun
.tools/bin/bun --version >/dev/null || fail "Bun $bun_version was brought but does not start on this machine."
