import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../cli/test/processes.ts'
import { live, mesh, post, visit } from './console.ts'

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

test('a clock that is off by an hour is said, and ages are by the clock of the mesh', async () => {
  await post([{ subject: 'clock.r1', data: 1 }])
  const { page, context } = await visit('')
  await context.addInitScript(() => {
    const { now } = Date
    Date.now = () => now() + 3_600_000
    // A page's begin is told by the same clock.
    Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + 3_600_000 })
  })
  await page.goto(`${mesh.running.addresses.projector}/state?filter=clock.>`)
  await page.getByText(/clock is (59 min|1 h) ahead/).waitFor()
  const row = page.getByRole('row', { name: /clock\.r1/ })
  await row.waitFor()
  assert.match((await row.textContent()) ?? '', /(now|\d s|\d min)\s*$/)
  await context.close()
})

test('the points of a column stand below each other', async () => {
  await post(
    [21, 21.5, 9.375, 1204.25].map((celsius, at) => ({
      subject: `column.r${at}`,
      reading: { metrics: { celsius }, units: { celsius: 'Cel' } },
    })),
  )
  const { page, context } = await visit('state?filter=column.>')
  await page.getByRole('row', { name: /column\.r3/ }).waitFor()
  const ends = async (): Promise<Set<number>> => {
    const texts = await page.getByRole('gridcell').filter({ hasText: '°C' }).allTextContents()
    assert.equal(texts.length, 4)
    return new Set(texts.map((text) => text.length - (/\.|(?=\s)/.exec(text)?.index ?? 0)))
  }
  await until('each has as much behind its point', async () => (await ends()).size === 1)
  await context.close()
})

test('a phone has the tree of subjects behind a button', async () => {
  await post(['a.1', 'a.2', 'b.1'].map((subject) => ({ subject: `tree.${subject}`, data: 1 })))
  const { page, context, faults } = await visit('state?filter=tree.>', { viewport: { width: 390, height: 844 } })
  await page.getByText('3 subjects').waitFor()
  await page.getByRole('button', { name: 'Tree', exact: true }).click()
  await page.getByRole('button', { name: 'tree 3' }).click()
  await page.getByRole('button', { name: 'a 2' }).click()
  await page.getByText('2 subjects').waitFor()
  await until('it is in the address', () => new URL(page.url()).searchParams.get('under') === 'tree.a.')
  assert.deepEqual(faults, [])
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
  await page.getByRole('button', { name: 'With yesterday' }).click()
  await page.getByText('Nothing was stored at this time yesterday.').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('compare'), '1')
  assert.deepEqual(faults, [])
  await context.close()
})

test('many series on a phone scroll within the page, and the frame around it stays', async () => {
  await post(
    Array.from({ length: 12 }, (_, at) => ({ subject: `tall.r${at}.climate`, reading: { metrics: { celsius: at } } })),
  )
  const phone = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }
  const { page, context, faults } = await visit('history?filter=tall.*.climate&range=5m', phone)
  await page.locator('.legend li').nth(11).waitFor()
  const { scrolled, frame } = await page.locator('.page').evaluate((box) => {
    box.scrollTo(0, box.scrollHeight)
    const { scrollHeight } = document.documentElement
    return { scrolled: box.scrollTop, frame: scrollHeight - innerHeight }
  })
  assert.ok(scrolled > 0)
  assert.equal(frame, 0, 'nothing lies outside the screen')
  assert.deepEqual(faults, [])
  await context.close()
})

test('a chart is zoomed by two fingers and moved by one, until the whole range is asked for again', async () => {
  const now = Date.now()
  await post(
    Array.from({ length: 60 }, (_, at) => ({
      subject: 'fingers.r1',
      time: new Date(now - 5_000 * (60 - at)).toISOString(),
      reading: { metrics: { celsius: 20 + Math.sin(at) }, units: { celsius: 'Cel' } },
    })),
  )
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
  const { page, context, faults } = await visit('history?filter=fingers.r1&range=5m', phone)
  const chart = page.locator('.u-over').first()
  await chart.waitFor()
  const box = await chart.boundingBox()
  assert.ok(box !== null)
  const { x, y, width, height } = box
  const cdp = await context.newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...at: number[]) =>
    cdp.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: at.map((share, id) => ({ x: x + share * width, y: y + height / 2, id })),
    })
  const range = (name: string): number => Number(new URL(page.url()).searchParams.get(name))

  await touch('touchStart', 0.4, 0.6)
  for (const by of [0.05, 0.1, 0.2]) await touch('touchMove', 0.4 - by, 0.6 + by)
  await touch('touchEnd')
  await until('the address says what is shown', async () => range('to') > range('from'))
  const [from, length] = [range('from'), range('to') - range('from')]
  assert.ok(length > 50_000 && length < 200_000, `${length} ms of 300,000`)

  // A finger that goes to the right brings what was before.
  await touch('touchStart', 0.3)
  for (const at of [0.4, 0.6, 0.7]) await touch('touchMove', at)
  await touch('touchEnd')
  await until('it has moved', async () => range('from') < from)
  assert.ok(Math.abs(range('to') - range('from') - length) < 2_000, 'it shows as long a time as before')

  await page.getByRole('button', { name: 'Zoom out' }).press('Enter')
  await until('it is live again', async () => range('to') === 0)
  assert.deepEqual(faults, [])
  await context.close()
})
