import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
// Dart's speaks Protobuf, too.
import { Centrifuge } from 'centrifuge/build/protobuf'
import type { Browser, Page } from 'playwright-core'
import { until } from '../../../cli/test/processes.ts'
import { axeFaults } from '../../../test/axe-faults.ts'
import { launchBrowser } from '../../../test/browser.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'
import { adapterOf, countIn } from '../extension/src/counters.ts'
import { ExtensionBrowser, systemChromium } from './extension-browser.ts'

let mesh: RunningMesh
let browser: Browser
before(async () => {
  mesh = await RunningMesh.demo('rooms', ['--rate', '200'], { WEIR_INGEST_EVENTS_PER_SECOND: '1000' })
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await mesh?.dispose()
})

const path = '/api/tracking/telemetry'

function pageOf(title: string): { readonly url: string; readonly token: string } {
  const page = mesh.running.demo?.pages.find((each) => each.title === title)
  assert.ok(page?.token !== undefined, title)
  return { url: page.url, token: page.token }
}

async function post(body: unknown, token: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  return await fetch(mesh.running.addresses.ingest + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function read(room: string, platform: string, token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  return await fetch(`${mesh.running.addresses.projector}${path}/${room}/${platform}`, { headers })
}

function telemetry(viewers: number, room = 'mine', at = Date.now()): Readonly<Record<string, unknown>> {
  return {
    room_id: room,
    platform: 'alpha',
    tokens_count: 1,
    tips_count: 1,
    viewers_count: viewers,
    timestamp: new Date(at).toISOString(),
  }
}

test('telemetry is taken with a token for its room alone, and the last update is answered', async () => {
  const { token } = pageOf('A room of your own')
  assert.equal((await post(telemetry(1), '')).status, 401)
  assert.equal((await post(telemetry(1, 'theirs'), token)).status, 403)
  const { viewers_count: _, ...incomplete } = telemetry(1)
  assert.equal((await post({ ...incomplete, room_id: undefined }, token)).status, 422)
  const sent = telemetry(4321)
  assert.equal((await post(sent, token)).status, 200)
  await until('it is in the bucket', async () => (await read('mine', 'alpha', token)).status === 200)
  assert.deepEqual(await (await read('mine', 'alpha', token)).json(), sent)
  assert.equal((await read('mine', 'beta', token)).status, 404)
  assert.equal((await read('r1', 'alpha', token)).status, 403)
})

test('the official SDK of Centrifuge reads what the snippet for Flutter does', async () => {
  const { token } = pageOf('A room of your own')
  assert.equal((await post(telemetry(77), token)).status, 200)
  const url = `${mesh.running.addresses.hub}/connection/websocket`
  const client = new Centrifuge(url, { getToken: async () => token })
  const rooms = client.newSubscription('latest:rooms.mine.*')
  const seen: unknown[] = []
  rooms.on('publication', ({ data }) => seen.push(JSON.parse(new TextDecoder().decode(data))))
  rooms.subscribe()
  client.connect()
  const has = (viewers: number) => () => JSON.stringify(seen).includes(`"viewers_count":${viewers}`)
  await until('the present comes first', has(77))
  assert.equal((await post(telemetry(78), token)).status, 200)
  await until('then each change', has(78))
  client.disconnect()
})

test('who sends more than a producer may is told when to come again, and others go on', async () => {
  const { token } = pageOf('A room of your own')
  const updates = Array.from({ length: 800 }, () => telemetry(1))
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const many = async (): Promise<Response> => {
    const url = `${mesh.running.addresses.ingest}${path}/batch`
    return await fetch(url, { method: 'POST', headers, body: JSON.stringify({ updates }) })
  }
  let answer = await many()
  await until('it is too much', async () => {
    answer = await many()
    return answer.status === 429
  })
  assert.ok(Number(answer.headers.get('retry-after')) >= 1)
  assert.equal((await post(telemetry(1, 'other'), mesh.running.token)).status, 200)
  await until('it may send again', async () => (await post(telemetry(2), token)).status === 200)
})

test('a room that loses half of its viewers within a minute is an alert', async () => {
  const owner = mesh.running.token
  const now = Date.now()
  for (const [viewers, at] of [
    [1_000, now - 62_000],
    [520, now - 1_000],
  ] as const) {
    assert.equal((await post(telemetry(viewers, 'drained', at), owner)).status, 200)
  }
  assert.equal((await post(telemetry(499, 'drained', now), owner)).status, 200)
  const messages = async (): Promise<readonly string[]> => {
    const url = `${mesh.running.addresses.projector}/v1/alerts?filter=alerts.viewers-lost.>`
    const { items } = (await (await fetch(url, { headers: { authorization: `Bearer ${owner}` } })).json()) as {
      readonly items: readonly { readonly message: string }[]
    }
    return items.map(({ message }) => message)
  }
  const wanted = 'drained on alpha lost half of its viewers in a minute: 499 left'
  await until('the alert is open', async () => (await messages()).includes(wanted))
})

test('the adapter of each sample site finds its counters', async () => {
  const { url } = pageOf('A room of your own')
  const page = await browser.newPage()
  for (const platform of ['alpha', 'beta', 'gamma']) {
    const address = new URL(`/sites/${platform}`, url)
    await page.goto(address.href)
    await page.getByRole('button', { name: 'Somebody tips 50' }).click()
    const adapter = adapterOf(address.pathname)
    assert.equal(adapter?.platform, platform)
    const texts = await page.evaluate(
      (selectors) => selectors.map((selector) => document.querySelector(selector)?.textContent ?? ''),
      [adapter.viewers, adapter.tips, adapter.tokens],
    )
    const [viewers = 0, tips, tokens] = texts.map(countIn)
    assert.ok(viewers > 200, texts.join())
    assert.deepEqual([tips, tokens], [1, 50])
  }
  await page.close()
})

test('God Mode shows all rooms as they change, finds one by search, and opens its history', async (t) => {
  const { url } = pageOf('God Mode')
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(url)
  await page.waitForFunction(() => {
    const label = document.querySelector('canvas')?.getAttribute('aria-label') ?? ''
    return Number(label.replaceAll(/\D/g, '')) >= 1_000
  })
  const search = page.getByLabel('Room', { exact: true })
  await search.focus()
  await page.locator('datalist option[value=r17]').waitFor({ state: 'attached' })
  await search.fill('lonely')
  await search.press('Enter')
  const viewers = page.getByRole('region', { name: 'Changing most' }).getByRole('button')
  const owner = mesh.running.token
  assert.equal((await post(telemetry(1, 'lonely'), owner)).status, 200)
  await viewers.filter({ hasText: 'lonely' }).waitFor()
  const spans = await latencies(page, owner)
  const at = (share: number): number => Math.round(spans[Math.floor(share * (spans.length - 1))] ?? 0)
  t.diagnostic(`act to pixel, ${spans.length} posts: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
  await viewers.filter({ hasText: 'lonely' }).click()
  const room = page.getByRole('dialog').or(page.getByRole('complementary')).filter({ hasText: 'lonely' }).first()
  await room.getByRole('tab', { name: 'History' }).click()
  // The first of the posts comes from the history, the last was seen live.
  await room.getByRole('listitem').nth(spans.length).waitFor()
  await page.close()
})

/** How long each of some posts takes to stand in the page, in the order of their length. */
async function latencies(page: Page, token: string): Promise<readonly number[]> {
  const spans: number[] = []
  for (let n = 0; n < 40; n++) {
    const shown = page.evaluate(
      async (text) => {
        const has = (): boolean => document.body.textContent?.includes(text) === true
        while (!has()) await new Promise(requestAnimationFrame)
        return Date.now()
      },
      (70_001 + n).toLocaleString('en-US'),
    )
    const began = Date.now()
    assert.equal((await post(telemetry(70_001 + n, 'lonely'), token)).status, 200)
    spans.push((await shown) - began)
  }
  return spans.sort((a, b) => a - b)
}

const chromium = systemChromium()
const skip = chromium === undefined && 'the extension needs a whole Chromium: apt-get install chromium'

test('the extension sends the counters of a room, and keeps them while the link is down', { skip }, async () => {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '../dist/extension')
  const own = pageOf('A room of your own')
  const streamer = await ExtensionBrowser.launch(chromium ?? '', folder)
  try {
    const popup = await streamer.context.newPage()
    await popup.goto(`chrome-extension://${streamer.id}/popup.html`)
    await popup.getByRole('status').filter({ hasText: 'Not set up yet' }).waitFor()
    assert.deepEqual(await axeFaults(popup), [])
    const heights = await popup.locator('input, button').evaluateAll((all) => all.map((each) => each.clientHeight + 2))
    assert.deepEqual(
      heights.filter((height) => height < 44),
      [],
    )
    await popup.getByLabel('Room').fill('mine')
    await popup.getByLabel('Server').fill(mesh.running.addresses.ingest)
    await popup.getByLabel('Token').fill('wrong')
    await popup.getByRole('button', { name: 'Save' }).click()
    const sites = ['gamma', 'beta', 'alpha']
    for (const site of sites) {
      const room = await streamer.context.newPage()
      await room.goto(new URL(`/sites/${site}`, own.url).href)
      await room.getByRole('button', { name: 'Somebody tips 50' }).click()
    }
    const isWaiting = async (): Promise<boolean> => Number(await popup.locator('#waiting').textContent()) > 0
    await until('reports wait for a good token', isWaiting)
    await popup.locator('#status[data-link=refused]').waitFor()

    await popup.getByLabel('Token').fill(own.token)
    await popup.getByRole('button', { name: 'Save' }).click()
    await popup.locator('#status[data-link=connected]').waitFor()
    for (const site of sites) {
      await until('the tip arrives', async () => {
        const answer = await read('mine', site, own.token)
        return answer.status === 200 && ((await answer.json()) as { tokens_count: number }).tokens_count === 50
      })
    }
    await popup.getByLabel('Server').fill('http://127.0.0.1:1')
    await popup.getByRole('button', { name: 'Save' }).click()
    await popup.locator('#status[data-link=offline]').waitFor()
    await until('reports wait for the link', isWaiting)
    await popup.getByLabel('Server').fill(mesh.running.addresses.ingest)
    await popup.getByRole('button', { name: 'Save' }).click()
    await popup.locator('#status[data-link=connected]').waitFor()
    // What is set and what waits is kept with the extension, not with the popup.
    await popup.reload()
    // The popup fills itself in from the storage; a report that was just made may still be waiting.
    await until('the popup has the room again', async () => (await popup.getByLabel('Room').inputValue()) === 'mine')
    await popup.locator('#status[data-link=connected]').waitFor()
    await popup.locator('#waiting').getByText('0', { exact: true }).waitFor()
  } finally {
    await streamer.close()
  }
})
