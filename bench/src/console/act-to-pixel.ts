import type { Page } from '../../../test/browser.ts'
import type { ConsoleMesh } from './console-mesh.ts'

const first = 10_000

/**
 * Posts numbers one after the other, and says for each after how many milliseconds from the request
 * on it had been drawn in a tile; in the order of their length.
 */
export async function actToPixelMs(mesh: ConsoleMesh, page: Page, count: number): Promise<readonly number[]> {
  const spans: number[] = []
  for (let at = 0; at < count; at++) {
    const value = first + at
    const drawn = page.evaluate(async (text) => {
      while (document.body.textContent?.includes(text) !== true) await new Promise(requestAnimationFrame)
      // The next task begins when the frame has been painted.
      await new Promise((resolve) => setTimeout(resolve))
      return performance.timeOrigin + performance.now()
    }, value.toLocaleString('en-GB'))
    const began = performance.timeOrigin + performance.now()
    await mesh.post([{ subject: 'wall.one', reading: { metrics: { value } } }])
    spans.push((await drawn) - began)
  }
  return spans.sort((some, other) => some - other)
}
