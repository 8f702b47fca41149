import type { Hub } from '../hub/src/hub/hub.ts'
import { HubMetrics } from '../hub/src/hub/hub-metrics.ts'
import { IngestMetrics } from '../ingest/src/ingest-metrics.ts'
import { exportKeys, exportPublisher, exportReloads, type MetricDescription, Metrics } from '../mesh/src/index.ts'
import { exportProjections } from '../projector/src/tenant/projector-metrics.ts'

/** What each service exports, by the declarations that it runs. */
function serviceMetrics(): Readonly<Record<'ingest' | 'hub' | 'projector', readonly MetricDescription[]>> {
  const ingest = new Metrics('ingest')
  const counted = new IngestMetrics(ingest)
  counted.watchHeldBytes(() => 0)
  counted.watchMqtt(() => 0)
  const hub = new Metrics('hub')
  // It asks the hub only when somebody scrapes.
  new HubMetrics(hub, {} as Hub)
  const published = { inFlight: 0, inFlightBytes: 0, publishes: 0, retries: 0 }
  for (const metrics of [ingest, hub]) exportPublisher(metrics, () => published)
  const projector = new Metrics('projector')
  exportProjections(projector, [])
  for (const metrics of [ingest, projector]) exportReloads(metrics, [])
  const keys = { known: false, ageSeconds: 0, failures: 0, failure: undefined }
  for (const metrics of [ingest, hub, projector]) exportKeys(metrics, () => keys)
  return { ingest: ingest.describe(), hub: hub.describe(), projector: projector.describe() }
}

/** docs/metrics.md: every metric of the services. */
export function metricsDocument(): string {
  const sections = Object.entries(serviceMetrics()).flatMap(([service, metrics]) => [
    `## ${service[0]?.toUpperCase()}${service.slice(1)}`,
    '',
    '| metric | kind | labels | what it says |',
    '|---|---|---|---|',
    ...metrics.map(({ name, type, labels, help }) => {
      const named = labels.map((label) => `\`${label}\``).join(', ')
      return `| \`${name}\` | ${type} | ${named} | ${help} |`
    }),
    '',
  ])
  return [
    '<!-- Written by `make gen` from the declarations of the services. -->',
    '# Metrics',
    '',
    'In the Prometheus text format at `/metrics` of the admin port: 9081 of ingest, 9080 of a hub, 9082',
    'of the projector. A label has few values: never a subject, a client or a token. A counter ends in',
    '`_total`, a time is in seconds, a size in bytes. A hub with several workers adds the label `worker`.',
    '',
    'Who sends `Accept: application/openmetrics-text`, as Prometheus does, gets OpenMetrics 1.0. There',
    'the histograms have exemplars: the newest value of each bucket whose request or event has a span',
    '([traces.md](traces.md)), with its `trace_id`. Prometheus keeps them with',
    '`--enable-feature=exemplar-storage`, and Grafana links them to the traces.',
    '',
    'Every process also exports what the Prometheus client of its runtime has:',
    '`process_cpu_seconds_total`, `process_resident_memory_bytes`, `nodejs_eventloop_lag_p99_seconds` and',
    'so on. The alerts and dashboards on all of these are in `deploy/helm/weir/files`, and what to do',
    'about an alert in [the runbook](../deploy/RUNBOOK.md).',
    '',
    ...sections,
  ].join('\n')
}
