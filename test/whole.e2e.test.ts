import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { until } from '../cli/test/processes.ts'
import { connect as connectJson } from '../client/src/connect-json.ts'
import { connect, type Weir } from '../client/src/index.ts'
import { EventBatchSchema } from '../proto/src/index.ts'
import { RunningMesh } from './running-mesh.ts'

let mesh: RunningMesh

before(async () => {
  mesh = await RunningMesh.start()
})

after(async () => {
  await mesh?.dispose()
})

function open(codec: 'protobuf' | 'json'): Weir {
  const { addresses, token } = mesh.running
  const connectBy = codec === 'json' ? connectJson : connect
  return connectBy({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
}

async function post(path: string, contentType: string, body: string | Uint8Array<ArrayBuffer>): Promise<unknown> {
  const response = await fetch(mesh.running.addresses.ingest + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': contentType },
    body,
  })
  assert.equal(response.status, 200, await response.clone().text())
  return await response.json()
}

/** Collects the subjects of a subscription until it is closed. */
function collect(weir: Weir, filter: string): { readonly subjects: Set<string>; readonly live: Promise<void> } {
  const subjects = new Set<string>()
  const subscription = weir.subscribe({ filter, mode: 'ALL' })
  let isLive = (): void => undefined
  const live = new Promise<void>((resolve) => {
    isLive = resolve
  })
  void (async () => {
    for await (const item of subscription) {
      if (item.type === 'state' && item.state === 'live') isLive()
      if (item.type === 'entry') subjects.add(item.subject)
    }
  })()
  return { subjects, live }
}

test('an event of each format is seen by both codecs, the command line, in the bucket and in Postgres', async () => {
  const protobuf = open('protobuf')
  const json = open('json')
  const seenBy = { protobuf: collect(protobuf, 'formats.>'), json: collect(json, 'formats.>') }
  const otlpSeen = collect(json, 'metrics.thermometer.>')
  await Promise.all([seenBy.protobuf.live, seenBy.json.live, otlpSeen.live])
  const tail = mesh.spawn('sub', 'formats.>', '--json')
  let tailed = ''
  tail.stdout?.on('data', (text: Buffer) => {
    tailed += text
  })
  // The tail begins at the head, so it must be there before anything is published.
  await until('the tail is subscribed', async () => {
    await post('/v1/events', 'application/json', JSON.stringify({ subject: 'formats.probe', data: 1 }))
    await sleep(100)
    return tailed.includes('formats.probe')
  })

  const batch = create(EventBatchSchema, {
    items: [{ subject: 'formats.protobuf', event: { data: { case: 'json', value: '"protobuf"' } } }],
  })
  const one = { subject: 'formats.json', data: 'json' }
  const lines = [
    { subject: 'formats.ndjson1', data: 'ndjson1' },
    { subject: 'formats.ndjson2', data: 'ndjson2' },
  ]
  const published = ['json', 'ndjson1', 'ndjson2', 'protobuf', 'cli']
  const accepted = (count: number): object => ({ accepted: count, duplicates: 0 })
  assert.deepEqual(await post('/v1/events', 'application/json', JSON.stringify(one)), accepted(1))
  const ndjson = lines.map((line) => JSON.stringify(line)).join('\n')
  assert.deepEqual(await post('/v1/events', 'application/x-ndjson', ndjson), accepted(2))
  const bytes = new Uint8Array(toBinary(EventBatchSchema, batch))
  assert.deepEqual(await post('/v1/events', 'application/x-protobuf', bytes), accepted(1))
  assert.equal((await mesh.weir('pub', 'formats.cli', '"cli"')).code, 0)
  await post('/v1/metrics', 'application/json', JSON.stringify(otlpGauge('thermometer', 'celsius', 21.5)))

  const wanted = published.map((name) => `formats.${name}`)
  const hasAll = (subjects: ReadonlySet<string>): boolean => wanted.every((subject) => subjects.has(subject))
  await until('the Protobuf subscriber has all', () => hasAll(seenBy.protobuf.subjects))
  await until('the JSON subscriber has all', () => hasAll(seenBy.json.subjects))
  await until('the command line has all', () => wanted.every((subject) => tailed.includes(`"${subject}"`)))
  await until('the metric has come', () => otlpSeen.subjects.size === 1)
  tail.kill()

  await until('the bucket has all', async () => {
    const { items } = await protobuf.state('latest', { filter: 'formats.>' })
    return hasAll(new Set(items.map(({ subject }) => subject)))
  })
  await until('Postgres has all', async () => {
    const { items } = await protobuf.history({ filter: 'formats.>' })
    return hasAll(new Set(items.map(({ subject }) => subject)))
  })
  for (const name of published) {
    const got = await mesh.weir('get', 'latest', `formats.${name}`)
    assert.deepEqual([got.code, got.out], [0, `"${name}"\n`])
  }
  const [metric = ''] = otlpSeen.subjects
  assert.match((await mesh.weir('get', 'latest', metric)).out, /"value":21\.5/)
  const history = await mesh.weir('history', 'formats.>', '--json')
  assert.ok(
    wanted.every((subject) => history.out.includes(`"${subject}"`)),
    history.out,
  )
  protobuf.close()
  json.close()
})

test('what is wrong with an address or a token is said, with an exit code of its own', async () => {
  const narrow = (await mesh.weir('token', '--subscribe', 'mine.>', '--publish', 'mine.>')).out.trim()
  const brief = (await mesh.weir('token', '--subscribe', '>', '--publish', '>', '--ttl', '1s')).out.trim()
  await sleep(1_500)
  const nobody = ['--url', 'http://127.0.0.1:1', '--token', 'x']
  for (const [args, code, words] of [
    [['pub', 'a.b', '1', ...nobody], 3, /does not answer/],
    [['sub', 'a.b', ...nobody], 3, /does not answer/],
    [['get', 'latest', ...nobody], 3, /cannot be reached/],
    [['pub', 'a.b', '1', '--token', 'x'], 4, /token/],
    [['sub', 'a.b', '--token', 'x'], 4, /token/],
    [['get', 'latest', '--token', 'x'], 4, /token/],
    [['pub', 'a.b', '1', '--token', brief], 4, /expired/],
    [['sub', 'a.b', '--token', brief], 4, /expired/],
    [['get', 'latest', '--token', brief], 4, /expired/],
    [['pub', 'a.b', '1', '--token', narrow], 4, /not grant|may not/],
    [['sub', 'a.b', '--token', narrow], 4, /not grant|may not/],
    [['get', 'latest', 'a.b', '--token', narrow], 4, /not grant|may not/],
    [['get', 'latest', 'nobody.wrote.this'], 5, /no value/],
  ] as const) {
    const outcome = await mesh.weir(...args)
    assert.equal(outcome.code, code, `${args.join(' ')}: ${outcome.err}`)
    assert.match(outcome.err, words, args.join(' '))
  }
})

function otlpGauge(service: string, name: string, value: number): object {
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n)
  const attributes = [
    { key: 'service.name', value: { stringValue: service } },
    { key: 'service.instance.id', value: { stringValue: randomUUID() } },
  ]
  const metrics = [{ name, unit: 'Cel', gauge: { dataPoints: [{ timeUnixNano, asDouble: value }] } }]
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }
}
