import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser } from '../browser.ts'
import { RunningMesh } from '../running-mesh.ts'

const projections = `projections:
  - { name: latest, kind: latest }
  - { name: history, kind: history, retention: 1d }
  - name: hot
    kind: alert
    from: hot.*
    key: '{1}'
    when: metrics.celsius > 30
    severity: URGENT
    message: '{1} is at {metric.celsius} degrees'
`

const tile = (kind: string, x: number, y: number, more: object): object => ({
  kind,
  x,
  y,
  w: 8,
  h: 4,
  title: kind,
  ...more,
})
const roomsBoard = {
  title: 'Rooms',
  variables: [{ name: 'room', value: '*' }],
  tiles: [
    tile('kpi', 0, 0, { filter: 'axe.$room.climate', field: 'celsius' }),
    tile('heatmap', 8, 0, { filter: 'axe.$room.climate' }),
    tile('table', 16, 0, { filter: 'axe.>' }),
    tile('chart', 0, 4, { filter: 'axe.$room.climate', range: '5m' }),
    tile('states', 8, 4, { filter: 'axe.*.order', states: ['new', 'ready'] }),
    tile('pipeline', 16, 4, { filter: 'axe.*.step' }),
    tile('alerts', 0, 8, {}),
    tile('text', 8, 8, { text: 'Hello $room' }),
    tile('lively', 16, 8, {}),
    tile('machine', 0, 12, {}),
    tile('weir', 8, 12, { w: 16 }),
  ],
}

/** One mesh and one browser for all cases. */
export let mesh: RunningMesh
export let browser: Browser

export async function openConsole(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-console-'))
  const boards = join(folder, 'boards')
  mkdirSync(boards)
  writeFileSync(join(boards, 'rooms.json'), JSON.stringify(roomsBoard))
  writeFileSync(join(boards, 'wrong.json'), '{\n  "title": "Wrong",\n  "tiles": [{ "kind": "gauge" }]\n}\n')
  writeFileSync(join(folder, 'projections.yaml'), projections)
  const settings = { WEIR_BOARDS: boards, WEIR_PROJECTIONS: join(folder, 'projections.yaml') }
  mesh = await RunningMesh.start(folder, settings)
  browser = await launchBrowser()
}

export async function closeConsole(): Promise<void> {
  await browser?.close()
  await mesh.dispose()
}

export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Everything that went wrong in the page. */
  readonly faults: string[]
}

type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>

/** Opens a page of the console as somebody who is signed in. */
export async function visit(path: string, options: ContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(`${mesh.running.addresses.projector}/${path}#token=${mesh.running.token}`)
  return { page, context, faults }
}

export const live = (page: Page, word = 'Live'): Promise<void> =>
  page.locator('[role=status][data-state]').filter({ hasText: word }).waitFor({ timeout: 60_000 })

export async function post(lines: readonly object[]): Promise<void> {
  const response = await fetch(`${mesh.running.addresses.ingest}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  })
  assert.equal(response.status, 200, await response.clone().text())
  assert.equal(((await response.json()) as { rejected?: unknown }).rejected, undefined)
}

export { axeFaults } from '../axe-faults.ts'
