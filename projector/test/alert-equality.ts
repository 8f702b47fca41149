import assert from 'node:assert/strict'
import type { NatsConnection } from '@weir/mesh'
import type { AlertSpec } from '../src/declaration/alert-spec.ts'
import type { EventRecord } from '../src/event/event-record.ts'
import { isOpen, type RecordedAlert, recordedAlert } from '../src/kinds/alert/alert-log.ts'
import { AlertMachine } from '../src/kinds/alert/alert-machine.ts'
import { isLater } from '../src/kinds/alert/cause.ts'
import { limits } from '../src/limits.ts'
import { storedEvents } from './stream-contents.ts'

/**
 * That what was told of each alert in turn is a firing, what it has to say since, and a resolution,
 * of later and later causes; and that the end is true, with what the newest event says.
 */
export async function assertAlerts(
  nc: NatsConnection,
  tenant: string,
  spec: AlertSpec,
  events: readonly EventRecord[],
  holds: (record: EventRecord, a: number, events: readonly EventRecord[]) => boolean | undefined = (_, a) => a > 0,
): Promise<void> {
  const machine = new AlertMachine(spec, 100)
  const newest = new Map<string, EventRecord>()
  for (const record of events) {
    const { subject, event, epoch, seq, storedAtMs: atMs } = record
    const { a } = event.data.case === 'reading' ? event.data.value.metrics : {}
    const isNews = spec.order === 'stored' || record.happenedAtMs >= (newest.get(subject)?.happenedAtMs ?? 0)
    const held = a === undefined ? undefined : holds(record, a, events)
    if (held === undefined || !isNews) continue
    newest.set(subject, record)
    machine.observe(subject, held, { epoch, seq, atMs })
  }
  const told = new Map<string, RecordedAlert>()
  for (const { subject, seq, payload } of await storedEvents(nc, tenant)) {
    if (!subject.startsWith('alerts.')) continue
    const next = recordedAlert(seq, payload)
    const last = told.get(next.alert.key)
    const isRenewal = last !== undefined && isOpen(last) && isOpen(next) && last.alert.message !== next.alert.message
    assert.ok(isRenewal ? spec.everyMs === 0 : isOpen(next) !== (last !== undefined && isOpen(last)))
    assert.ok(last?.cause === undefined || (next.cause !== undefined && isLater(next.cause, last.cause)))
    told.set(next.alert.key, next)
  }
  for (const [key, record] of newest) {
    const last = told.get(key)
    assert.equal(last !== undefined && isOpen(last), machine.get(key)?.phase === 'firing', key)
    if (last !== undefined && isOpen(last) && spec.everyMs === 0) assert.equal(last.alert.message, spec.message(record))
  }
}

/** Whether `a` is larger than 100 ms before; undefined where there was none. */
export function hasRisen(record: EventRecord, a: number, events: readonly EventRecord[]): boolean | undefined {
  const stepMs = 100 / limits.agoSteps
  const beforeMs = Math.floor((record.happenedAtMs - 100) / stepMs) * stepMs
  const [before] = events
    .filter(({ subject, seq, happenedAtMs }) => {
      return subject === record.subject && seq <= record.seq && happenedAtMs < beforeMs
    })
    .flatMap(({ happenedAtMs, seq, event: { data } }) => {
      const value = data.case === 'reading' ? data.value.metrics.a : undefined
      return value === undefined ? [] : [{ happenedAtMs, seq, value }]
    })
    .sort((one, other) => other.happenedAtMs - one.happenedAtMs || other.seq - one.seq)
  return before === undefined ? undefined : a > before.value
}
