/**
 * Reads a feed with the client of this checkout in a real Chromium; its last line of output is a
 * PageLoad.
 *
 *   node bench/src/client/page-load.ts <port> <milliseconds>
 */
import process from 'node:process'
import { launchBrowser } from '../../../test/browser.ts'

export interface PageLoad {
  readonly events: number
  readonly seconds: number
  /** Milliseconds of each task over 50 ms (W3C Long Tasks). */
  readonly longTasks: readonly number[]
}

const [port = '', ms = ''] = process.argv.slice(2)
const browser = await launchBrowser()
try {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/#${ms}`)
  const measured = await page.waitForFunction('globalThis.load', undefined, { timeout: 120_000 })
  const { celsius, ...load } = (await measured.jsonValue()) as PageLoad & { readonly celsius: number }
  if (!(celsius > 0)) throw new Error('No data was read.')
  console.log(JSON.stringify(load))
} finally {
  await browser.close()
}
