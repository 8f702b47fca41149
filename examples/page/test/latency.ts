import type { Page } from 'playwright-core'

/**
 * How long it takes from a click to the frame after which an element is as it is waited for, in the
 * browser's own clock.
 */
export async function actToPixelMs(page: Page, click: string, seen: string): Promise<number> {
  return await page.evaluate(
    ([click, seen]) =>
      new Promise<number>((resolve, reject) => {
        const button = document.querySelector<HTMLElement>(click)
        if (button === null) {
          reject(new Error(`There is no ${click}.`))
          return
        }
        const began = performance.now()
        const look = (): void => {
          if (document.querySelector(seen) === null) return
          observer.disconnect()
          // The first callback runs before the frame is painted, the second one after it.
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)))
        }
        const observer = new MutationObserver(look)
        observer.observe(document.body, { subtree: true, childList: true, attributes: true })
        button.click()
        look()
      }),
    [click, seen] as const,
  )
}

/** One line on the latencies of a demo. */
export function latencyLine(demo: string, ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(0)
  return `${demo}: act to pixel over ${sorted.length} acts: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}
