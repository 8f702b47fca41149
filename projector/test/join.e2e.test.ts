import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mintToken } from '@weir/mesh'
import type { HistoryItem } from './api-shapes.ts'
import { startPglite, type TestDatabase } from './pglite.ts'
import { testSecret } from './projector-process.ts'
import { reading, ServiceUnderTest, until } from './service-under-test.ts'

let database: TestDatabase
let service: ServiceUnderTest
let hub: ChildProcess
let hubPort: number
let live: WebSocket | undefined
let publishing = true

before(async () => {
  database = await startPglite()
  service = await ServiceUnderTest.start({ databaseUrl: database.url })
  ;[hub, hubPort] = await startHub(service.urlAs('hub'))
})

after(async () => {
  publishing = false
  live?.close()
  hub?.kill()
  await service?.stop()
  await database?.stop()
})

test('history and live, joined by the cursor, have no gap and no double', async () => {
  let published = 0
  const source = (async () => {
    while (publishing) {
      await Promise.all(Array.from({ length: 20 }, () => service.publish('rooms.r1', reading({ n: published++ }))))
    }
  })()
  await until(async () => {
    const { body } = await service.get<{ items: HistoryItem[] }>('/v1/history?filter=rooms.r1&limit=1000')
    return body.items.length > 500
  })

  // Several pages, while events keep coming.
  const seen: number[] = []
  let cursor = ''
  let next = ''
  do {
    const { body } = await service.get<{ items: HistoryItem[]; cursor: string; next?: string }>(
      `/v1/history?filter=rooms.r1&limit=100${next}`,
    )
    seen.push(...body.items.map(({ seq }) => seq))
    cursor = body.cursor
    next = body.next === undefined ? '' : `&cursor=${body.next}`
  } while (next !== '')
  const fromHistory = seen.length
  assert.ok(fromHistory > 300, `${fromHistory} are too few to tell`)

  live = await subscribe(cursor, (seq) => seen.push(seq))
  await until(async () => seen.length > fromHistory + 500)
  publishing = false
  await source
  await until(async () => seen.length >= published)

  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    Array.from({ length: published }, (_, at) => at + 1),
  )
})

async function startHub(natsUrl: string): Promise<[ChildProcess, number]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../hub/src/main.ts', import.meta.url))], {
    env: {
      WEIR_NATS_URL: natsUrl,
      WEIR_JWT_SECRET: testSecret,
      WEIR_HUB_PORT: '0',
      WEIR_HUB_ADMIN_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    let said = ''
    const read = (chunk: Buffer): void => {
      said += chunk.toString()
      const found = /"port":(\d+)[^\n]*"msg":"listening"/.exec(said)?.[1]
      if (found !== undefined) resolve(Number(found))
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', () => reject(new Error(`the hub ended:\n${said}`)))
  })
  return [child, port]
}

/** Everything past the cursor, in JSON frames. */
async function subscribe(cursor: string, take: (seq: number) => void): Promise<WebSocket> {
  const token = await mintToken(testSecret, {
    tenant: 'main',
    subject: 'chart',
    publish: [],
    subscribe: ['>'],
    ttlSeconds: 60,
  })
  const socket = new WebSocket(`ws://127.0.0.1:${hubPort}/v1/ws`, 'weir.v1.json')
  const send = (frame: object): void => socket.send(JSON.stringify(frame))
  socket.onopen = () => {
    send({ type: 'hello', token, client: 'test', windowBytes: 0 })
    send({ type: 'subscribe', id: 1, source: 'events', filters: ['rooms.r1'], mode: 'ALL', cursor })
  }
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as { type: string; entries?: { seq: number }[] }
    assert.ok(!['refused', 'gap', 'goaway'].includes(frame.type), String(data))
    for (const { seq } of frame.entries ?? []) take(seq)
  }
  return socket
}
