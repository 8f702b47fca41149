#!/bin/sh
# CloudEvents 1.0 over HTTP: in binary mode the attributes are headers, in structured mode they
# stand in the body. The attribute `subject` is the subject, and (source, id) the identity: the
# second event is the first one again.
set -eu
ingest=${WEIR_INGEST_URL:-http://127.0.0.1:8081}

curl --silent --show-error --fail-with-body "$ingest/v1/events" -d '{"room": "r1"}' \
  -H "authorization: Bearer $WEIR_TOKEN" -H 'content-type: application/json' \
  -H 'ce-specversion: 1.0' -H 'ce-type: room.opened' -H 'ce-source: /rooms' -H 'ce-id: 1' -H 'ce-subject: snippets.cloud.r1'
echo
curl --silent --show-error --fail-with-body "$ingest/v1/events" \
  -H "authorization: Bearer $WEIR_TOKEN" -H 'content-type: application/cloudevents+json' -d '{
    "specversion": "1.0", "type": "room.opened", "source": "/rooms", "id": "1", "subject": "snippets.cloud.r1",
    "datacontenttype": "application/json", "data": {"room": "r1"}
  }'
echo
