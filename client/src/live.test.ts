import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Start } from '@weir/proto'
import { settle } from '../test/fake-clock.ts'
import { batchFrame } from '../test/fake-hub.ts'
import { testWeir } from '../test/weir.ts'
import { live } from './live.ts'

test('the history, all pages of it, then what comes, joined at one cursor', async () => {
  const pages = [
    { items: [item(3), item(4)], cursor: '1-6', next: 'more' },
    { items: [item(6)], cursor: '1-6' },
  ]
  const asked: URL[] = []
  const { weir, hub } = testWeir({
    readUrl: 'https://read.test',
    fetch: async (url) => {
      asked.push(new URL(url))
      return Response.json(pages.shift())
    },
  })
  const seen: string[] = []
  const began = Date.now()
  const reading = (async () => {
    for await (const each of live(weir, { filter: 'rooms.>', since: '0.25h' })) {
      seen.push('seq' in each ? `${each.type} ${each.seq}` : each.type)
      if (seen.at(-1) === 'entry 7') break
    }
  })()
  while (!seen.includes('now')) await settle()
  const socket = await hub.welcome()
  const [subscribe] = socket.take('subscribe')
  assert.deepEqual([subscribe?.mode, subscribe?.cursor?.seq, subscribe?.filters], [1, 6n, ['rooms.>']])
  await socket.say({
    case: 'subscribed',
    value: { id: subscribe?.id ?? 0, channel: 1, start: Start.MEMORY, cursor: { epoch: 1n, seq: 6n } },
  })
  await socket.say(batchFrame(1, 6, 7, { 7: 'rooms.a' }))
  await reading
  assert.deepEqual(
    seen.filter((each) => each !== 'state'),
    ['entry 3', 'entry 4', 'entry 6', 'now', 'entry 7'],
  )
  assert.equal(socket.take('unsubscribe').length, 1)
  const from = Date.parse(asked[0]?.searchParams.get('from') ?? '')
  assert.ok(Math.abs(began - 900_000 - from) < 5000)
})

test('the last so many, the oldest of them first, then what comes', async () => {
  const asked: URL[] = []
  const { weir, hub } = testWeir({
    readUrl: 'https://read.test',
    fetch: async (url) => {
      asked.push(new URL(url))
      return Response.json({ items: [item(6), item(4)], cursor: '1-6', next: 'more' })
    },
  })
  const seen: string[] = []
  const reading = (async () => {
    for await (const each of live(weir, { filter: 'rooms.>', last: 2 })) {
      seen.push('seq' in each ? `${each.type} ${each.seq}` : each.type)
      if (each.type === 'now') break
    }
  })()
  await reading
  assert.deepEqual(seen, ['entry 4', 'entry 6', 'now'])
  assert.deepEqual(
    asked.map(({ searchParams }) => [searchParams.get('order'), searchParams.get('limit')]),
    [['desc', '2']],
  )
  assert.equal(hub.sockets.length, 0)
})

test('what is no count is refused', async () => {
  const { weir } = testWeir({ readUrl: 'https://read.test' })
  for (const last of [0, -1, 1.5, Number.NaN]) {
    await assert.rejects(live(weir, { filter: '>', last }).next(), { code: 'invalid' }, String(last))
  }
})

test('what is no duration is refused', async () => {
  const { weir } = testWeir({ readUrl: 'https://read.test' })
  for (const since of ['', '15', 'm', '-5m', '1y', -1]) {
    await assert.rejects(live(weir, { filter: '>', since }).next(), { code: 'invalid' }, String(since))
  }
})

function item(seq: number): object {
  return { subject: 'rooms.a', seq, event: {} }
}
