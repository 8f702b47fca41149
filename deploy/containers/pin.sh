#!/bin/sh
# Replaces the tag of every base image by tag and digest, as the registry has it now: run it where
# one can be reached, look at the diff, and commit it. Needs Docker with buildx.
set -eu
cd "$(dirname "$0")"
for image in $(sed -n 's/^FROM \(--platform=[^ ]* \)\{0,1\}\([^ ]*[:/][^ ]*\).*/\2/p' ./*.Containerfile | sed 's/@.*//' | sort -u); do
  digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image")
  case $digest in
    sha256:*) ;;
    *) echo "pin.sh: the registry names no digest of $image, but: $digest" >&2; exit 1 ;;
  esac
  sed -i "s|$image\(@sha256:[0-9a-f]*\)\{0,1\}|$image@$digest|" ./*.Containerfile
  echo "$image@$digest"
done
