import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'

/** A Chromium of the system: the one of the npm package is a headless shell without extensions. */
export function systemChromium(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))
}

/** A browser with the extension of this folder in it. */
export class ExtensionBrowser {
  readonly context: BrowserContext
  readonly id: string
  readonly #profile: string

  private constructor(context: BrowserContext, id: string, profile: string) {
    this.context = context
    this.id = id
    this.#profile = profile
  }

  static async launch(executablePath: string, extension: string): Promise<ExtensionBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'weir-extension-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: false,
      args: [
        '--headless=new',
        '--no-sandbox',
        `--disable-extensions-except=${extension}`,
        `--load-extension=${extension}`,
        '--disable-features=DisableLoadExtensionCommandLineSwitch',
      ],
    })
    const [running] = context.serviceWorkers()
    const worker = running ?? (await context.waitForEvent('serviceworker', { timeout: 30_000 }))
    return new ExtensionBrowser(context, new URL(worker.url()).host, profile)
  }

  async close(): Promise<void> {
    await this.context.close()
    rmSync(this.#profile, { recursive: true, force: true })
  }
}
