import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../cli/test/processes.ts'
import type { BrowserContext, Page } from './browser.ts'
import { axeFaults, browser, closeConsole, mesh, openConsole } from './console/console.ts'
import { type Sight, sendNumbered, sights } from './console/page-sights.ts'

// What can happen to a page and each of its tiles, for all of them at once: each is open in two
// tabs, one as an English desk has it, the other on a small light screen, in Spanish, with a clock
// that is an hour off. They stay open from one test to the next.

interface Tab {
  readonly sight: Sight
  readonly page: Page
}

/** A page that opens takes all of a core for a while. */
const pagesOpenedAtOnce = 4
/** So many pages at once are slow where there are few cores, and nothing here is about speed. */
const patienceMs = 120_000

let context: BrowserContext
let numbers: Numbers
const faults: string[] = []
const desks: Tab[] = []
const phones: Tab[] = []

before(async () => {
  await openConsole()
  context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
  })
  context.setDefaultTimeout(patienceMs)
  numbers = new Numbers()
})

after(async () => {
  await numbers?.end()
  await closeConsole()
})

test('each page shows its data, nothing that axe finds, and the same after a reload and after back', async () => {
  const first = await numbers.loud()
  await each(
    sights,
    async (sight) => {
      const page = await opened(sight.name)
      await page.goto(`${homeUrl()}/${sight.path}#token=${mesh.running.token}`)
      desks.push({ sight, page })
      await shows({ sight, page }, first)
      await markFirst(page)
      const [address, row] = [addressOf(page), await markedRow(page)]
      await page.reload()
      assert.equal(await markedRow(page), row, 'after a reload')
      await page.keyboard.press('a')
      await until('it is another page', () => /^alerts(\?filter=[^&]*)?(&range=5m)?$/.test(addressOf(page)))
      await page.goBack()
      assert.equal(await markedRow(page), row, 'after back')
      assert.equal(addressOf(page), address)
      assert.deepEqual(await axeFaults(page), [])
    },
    pagesOpenedAtOnce,
  )
})

test('a sent link shows the same in another tab, on a small light screen, in Spanish and by another clock', async () => {
  assert.equal(desks.length, sights.length)
  await each(
    desks,
    async ({ sight, page: desk }) => {
      const page = await opened(`${sight.name} of the phone`)
      await beSpanishPhone(page)
      await page.goto(desk.url())
      phones.push({ sight, page })
      assert.equal(await markedRow(page), await markedRow(desk))
      for (const each of [desk, page]) await goOn({ sight, page: each })
    },
    pagesOpenedAtOnce,
  )
  const floor = await numbers.loud()
  await each([...desks, ...phones], (tab) => shows(tab, floor))
  await each(
    phones,
    async ({ sight, page }) => {
      assert.deepEqual(await page.evaluate(wideElements), [], 'it scrolls sideways')
      assert.deepEqual(await englishIn(page), [], 'it speaks English')
      assert.deepEqual(await axeFaults(page), [])
      if (sight.name !== 'wall') await page.getByText(/1 h adelantado/).waitFor()
    },
    pagesOpenedAtOnce,
  )
})

test('all say that the hub is away, and show what came meanwhile when it is back', async () => {
  const all = [...desks, ...phones]
  assert.equal(all.length, 2 * sights.length)
  // What starts it again sleeps until all have said it.
  process.kill(mesh.running.pid, 'SIGSTOP')
  try {
    process.kill(mesh.running.pids.hub ?? 0, 'SIGKILL')
    await each(all, ({ page }) => page.getByText(/^(Offline|Sin conexión)$/).waitFor())
  } finally {
    process.kill(mesh.running.pid, 'SIGCONT')
  }
  const floor = await numbers.loud()
  await each(all, (tab) => shows(tab, floor))
  assert.deepEqual(faults, [])
})

test('all ask for another token when theirs has ended, and one that is given in one tab cures all', async () => {
  const all = [...desks, ...phones]
  const [given, cured] = [desks[0]?.page, phones[0]?.page]
  assert.ok(given !== undefined && cured !== undefined)
  const brief = (await mesh.weir('token', '--subscribe', '>', '--admin', '--ttl', '3s')).out.trim()
  await given.getByRole('button', { name: 'Who am I' }).click()
  await given.getByRole('button', { name: 'Use another token' }).click()
  await sign(given, brief)
  await each(all, ({ page }) => page.getByText(/^(Sign in again|Entre de nuevo)$/).waitFor())
  await sign(cured, mesh.running.token)
  await each(all, ({ page }) => page.locator('#token').waitFor({ state: 'detached' }))
  const floor = await numbers.loud()
  await each(all, (tab) => shows(tab, floor))
  assert.deepEqual(faults, [])
})

function homeUrl(): string {
  return mesh.running.addresses.projector
}

function addressOf(page: Page): string {
  return decodeURIComponent(page.url().slice(homeUrl().length + 1))
}

async function opened(name: string): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`${name}: ${error}`))
  return page
}

/** Sends numbered events until it is ended. */
class Numbers {
  #last = 100
  #ended = false
  readonly #sending: Promise<void>
  #wanted: ((number: number) => void)[] = []

  constructor() {
    this.#sending = this.#send()
  }

