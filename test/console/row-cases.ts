import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../cli/test/processes.ts'
import { live, mesh, post, visit } from './console.ts'

/** Of each page some rows, the second of which is marked. */
const pages = [
  '',
  'live?filter=mark.*.climate',
  'state?filter=mark.>',
  'history?filter=mark.*.climate',
  'alerts',
  'mesh',
  'boards?board=rooms',
]

const rows = (page: Page) => page.locator('main [data-row], main [role=row][aria-selected]')
const marked = (page: Page) => page.locator('main [data-row][aria-current=true], main [role=row][aria-selected=true]')

/** What a row is called: its subject, or its name. */
const nameOf = (page: Page): Promise<string> =>
  marked(page)
    .first()
    .evaluate((row) => (row as HTMLElement).dataset.row ?? row.querySelector('[role=rowheader]')?.textContent ?? '')

test('the row that keys mark is in the address: a reload and back mark it again on every page', async () => {
  const { page, context, faults } = await visit('')
  await live(page)
  const many = Array.from({ length: 60 }, (_, at) => ({
    subject: `mark.r${at}.climate`,
    reading: { metrics: { celsius: at }, units: { celsius: 'Cel' } },
  }))
  await post([
    ...many,
    ...['m1', 'm2'].map((room) => ({ subject: `hot.${room}`, reading: { metrics: { celsius: 50 } } })),
  ])
  await post([
    { subject: 'axe.m1.climate', data: 1 },
    { subject: 'axe.m2.climate', data: 2 },
  ])
  for (const path of pages) {
    await page.goto(`${mesh.running.addresses.projector}/${path}`)
    await rows(page).nth(1).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await until(`the address of ${path || 'start'} has it`, async () => {
      const at = new URL(page.url()).searchParams.get('at')
      return at !== null && (await nameOf(page)).startsWith(at)
    })
    const name = await nameOf(page)
    await page.reload()
    await marked(page).first().waitFor()
    assert.equal(await nameOf(page), name, `${path} after a reload`)
    await page.getByRole('link', { name: path === 'alerts' ? 'Mesh' : 'Alerts', exact: true }).click()
    await until('it is another page', () => !/[?&]at=/.test(page.url()))
    await page.goBack()
    await marked(page).first().waitFor()
    assert.equal(await nameOf(page), name, `${path} after back`)
  }
  // The last of sixty rows, and one that there is no more.
  await page.goto(`${mesh.running.addresses.projector}/state?filter=mark.>&at=mark.r9.climate`)
  await marked(page).waitFor()
  await until('it is in sight', () => marked(page).evaluate(isInSight))
  await page.goto(`${mesh.running.addresses.projector}/state?filter=mark.>&at=mark.gone`)
  await page.getByRole('row', { name: /mark\.r0/ }).waitFor()
  assert.equal(await marked(page).count(), 0)

  await page.goto(`${mesh.running.addresses.projector}/live?filter=mark.*.climate`)
  await rows(page).nth(1).waitFor()
  await page.keyboard.press('j')
  const text = (await marked(page).textContent()) ?? ''
  await page.getByRole('button', { name: 'Resume' }).click()
  await post([{ subject: 'mark.new.climate', data: 'came' }])
  await page.getByRole('row', { name: /mark\.new.*came/ }).waitFor()
  assert.equal(await marked(page).textContent(), text, 'the mark stays with its row while rows move')
  await page.getByRole('button', { name: 'Pause' }).waitFor()

  await post(['m1', 'm2'].map((room) => ({ subject: `hot.${room}`, reading: { metrics: { celsius: 20 } } })))
  assert.deepEqual(faults, [])
  await context.close()
})

/** Whether nothing cuts the middle of an element off, or covers it. */
function isInSight(element: Element): boolean {
  const { left, top, height } = element.getBoundingClientRect()
  return element.contains(document.elementFromPoint(left + 8, top + height / 2))
}
