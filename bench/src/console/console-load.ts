/**
 * The console in a real Chromium before a real mesh; each line of output is a Line. Playwright runs
 * on Node, so this is a program of its own.
 *
 *   node bench/src/console/console-load.ts <long|quick>
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from '../../../test/browser.ts'
import { actToPixelMs } from './act-to-pixel.ts'
import { ConsoleMesh, tileCount, wallSubject } from './console-mesh.ts'
import { floodFilter } from './flood-subject.ts'
import { printFigure as report } from './node-figures.ts'
import { firstRowMs } from './opening.ts'
import { slopeOf, type Watched, watch } from './page-watch.ts'

const isQuick = process.argv[2] === 'quick'
const liveEventsPerSecond = 50_000
const boardEventsPerSecond = 2_000
const flooded = 5_000
/** Sixty a second, within a twentieth. */
const framesLeast = 57
const minutes = isQuick ? 0.05 : 10
const wallMinutes = isQuick ? 0.05 : 1
const warmUpMs = isQuick ? 2_000 : 30_000
const openings = isQuick ? 1 : 9
const acts = isQuick ? 20 : 300

const mesh = await ConsoleMesh.start()
try {
  await mesh.post([
    { subject: 'wall.one', reading: { metrics: { value: 1 } } },
    ...Array.from({ length: tileCount }, (_, at) => ({ subject: wallSubject(at), data: at })),
  ])
  await openingFigures()
  await mesh.withOneNumber(actFigures)
  await boardFigures('A board of 1,000 tiles', 'boards?board=wall', minutes)
  await boardFigures('The same on a wall', 'boards?board=wall&wall=1', wallMinutes)
  await liveFigures()
} finally {
  await mesh.stop()
}

/** Nothing is published meanwhile: what is measured is the way to the first row. */
async function openingFigures(): Promise<void> {
  for (const path of ['live', 'state']) {
    const address = mesh.address(`${path}?filter=wall.>`)
    const [cold, warm]: [number[], number[]] = [[], []]
    for (let at = 0; at < openings; at++) {
      const context = await mesh.newcomer()
      for (const spans of [cold, warm]) {
        const page = await context.newPage()
        spans.push(await firstRowMs(page, address))
        await page.close()
      }
      await context.close()
    }
    for (const [name, spans] of [
      ['the files not in the cache', cold],
      ['the files in the cache', warm],
    ] as const) {
      const spread = spans.toSorted((some, other) => some - other)
      const value = spread[Math.floor(spread.length / 2)] ?? Number.NaN
      report({ name: `First row of /${path}, ${name}`, value, unit: 'ms', spread, budget: { atMost: 500 } })
    }
  }
}

async function actFigures(): Promise<void> {
  const page = await mesh.visit('boards?board=one')
  await page.getByRole('region', { name: 'One' }).waitFor()
  const spans = await actToPixelMs(mesh, page, acts)
  const at = (share: number): number => spans[Math.floor(share * (spans.length - 1))] ?? Number.NaN
  const note = `${spans.length} posts, one after the other`
  report({ name: 'Act to pixel of a number, p50', value: at(0.5), unit: 'ms', budget: { atMost: 50 }, note })
  report({ name: 'Act to pixel of a number, p99', value: at(0.99), unit: 'ms', note })
  await page.context().close()
}

async function boardFigures(name: string, path: string, forMinutes: number): Promise<void> {
  const page = await mesh.visit(path)
  await page.getByRole('region', { name: 'r0', exact: true }).waitFor()
  const stream = streamOfBoard()
  await watchedFigures(name, page, forMinutes, boardEventsPerSecond, stream)
}

async function liveFigures(): Promise<void> {
  const flood = mesh.flood(liveEventsPerSecond, flooded)
  const page = await mesh.visit(`live?filter=${floodFilter}`)
  await page.getByRole('row').nth(5).waitFor({ timeout: 60_000 })
  await watchedFigures('Live', page, minutes, liveEventsPerSecond, () => flood.end())
}

/** Watches a page until its time is over, then ends what it was fed by. */
async function watchedFigures(
  what: string,
  page: Page,
  forMinutes: number,
  perSecond: number,
  end: () => Promise<number>,
): Promise<void> {
  await sleep(warmUpMs)
  const parts = Math.max(2, Math.round(forMinutes))
  let watched: Watched
  let came = 0
  try {
    watched = await watch(page, forMinutes * 60_000, parts)
  } finally {
    came = await end()
    await page.context().close()
  }
  const isSlow = came < 0.95 * perSecond
  const tooFew = isSlow ? `only ${Math.round(came)} events/s were stored` : undefined
  const name = `${what} at ${perSecond.toLocaleString('en-GB')} events/s`
  const { framesPerSecond, longestFrameMs, heapMb, seconds } = watched
  report({
    name: `${name}, frames`,
    value: framesPerSecond,
    unit: 'frames/s',
    budget: { atLeast: framesLeast },
    note: `${Math.round(came)} events/s for ${Math.round(seconds)} s; the longest frame took ${Math.round(longestFrameMs)} ms`,
    void: tooFew,
  })
  if (forMinutes < 10 && !isQuick) return
  const growth = (slopeOf(heapMb) * parts) / forMinutes
  report({
    name: `${name}, growth of the heap`,
    value: growth,
    unit: 'MB/min',
    budget: { atMost: 0.2 },
    note: `after collections, from ${heapMb[0]?.toFixed(1)} to ${heapMb.at(-1)?.toFixed(1)} MB`,
    void: isQuick ? 'too short to tell' : tooFew,
  })
}

/** Sends to all tiles in turn; ends with how many a second it was. */
function streamOfBoard(): () => Promise<number> {
  let [sent, ended] = [0, false]
  const began = performance.now()
  const done = (async () => {
    while (!ended) {
      const due = Math.floor(((performance.now() - began) * boardEventsPerSecond) / 1000) - sent
      const events = Array.from({ length: Math.max(0, Math.min(due, 2_000)) }, (_, index) => ({
        subject: wallSubject((sent + index) % tileCount),
        data: sent + index,
      }))
      if (events.length > 0) await mesh.post(events)
      sent += events.length
      await sleep(20)
    }
    return (sent * 1000) / (performance.now() - began)
  })()
  // Who is watched first hears of a failure here.
  done.catch(() => undefined)
  return async () => {
    ended = true
    return await done
  }
}
