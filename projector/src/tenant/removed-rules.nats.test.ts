import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, createLogger, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { Alert_Severity, Alert_Status } from '@weir/proto'
import { storedEvents } from '../../test/stream-contents.ts'
import { AlertLog } from '../kinds/alert/alert-log.ts'
import { RemovedRules } from './removed-rules.ts'

const log = createLogger('test', 'fatal')

let nats: TestNats
let nc: NatsConnection

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'admin', log })
  await provisionTenant(nc, 't', {
    eventsMaxBytes: 8_000_000,
    eventsMaxAgeMs: 3_600_000,
    replicas: 1,
    buckets: [{ name: 'alerts', ttlMs: 3_600_000, maxBytes: 8_000_000 }],
  })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

test('what fires for a rule that is gone is resolved once, with the reason', async () => {
  const alerts = new AlertLog(nc, 't')
  const removed = new RemovedRules({ nc, tenant: 't', rules: ['stays'], shares: 2, log })
  const raise = async (rule: string, key: string, status: Alert_Status): Promise<void> => {
    const change = { rule, key, severity: Alert_Severity.HIGH, status, message: 'hot', by: '' }
    await alerts.append(
      { ...change, labels: {}, sinceMs: 1_000, atMs: 2_000, cause: { epoch: 1, seq: 7, atMs: 2_000 } },
      0,
    )
  }
  try {
    await raise('stays', 'a', Alert_Status.FIRING)
    await raise('gone', 'a', Alert_Status.FIRING)
    await raise('gone', 'b.c', Alert_Status.ACKED)
    await raise('gone', 'over', Alert_Status.RESOLVED)
    await raise('unevaluable', 'stays.0-2', Alert_Status.FIRING)
    await raise('unevaluable', 'stays.2-3', Alert_Status.FIRING)
    await raise('unevaluable', 'stays', Alert_Status.FIRING)
    await raise('unevaluable', 'gone.0-2', Alert_Status.FIRING)
    // As the projection of kind latest does it.
    for (const { subject, payload } of await storedEvents(nc, 't')) await nc.request(`$KV.t_alerts.${subject}`, payload)
    const before = (await storedEvents(nc, 't')).length
    await removed.resolve()
    await sleep(50)
    await removed.resolve()
    const told = (await storedEvents(nc, 't')).slice(before)
    const said = told.map(({ subject, event: { data, labels } }) => {
      return [subject, data.case === 'alert' ? data.value.message : '', labels.reason]
    })
    assert.deepEqual(said.sort(), [
      ['alerts.gone.a', 'rule removed', 'rule removed'],
      ['alerts.gone.b.c', 'rule removed', 'rule removed'],
      ['alerts.unevaluable.gone.0-2', 'rule removed', 'rule removed'],
      ['alerts.unevaluable.stays', 'keys divided anew', 'keys divided anew'],
      ['alerts.unevaluable.stays.2-3', 'keys divided anew', 'keys divided anew'],
    ])
  } finally {
    alerts.close()
    removed.close()
  }
})
