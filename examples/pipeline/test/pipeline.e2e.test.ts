import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { until } from '../../../cli/test/processes.ts'
import { axeFaults } from '../../../test/axe-faults.ts'
import { launchBrowser } from '../../../test/browser.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'
import { stageNames } from '../src/stages.ts'

let mesh: RunningMesh
let browser: Browser
let page: Page
before(async () => {
  mesh = await RunningMesh.demo('pipeline', ['--rate', '1'])
  browser = await launchBrowser()
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
})
after(async () => {
  await browser.close()
  await mesh.dispose()
})

function timeline(): string {
  const { url = '' } = mesh.running.demo?.pages.find(({ title }) => title === 'Timeline') ?? {}
  return url
}

async function read(path: string): Promise<unknown> {
  const { addresses, token } = mesh.running
  const response = await fetch(addresses.projector + path, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(response.status, 200, path)
  return await response.json()
}

/** What was stored of the runs, a word each: `run-1.radar COMPLETE`, `run-1.radar OUT`. */
async function stored(): Promise<readonly string[]> {
  const found: string[] = []
  for (let after = ''; ; ) {
    const { items, next } = (await read(`/v1/history?filter=ops.*.*.*&limit=1000${after}`)) as HistoryAnswer
    for (const { subject, event } of items) {
      const [, run, stage] = subject.split('.')
      found.push(`${run}.${stage} ${event.step?.status ?? 'OUT'}`)
    }
    if (next === undefined) return found
    after = `&cursor=${next}`
  }
}

interface HistoryAnswer {
  readonly items: readonly {
    readonly subject: string
    readonly event: { readonly step?: { readonly status: string } }
  }[]
  readonly next?: string
}

async function pidOf(name: string): Promise<number> {
  const { event } = (await read(`/v1/state/pipeline/workers.${name}`)) as { event: { data: { pid: number } } }
  return event.data.pid
}

test('without a token nothing is shown, and a wrong one is refused', async () => {
  await page.goto(new URL('/', timeline()).href)
  await page.getByLabel('Token').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  assert.equal(await page.getByRole('list', { name: 'Runs' }).count(), 0)
  // Where the read API is away, the hub says so.
  await page.route('**/v1/state/pipeline?*', (route) => route.abort())
  await page.getByLabel('Token').fill('wrong as well')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('prints a token').waitFor()
  await page.unroute('**/v1/state/pipeline?*')
})

test('the start-up shows what is ready, can be skipped, and a reload shows the whole of what runs', async () => {
  const startUp = page.getByRole('region', { name: 'Start-up' })
  const readApi = '**/v1/state/pipeline?*'
  /** A page that has signed in hears no more of the read API, and so is not ready. */
  const keepFromBeingReady = async (): Promise<void> => {
    let asked = 0
    await page.route(readApi, (route) => (asked++ === 0 ? route.continue() : route.abort()))
  }
  // It ends by itself when all are ready.
  await keepFromBeingReady()
  await page.goto(timeline())
  await startUp.getByText('7 of 8 ready').waitFor()
  await page.unroute(readApi)
  await startUp.waitFor({ state: 'detached' })
  // A new tab has one of its own.
  await page.evaluate(() => sessionStorage.removeItem('pipeline.started'))
  await keepFromBeingReady()
  await page.reload()
  await startUp.getByText('7 of 8 ready').waitFor()
  await page.getByRole('button', { name: 'Skip' }).click()
  await startUp.waitFor({ state: 'detached' })
  await page.unroute(readApi)
  const complete = page.locator('.stage.COMPLETE', { hasText: 'Report' })
  await complete.first().waitFor()
  await page.locator('.stage.PROCESSING').first().waitFor()
  await page.reload()
  await complete.first().waitFor()
  assert.equal(await page.getByRole('region', { name: 'Start-up' }).count(), 0)
  await complete.first().click()
  const details = page.getByRole('dialog')
  await details.getByText('"summary"').waitFor()
  await details.getByText('"score"').first().waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    assert.deepEqual(await axeFaults(page), [])
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  await page.keyboard.press('Escape')
})

test('a token that is over leads back to the sign-in', async () => {
  const { out } = await mesh.weir('token', '--subscribe', 'ops.>,workers.>', '--ttl', '4s')
  const tab = await browser.newPage()
  await tab.goto(timeline().replace(/#.*/, `#token=${out.trim()}`))
  await tab.getByRole('alert').getByText('prints a token').waitFor()
  await tab.close()
})

test('all workers are killed at once, and each stage of each run is done once', async () => {
  const pids = new Map(await Promise.all(stageNames.map(async (name) => [name, await pidOf(name)] as const)))
  for (const pid of pids.values()) process.kill(pid, 'SIGKILL')
  for (const [name, pid] of pids) await until(`${name} is back`, async () => (await pidOf(name)) !== pid)
  const reports = (all: readonly string[]): number => all.filter((each) => each.endsWith('.report OUT')).length
  const before = reports(await stored())
  await until('runs go on', async () => reports(await stored()) >= before + 3)

  const all = await stored()
  const times = new Map<string, number>()
  for (const each of all) times.set(each, (times.get(each) ?? 0) + 1)
  const once = [...times].filter(([each, count]) => / (OUT|COMPLETE)$/.test(each) && count !== 1)
  assert.deepEqual(once, [])
  // Workers take runs in their order: before the last report none is missing but what failed.
  const ended = new Set(all.flatMap((each) => /^run-(\d+)\.(?:report OUT|\w+ ERROR)/.exec(each)?.[1] ?? []))
  const last = Math.max(...all.flatMap((each) => Number(/^run-(\d+)\.report OUT/.exec(each)?.[1] ?? 0)))
  const missing = Array.from({ length: last }, (_, at) => String(at + 1)).filter((number) => !ended.has(number))
  assert.deepEqual(missing, [])
})

test('a step stands in the page soon after it was sent', async (t) => {
  const { addresses, token } = mesh.running
  await page.locator('.stage.COMPLETE', { hasText: 'Report' }).first().click()
  const details = page.getByRole('dialog')
  await details.getByText('"summary"').waitFor()
  const spans: number[] = []
  for (let n = 0; n < 40; n++) {
    const text = `probe-${1_000_000 + n}`
    const shown = page.evaluate(async (name) => {
      while (!document.body.textContent?.includes(name)) await new Promise(requestAnimationFrame)
      return Date.now()
    }, text)
    const began = Date.now()
    const step = { pipeline: text, name: 'Radar', status: 'PROCESSING', index: 0 }
    const labels = { attempt: '1', started: new Date().toISOString() }
    await fetch(`${addresses.ingest}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ subject: `ops.${text}.radar.step`, labels, step }),
    }).then((response) => assert.equal(response.status, 200))
    spans.push((await shown) - began)
  }
  // Its run is no longer among those that are shown, and who reads it reads on.
  const read = await details.getAttribute('aria-label')
  assert.equal(await page.locator('.run', { hasText: read?.replace('Report of ', '') ?? '' }).count(), 0)
  await details.getByText('"summary"').waitFor()
  spans.sort((a, b) => a - b)
  const at = (share: number): number => Math.round(spans[Math.floor(share * (spans.length - 1))] ?? 0)
  t.diagnostic(`act to pixel, ${spans.length} steps: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
})
