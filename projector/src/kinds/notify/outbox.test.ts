import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import type { Notice } from './notice.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'

function notice(rule: string, key: string, status: Notice['status'] = 'FIRING'): Notice {
  const subject = `alerts.${rule}.${key}`
  const record = new EventRecord(subject, 1, 1, 1, new Uint8Array(0))
  const texts = { message: '', since: '', by: '', time: '' }
  return {
    id: `${subject}-${status}`,
    subject,
    rule,
    key,
    severity: 'HIGH',
    status,
    labels: {},
    sinceMs: 0,
    record,
    ...texts,
  }
}

interface Target {
  readonly outbox: Outbox
  /** What it took: each message as its keys and states. */
  readonly taken: string[][]
  readonly aside: string[]
}

function target(options: Partial<OutboxOptions>): Target {
  const taken: string[][] = []
  const aside: string[] = []
  const outbox = new Outbox({
    target: 't',
    groupBy: ['rule'],
    groupWaitMs: 0,
    giveUpAfterMs: 60_000,
    isWanted: () => true,
    send: async (_group, notices) => {
      taken.push(notices.map(({ key, status }) => `${key} ${status}`))
    },
    putAside: async ({ key }) => {
      aside.push(key)
    },
    log: createLogger('test', 'fatal'),
    ...options,
  })
  return { outbox, taken, aside }
}

test('many alerts come in messages of a bounded size, and no more of them wait than may', async () => {
  const { outbox, taken } = target({})
  let most = 0
  for (let at = 0; at < 30_000; at++) {
    outbox.put(notice('hot', `k${at}`))
    most = Math.max(most, outbox.size)
    const relief = outbox.relief()
    if (relief === undefined) continue
    outbox.tick()
    await relief
  }
  outbox.tick()
  await outbox.flushed()
  assert.ok(most <= limits.notifyPendingMax, String(most))
  assert.ok(taken.every(({ length }) => length <= limits.notifyAlertsMax))
  assert.deepEqual(
    taken.flat(),
    Array.from({ length: 30_000 }, (_, at) => `k${at} FIRING`),
  )
})

test('a change takes the place of an earlier one that has not gone out, and comes after one that has', async () => {
  let goOn = (): void => undefined
  const sent: string[] = []
  const { outbox } = target({
    send: async (_group, notices) => {
      sent.push(notices.map(({ key, status }) => `${key} ${status}`).join())
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    },
  })
  outbox.put(notice('hot', 'a'))
  outbox.tick()
  outbox.put(notice('hot', 'a', 'RESOLVED'))
  outbox.put(notice('hot', 'b'))
  outbox.put(notice('hot', 'b', 'RESOLVED'))
  outbox.tick()
  assert.deepEqual(sent, ['a FIRING'])
  goOn()
  while (sent.length < 2) await sleep(1)
  goOn()
  await outbox.flushed()
  assert.deepEqual(sent, ['a FIRING', 'a RESOLVED,b RESOLVED'])
})

test('a group whose message hangs delays no other group', async () => {
  const { outbox, taken } = target({
    send: async (group) => {
      if (group.rule === 'hangs') await new Promise(() => undefined)
      taken.push([group.rule ?? ''])
    },
  })
  outbox.put(notice('hangs', 'a'))
  outbox.put(notice('hot', 'a'))
  outbox.tick()
  while (outbox.size > 1) await sleep(1)
  assert.deepEqual(taken, [['hot']])
})

test('what cannot be sent is put aside, at once or after its time, and what cannot be put aside waits', async () => {
  for (const [code, giveUpAfterMs] of [
    ['invalid', 60_000],
    ['unavailable', 0],
  ] as const) {
    let failures = 1
    const aside: string[] = []
    const { outbox } = target({
      giveUpAfterMs,
      send: () => Promise.reject(new WeirError(code, 'no')),
      putAside: async ({ key }) => {
        if (failures-- > 0) throw new WeirError('unavailable', 'NATS is away')
        aside.push(key)
      },
    })
    outbox.put(notice('hot', 'a'))
    while (outbox.size > 0) {
      outbox.tick()
      await sleep(5)
    }
    assert.deepEqual(aside, ['a'])
    assert.equal(outbox.stats.givenUp, 1)
    assert.equal(outbox.failure, 'no')
  }
})
