#!/bin/sh
# Writes deploy/.env with new secrets for deploy/compose.yaml. One that is there stays.
set -eu
file=$(dirname "$0")/.env
[ ! -e "$file" ] || { echo "make-env.sh: $file is there already." >&2; exit 1; }
secret() { printf 'p%s' "$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"; }
umask 077
{
  # HS256 wants 32 bytes.
  echo "WEIR_JWT_SECRET=$(secret)$(secret)"
  for each in NATS_PASSWORD_ADMIN NATS_PASSWORD_INGEST NATS_PASSWORD_HUB NATS_PASSWORD_PROJECTOR POSTGRES_PASSWORD GRAFANA_PASSWORD; do
    echo "WEIR_$each=$(secret)"
  done
} >"$file"
echo "wrote $file"
