import { setTimeout as sleep } from 'node:timers/promises'
import type { CDPSession, Page } from '../../../test/browser.ts'

/** What a page did while it was watched. */
export interface Watched {
  readonly framesPerSecond: number
  /** The longest time from one frame to the next. */
  readonly longestFrameMs: number
  /** Megabytes in use after a collection, at the beginning, after each part, and at the end. */
  readonly heapMb: readonly number[]
  readonly seconds: number
}

/**
 * Counts the frames of a page, by its own requests for them, and weighs its heap after so many
 * parts of the time.
 */
export async function watch(page: Page, ms: number, parts: number): Promise<Watched> {
  const session = await page.context().newCDPSession(page)
  const heapMb = [await usedMb(session)]
  await page.evaluate(() => {
    const counted = { frames: 0, beganAt: performance.now(), lastAt: performance.now(), longestMs: 0 }
    Object.assign(globalThis, { counted })
    const tick = (): void => {
      const now = performance.now()
      counted.longestMs = Math.max(counted.longestMs, now - counted.lastAt)
      counted.frames++
      counted.lastAt = now
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  })
  for (let part = 0; part < parts; part++) {
    await sleep(ms / parts)
    // The collection of the last part would be the watcher's own frame lost.
    if (part < parts - 1) heapMb.push(await usedMb(session))
  }
  const { frames, longestMs, seconds } = await page.evaluate(() => {
    const { counted } = globalThis as unknown as { counted: { frames: number; beganAt: number; longestMs: number } }
    return { ...counted, seconds: (performance.now() - counted.beganAt) / 1000 }
  })
  heapMb.push(await usedMb(session))
  await session.detach()
  return { framesPerSecond: frames / seconds, longestFrameMs: longestMs, heapMb, seconds }
}

async function usedMb(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1e6
}

/** By how much values at equal distances grow from each to the next (least squares). */
export function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let [over, under] = [0, 0]
  for (const [at, value] of values.entries()) {
    over += (at - middle) * (value - mean)
    under += (at - middle) ** 2
  }
  return under === 0 ? 0 : over / under
}
