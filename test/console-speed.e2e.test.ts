import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { RunningMesh } from './running-mesh.ts'

// What the page does with much of everything. The bounds are wide, as this runs beside other tests;
// the figures are told as diagnostics.

let mesh: RunningMesh
let browser: Browser

const tiles = Array.from({ length: 1_000 }, (_, at) => ({
  kind: 'kpi',
  title: `r${at}`,
  filter: `wall.r${at}`,
  x: (at % 24) * 1,
  y: Math.floor(at / 24) * 2,
  w: 1,
  h: 2,
}))

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-speed-'))
  mkdirSync(join(folder, 'boards'))
  writeFileSync(join(folder, 'boards', 'wall.json'), JSON.stringify({ title: 'Wall', tiles }))
  mesh = await RunningMesh.start(folder, { WEIR_BOARDS: join(folder, 'boards') })
  browser = await launchBrowser()
})

after(async () => {
  await browser?.close()
  await mesh?.dispose()
})

async function visit(path: string): Promise<Page> {
  const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  await page.goto(`${mesh.running.addresses.projector}/${path}#token=${mesh.running.token}`)
  await page.locator('[data-state=live], [data-state=behind]').waitFor()
  return page
}

async function post(lines: readonly string[]): Promise<void> {
  const response = await fetch(`${mesh.running.addresses.ingest}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  assert.equal(response.status, 200, await response.clone().text())
  await response.body?.cancel()
}

/** Sends so many events a second until it is told to stop. */
function stream(perSecond: number, line: (at: number) => string): () => Promise<number> {
  let running = true
  let sent = 0
  const began = performance.now()
  const done = (async () => {
    while (running) {
      const due = Math.floor(((performance.now() - began) * perSecond) / 1000) - sent
      const batch = Math.min(due, 5_000)
      if (batch > 0) await post(Array.from({ length: batch }, (_, at) => line(sent + at)))
      sent += Math.max(0, batch)
      await sleep(50)
    }
    return (sent * 1000) / (performance.now() - began)
  })()
  return async () => {
    running = false
    return await done
  }
}

/** Pictures a second over some seconds, and the heap after them. */
async function watched(page: Page, seconds: number): Promise<{ frames: number; heapMb: number }> {
  return await page.evaluate(async (wanted) => {
    let frames = 0
    const began = performance.now()
    await new Promise<void>((resolve) => {
      const tick = (): void => {
        frames++
        if (performance.now() - began < wanted * 1000) requestAnimationFrame(tick)
        else resolve()
      }
      requestAnimationFrame(tick)
    })
    const { memory } = performance as unknown as { memory?: { usedJSHeapSize: number } }
    return { frames: (frames * 1000) / (performance.now() - began), heapMb: (memory?.usedJSHeapSize ?? 0) / 1e6 }
  }, seconds)
}

function told(t: TestContext, what: string, figures: Readonly<Record<string, number>>): void {
  t.diagnostic(
    `${what}: ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value.toFixed(1)}`)
      .join(', ')}`,
  )
}

test('a board of a thousand tiles moves at two thousand events a second', async (t) => {
  await post(tiles.map(({ filter }, at) => `{"subject":"${filter}","data":${at}}`))
  const page = await visit('boards?board=wall')
  const last = page.getByRole('region', { name: 'r999', exact: true })
  await page.getByRole('region', { name: 'r0', exact: true }).getByText('0', { exact: true }).waitFor()
  assert.equal(await last.getByText('999', { exact: true }).count(), 0, 'what is out of sight is not drawn')
  await last.scrollIntoViewIfNeeded()
  await last.getByText('999', { exact: true }).waitFor()
  const stop = stream(2_000, (at) => `{"subject":"wall.r${at % 1000}","data":${at}}`)
  await sleep(2_000)
  const { frames, heapMb } = await watched(page, 8)
  told(t, '1,000 tiles', { 'frames/s': frames, 'heap MB': heapMb, 'events/s': await stop() })
  assert.ok(frames > 3, `${frames} frames a second`)
  await page.close()
})

test('the live page keeps up with what the hub takes in', async (t) => {
  const page = await visit('live?filter=flood.>')
  const stop = stream(20_000, (at) => `{"subject":"flood.s${at % 5000}","data":{"n":${at},"site":"a"}}`)
  await page.getByRole('row').nth(5).waitFor({ timeout: 30_000 })
  const first = await watched(page, 6)
  const second = await watched(page, 6)
  told(t, 'live', { 'frames/s': second.frames, 'heap MB': second.heapMb, 'events/s': await stop() })
  assert.ok(second.frames > 3, `${second.frames} frames a second`)
  assert.ok(second.heapMb < first.heapMb + 200, `the heap grew from ${first.heapMb} to ${second.heapMb} MB`)
  await page.close()
})

test('a hundred thousand subjects are listed, counted in the tree, and scrolled', async (t) => {
  for (let at = 0; at < 100_000; at += 5_000) {
    await post(
      Array.from({ length: 5_000 }, (_, i) => `{"subject":"many.g${(at + i) % 100}.s${at + i}","data":${at + i}}`),
    )
  }
  const began = performance.now()
  const page = await visit('state?filter=many.>')
  await page.getByRole('row').nth(3).waitFor({ timeout: 60_000 })
  const firstMs = performance.now() - began
  await page.getByText('100,000 subjects').waitFor({ timeout: 120_000 })
  const allMs = performance.now() - began
  const grid = page.getByRole('grid')
  await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight))
  await page.getByRole('row', { name: /many\.g99\.s99999/ }).waitFor()
  assert.ok((await page.getByRole('row').count()) < 150, 'only what is in sight is in the document')
  told(t, '100,000 subjects', { 'first row ms': firstMs, 'all ms': allMs, 'heap MB': (await watched(page, 1)).heapMb })
  await page.close()
})
