import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { until } from '../../../cli/test/processes.ts'
import type { RelaySource, WaitingItem } from '../src/outbox.ts'
import { Relay } from '../src/relay.ts'

/** What comes to ingest, a request each; and what it answers next, 200 unless it is said. */
const requests: (readonly Sent[])[] = []
const answers: { readonly status: number; readonly body: unknown }[] = []
let ingest: Server
let url = ''

interface Sent {
  readonly id: string
  readonly subject: string
  readonly time: string
}

before(async () => {
  ingest = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    requests.push(JSON.parse(Buffer.concat(chunks).toString()) as Sent[])
    const { status, body } = answers.shift() ?? { status: 200, body: { accepted: 1, duplicates: 0 } }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(ingest, 'listening')
  url = `http://127.0.0.1:${(ingest.address() as AddressInfo).port}`
})

after(() => {
  ingest.close()
})

/** An outbox in memory. */
class Held implements RelaySource {
  items: WaitingItem[]
  readonly refused: Map<string, string> = new Map()
  written = (): void => {}

  constructor(...ages: readonly number[]) {
    this.items = ages.map((ageMs, at) => ({
      seq: BigInt(at),
      id: `id-${at}`,
      writtenAt: new Date(Date.now() - ageMs),
      item: { subject: `a.${at}`, type: 't' },
    }))
  }

  async waiting(): Promise<readonly WaitingItem[]> {
    return [...this.items]
  }

  async remove(items: readonly WaitingItem[]): Promise<void> {
    this.items = this.items.filter(({ id }) => !items.some((each) => each.id === id))
  }

  async refuse(item: WaitingItem, reason: string): Promise<void> {
    this.refused.set(item.id, reason)
    await this.remove([item])
  }

  onWritten(action: () => void): void {
    this.written = action
  }
}

async function relayed(outbox: Held, stored: readonly string[] = []): Promise<readonly (readonly string[])[]> {
  requests.length = 0
  const relay = new Relay({
    outbox,
    ingestUrl: url,
    getToken: () => Promise.resolve('token'),
    stored: (items) => Promise.resolve(new Set(items.map(({ id }) => id).filter((id) => stored.includes(id)))),
    say: () => {},
  })
  relay.start()
  await until('nothing waits', () => outbox.items.length === 0)
  await relay.stop()
  return requests.map((items) => items.map(({ id }) => id))
}

test('what cannot be stored now is sent again in its order, with the same ids', async () => {
  const away = { status: 503, body: { detail: 'NATS is away.' } }
  const some = { status: 200, body: { rejected: [{ index: 1, code: 'unavailable', message: 'later' }] } }
  answers.push(away, some)
  const ids = ['id-0', 'id-1', 'id-2']
  assert.deepEqual(await relayed(new Held(0, 0, 0)), [ids, ids, ids])
})

test('what will never be stored is set aside with the reason, and nothing waits behind it', async () => {
  answers.push({ status: 200, body: { rejected: [{ index: 0, code: 'invalid', message: 'no entity' }] } })
  const outbox = new Held(0, 0)
  assert.deepEqual(await relayed(outbox), [['id-0', 'id-1']])
  assert.deepEqual([...outbox.refused], [['id-0', 'no entity']])
})

test('what another relay may have sent two minutes ago is sent only where the history lacks it', async () => {
  const outbox = new Held(200_000, 200_000, 0)
  assert.deepEqual(await relayed(outbox, ['id-0', 'id-2']), [['id-1', 'id-2']])
})
