import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

export type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'

/** A real Chromium without a window, from the npm package; no download, no system package. */
export async function launchBrowser(further: readonly string[] = []): Promise<Browser> {
  const wanted = chromium.args.filter((argument) => !unwanted.some((each) => argument.startsWith(each)))
  const args = [...wanted, '--disable-gpu', ...further]
  return await playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
}

/** What the package asks for and no user's browser has. */
const unwanted: readonly string[] = [
  // The end of one page would be the end of all.
  '--single-process',
  // Origins and CORS would not count, so that no test of them could fail.
  '--disable-web-security',
  '--disable-site-isolation-trials',
  '--disable-features=',
  '--allow-running-insecure-content',
  // A GPU that the CPU plays draws many times slower than Chromium does where there is none.
  '--ignore-gpu-blocklist',
  '--in-process-gpu',
  '--use-gl=',
  '--use-angle=',
  '--enable-unsafe-swiftshader',
]
