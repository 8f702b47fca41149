import type { BucketWriterStats, Metrics } from '@weir/mesh'
import type { SourceSkew } from '../event/clock-skew.ts'
import type { AlertStats } from '../kinds/alert/alert-projection.ts'
import type { CountStats } from '../kinds/count/count-projection.ts'
import type { HistoryStats } from '../kinds/history/history-projection.ts'
import type { LatestStats } from '../kinds/latest/latest-projection.ts'
import type { MergeStats } from '../kinds/merge/merge-projection.ts'
import type { NotifyStats } from '../kinds/notify/notify-projection.ts'
import type { RateStats } from '../kinds/rate/rate-projection.ts'
import type { WindowStats } from '../kinds/window/window-projection.ts'
import type { RunningProjection } from './running-projection.ts'
import type { TenantProjections } from './tenant-projections.ts'

/**
 * Exports what every projection counts. The counts live with what counts them; they are read when
 * somebody asks, so the paths of events pay nothing for it.
 */
export function exportProjections(metrics: Metrics, tenants: readonly TenantProjections[]): void {
  const labels = ['tenant', 'projection'] as const
  const each = (visit: (labels: { tenant: string; projection: string }, running: RunningProjection) => void): void => {
    for (const { tenant, runs } of tenants) {
      for (const running of runs) visit({ tenant, projection: running.spec.name }, running)
    }
  }
  const count = (name: string, help: string, read: (running: RunningProjection) => number | undefined): void => {
    metrics.counter(name, help, labels, (counter) => {
      counter.reset()
      each((of, running) => {
        const value = read(running)
        if (value !== undefined) counter.inc(of, value)
      })
    })
  }
  const gauge = (name: string, help: string, read: (running: RunningProjection) => number | undefined): void => {
    metrics.gauge(name, help, labels, (gauge) => {
      gauge.reset()
      each((of, running) => {
        const value = read(running)
        if (value !== undefined) gauge.set(of, value)
      })
    })
  }

  count('events_total', 'Events that a projection has taken.', ({ run }) => run.stats.taken)
  count('dead_letters_total', 'Events that a projection could not take.', ({ run }) => run.stats.deadLetters)
  count('restarts_total', 'Times that a projection failed and began again.', ({ run }) => run.stats.restarts)
  gauge('pending_events', 'Events that are stored and not yet taken.', ({ run }) => run.stats.pending)
  gauge('position_seq', 'Sequence up to which the effects are stored.', ({ run }) => run.position.seq)
  gauge('blocked', '1 while the target of a projection cannot be written.', ({ projection }) =>
    projection.effects.blocked() === undefined ? 0 : 1,
  )

  const written = (name: keyof BucketWriterStats) => (running: RunningProjection) => {
    const { projection } = running
    return 'target' in projection ? projection.target.writer.stats[name] : undefined
  }
  count('writes_total', 'Values that a bucket has stored.', written('written'))
  count('conflated_total', 'Values that a newer one of their key replaced before the write.', written('conflated'))
  count('stale_total', 'Values that were not newer than what the bucket held.', written('stale'))
  count('conflicts_total', 'Writes that met a revision of somebody else.', written('conflicts'))
  count('write_retries_total', 'Writes that had no answer and were sent again.', written('retries'))
  count('refused_keys_total', 'Values that a bucket refused: too large, or it is full.', written('refused'))
  gauge('keys', 'Keys of a bucket that are known here.', ({ projection }) =>
    'target' in projection ? projection.target.writer.keys : undefined,
  )

  const own = (name: keyof OwnStats) => (running: RunningProjection) => {
    const { projection } = running
    const stats: OwnStats = 'stats' in projection ? projection.stats : {}
    return stats[name]
  }
  const skew = (help: string, name: string, read: (skew: SourceSkew) => number): void => {
    metrics.gauge(name, help, [...labels, 'source'], (gauge) => {
      gauge.reset()
      each((of, { projection }) => {
        if (!('skew' in projection)) return
        for (const [source, skew] of projection.skew.bySource) gauge.set({ ...of, source }, read(skew))
      })
    })
  }
  skew(
    'Events whose time lay ahead of the clock of the stream, by their source.',
    'clock_ahead_events',
    (s) => s.events,
  )
  skew('How far the last of them lay ahead.', 'clock_ahead_ms', (s) => s.lastAheadMs)

  count('ignored_total', 'Events that a fold has no use for: they have nothing that it asks for.', own('ignored'))
  count(
    'late_total',
    'Events that came after their window was closed, or older than the TTL of what is counted.',
    own('late'),
  )
  count(
    'overflowed_total',
    'Readings, keys or entities left out because a bound on memory was reached.',
    own('overflowed'),
  )
  count('condition_failures_total', 'Evaluations of a condition that failed.', own('failures'))
  gauge('unevaluable', '1 while the condition of a rule cannot be evaluated.', ({ projection }) =>
    'concern' in projection ? (projection.concern() === undefined ? 0 : 1) : undefined,
  )
  count('outdated_total', 'Events that happened before what is known of their key.', own('outdated'))
  count('alert_changes_total', 'Alerts that a rule raised or resolved.', own('changes'))
  count('notifications_total', 'Messages that a target has taken.', own('sent'))
  count(
    'notification_failures_total',
    'Messages that a target did not take; each is sent again or given up.',
    own('sendFailures'),
  )
  count('notifications_given_up_total', 'Changes of alerts that were not told: they are dead letters.', own('givenUp'))
  gauge('notifications_waiting', 'Changes of alerts that are to be told.', own('waiting'))
  gauge('notifications_held', 'Alerts that fire and are quiet.', own('held'))
  count('history_rows_total', 'Rows that Postgres has stored, or had already.', own('rows'))
  count('history_retries_total', 'Inserts that failed because Postgres was away.', own('insertRetries'))
  count(
    'history_without_json_total',
    'Rows whose JSON Postgres cannot hold; their bytes are stored.',
    own('withoutBody'),
  )
}

/** How many projectors share the keys, as far as this one knows. */
export function exportReplicas(metrics: Metrics, group: { readonly count: number }): void {
  metrics.gauge('replicas', 'Projectors that share the keys, with WEIR_PROJECTOR_PARTITION=auto.', [], (gauge) => {
    gauge.set({}, group.count)
  })
}

type OwnStats = Partial<
  NotifyStats & AlertStats & CountStats & HistoryStats & LatestStats & MergeStats & RateStats & WindowStats
>
