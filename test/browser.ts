import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

/** A real Chromium without a window, from the npm package; no download, no system package. */
export async function launchBrowser(): Promise<Browser> {
  // In a single process, which the package asks for, the end of one page would be the end of all.
  const args = chromium.args.filter((argument) => argument !== '--single-process')
  return await playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
}
