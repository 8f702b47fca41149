import type { Page } from '../../../test/browser.ts'

/**
 * Opens an address and says after how many milliseconds, from the beginning of the navigation, the
 * first row of data had been painted.
 */
export async function firstRowMs(page: Page, address: string): Promise<number> {
  await page.addInitScript(() => {
    const paintedAt = new Promise<number>((resolve) => {
      const look = (): void => {
        // The first row of a grid is its head. The next task begins when the frame is painted.
        if (document.querySelectorAll('[role=row]').length < 2) requestAnimationFrame(look)
        else setTimeout(() => resolve(performance.now()))
      }
      look()
    })
    Object.assign(globalThis, { paintedAt })
  })
  await page.goto(address)
  return await page.evaluate(() => (globalThis as unknown as { paintedAt: Promise<number> }).paintedAt)
}
