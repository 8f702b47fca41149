import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { until } from '../cli/test/processes.ts'
import { launchBrowser } from './browser.ts'
import { RunningMesh } from './running-mesh.ts'

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
  ],
}

let mesh: RunningMesh
let browser: Browser

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-console-'))
  const boards = join(folder, 'boards')
  mkdirSync(boards)
  writeFileSync(join(boards, 'rooms.json'), JSON.stringify(roomsBoard))
  writeFileSync(join(boards, 'wrong.json'), '{\n  "title": "Wrong",\n  "tiles": [{ "kind": "gauge" }]\n}\n')
  writeFileSync(join(folder, 'projections.yaml'), projections)
  const settings = { WEIR_BOARDS: boards, WEIR_PROJECTIONS: join(folder, 'projections.yaml') }
  mesh = await RunningMesh.start(folder, settings)
  browser = await launchBrowser()
})

after(async () => {
  await browser?.close()
  await mesh.dispose()
})

interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Everything that went wrong in the page. */
  readonly faults: string[]
}

type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]>

/** Opens a page of the console as somebody who is signed in. */
async function visit(path: string, options: ContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(`${mesh.running.addresses.projector}/${path}#token=${mesh.running.token}`)
  return { page, context, faults }
}

const live = (page: Page, word = 'Live'): Promise<void> =>
  page.locator('[role=status][data-state]').filter({ hasText: word }).waitFor()

