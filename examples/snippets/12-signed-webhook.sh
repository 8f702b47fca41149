#!/bin/sh
# A webhook as GitHub sends it: the body is signed with a secret that both sides know. The route
# that asks for the signature is in routes.yaml; the same delivery again is stored once, another
# body with the same signature not at all.
set -eu
ingest=${WEIR_INGEST_URL:-http://127.0.0.1:8081}
body='{"repository": {"name": "weir"}, "action": "opened"}'
signature=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SNIPPETS_SECRET" -hex | sed 's/.* //')

deliver() {
  curl --silent --show-error "$ingest/hooks/snippets" -d "$1" --write-out ' %{http_code}\n' \
    -H "authorization: Bearer $WEIR_TOKEN" -H 'content-type: application/json' \
    -H 'x-github-event: issues' -H 'x-github-delivery: 72d3162e' -H "x-hub-signature-256: sha256=$signature"
}

deliver "$body"
deliver "$body"
deliver '{"repository": {"name": "weir"}, "action": "deleted"}'
