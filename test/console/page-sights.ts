import type { Locator, Page } from 'playwright-core'
import type { tileKinds } from '../../console/src/boards/board.ts'
import { post } from './console.ts'

/** The room of these events on the board of console.ts. */
const room = 'k1'

/**
 * Events that say in every page and tile which they are, by a number: what shows one that was sent
 * after some moment shows what is new since.
 */
export async function sendNumbered(number: number, isLoud: boolean): Promise<void> {
  await post([
    { subject: `axe.${room}.climate`, reading: { metrics: { celsius: number }, units: { celsius: 'Cel' } } },
    { subject: 'axe.k2.order', stateChange: { entity: `order ${number}`, from: 'new', to: 'ready' } },
    { subject: 'axe.k4.step', step: { pipeline: 'run k', name: `fetch ${number}`, status: 'PROCESSING', index: 0 } },
    ...Array.from({ length: 2 }, () => ({ subject: 'axe.k9.tick', data: `tick ${number}` })),
    ...(isLoud ? rare(number) : []),
  ])
}

/** An alert, and an event that the newest of its filter still hold when the others have gone by. */
function rare(number: number): object[] {
  return [
    { subject: `hot.k${number}`, reading: { metrics: { celsius: 50 } } },
    { subject: 'axe.k7.rare', data: `rare ${number}` },
  ]
}

/** The number that is shown, the largest of several; -1 while there is none. */
type Part = (page: Page) => Promise<number>

/** A page, and how one sees what is new in each part of it. */
export interface Sight {
  readonly name: string
  readonly path: string
  readonly parts: Readonly<Record<string, Part>>
}

/** The largest number in the texts of some elements that a pattern finds. */
function numberIn(find: (page: Page) => Locator, pattern: RegExp): Part {
  return async (page) => {
    const texts = await find(page).allTextContents()
    const numbers = texts.flatMap((text) => [...text.matchAll(pattern)].map(([, digits]) => Number(digits)))
    return Math.max(-1, ...numbers)
  }
}

/** What has no room for a number is another picture with each event. */
function changeOf(find: (page: Page) => Locator, what: (element: Element) => string): Part {
  const before = new WeakMap<Page, string>()
  return async (page) => {
    const now = await find(page).first().evaluate(what)
    const last = before.get(page)
    before.set(page, now)
    if (last === undefined || last === now) return -1
    before.delete(page)
    return Number.POSITIVE_INFINITY
  }
}

// A mean of a step has a fraction.
const degrees = /(\d+)(?:\.\d+)?\s*°C/g
const picture = (element: Element): string => element.querySelector('svg')?.innerHTML ?? ''
/** Events since the page is open. */
const stored = (element: Element): string => /\+\S+/.exec(element.textContent ?? '')?.[0] ?? ''
const lively = (find: (page: Page) => Locator): Part => numberIn(find, /tick (\d+)/g)

const tile =
  (kind: string) =>
  (page: Page): Locator =>
    page.locator(`[data-tile][aria-label="${kind}"]`)

/** A tile is drawn once it was in view. */
const inView =
  (find: (page: Page) => Locator, part: Part): Part =>
  async (page) => {
    await find(page).evaluate((element) => element.scrollIntoView())
    return await part(page)
  }

const ofKind: Readonly<Record<(typeof tileKinds)[number], Part>> = {
  kpi: numberIn((page) => tile('kpi')(page).locator('.value'), degrees),
  chart: numberIn((page) => tile('chart')(page).locator('li'), degrees),
  heatmap: async (page) => {
    const canvas = tile('heatmap')(page).locator('canvas')
    // Another cell, so that the mouse comes to this one.
    await canvas.dispatchEvent('mouseleave')
    await canvas.dispatchEvent('mousemove', await canvas.evaluate(middle))
    return numberIn((each) => tile('heatmap')(each).locator('.hint'), degrees)(page)
  },
  table: numberIn(tile('table'), /tick (\d+)/g),
  alerts: numberIn(tile('alerts'), /\bk(\d+) is at 50/g),
  states: numberIn(tile('states'), /order (\d+)/g),
  pipeline: numberIn(tile('pipeline'), /fetch (\d+)/g),
  text: async (page) => ((await tile('text')(page).textContent())?.includes(`Hello ${room}`) ? Infinity : -1),
  weir: changeOf(tile('weir'), stored),
  lively: lively(tile('lively')),
  machine: changeOf(tile('machine'), picture),
}

function middle(canvas: Element): { clientX: number; clientY: number } {
  const { left, top, width, height } = canvas.getBoundingClientRect()
  return { clientX: left + width / 2, clientY: top + height / 2 }
}

const ofEachKind = Object.fromEntries(Object.entries(ofKind).map(([kind, part]) => [kind, inView(tile(kind), part)]))

/** Of the start page. */
const machine = (page: Page): Locator => page.locator('[data-tile="3"]')

const board = `boards?board=rooms&$room=${room}`

/** All pages of the console; of the board each kind of tile is a part. */
export const sights: readonly Sight[] = [
  {
    name: 'start',
    path: '',
    parts: {
      lively: lively((page) => page.locator('[data-tile="1"]')),
      weir: changeOf((page) => page.locator('[data-tile="0"]'), stored),
      machine: inView(machine, changeOf(machine, picture)),
    },
  },
  {
    name: 'live',
    path: 'live?filter=axe.k7.>',
    parts: { rows: numberIn((page) => page.locator('[role=row]'), /rare (\d+)/g) },
  },
  {
    name: 'state',
    path: 'state?filter=axe.*.climate',
    parts: { rows: numberIn((page) => page.locator('[role=row]'), degrees) },
  },
  {
    name: 'history',
    path: `history?filter=axe.${room}.climate&range=5m`,
    parts: { legend: numberIn((page) => page.locator('.legend li'), degrees) },
  },
  {
    name: 'alerts',
    path: 'alerts',
    parts: { cards: numberIn((page) => page.locator('article'), /\bk(\d+) is at 50/g) },
  },
  {
    name: 'mesh',
    path: 'mesh',
    parts: {
      weir: changeOf((page) => page.locator('.weir').first(), stored),
      streams: changeOf(
        (page) => page.locator('tr[data-row="stream events"]'),
        (row) => row.querySelector('td')?.textContent ?? '',
      ),
    },
  },
  { name: 'board', path: board, parts: ofEachKind },
  { name: 'wall', path: `${board}&wall=1`, parts: ofEachKind },
]
