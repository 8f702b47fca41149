import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../cli/test/processes.ts'
import { axeFaults, live, mesh, post, visit } from './console.ts'

test('an alert is told everywhere, acknowledged, and resolved by its rule', async () => {
  const { page, context, faults } = await visit('alerts')
  await live(page)
  await post([{ subject: 'hot.r1', reading: { metrics: { celsius: 35 } } }])
  const row = page.getByRole('listitem').filter({ hasText: 'r1 is at 35 degrees' })
  await row.waitFor()
  await until('the title counts it', async () => /^\(\d+\) Alerts/.test(await page.title()))
  await row.getByRole('button', { name: 'Acknowledge' }).click()
  await row.getByText(/^acknowledged by owner, \d\d:\d\d$/).waitFor()
  await post([{ subject: 'hot.r1', reading: { metrics: { celsius: 20 } } }])
  await until('it is off the list', async () => (await row.count()) === 0)
  await page.getByRole('button', { name: 'Resolved too' }).click()
  await page.getByRole('listitem').filter({ hasText: 'r1' }).getByText('Resolved').first().waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('an urgent alert is one notification of all hidden tabs, and a click on it opens the alert', async () => {
  const { page, context, faults } = await visit('alerts')
  // Records what is shown; nobody looks at any of these tabs. This browser has no window, and so
  // denies whatever is granted to it.
  await context.addInitScript(() => {
    const shown: { title: string; options: NotificationOptions; notice: Notification }[] = []
    Object.defineProperty(document, 'hidden', { get: () => true })
    const request = navigator.locks.request.bind(navigator.locks) as (name: string, run: () => void) => Promise<void>
    Object.assign(navigator.locks, {
      request: async (name: string, run: () => void) => {
        await request(name, run)
        if (name === 'weir.notices') Object.assign(globalThis, { asked: true })
      },
    })
    Object.assign(globalThis, {
      shown,
      focus: () => Object.assign(globalThis, { focused: true }),
      Notification: class extends Notification {
        static override readonly permission = 'granted'
        static override requestPermission = () => Promise.resolve('granted' as const)

        constructor(title: string, options: NotificationOptions) {
          super(title, options)
          shown.push({ title, options, notice: this })
        }
      },
    })
  })
  type Recorder = {
    shown: { title: string; options: NotificationOptions; notice: Notification }[]
    focused?: boolean
    asked?: boolean
  }
  const shownIn = (tab: Page): Promise<string[]> =>
    tab.evaluate(() =>
      (globalThis as unknown as Recorder).shown.map(({ title, options }) => `${title}: ${options.body}`),
    )
  /** Whether the tab has asked for its turn with this alert. */
  const told = (tab: Page): Promise<boolean> => tab.evaluate(() => (globalThis as unknown as Recorder).asked === true)
  await page.reload()
  await live(page)
  await page.getByRole('button', { name: 'Notify' }).click()
  await page.getByRole('button', { name: 'Notify', pressed: true }).waitFor()
  const other = await context.newPage()
  await other.goto(`${mesh.running.addresses.projector}/live?filter=nobody.here`)
  await live(other)

  await post([{ subject: 'hot.n1', reading: { metrics: { celsius: 60 } } }])
  const shown = async (): Promise<string[]> => [...(await shownIn(page)), ...(await shownIn(other))]
  await until('one of them shows it', async () => (await shown()).length > 0)
  // Each of them has asked whether it is to show it.
  await until('both are told', async () => (await told(page)) && (await told(other)))
  assert.deepEqual(await shown(), ['hot · n1: n1 is at 60 degrees'])

  const tab = (await shownIn(page)).length === 1 ? page : other
  await tab.evaluate(() => (globalThis as unknown as Recorder).shown[0]?.notice.onclick?.(new Event('click')))
  await tab.getByRole('listitem').filter({ hasText: 'n1 is at 60 degrees' }).first().waitFor()
  const { pathname, searchParams } = new URL(tab.url())
  assert.match(pathname, /\/alerts$/)
  assert.equal(searchParams.get('row'), 'alerts.hot.n1')
  assert.equal(searchParams.get('filter'), null)
  assert.equal(await tab.evaluate(() => (globalThis as unknown as Recorder).focused), true)
  await post([{ subject: 'hot.n1', reading: { metrics: { celsius: 20 } } }])
  const card = tab.getByRole('listitem').filter({ hasText: 'n1 is at' })
  await until('it does not fire any more', async () => (await card.count()) === 0)
  assert.deepEqual(faults, [])
  await context.close()
})

test('hundreds of alerts: those in sight are in the document, and all are found', async () => {
  const many = (celsius: number): Promise<void> =>
    post(Array.from({ length: 300 }, (_, at) => ({ subject: `hot.many${at}`, reading: { metrics: { celsius } } })))
  const { page, context, faults } = await visit('alerts')
  await live(page)
  /** Others may fire as well. */
  const counted = async (): Promise<number> => Number(/^\((\d+)\)/.exec(await page.title())?.[1] ?? 0)
  await many(40)
  await until('the title counts them', async () => (await counted()) >= 300)
  const cards = page.locator('article')
  assert.ok((await cards.count()) < 60, `${await cards.count()} cards`)
  await page.locator('.scroll').evaluate((box) => box.scrollTo(0, box.scrollHeight))
  await page.locator('li:last-child article').waitFor()
  await page.getByRole('combobox', { name: /^Filter/ }).fill('many299')
  await page.keyboard.press('Enter')
  await page.getByText('many299 is at 40 degrees').waitFor()
  assert.equal(await cards.count(), 1)
  await many(20)
  await until('they fire no more', async () => (await counted()) < 300)
  await until('none of them is left', async () => (await cards.count()) === 0)
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
  await until('it plays what to listen for', async () => (await sounds()) === 1)

  await hot('s1')
  await until('it sounds', async () => (await sounds()) === 2)
  await until('the title counts it', async () => (await page.title()).startsWith('(1) '))
  assert.match(await icon(), /^data:image\/svg/)
  await alert('s1').getByRole('button', { name: 'Silence hot s1' }).click()
  await page.getByRole('radio', { name: /All of the rule/ }).check()
  await page.getByRole('textbox', { name: 'Comment' }).fill('the oven is on')
  await page.getByRole('button', { name: '30 min' }).click()
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
  assert.equal(await sounds(), 2, 'what is silenced makes no sound')
  assert.deepEqual(await axeFaults(page), [])

  await page.getByRole('button', { name: 'End: hot' }).click()
  await until('both count again', async () => (await page.title()).startsWith('(2) '))
  assert.equal(await page.getByRole('heading', { name: 'Silences' }).count(), 0)

  // One tab has its turn to sound for a moment.
  await until('the turn is over', () =>
    page.evaluate(async () => !(await navigator.locks.query()).held?.some(({ name }) => name === 'weir.alarm')),
  )
  await post(['s3', 's4', 's5'].map((room) => ({ subject: `hot.${room}`, reading: { metrics: { celsius: 50 } } })))
  await until('all five count', async () => (await page.title()).startsWith('(5) '))
  await until('they sound', async () => (await sounds()) > 2)
  assert.equal(await sounds(), 3, 'what fires together is one sound')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  assert.equal(
    await page.evaluate(() => [...document.querySelectorAll('article')].findIndex((e) => e.matches(':focus-within'))),
    1,
  )
  await post(
    ['s1', 's2', 's3', 's4', 's5'].map((room) => ({ subject: `hot.${room}`, reading: { metrics: { celsius: 20 } } })),
  )
  await until('nothing fires', async () => (await page.title()) === 'Alerts · Weir')
  assert.deepEqual(faults, [])
  await context.close()
})