async function post(lines: readonly object[]): Promise<void> {
  const response = await fetch(`${mesh.running.addresses.ingest}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  })
  assert.equal(response.status, 200, await response.clone().text())
  assert.equal(((await response.json()) as { rejected?: unknown }).rejected, undefined)
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds against WCAG 2.2 A and AA, a line a rule. */
async function axeFaults(page: Page): Promise<string[]> {
  // Past the page's content security policy, which lets no script in.
  await page.evaluate(axeSource)
  return await page.evaluate(async () => {
    interface Axe {
      run(
        context: Document,
        options: object,
      ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>
    }
    const { axe } = globalThis as unknown as { axe: Axe }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
    const { violations } = await axe.run(document, { runOnly: { type: 'tag', values: tags } })
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`).join(' | ')}`,
    )
  })
}

const pages = ['', 'live', 'state', 'history?filter=axe.*.climate', 'alerts', 'mesh', 'boards?board=rooms']

test('a new mesh shows how to send the first event, and says when it is there', async () => {
  const { page, context, faults } = await visit('')
  await live(page)
  await page.getByText('Waiting for the first event').waitFor()
  assert.deepEqual(await axeFaults(page), [])
  await mesh.weir('pub', 'rooms.r1.climate', '{"celsius": 21.5}')
  await page.getByText('It arrived').waitFor()
  await page.getByRole('button', { name: /rooms\.r1\.climate/ }).waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('every page in both themes has nothing that axe finds, and no sideways scroll at 360 px', async () => {
  await post([
    {
      subject: 'axe.r1.climate',
      reading: { metrics: { celsius: 21.5, share: 0.4 }, units: { celsius: 'Cel', share: '1' } },
    },
    { subject: 'axe.r2.order', stateChange: { entity: 'order 1', from: 'new', to: 'ready' } },
    { subject: 'axe.r3.text', data: { name: 'x', list: [1, 2] } },
    { subject: 'axe.r4.step', step: { pipeline: 'run 1', name: 'fetch', status: 'PROCESSING', index: 0 } },
    { subject: 'hot.r9', reading: { metrics: { celsius: 41 } } },
  ])
  for (const colorScheme of ['dark', 'light'] as const) {
    const { page, context, faults } = await visit('', { colorScheme })
    await live(page)
    for (const path of pages) {
      await page.goto(`${mesh.running.addresses.projector}/${path}`)
      await live(page)
      await page.waitForTimeout(1_200)
      assert.deepEqual(await axeFaults(page), [], `${path || 'start'}, ${colorScheme}`)
      await page.setViewportSize({ width: 360, height: 740 })
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, path)
      await page.setViewportSize({ width: 1280, height: 800 })
    }
    await page.goto(`${mesh.running.addresses.projector}/state?row=axe.r1.climate`)
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByText('"celsius"').first().waitFor()
    assert.deepEqual(await axeFaults(page), [], `details, ${colorScheme}`)
    await page.keyboard.press('Escape')
    for (const [key, name] of [
      ['Control+k', 'Commands'],
      ['?', 'Keys'],
    ] as const) {
      await page.keyboard.press(key)
      await page.getByRole('dialog', { name }).waitFor()
      assert.deepEqual(await axeFaults(page), [], `${name}, ${colorScheme}`)
      await page.keyboard.press('Escape')
    }
    assert.deepEqual(faults, [])
    await context.close()
  }
})

test('live shows events as they happen, stands still when it is paused, and the filter is in the address', async () => {
  const { page, context, faults } = await visit('live')
  await live(page)
  await page.keyboard.press('/')
  await page.keyboard.type('page.>')
  await page.keyboard.press('Enter')
  await until('the filter is in the address', () => new URL(page.url()).searchParams.get('filter') === 'page.>')
  assert.equal(new URL(page.url()).hash, '', 'the token is gone from the address')
  await page.getByText('Nothing has come yet').waitFor()
  await mesh.weir('pub', 'page.r1', '{"n":1,"say":"first"}')
  await page.getByRole('row', { name: /page\.r1.*first/ }).waitFor()
  await page.keyboard.press('Space')
  await mesh.weir('pub', 'page.r1', '{"n":2,"say":"second"}')
  await page.getByRole('button', { name: '1 new' }).waitFor()
  assert.equal(await page.getByText('second').count(), 0, 'a paused view stays as it is')
  await page.getByRole('button', { name: '1 new' }).click()
  await page.getByText('second').waitFor()

  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Details' }).getByText('+1', { exact: true }).waitFor()
  const there = page.url()
  await page.reload()
  await page.getByRole('complementary', { name: 'Details' }).getByText('+1', { exact: true }).waitFor()
  assert.equal(page.url(), there, 'a reload shows the same')
  await page.goBack()
  await until(
    'back closes the details',
    async () => (await page.getByRole('complementary', { name: 'Details' }).count()) === 0,
  )
  assert.deepEqual(faults, [])
  await context.close()
})

test('live opens with what is stored, without a gap to what comes', async () => {
  await post(Array.from({ length: 30 }, (_, at) => ({ subject: 'stored.r1', data: { n: at } })))
  const { page, context, faults } = await visit('live?filter=stored.>')
  await page.getByRole('row', { name: /stored\.r1 29/ }).waitFor()
  await post([{ subject: 'stored.r1', data: { n: 30 } }])
  await page.getByRole('row', { name: /stored\.r1 30/ }).waitFor()
  assert.equal(await page.getByRole('grid').getAttribute('aria-rowcount'), '32', '31 events and the head, none twice')
  assert.deepEqual(faults, [])
  await context.close()
})

test('hostile, huge, bidirectional and exact values are shown as what they are', async () => {
  const { page, context, faults } = await visit('state?filter=odd.>')
  await live(page)
  await post([
    { subject: 'odd.html', data: '<img src=x onerror="document.title=1"><script>document.title=2</script>' },
    { subject: 'odd.rtl', data: { text: '\u202Eabc \u05D0\u05D1\u05D2 e\u0301\u0301\u0301' } },
    { subject: 'odd.nan', data: { value: 'NaN' } },
    { subject: 'odd.huge', data: 'x'.repeat(255_000) },
  ])
  const response = await fetch(`${mesh.running.addresses.ingest}/v1/events/odd.exact`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' },
    body: '{"id":12345678901234567890,"ns":1700000000000000001}',
  })
  assert.equal(response.status, 200)
  await page.getByRole('row', { name: /odd\.exact/ }).waitFor()
  await page.getByText('12,345,678,901,234,567,890').first().waitFor()
  await page.getByText('<img src=x').first().waitFor()
  assert.equal(await page.locator('img[src=x]').count(), 0)
  await page.getByRole('row', { name: /odd\.exact/ }).click()
  await page.getByRole('tab', { name: 'JSON' }).click()
  await page.getByRole('tabpanel').getByText('12345678901234567890').waitFor()
  await page.getByRole('row', { name: /odd\.huge/ }).click()
  await page.getByRole('button', { name: 'Show all' }).waitFor()
  assert.match(await page.title(), /State · Weir$/)
  assert.deepEqual(faults, [])
  await context.close()
})

test('a snapshot is no change: a page that opens on many values says 0 changes', async () => {
  await post(Array.from({ length: 300 }, (_, i) => ({ subject: `still.s${i}`, data: i })))
  const { page, context } = await visit('state?filter=still.>')
  await page.getByText('300 subjects').waitFor()
  await page.waitForTimeout(2_500)
  assert.equal(await page.locator('[data-figure=changes]').textContent(), '0 /s')
  await post(Array.from({ length: 20 }, (_, i) => ({ subject: `still.s${i}`, data: -i })))
  await until('the mean of ten seconds counts them', async () => {
    const text = (await page.locator('[data-figure=changes]').textContent()) ?? ''
    const value = Number.parseFloat(text)
    return value > 0 && value <= 20
  })
  await context.close()
})

test('one sign-in serves all tabs; a token that is no good is asked for again', async () => {
  const context = await browser.newContext({ locale: 'en-GB' })
  const first = await context.newPage()
  // As a browser calls it under the POSIX locale; Intl refuses it.
  await first.addInitScript(
    "Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })",
  )
  await first.goto(mesh.running.addresses.projector)
  const field = first.getByRole('textbox', { name: 'Token' })
  await field.fill('nonsense')
  await first.getByRole('button', { name: 'Continue' }).click()
  await first.getByRole('alert').getByText('three parts').waitFor()
  const [head, body] = mesh.running.token.split('.')
  await field.fill(`${head}.${body}.AAAA`)
  await first.getByRole('button', { name: 'Continue' }).click()
  await first.getByRole('alert').getByText(/token/i).waitFor()
  await first.getByRole('textbox', { name: 'Token' }).fill(mesh.running.token)
  await first.getByRole('button', { name: 'Continue' }).click()
  await live(first)

  const second = await context.newPage()
  await second.goto(`${mesh.running.addresses.projector}/live`)
  await live(second)
  assert.equal(await second.evaluate(() => `${localStorage.length}${location.href.includes('ey')}`), '0false')
  await second.getByRole('button', { name: /owner/ }).click()
  await second.getByRole('dialog').getByText('Administrator').waitFor()
  await second.getByRole('button', { name: 'Sign out' }).click()
  await first.getByRole('textbox', { name: 'Token' }).waitFor()
  await context.close()
})

test('a token that ends while the page is open is asked for in place, and the page goes on', async () => {
  const brief = (await mesh.weir('token', '--subscribe', '>', '--ttl', '4s')).out.trim()
  const context = await browser.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(`${mesh.running.addresses.projector}/live?filter=brief.>#token=${brief}`)
  await live(page)
  await page.getByRole('textbox', { name: 'Token' }).waitFor({ timeout: 20_000 })
  await page.getByRole('textbox', { name: 'Token' }).fill(mesh.running.token)
  await page.getByRole('button', { name: 'Continue' }).click()
  await live(page)
  assert.equal(new URL(page.url()).searchParams.get('filter'), 'brief.>')
  await mesh.weir('pub', 'brief.r1', '"came"')
  await page.getByRole('row', { name: /brief\.r1/ }).waitFor()
  await context.close()
})

