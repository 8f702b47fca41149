#!/bin/sh
# InfluxDB's line protocol, as Telegraf and many devices send it: a point a line, its measurement
# and tags name the series. A line that is wrong is told by its number, and the others are stored.
set -eu
ingest=${WEIR_INGEST_URL:-http://127.0.0.1:8081}

curl --silent --show-error "$ingest/api/v2/write?bucket=snippets&precision=s" --write-out '%{http_code}\n' \
  -H "authorization: Token $WEIR_TOKEN" -H 'content-type: text/plain' --data-binary 'boiler,host=b1,hall=north celsius=71.5,open=false
boiler,host=b2,hall=north celsius=68.25,starts=12i'
curl --silent --show-error "$ingest/api/v2/write?bucket=snippets" --write-out ' %{http_code}\n' \
  -H "authorization: Token $WEIR_TOKEN" -H 'content-type: text/plain' --data-binary 'boiler,host=b1 celsius=hot
boiler,host=b3 celsius=70'
