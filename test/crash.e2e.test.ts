import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../cli/test/processes.ts'
import { connect, producer, type Weir } from '../client/src/index.ts'
import { RunningMesh } from './running-mesh.ts'

const subjects = 10
const eventsATick = 10
const tickMs = 20

let mesh: RunningMesh

before(async () => {
  mesh = await RunningMesh.start()
})

after(() => mesh?.dispose())

for (const part of ['ingest', 'hub', 'projector', 'postgres', 'nats']) {
  const promise = 'loses none that was accepted, and doubles none'
  test(`kill -9 of ${part} while events are published ${promise}`, { timeout: 250_000 }, async () => {
    const { addresses, token } = mesh.running
    const weir = connect({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
    const received = collect(weir, `crash.${part}.>`)
    await received.live
    const sent = new Map<string, number[]>()
    const rejected: unknown[] = []
    const sender = producer({
      url: addresses.ingest,
      getToken: () => token,
      onRejected: (rejection) => rejected.push(rejection),
    })
    let count = 0
    const publishFor = async (enough: () => boolean): Promise<void> => {
      while (!enough()) {
        for (let i = 0; i < eventsATick; i++) {
          const subject = `crash.${part}.s${count % subjects}`
          await sender.send(subject, { data: { case: 'json', value: String(count) } })
          sent.set(subject, [...(sent.get(subject) ?? []), count++])
        }
        await sleep(tickMs)
      }
    }

    await publishFor(() => count >= 200)
    process.kill(mesh.running.pids[part] ?? 0, 'SIGKILL')
    const deadline = Date.now() + 40_000
    await publishFor(() => mesh.said().includes(`weir: ${part} is back.`) || Date.now() > deadline)
    const atReturn = count
    await publishFor(() => count >= atReturn + 200)
    await sender.close(30_000)
    assert.match(mesh.said(), new RegExp(`${part} was ended by SIGKILL; starting it again`))
    assert.deepEqual(rejected, [])

    await until('the subscriber has as many', () => received.count() >= count, 40_000)
    assert.deepEqual(received.bySubject, sent, 'each event once, in the order of its subject')
    await until('the history has as many', async () => (await historyOf(weir, part)).length >= count, 40_000)
    const expected = [...sent.values()].flat().sort((a, b) => a - b)
    assert.deepEqual(
      (await historyOf(weir, part)).sort((a, b) => a - b),
      expected,
    )
    await until(
      'the bucket has the last ones',
      async () => {
        const { items } = await weir.state('latest', { filter: `crash.${part}.>` }).catch(() => ({ items: [] }))
        return items.length === subjects && items.every((item) => numberOf(item) === sent.get(item.subject)?.at(-1))
      },
      40_000,
    )
    weir.close()
  })
}

type Numbered = { readonly event: { readonly data: { readonly case?: string | undefined; readonly value?: unknown } } }

function numberOf({ event }: Numbered): number {
  return event.data.case === 'json' ? Number(event.data.value) : Number.NaN
}

/** What a subscription in mode ALL gives, over every reconnect. */
function collect(from: Weir, filter: string) {
  const bySubject = new Map<string, number[]>()
  const subscription = from.subscribe({ filter, mode: 'ALL' })
  let count = 0
  let isLive = (): void => undefined
  const live = new Promise<void>((resolve) => {
    isLive = resolve
  })
  void (async () => {
    for await (const item of subscription) {
      if (item.type === 'state' && item.state === 'live') isLive()
      if (item.type !== 'entry') continue
      count++
      bySubject.set(item.subject, [...(bySubject.get(item.subject) ?? []), numberOf(item)])
    }
  })()
  return { bySubject, live, count: () => count }
}

async function historyOf(weir: Weir, part: string): Promise<number[]> {
  const numbers: number[] = []
  try {
    for (let next: string | undefined; ; ) {
      const page = await weir.history({ filter: `crash.${part}.>`, limit: 1_000, ...(next ? { cursor: next } : {}) })
      numbers.push(...page.items.map(numberOf))
      next = page.next
      if (next === undefined) return numbers
    }
  } catch {
    // It may not answer for a moment.
    return []
  }
}
