// `make pictures`: pictures of the running product for the README and docs, from a mesh that is
// started for them. Few, small, the same each time: what is random has a seed, and the window has
// one size.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { launchBrowser } from '../test/browser.ts'
import { RunningMesh } from '../test/running-mesh.ts'
import { root } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-pictures-'))
const target = `${root}docs/pictures`
mkdirSync(target, { recursive: true })
mkdirSync(join(folder, 'boards'))
const room = 'rooms.*.climate'
const board = {
  title: 'Rooms',
  tiles: [
    { kind: 'kpi', title: 'Rooms', filter: room, fold: 'count', x: 0, y: 0, w: 6, h: 3 },
    {
      kind: 'kpi',
      title: 'Warmest',
      filter: room,
      field: 'celsius',
      fold: 'max',
      warn: 24,
      bad: 27,
      x: 6,
      y: 0,
      w: 6,
      h: 3,
    },
    { kind: 'kpi', title: 'Mean', filter: room, field: 'celsius', fold: 'mean', x: 12, y: 0, w: 6, h: 3 },
    { kind: 'kpi', title: 'Humidity', filter: room, field: 'humidity', fold: 'mean', x: 18, y: 0, w: 6, h: 3 },
    {
      kind: 'heatmap',
      title: 'Warmth by room',
      filter: room,
      field: 'celsius',
      warn: 25,
      bad: 27,
      x: 0,
      y: 3,
      w: 14,
      h: 7,
    },
    {
      kind: 'states',
      title: 'Orders',
      filter: 'orders.>',
      states: ['new', 'cooking', 'ready'],
      x: 14,
      y: 3,
      w: 10,
      h: 7,
    },
    {
      kind: 'chart',
      title: 'Three rooms',
      filter: 'rooms.r1.climate rooms.r2.climate rooms.r3.climate',
      field: 'celsius',
      range: '5m',
      x: 0,
      y: 10,
      w: 24,
      h: 5,
    },
  ],
}
writeFileSync(join(folder, 'boards', 'rooms.json'), JSON.stringify(board))
writeFileSync(
  join(folder, 'projections.yaml'),
  `projections:
  - { name: latest, kind: latest }
  - { name: history, kind: history, retention: 1d }
  - { name: too-hot, kind: alert, from: rooms.*.climate, key: '{1}', when: metrics.celsius > 26.5, severity: URGENT, message: '{1} is at {metric.celsius} degrees' }
`,
)
const settings = { WEIR_BOARDS: join(folder, 'boards'), WEIR_PROJECTIONS: join(folder, 'projections.yaml') }
const mesh = await RunningMesh.start(folder, settings)
const { addresses, token } = mesh.running
const feeding = new AbortController()
const fed = feed(feeding.signal)
const browser = await launchBrowser()
try {
  // Long enough that lines have a past.
  await sleep(75_000)
  for (const colorScheme of ['dark', 'light'] as const) {
    const context = await browser.newContext({ colorScheme, locale: 'en-GB', viewport: { width: 1280, height: 760 } })
    const page = await context.newPage()
    await page.goto(`${addresses.projector}/#token=${token}`)
    for (const [name, path, waitMs] of [
      ['start', '', 40_000],
      ['live', 'live?filter=rooms.*.climate&row=rooms.r7.climate', 4_000],
      ['board', 'boards', 6_000],
    ] as const) {
      // One in both is enough to show that there are two.
      if (colorScheme === 'light' && name !== 'board') continue
      await page.goto(`${addresses.projector}/${path}`)
      await sleep(waitMs)
      await page.screenshot({ path: `${target}/${name}-${colorScheme}.jpg`, type: 'jpeg', quality: 78 })
      console.log(`docs/pictures/${name}-${colorScheme}.jpg`)
    }
    await context.close()
  }
} finally {
  feeding.abort()
  await fed
  await browser.close()
  await mesh.dispose()
}

/** Two hundred rooms and forty orders, some hundred events a second. */
async function feed(signal: AbortSignal): Promise<void> {
  const random = seeded(7)
  const warmth = Array.from({ length: 200 }, () => 19 + random() * 6)
  const states = ['new', 'cooking', 'ready']
  while (!signal.aborted) {
    const lines = Array.from({ length: 20 }, () => {
      const at = Math.floor(random() ** 1.5 * warmth.length)
      const celsius = Math.min(28, Math.max(17, (warmth[at] ?? 20) + (random() - 0.5) * 0.4))
      warmth[at] = celsius
      const metrics = { celsius: Number(celsius.toFixed(2)), humidity: Number((0.4 + random() * 0.1).toFixed(3)) }
      return {
        subject: `rooms.r${at + 1}.climate`,
        type: 'room.climate',
        labels: { site: 'abc'[at % 3] },
        reading: { metrics, units: { celsius: 'Cel', humidity: '1' } },
      }
    })
    const order = Math.floor(random() * 40)
    const change = {
      subject: `orders.north.o${order}`,
      stateChange: { entity: `order ${order}`, to: states[Math.floor(random() * 3)] },
    }
    await fetch(`${addresses.ingest}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: [...lines, change].map((line) => JSON.stringify(line)).join('\n'),
    })
    await sleep(200)
  }
}

/** The same numbers each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
