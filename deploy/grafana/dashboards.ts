import type { Dashboard } from './dashboard-json.ts'
import { byProjection, files, keys, panel, processes, quantiles } from './panels.ts'

/**
 * The dashboards of Grafana, as code: `make gen` writes them to deploy/helm/weir/files/dashboards.
 */
export const dashboards: readonly Dashboard[] = [
  {
    name: 'weir',
    title: 'Weir',
    rows: [
      {
        title: 'In, through, out',
        panels: [
          panel('Events accepted', 'ops', { events: 'sum(rate(weir_ingest_events_accepted_total[$__rate_interval]))' }),
          panel('Deliveries', 'ops', { deliveries: 'sum(rate(weir_hub_deliveries_total[$__rate_interval]))' }),
          panel('Connections', 'short', { connections: 'sum(weir_hub_connections)' }),
          panel('Requests that fail', 'percentunit', {
            failing:
              'sum(rate(weir_ingest_requests_total{status=~"5.."}[$__rate_interval])) / sum(rate(weir_ingest_requests_total[$__rate_interval]))',
          }),
        ],
      },
      {
        title: 'How far behind',
        panels: [
          panel('Hubs behind the streams', 'short', { entries: 'max(weir_hub_lag_entries)' }),
          panel('Subscriber that is furthest behind', 's', {
            '{{source}}': 'max by (source) (weir_hub_subscriber_lag_seconds)',
          }),
          panel('Projections behind', 'short', {
            '{{tenant}} {{projection}}': 'max by (tenant, projection) (weir_projector_pending_events)',
          }),
          panel('Wait of a request', 's', quantiles('weir_ingest_request_seconds')),
        ],
      },
      { title: 'Processes', panels: processes('weir_ingest_publishes_total or weir_hub_connections') },
    ],
  },
  {
    name: 'weir-ingest',
    title: 'Weir: ingest',
    rows: [
      {
        title: 'Requests: rate, errors, duration',
        panels: [
          panel('By path', 'reqps', {
            '{{path}}': 'sum by (path) (rate(weir_ingest_requests_total[$__rate_interval]))',
          }),
          panel('By status', 'reqps', {
            '{{status}}': 'sum by (status) (rate(weir_ingest_requests_total[$__rate_interval]))',
          }),
          panel('Wait', 's', quantiles('weir_ingest_request_seconds')),
          panel('Connections of MQTT', 'short', { '{{instance}}': 'weir_ingest_mqtt_connections' }),
          panel('Bytes of bodies', 'Bps', { bytes: 'sum(rate(weir_ingest_body_bytes_total[$__rate_interval]))' }),
        ],
      },
      {
        title: 'Events',
        panels: [
          panel('Accepted', 'ops', {
            accepted: 'sum(rate(weir_ingest_events_accepted_total[$__rate_interval]))',
            duplicates: 'sum(rate(weir_ingest_events_duplicate_total[$__rate_interval]))',
          }),
          panel('Rejected, by code', 'ops', {
            '{{code}}': 'sum by (code) (rate(weir_ingest_events_rejected_total[$__rate_interval]))',
          }),
          panel('Exemplars not kept', 'ops', {
            exemplars: 'sum(rate(weir_ingest_exemplars_dropped_total[$__rate_interval]))',
          }),
        ],
      },
      {
        title: 'The way to the stream',
        panels: [
          panel('Unanswered', 'short', { '{{instance}}': 'weir_ingest_publish_in_flight' }),
          panel('Bytes of those', 'bytes', {
            '{{instance}}': 'weir_ingest_publish_in_flight_bytes',
            'bodies {{instance}}': 'weir_ingest_held_bytes',
          }),
          panel('Published and sent again', 'ops', {
            published: 'sum(rate(weir_ingest_publishes_total[$__rate_interval]))',
            'sent again': 'sum(rate(weir_ingest_publish_retries_total[$__rate_interval]))',
          }),
        ],
      },
      { title: 'Keys of tokens, and files', panels: [...keys('weir_ingest'), ...files('weir_ingest')] },
      { title: 'Processes', panels: processes('weir_ingest_publishes_total') },
    ],
  },
  {
    name: 'weir-hub',
    title: 'Weir: hubs',
    rows: [
      {
        title: 'Subscribers',
        panels: [
          panel('Connections', 'short', { '{{instance}}': 'weir_hub_connections' }),
          panel('Subscriptions', 'short', {
            '{{instance}}': 'weir_hub_subscriptions',
            'behind {{instance}}': 'weir_hub_behind',
          }),
          panel('Channels', 'short', {
            '{{instance}}': 'weir_hub_channels',
            'sources {{instance}}': 'weir_hub_sources',
          }),
          panel('Closed, by code', 'ops', {
            '{{code}}': 'sum by (code) (rate(weir_hub_closes_total[$__rate_interval]))',
          }),
          panel('Refused, by code', 'ops', {
            '{{code}}': 'sum by (code) (rate(weir_hub_refusals_total[$__rate_interval]))',
          }),
        ],
      },
      {
        title: 'Delivery',
        panels: [
          panel('Arrived', 'ops', { '{{instance}}': 'rate(weir_hub_inbound_total[$__rate_interval])' }),
          panel('Sent, times subscribers', 'ops', {
            '{{instance}}': 'rate(weir_hub_deliveries_total[$__rate_interval])',
          }),
          panel('Entries a batch', 'short', {
            '{{instance}}':
              'rate(weir_hub_deliveries_total[$__rate_interval]) / rate(weir_hub_batches_total[$__rate_interval])',
          }),
          panel('Left out for a newer one', 'ops', {
            '{{instance}}': 'rate(weir_hub_conflated_total[$__rate_interval])',
          }),
          panel('A round of passes', 's', quantiles('weir_hub_pass_seconds')),
        ],
      },
      {
        title: 'Completeness',
        panels: [
          panel('Behind the streams', 'short', { '{{instance}}': 'weir_hub_lag_entries' }),
          panel('Not compared for', 's', { '{{instance}}': 'weir_hub_compared_seconds' }),
          panel('Furthest subscriber', 's', { '{{instance}} {{source}}': 'weir_hub_subscriber_lag_seconds' }),
          panel('Furthest subscriber, entries', 'short', {
            '{{instance}} {{source}}': 'weir_hub_subscriber_lag_entries',
          }),
          panel('Repairs', 'ops', {
            holes: 'sum(rate(weir_hub_repairs_total[$__rate_interval]))',
            entries: 'sum(rate(weir_hub_repaired_entries_total[$__rate_interval]))',
            'reads for old cursors': 'sum(rate(weir_hub_stream_reads_total[$__rate_interval]))',
          }),
          panel('Gaps and streams made anew', 'short', {
            gaps: 'sum(increase(weir_hub_gaps_total[$__rate_interval]))',
            resets: 'sum(increase(weir_hub_resets_total[$__rate_interval]))',
          }),
        ],
      },
      {
        title: 'Memory',
        panels: [
          panel('Recent logs', 'bytes', { '{{instance}}': 'weir_hub_ring_bytes' }),
          panel('Latest values', 'bytes', { '{{instance}}': 'weir_hub_latest_bytes' }),
          panel('Buffers of sockets', 'bytes', { '{{instance}}': 'weir_hub_socket_bytes' }),
          panel('Subjects', 'short', { '{{instance}}': 'weir_hub_subjects' }),
          panel('Full', 'short', { '{{instance}}': 'weir_hub_full' }),
        ],
      },
      {
        title: 'What clients publish, and keys of tokens',
        panels: [
          panel('Published and sent again', 'ops', {
            published: 'sum(rate(weir_hub_publishes_total[$__rate_interval]))',
            'sent again': 'sum(rate(weir_hub_publish_retries_total[$__rate_interval]))',
          }),
          panel('Unanswered', 'short', { '{{instance}}': 'weir_hub_publish_in_flight' }),
          panel('Bytes of those', 'bytes', { '{{instance}}': 'weir_hub_publish_in_flight_bytes' }),
          ...keys('weir_hub'),
        ],
      },
      { title: 'Processes', panels: processes('weir_hub_connections') },
    ],
  },
  {
    name: 'weir-projector',
    title: 'Weir: projector',
    rows: [
      {
        title: 'Projections',
        panels: [
          panel('Taken', 'ops', byProjection('sum', 'rate(weir_projector_events_total[$__rate_interval])')),
          panel('Behind', 'short', byProjection('max', 'weir_projector_pending_events')),
          panel('Blocked', 'short', byProjection('max', 'weir_projector_blocked')),
          panel(
            'Began again',
            'short',
            byProjection('sum', 'increase(weir_projector_restarts_total[$__rate_interval])'),
          ),
          panel(
            'Dead letters',
            'short',
            byProjection('sum', 'increase(weir_projector_dead_letters_total[$__rate_interval])'),
          ),
          panel('Position', 'short', byProjection('min', 'weir_projector_position_seq')),
        ],
      },
      {
        title: 'Buckets',
        panels: [
          panel('Keys', 'short', byProjection('sum', 'weir_projector_keys')),
          panel('Written', 'ops', byProjection('sum', 'rate(weir_projector_writes_total[$__rate_interval])')),
          panel(
            'Replaced before the write',
            'ops',
            byProjection('sum', 'rate(weir_projector_conflated_total[$__rate_interval])'),
          ),
          panel(
            'Refused',
            'short',
            byProjection('sum', 'increase(weir_projector_refused_keys_total[$__rate_interval])'),
          ),
          panel(
            'Not newer than the bucket',
            'ops',
            byProjection('sum', 'rate(weir_projector_stale_total[$__rate_interval])'),
          ),
          panel(
            'Revisions of others',
            'ops',
            byProjection('sum', 'rate(weir_projector_conflicts_total[$__rate_interval])'),
          ),
          panel('Sent again', 'ops', byProjection('sum', 'rate(weir_projector_write_retries_total[$__rate_interval])')),
        ],
      },
      {
        title: 'Clocks, and what is left out',
        panels: [
          panel('Clock ahead of the stream', 'ms', {
            '{{tenant}} {{source}}': 'max by (tenant, source) (weir_projector_clock_ahead_ms)',
          }),
          panel('Events of such clocks', 'short', {
            '{{tenant}} {{source}}': 'max by (tenant, source) (weir_projector_clock_ahead_events)',
          }),
          panel(
            'Older than what is known',
            'ops',
            byProjection('sum', 'rate(weir_projector_outdated_total[$__rate_interval])'),
          ),
          panel(
            'Of no use to a fold',
            'ops',
            byProjection('sum', 'rate(weir_projector_ignored_total[$__rate_interval])'),
          ),
          panel(
            'Left out at a bound',
            'ops',
            byProjection('sum', 'rate(weir_projector_overflowed_total[$__rate_interval])'),
          ),
        ],
      },
      {
        title: 'Notifications',
        panels: [
          panel('Told', 'ops', byProjection('sum', 'rate(weir_projector_notifications_total[$__rate_interval])')),
          panel(
            'Not taken',
            'ops',
            byProjection('sum', 'rate(weir_projector_notification_failures_total[$__rate_interval])'),
          ),
          panel(
            'Given up',
            'short',
            byProjection('sum', 'increase(weir_projector_notifications_given_up_total[$__rate_interval])'),
          ),
          panel('Waiting', 'short', byProjection('sum', 'weir_projector_notifications_waiting')),
          panel('Quiet though they fire', 'short', byProjection('sum', 'weir_projector_notifications_held')),
        ],
      },
      {
        title: 'Windows, alerts, history',
        panels: [
          panel('Late readings', 'ops', byProjection('sum', 'rate(weir_projector_late_total[$__rate_interval])')),
          panel(
            'Alerts that changed',
            'short',
            byProjection('sum', 'increase(weir_projector_alert_changes_total[$__rate_interval])'),
          ),
          panel(
            'Conditions that failed',
            'short',
            byProjection('sum', 'increase(weir_projector_condition_failures_total[$__rate_interval])'),
          ),
          panel('Rules that cannot be evaluated', 'short', byProjection('max', 'weir_projector_unevaluable')),
          panel('Rows', 'ops', byProjection('sum', 'rate(weir_projector_history_rows_total[$__rate_interval])')),
          panel(
            'Inserts that failed',
            'short',
            byProjection('sum', 'increase(weir_projector_history_retries_total[$__rate_interval])'),
          ),
          panel(
            'Rows without their JSON',
            'short',
            byProjection('sum', 'increase(weir_projector_history_without_json_total[$__rate_interval])'),
          ),
        ],
      },
      { title: 'Keys of tokens, and files', panels: [...keys('weir_projector'), ...files('weir_projector')] },
      { title: 'Processes', panels: processes('weir_projector_pending_events') },
    ],
  },
]
