import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { until } from '../../cli/test/processes.ts'
import { live, mesh, post, visit } from './console.ts'

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

test('a link names an event: its row is selected, and the page stands still at it', async () => {
  await post(Array.from({ length: 12 }, (_, at) => ({ subject: 'link.r1', data: { n: at } })))
  const { page, context, faults } = await visit('live?filter=link.>')
  await page.getByRole('row', { name: /link\.r1 4/ }).click()
  const row = page.getByRole('row', { selected: true })
  assert.match((await row.textContent()) ?? '', /4\s*$/)
  await until('the address has the event', () => new URL(page.url()).searchParams.get('seq') !== null)
  const sent = await context.newPage()
  await sent.goto(page.url())
  await sent.getByRole('complementary', { name: 'Details' }).waitFor()
  const there = sent.getByRole('row', { selected: true })
  await there.waitFor()
  assert.match((await there.textContent()) ?? '', /4\s*$/)
  await sent.getByRole('button', { name: 'Next event' }).click()
  await until('the row follows the details', async () => /5\s*$/.test((await there.textContent()) ?? ''))
  await sent.getByRole('button', { name: 'Resume' }).waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('a link to an event that long went by shows what happened around it', async () => {
  for (const n of [0, 1, 2]) await post([{ subject: 'old.r1', data: { n } }])
  const { page, context, faults } = await visit('live?filter=old.>')
  await page.getByRole('row', { name: /old\.r1 1/ }).click()
  await until('the address has the event', () => new URL(page.url()).searchParams.get('time') !== null)
  await post(
    Array.from({ length: 1200 }, (_, at) => ({ subject: at < 1100 ? 'old.r1' : 'old.r2', data: { n: at + 3 } })),
  )
  const sent = await context.newPage()
  await sent.goto(page.url())
  const there = sent.getByRole('row', { selected: true })
  await there.waitFor()
  assert.match((await there.textContent()) ?? '', /old\.r1.*1\s*$/)
  await sent.getByRole('row', { name: /old\.r1 0/ }).waitFor()
  const details = sent.getByRole('complementary', { name: 'Details' })
  await details.getByText('+1', { exact: true }).waitFor()
  await sent.getByRole('button', { name: 'Previous event' }).click()
  await until('the row follows the details', async () => /0\s*$/.test((await there.textContent()) ?? ''))
  await sent.getByRole('button', { name: 'Resume' }).click()
  await sent.getByRole('row', { name: /old\.r2 1,202/ }).waitFor()
  assert.equal(await there.count(), 0, 'what goes on begins at the newest')

  const gone = new URL(page.url())
  // No stream has it.
  gone.searchParams.set('seq', '0')
  gone.searchParams.set('time', '1')
  await sent.goto(String(gone))
  await details.getByText('The event of this link is not stored any more.').waitFor()
  await sent.getByRole('row', { name: /old\.r2 1,202/ }).waitFor()
  sent.on('pageerror', (error) => faults.push(String(error)))
  for (const time of ['8640000000000000', '1e300', '-8639999999999999', 'x']) {
    gone.searchParams.set('time', time)
    await sent.goto(String(gone))
    await details.getByText('The event of this link is not stored any more.').waitFor()
    await sent.getByRole('row', { name: /old\.r2 1,202/ }).waitFor()
  }
  assert.deepEqual(faults, [])
  await context.close()
})

test('the rate over the list is that of its filter', async () => {
  const { page, context, faults } = await visit('live?filter=quiet.>')
  await page.getByText('Nothing has come yet').waitFor()
  // Alerts, which the page reads for its title; those before it knows what is new do not count.
  let celsius = 20
  await until('the page takes something in', async () => {
    celsius = 55 - celsius
    await post([{ subject: 'hot.quiet', reading: { metrics: { celsius } } }])
    return (await page.locator('[data-figure=changes]').textContent()) !== '0 /s'
  })
  assert.equal(await page.locator('[data-figure=rate]').textContent(), '0 /s')
  await post([{ subject: 'hot.quiet', reading: { metrics: { celsius: 20 } } }])
  await post([{ subject: 'quiet.r1', data: 1 }])
  await until('its own event counts', async () => (await page.locator('[data-figure=rate]').textContent()) !== '0 /s')
  assert.deepEqual(faults, [])
  await context.close()
})

test('a filter is completed, tried before it is taken, and refused with what it may be', async () => {
  await post([
    { subject: 'try.r1', type: 'room', labels: { site: 'north' }, data: { n: 1 } },
    { subject: 'try.r2', type: 'room', labels: { site: 'south' }, data: { n: 2 } },
  ])
  const { page, context, faults } = await visit('live?filter=try.>')
  await page.getByRole('row', { name: /try\.r2/ }).waitFor()
  const field = page.getByRole('combobox', { name: 'Filter by subject, label or type' })
  await until('labels of what is seen are offered', async () => {
    await field.fill('label.')
    return (await page.getByRole('option', { name: 'label.site=north' }).count()) === 1
  })
  await field.fill('label.site=north')
  await page.getByText('matches 1 seen here').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: /try\.r1/ }).waitFor()
  assert.equal(await page.getByRole('row', { name: /try\.r2/ }).count(), 0)
  await field.fill('try..x')
  await page.getByText('“try..x” is not a valid filter.').waitFor()
  // Focus that comes back at once keeps what is said; the list goes 120 ms after it is lost.
  await field.evaluate((input: HTMLElement) => {
    input.blur()
    input.focus()
    return new Promise((resolve) => setTimeout(resolve, 200))
  })
  assert.ok(await page.getByText('“try..x” is not a valid filter.').isVisible())
  // What the field refuses a link can bring.
  await page.goto(`${page.url().split('?')[0]}?filter=try..x`)
  await page.getByText('“try..x” is not a valid filter: it is not applied').waitFor()
  await page.getByRole('button', { name: 'Remove try..x' }).click()
  await page.getByText('“try..x” is not a valid filter: it is not applied').waitFor({ state: 'detached' })
  assert.deepEqual(faults, [])
  await context.close()
})

test('the details of a subject have each of its events, also those that Postgres had not yet', async () => {
  const { page, context } = await visit('live?filter=lag.>&row=lag.r1&tab=history')
  await live(page)
  let [sent, ended] = [0, false]
  const sending = (async () => {
    for (; !ended; sent++) await post([{ subject: 'lag.r1', data: sent }])
  })()
  try {
    await page.getByRole('listitem').nth(20).waitFor()
    await page.reload()
    await page.getByRole('listitem').nth(20).waitFor()
  } finally {
    ended = true
    await sending
  }
  const items = page.getByRole('complementary').getByRole('listitem')
  const last = Array.from({ length: Math.min(60, sent) }, (_, at) => String(sent - 1 - at)).join()
  await until('none is missing', async () => (await items.locator('bdi').allInnerTexts()).join() === last)
  await context.close()
})