test('the page speaks Spanish where the browser does', async () => {
  const { page, context } = await visit('live', { locale: 'es-ES' })
  await live(page, 'En vivo')
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'es')
  await page.getByRole('link', { name: 'Estado' }).waitFor()
  await context.close()
})

test('when the hub dies the page says so, tries again, and nothing is missing afterwards', async () => {
  const { page, context, faults } = await visit('live?filter=lost.>')
  await live(page)
  await mesh.weir('pub', 'lost.r1', '"before"')
  await page.getByRole('row', { name: /before/ }).waitFor()
  process.kill(mesh.running.pids.hub ?? 0, 'SIGKILL')
  await page.locator('[data-state=offline], [data-state=recovering]').waitFor()
  await mesh.weir('pub', 'lost.r1', '"meanwhile"')
  await live(page)
  await page.getByRole('row', { name: /meanwhile/ }).waitFor({ timeout: 30_000 })
  assert.deepEqual(faults, [])
  await context.close()
})

test('an alert is told everywhere, acknowledged, and resolved by its rule', async () => {
  const { page, context, faults } = await visit('alerts')
  await live(page)
  await post([{ subject: 'hot.r1', reading: { metrics: { celsius: 35 } } }])
  const row = page.getByRole('listitem').filter({ hasText: 'r1 is at 35 degrees' })
  await row.waitFor()
  await until('the title counts it', async () => /^\(\d+\) Alerts/.test(await page.title()))
  await row.getByRole('button', { name: 'Acknowledge' }).click()
  await row.getByText('acknowledged by owner').waitFor()
  await post([{ subject: 'hot.r1', reading: { metrics: { celsius: 20 } } }])
  await until('it is off the list', async () => (await row.count()) === 0)
  await page.getByRole('button', { name: 'Resolved too' }).click()
  await page.getByRole('listitem').filter({ hasText: 'r1' }).getByText('Resolved').first().waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('a silenced alert is told as such, makes no sound and is not counted, until its silence is ended', async () => {
  const { page, context, faults } = await visit('')
  // Counts the sounds; the browser of a test plays none.
  await context.addInitScript(() => {
    const { AudioContext } = globalThis
    Object.assign(globalThis, {
      sounds: 0,
      AudioContext: class extends AudioContext {
        constructor() {
          super()
          Object.assign(globalThis, { sounds: (globalThis as unknown as { sounds: number }).sounds + 1 })
        }
      },
    })
  })
  const sounds = (): Promise<number> => page.evaluate(() => (globalThis as unknown as { sounds: number }).sounds)
  const icon = (): Promise<string> => page.locator('link[rel=icon]').evaluate((link) => (link as HTMLLinkElement).href)
  const hot = (room: string): Promise<void> => post([{ subject: `hot.${room}`, reading: { metrics: { celsius: 50 } } }])
  const alert = (room: string) => page.getByRole('listitem').filter({ hasText: `${room} is at 50 degrees` })
  await page.goto(`${mesh.running.addresses.projector}/alerts`)
  await live(page)
  for (const open of await page.getByRole('button', { name: 'Resolve', exact: true }).all()) await open.click()
  await until('nothing fires', async () => (await page.title()) === 'Alerts · Weir')
  await page.getByRole('button', { name: 'Sound' }).click()

  await hot('s1')
  await until('it sounds', async () => (await sounds()) === 1)
  await until('the title counts it', async () => (await page.title()).startsWith('(1) '))
  assert.match(await icon(), /^data:image\/svg/)
  await alert('s1').getByRole('button', { name: 'Silence hot s1' }).click()
  await page.getByRole('radio', { name: /All of the rule/ }).check()
  await page.getByRole('textbox', { name: 'Comment' }).fill('the oven is on')
  await page.getByRole('button', { name: '30 min 00 s' }).click()
  await alert('s1')
    .getByText(/Silenced until .* by owner · the oven is on/)
    .waitFor()
  await until('the title has no count', async () => (await page.title()) === 'Alerts · Weir')
  assert.doesNotMatch(await icon(), /^data:image\/svg\+xml,.*circle/)

  await hot('s2')
  await alert('s2')
    .getByText(/Silenced until/)
    .waitFor()
  await page.getByText('2 quiet').waitFor()
  assert.equal(await sounds(), 1, 'what is silenced makes no sound')
  assert.deepEqual(await axeFaults(page), [])

  await page.getByRole('button', { name: 'End: hot' }).click()
  await until('both count again', async () => (await page.title()).startsWith('(2) '))
  assert.equal(await page.getByRole('heading', { name: 'Silences' }).count(), 0)
  await post(['s1', 's2'].map((room) => ({ subject: `hot.${room}`, reading: { metrics: { celsius: 20 } } })))
  await until('nothing fires', async () => (await page.title()) === 'Alerts · Weir')
  assert.deepEqual(faults, [])
  await context.close()
})

test('the mesh page says where the water stands, and only to administrators who holds it', async () => {
  const { page, context, faults } = await visit('mesh')
  await page.getByRole('rowheader', { name: /hub-/ }).first().waitFor()
  await page.getByRole('rowheader', { name: 'history' }).waitFor()
  await page.getByText('Every event found its place.').waitFor()
  await page.getByRole('heading', { name: 'Inflow' }).waitFor()
  assert.deepEqual(faults, [])
  await context.close()
  const token = (await mesh.weir('token', '--subscribe', '>')).out.trim()
  const other = await browser.newContext({ locale: 'en-GB' })
  const plain = await other.newPage()
  await plain.goto(`${mesh.running.addresses.projector}/mesh#token=${token}`)
  await plain.getByText('This page needs a token of an administrator.').waitFor()
  await other.close()
})

test('a dead letter says why, and is dropped', async () => {
  const { page, context, faults } = await visit('mesh')
  await post([{ subject: 'silences.broken', data: { until: 'never' } }])
  const letter = page.getByRole('listitem').filter({ hasText: 'silences.broken' })
  await letter.getByText(/match is a map of/).waitFor()
  await letter.getByRole('button', { name: 'Try again' }).click()
  await letter.getByRole('button', { name: 'Drop' }).click()
  await page.getByText('Every event found its place.').waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('what is seen is exported, and no cell begins a formula', async () => {
  await post([
    { subject: 'sheet.r1', data: { name: '=1+1', n: 1 } },
    { subject: 'sheet.r1', data: { name: 'a "b", c', n: 2 } },
  ])
  const { page, context, faults } = await visit('live?filter=sheet.>')
  await page
    .getByRole('row', { name: /sheet\.r1/ })
    .nth(1)
    .waitFor()
  const exported = async (as: string): Promise<string> => {
    await page.getByRole('button', { name: 'Export' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: as }).click()
    return readFileSync(await (await download).path(), 'utf8')
  }
  const lines = (await exported('As NDJSON')).trim().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { event: { data: { n: number } } }).event.data.n),
    [1, 2],
  )
  const csv = await exported('As CSV')
  assert.match(csv, /sheet\.r1/)
  assert.match(csv, /"a ""b"", c"/)
  assert.doesNotMatch(csv, /(^|[,"])=1/m)
  assert.deepEqual(faults, [])
  await context.close()
})

test('a clock that is off by an hour is said, and ages are by the clock of the mesh', async () => {
  await post([{ subject: 'clock.r1', data: 1 }])
  const { page, context } = await visit('')
  await context.addInitScript(() => {
    const { now } = Date
    Date.now = () => now() + 3_600_000
  })
  await page.goto(`${mesh.running.addresses.projector}/state?filter=clock.>`)
  await page.getByText(/clock is (59 min|1 h) ahead/).waitFor()
  const row = page.getByRole('row', { name: /clock\.r1/ })
  await row.waitFor()
  assert.match((await row.textContent()) ?? '', /(now|\d s|\d min)\s*$/)
  await context.close()
})

test('history joins what was to what is', async () => {
  const reading = (celsius: number): object => ({
    subject: 'past.r1.climate',
    reading: { metrics: { celsius }, units: { celsius: 'Cel' } },
  })
  await post([reading(20)])
  const { page, context, faults } = await visit('history?filter=past.*.climate&range=5m')
  await page.getByText('20 °C').first().waitFor()
  await post([reading(27.5)])
  await page.getByText('27.5 °C').first().waitFor()
  await page.reload()
  await page.getByText('27.5 °C').first().waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('boards: from a file with variables, a wrong one with line and column, and one that is made, edited and saved', async () => {
  const { page, context, faults } = await visit('boards?board=rooms&$room=r1')
  await live(page)
  await page.getByRole('region', { name: 'kpi' }).getByText('21.5').waitFor()
  await page.getByRole('region', { name: 'text' }).getByText('Hello r1').waitFor()
  await page.getByRole('region', { name: 'states', exact: true }).getByText('order 1').waitFor()
  await page.getByRole('region', { name: 'pipeline', exact: true }).first().getByText('fetch').waitFor()
  await page.goto(`${mesh.running.addresses.projector}/boards?board=wrong`)
  await page.getByText(/Line 3, column 23: tiles\[0\]\.kind/).waitFor()

  await page.getByRole('button', { name: 'New board' }).click()
  await page.getByRole('textbox', { name: 'Name of the board' }).fill('My board')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Add a tile' }).click()
  await page.getByRole('button', { name: 'Number' }).click()
  await page.getByRole('textbox', { name: 'Title' }).fill('Heat')
  await page.getByRole('textbox', { name: 'Filter', exact: true }).fill('axe.r1.climate')
  await page.getByRole('button', { name: 'Apply' }).click()
  const heat = page.getByRole('region', { name: 'Heat' })
  await heat.getByText('21.5').waitFor()
  await heat.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Control+z')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').waitFor()
  await page.reload()
  await page.getByRole('region', { name: 'Heat' }).getByText('21.5').waitFor()
  const area = await page
    .getByRole('region', { name: 'Heat' })
    .evaluate((element) => (element as HTMLElement).style.gridArea)
  assert.equal(area, '1 / 2 / span 3 / span 4')

  const address = `${mesh.running.addresses.projector}/v1/boards/my-board`
  const headers = { authorization: `Bearer ${mesh.running.token}` }
  const stale = await fetch(`${address}?seq=1`, { method: 'PUT', headers, body: '{"title":"x","tiles":[]}' })
  assert.equal(stale.status, 409, 'who saves over what he has not seen is told')
  const bad = await fetch(`${address}-2`, { method: 'PUT', headers, body: '[]' })
  assert.equal(bad.status, 400)
  const reader = (await mesh.weir('token', '--subscribe', '>')).out.trim()
  const refused = await fetch(address, { method: 'DELETE', headers: { authorization: `Bearer ${reader}` } })
  assert.equal(refused.status, 403)
  assert.equal((await fetch(address, { method: 'DELETE', headers })).status, 204)
  assert.deepEqual(faults, [])
  await context.close()
})

test('a board by the mouse: move, size, undo, paste, pin and the wall', async () => {
  await post([{ subject: 'pin.r1.climate', reading: { metrics: { celsius: 21.5 }, units: { celsius: 'Cel' } } }])
  const headers = { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' }
  const text = (title: string, x: number, y: number): object => ({ kind: 'text', title, text: title, x, y, w: 4, h: 2 })
  const board = { title: 'Mouse', tiles: [text('One', 0, 0), text('Two', 8, 0)] }
  const address = `${mesh.running.addresses.projector}/v1/boards/mouse`
  const saved = await fetch(`${address}?seq=0`, { method: 'PUT', headers, body: JSON.stringify(board) })
  assert.ok(saved.ok, await saved.text())
  const { page, context, faults } = await visit('boards?board=mouse')
  const one = page.getByRole('region', { name: 'One' })
  const area = (): Promise<string> => one.evaluate((element) => (element as HTMLElement).style.gridArea)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()

  const drag = async (handle: string, columns: number, rows: number): Promise<void> => {
    const box = await one.locator(handle).boundingBox()
    const grid = await one.locator('..').boundingBox()
    assert.ok(box !== null && grid !== null)
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + (columns * grid.width) / 24, y + rows * 58, { steps: 4 })
    await page.mouse.up()
  }
  await drag('.handle', 2, 0)
  assert.equal(await area(), '1 / 3 / span 2 / span 4')
  await drag('.corner', 3, 0)
  assert.equal(await area(), '1 / 3 / span 2 / span 7')
  const two = page.getByRole('region', { name: 'Two' })
  assert.match(await two.evaluate((element) => (element as HTMLElement).style.gridArea), /^3 /, 'it made way')
  await page.getByRole('button', { name: 'Undo' }).click()
  assert.equal(await area(), '1 / 3 / span 2 / span 4')
  await page.getByRole('button', { name: 'Redo' }).click()
  assert.equal(await area(), '1 / 3 / span 2 / span 7')

  await page.getByRole('button', { name: 'Paste JSON' }).click()
  const field = page.getByRole('textbox', { name: 'Paste a board as JSON' })
  await field.fill('{ "title": "Mouse",\n  "tiles": [{ "kind": "text", "x": 0, "y": 0, "w": 99, "h": 2 }] }')
  await page.getByText(/Line 2, column \d+: tiles\[0\]\.w/).waitFor()
  await field.fill(JSON.stringify({ ...board, tiles: [text('Pasted', 0, 0)] }))
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('region', { name: 'Pasted' }).waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').waitFor()

  await page.goto(`${mesh.running.addresses.projector}/state?filter=pin.>&row=pin.r1.climate`)
  await page.getByRole('button', { name: 'Pin to a board' }).click()
  await page.getByRole('button', { name: 'mouse', exact: true }).click()
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('region', { name: 'r1.climate' }).getByText('21.5').waitFor()

  await page.keyboard.press('w')
  await page.getByRole('navigation', { name: 'Pages' }).waitFor({ state: 'detached' })
  assert.equal(new URL(page.url()).searchParams.get('wall'), '1')
  await page.getByRole('region', { name: 'r1.climate' }).getByText('21.5').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  assert.equal((await fetch(address, { method: 'DELETE', headers })).status, 204)
  assert.deepEqual(faults, [])
  await context.close()
})