  /** The number of events that were sent after the call, an alert among them. */
  loud(): Promise<number> {
    return new Promise((resolve) => this.#wanted.push(resolve))
  }

  async end(): Promise<void> {
    this.#ended = true
    await this.#sending
  }

  async #send(): Promise<void> {
    while (!this.#ended) {
      const [number, wanted] = [++this.#last, this.#wanted]
      this.#wanted = []
      await sendNumbered(number, wanted.length > 0)
      for (const resolve of wanted) resolve(number)
      await sleep(400)
    }
  }
}

/** Does the same with all at once; what fails says with which. */
async function each<Item extends Sight | Tab>(
  items: readonly Item[],
  act: (item: Item) => Promise<unknown>,
  atOnce = items.length,
): Promise<void> {
  const outcomes: PromiseSettledResult<unknown>[] = []
  for (let at = 0; at < items.length; at += atOnce) {
    outcomes.push(...(await Promise.allSettled(items.slice(at, at + atOnce).map(act))))
  }
  const failed = outcomes.flatMap((outcome, at) => {
    const item = items[at]
    if (outcome.status === 'fulfilled' || item === undefined) return []
    return `${'sight' in item ? `${item.sight.name} ${item.page.url()}` : item.name}: ${outcome.reason}`
  })
  assert.deepEqual(failed, [])
}

/** Waits until each part of a page shows what was sent as that number, or later. */
async function shows({ sight, page }: Tab, floor: number): Promise<void> {
  let missing = Object.entries(sight.parts)
  let seen: string[] = []
  const deadline = Date.now() + patienceMs
  while (missing.length > 0) {
    if (Date.now() > deadline) {
      const text = ((await page.locator('body').textContent()) ?? '').replaceAll(/\s+/g, ' ')
      assert.fail(`${seen} instead of ${floor} in: ${text}`)
    }
    const numbers = await Promise.all(missing.map(async ([, part]) => await part(page)))
    seen = missing.map(([name], at) => `${name} ${numbers[at]}`)
    missing = missing.filter((_, at) => (numbers[at] ?? -1) < floor)
    if (missing.length > 0) await sleep(200)
  }
}

/** Marks the first row by its key. */
async function markFirst(page: Page): Promise<void> {
  await until('the marked row is in the address', async () => {
    // There may be no row for a moment, where a snapshot takes the place of what was read first.
    await page.keyboard.press('k')
    await sleep(200)
    return /[?&]at=/.test(addressOf(page))
  })
}

/** What the marked row is called, once it is in sight. */
async function markedRow(page: Page): Promise<string> {
  const row = page.locator('main [data-row][aria-current=true], main [role=row][aria-selected=true]').first()
  await row.waitFor()
  await until('it is in sight', () => row.evaluate(isInSight), patienceMs)
  return await row.evaluate((element) => {
    const { dataset } = element as HTMLElement
    return dataset.row ?? element.querySelector('[role=rowheader]')?.textContent ?? ''
  })
}

/**
 * Whether nothing cuts the middle of an element off, or covers it: what hides a pointer at rest
 * hides nothing else.
 */
function isInSight(element: Element): boolean {
  const { left, top, height } = element.getBoundingClientRect()
  const there = document.elementsFromPoint(left + 8, top + height / 2)
  return element.contains(there.find((each) => getComputedStyle(each).cursor !== 'none') ?? null)
}

/** A page of events stands still at the one that a link names, until the person lets it go on. */
async function goOn({ sight, page }: Tab): Promise<void> {
  if (sight.name !== 'live') return
  await page.getByRole('button', { name: /^(Resume|Reanudar|Seguir)$/ }).click()
}

async function beSpanishPhone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.emulateMedia({ colorScheme: 'light' })
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'language', { value: 'es-ES', configurable: true })
    Object.defineProperty(navigator, 'languages', { value: ['es-ES', 'es'], configurable: true })
    const { now } = Date
    Date.now = () => now() + 3_600_000
    // A page's begin is told by the same clock.
    Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + 3_600_000 })
  })
}

/** What makes the page wider than the screen. */
function wideElements(): string[] {
  if (document.documentElement.scrollWidth <= innerWidth) return []
  const wide = [...document.querySelectorAll('*')].filter((each) => each.getBoundingClientRect().right > innerWidth)
  return [`${document.documentElement.scrollWidth} px`, ...wide.map((each) => each.outerHTML.slice(0, 120))]
}

/** What the page says in English alone. */
async function englishIn(page: Page): Promise<string[]> {
  const spanish = await sentencesOf('es')
  const english = await sentencesOf('en')
  const said = await page.evaluate(() => {
    const texts: string[] = []
    for (const element of document.querySelectorAll('body, body *')) {
      for (const name of ['aria-label', 'title', 'placeholder']) texts.push(element.getAttribute(name) ?? '')
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent ?? '')
    }
    return texts.map((text) => text.trim())
  })
  return said.filter((text) => english.has(text) && !spanish.has(text))
}

/** The texts of a language that hold no value. */
async function sentencesOf(language: 'en' | 'es'): Promise<Set<string>> {
  const { href } = new URL(`../console/src/words/${language}.ts`, import.meta.url)
  const said = ((await import(href)) as Record<string, object>)[language] ?? {}
  const texts = (part: object): string[] =>
    Object.values(part).flatMap((text: unknown) => {
      if (typeof text === 'string') return [text]
      return typeof text === 'object' && text !== null ? texts(text) : []
    })
  return new Set(texts(said))
}

async function sign(page: Page, token: string): Promise<void> {
  await page.locator('#token').fill(token)
  await page.locator('#token').press('Enter')
}
