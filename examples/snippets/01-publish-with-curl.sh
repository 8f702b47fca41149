#!/bin/sh
# One event, several in one request, and any body as the data of an event. 200 means stored.
set -eu
ingest=${WEIR_INGEST_URL:-http://127.0.0.1:8081}

post() {
  path=$1 type=$2 body=$3
  curl --silent --show-error --fail-with-body "$ingest$path" -d "$body" \
    -H "authorization: Bearer $WEIR_TOKEN" -H "content-type: $type"
  echo
}

post /v1/events application/json '{"subject": "snippets.curl.one", "data": {"celsius": 21.5}}'
post /v1/events application/x-ndjson '{"subject": "snippets.curl.two", "data": 2}
{"subject": "snippets.curl.three", "reading": {"metrics": {"celsius": 19}, "units": {"celsius": "Cel"}}}'
post /v1/events/snippets.curl.text text/plain 'door is open'
