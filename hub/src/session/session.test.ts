import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Identity } from '@weir/mesh'
import { limits } from '../limits.ts'
import type { Link } from './link.ts'
import { Session } from './session.ts'
import type { SessionHub } from './session-hub.ts'
import { jsonDialect } from './weir-dialect.ts'

const maxConnectionAgeMs = 10_000
const identity: Identity = {
  tenant: 'main',
  subject: 'test',
  publish: [],
  subscribe: ['>'],
  admin: false,
  expiresAt: 2 ** 40,
}

test('connections that came together are asked to leave one after another, from nine tenths of their age on', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const left: number[] = []
  const sessions = Array.from({ length: 500 }, () => {
    const link = fakeLink((message) => message.includes('goaway') && left.push(now))
    const session = new Session(
      link,
      jsonDialect,
      fakeHub(() => now),
      undefined,
    )
    session.admit(identity, 'test')
    return session
  })
  for (; now <= maxConnectionAgeMs; now += 100) for (const session of sessions) session.sweep(now)
  for (const session of sessions) session.closed()
  assert.equal(left.length, sessions.length)
  assert.ok(left.every((at) => at >= 0.9 * maxConnectionAgeMs))
  for (let part = 0; part < 10; part++) {
    const from = 0.9 * maxConnectionAgeMs + part * 100
    const count = left.filter((at) => at > from && at <= from + 100).length
    assert.ok(count > 15 && count < 110, `${count} of ${sessions.length} in a tenth of the time`)
  }
})

test('who has not said Hello is closed in time, but not while its Hello is being checked', async () => {
  const closed: string[] = []
  let verified: (identity: Identity) => void = () => undefined
  const checking = new Promise<Identity>((resolve) => {
    verified = resolve
  })
  const hub = { ...fakeHub(() => 0), identify: () => checking }
  const open = (name: string): Session => {
    const link = { ...fakeLink(() => undefined), close: (code: number) => void closed.push(`${name} ${code}`) }
    return new Session(link, jsonDialect, hub, undefined)
  }
  const silent = open('silent')
  const waiting = open('waiting')
  waiting.receive(new TextEncoder().encode('{"type":"hello","token":"t"}'))
  for (const session of [silent, waiting]) session.sweep(limits.helloMs)
  assert.deepEqual(closed, [])
  for (const session of [silent, waiting]) session.sweep(limits.helloMs + 1)
  assert.deepEqual(closed, ['silent 3003'])
  verified(identity)
  await sleep(0)
  waiting.sweep(limits.helloMs + 2)
  assert.equal(waiting.identity, identity)
  assert.equal(closed.length, 1)
})

function fakeLink(heard: (message: string) => void): Link {
  return {
    ip: '127.0.0.1',
    bufferedBytes: 0,
    send(message) {
      heard(new TextDecoder().decode(message))
      return true
    },
    ping: () => undefined,
    close: () => undefined,
  }
}

/** As much of a hub as a connection needs that subscribes to nothing. */
function fakeHub(now: () => number): SessionHub {
  const admission = { enterTenant: () => undefined }
  const settings = {
    maxConnectionAgeMs,
    framesPerSecond: 100,
    windowBytesMax: 1e6,
    highWaterBytes: 1e6,
    heartbeatMs: 1e4,
    gatherMs: 0,
    stallMs: 1e5,
    subscriptionsMax: 1,
    filtersMax: 1,
  }
  let count = 0
  return {
    hubName: 'test',
    admission,
    settings,
    now,
    nextSession: () => ++count,
    onClose: () => undefined,
  } as unknown as SessionHub
}
