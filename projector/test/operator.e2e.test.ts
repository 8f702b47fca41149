import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mintToken } from '@weir/mesh'
import type { DeadLetterPage } from '../src/run/dead-letters.ts'
import type { DeclarationsTrial } from '../src/tenant/declarations-trial.ts'
import { testSecret } from './projector-process.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

const floors = (key: string): string => `
projections:
  - { name: latest, kind: latest }
  - { name: floors, kind: latest, from: 'rooms.>', key: '${key}', ttl: 1h }
`

let service: ServiceUnderTest

before(async () => {
  service = await ServiceUnderTest.start({
    projections: floors('floor.{label.floor}'),
    buckets: [{ name: 'floors', ttlMs: 3_600_000, maxBytes: 10_000_000 }],
  })
  await service.authorize({ admin: true })
})

after(() => service?.stop())

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The command as an operator runs it. */
async function weir(...args: readonly string[]): Promise<Said> {
  const token = await mintToken(testSecret, {
    tenant: 'main',
    subject: 'operator',
    publish: [],
    subscribe: [],
    admin: true,
    ttlSeconds: 60,
  })
  const WEIR_NATS_URL = service.urlAs('admin')
  const env = { PATH: process.env.PATH, WEIR_TOKEN: token, WEIR_PROJECTOR_URL: service.projector.url, WEIR_NATS_URL }
  const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, 'projector', ...args], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

async function letters(): Promise<DeadLetterPage['items']> {
  return (await service.get<DeadLetterPage>('/v1/dead-letters')).body.items
}

test('keys that a bucket cannot have are dead letters, which the command lists', async () => {
  const refused = ['', 'x'.repeat(300)]
  const escaped = ['two words', 'a..b', '*', '>', 'ünïcode']
  for (const floor of [...refused, ...escaped])
    await service.publish('rooms.r1', { ...reading({ n: 1 }), labels: { floor } })
  await service.publish('rooms.r1', { ...reading({ n: 2 }), labels: { floor: 'f1' } })
  await until(async () => (await service.get('/v1/state/floors/floor.f1')).status === 200)
  await until(async () => (await letters()).length === refused.length)
  for (const key of ['two=20words', 'a=2E=2Eb', '=2A', '=3E', '=C3=BCn=C3=AFcode']) {
    assert.equal((await service.get(`/v1/state/floors/floor.${key}`)).status, 200, key)
  }

  const { code, out } = await weir('dead-letters', '--json')
  assert.equal(code, 0)
  const told = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DeadLetterPage['items'][number])
  assert.deepEqual(
    told.map(({ projection, subject, code }) => [projection, subject, code]),
    refused.map(() => ['floors', 'rooms.r1', 'invalid']),
  )
  assert.match((await weir('list')).out, /floors: latest of rooms\.> into floors, .*2 dead letters/)
})

test('a dead letter that still cannot be projected stays, and one that can is projected and gone', async () => {
  const still = await weir('replay', 'all')
  assert.equal(still.code, 1)
  assert.match(still.out, /0 of 2 projected/)
  assert.equal((await letters()).length, 2)
  assert.equal((await weir('forget', String((await letters())[0]?.id))).code, 0)

  await service.projector.stop()
  await service.declare(floors('{subject}'))
  await service.begin()
  assert.match((await weir('replay', 'all')).out, /1 of 1 projected/)
  assert.deepEqual(await letters(), [])
  await until(async () => (await service.get('/v1/state/floors/rooms.r1')).status === 200)
})

test('a rebuild by the command tells how far it has come and comes back when it is done', async () => {
  for (let room = 0; room < 200; room++) await service.publish(`rooms.r${room}`, reading({ n: room }))
  const { code, out, err } = await weir('rebuild', 'floors')
  assert.equal(code, 0)
  assert.match(err, /rebuilding floors: \d+%/)
  assert.match(out, /floors is rebuilt/)
  // What the first declaration had put is gone, as no event leads to it any more.
  assert.equal((await service.get('/v1/state/floors/floor.f1')).status, 404)
  assert.equal((await service.get('/v1/state/floors/rooms.r199')).status, 200)
  const unknown = await weir('rebuild', 'none')
  assert.notEqual(unknown.code, 0)
  assert.match(unknown.err, /There is no projection "none"/)
})

test('a file is tried on what the stream holds, and nothing changes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-check-'))
  const file = join(folder, 'new.yaml')
  await writeFile(
    file,
    `projections:
  - { name: sums, kind: latest, from: 'rooms.>', key: '{1}' }
  - { name: flags, kind: latest, from: 'rooms.>', key: '{label.flag}' }
  - { name: high, kind: alert, from: 'trial.>', key: '{1}', when: 'metrics.n > 10', message: '{1} has {metric.n}' }
  - { name: held, kind: alert, from: 'trial.>', key: '{1}', when: 'metrics.n > 10', for: 1h }
`,
  )
  for (const n of [1, 11, 12, 2, 20]) await service.publish('trial.t1', reading({ n }))
  const { code, out, err } = await weir('check', file, '--last', '1h', '--json')
  assert.equal(code, 0, err)
  const { projections } = JSON.parse(out) as DeclarationsTrial
  const [sums, flags, high, held] = projections
  assert.equal(sums?.keys, 200)
  assert.equal(flags?.keys, 0)
  assert.match(flags?.failure ?? '', /lacks/)
  assert.deepEqual(
    high?.alert?.changes.map(({ status, key, message }) => [status, key, message]),
    [
      ['FIRING', 't1', 't1 has 11'],
      ['RESOLVED', 't1', 't1 has 2'],
      ['FIRING', 't1', 't1 has 20'],
    ],
  )
  assert.deepEqual([high?.taken, high?.alert?.firing, held?.alert?.fired], [5, 1, 0])
  assert.match((await weir('check', file)).out, /high: alert, 5 events, would have fired 2 times, 1 fire at the end/)
  const listed = await weir('list')
  assert.doesNotMatch(listed.out, /high|sums/)

  await writeFile(file, 'projections:\n  - { name: a, kind: alert, when: metrics.n >  }\n')
  const wrong = await weir('check', file)
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.err, /new\.yaml:2:\d+: projections\[0\]\.when/)
  await rm(folder, { recursive: true })
})
