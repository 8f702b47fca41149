import type { Page } from 'playwright-core'

/** How long a page takes to show what was done, in milliseconds. */
export interface ActToPixel {
  /** On the page of who did it. */
  readonly own: number
  /** On another page, which learns of it through the mesh. */
  readonly other: number
}

/**
 * How long it takes from a click on one page to the frames that show an element as it is waited
 * for, on this page and on another of the same browser, by the browser's clock.
 */
export async function actToPixel(own: Page, other: Page, click: string, seen: string): Promise<ActToPixel> {
  await Promise.all([own, other].map((page) => page.evaluate(watch, seen)))
  const began = await own.evaluate((selector) => {
    const button = document.querySelector<HTMLElement>(selector)
    if (button === null) throw new Error(`There is no ${selector}.`)
    const clicked = performance.timeOrigin + performance.now()
    button.click()
    return clicked
  }, click)
  const [ownAt = Number.NaN, otherAt = Number.NaN] = await Promise.all(
    [own, other].map((page) => page.evaluate(() => (globalThis as unknown as Watching).shownAt)),
  )
  return { own: ownAt - began, other: otherAt - began }
}

interface Watching {
  /** When the page had painted what is waited for, in milliseconds since the Unix epoch. */
  shownAt: Promise<number>
}

/** Runs in the page. */
function watch(selector: string): void {
  const watching = globalThis as unknown as Watching
  watching.shownAt = new Promise((resolve) => {
    // The callback runs before the frame is painted, and the message is read after it.
    const painted = new MessageChannel()
    painted.port1.onmessage = () => {
      painted.port1.close()
      resolve(performance.timeOrigin + performance.now())
    }
    const observer = new MutationObserver(() => {
      if (document.querySelector(selector) === null) return
      observer.disconnect()
      requestAnimationFrame(() => painted.port2.postMessage(undefined))
    })
    observer.observe(document.body, { subtree: true, childList: true, attributes: true })
  })
}

/** One line on the latencies of a demo. */
export function latencyLine(demo: string, all: readonly ActToPixel[]): string {
  const parts = (['own', 'other'] as const).map((where) => {
    const sorted = all.map((each) => each[where]).toSorted((a, b) => a - b)
    const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(0)
    return `${where} page p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
  })
  return `${demo}: act to pixel over ${all.length} acts: ${parts.join('; ')}`
}
