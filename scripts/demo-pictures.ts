// A part of `make pictures`: those of the demos for their READMEs, from demos that are started for
// them, all or those that are named. A phone in light beside a desk in dark.

import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../test/browser.ts'
import { RunningMesh } from '../test/running-mesh.ts'
import { root } from './run.ts'

/** Which page of each demo is on the phone and which on the desk, and what is done there before. */
const pictures: Readonly<Record<string, Picture>> = {
  // An anomaly is one against a minute ago.
  rooms: { phone: 0, desk: 0, rate: 500, seconds: 90, locale: 'en-GB' },
  pipeline: {
    phone: 0,
    desk: 0,
    rate: 1,
    locale: 'en-GB',
    act: (desk) => desk.locator('.stage.COMPLETE', { hasText: 'Actuator' }).first().click(),
  },
  // Few enough changes that the lists are fetched between two of them.
  deliveries: { phone: 0, desk: 1, rate: 1 },
  kitchen: {
    phone: 0,
    desk: 2,
    act: async (desk, phone) => {
      // The browser lets a page sound after a touch.
      await phone.locator('h1').click()
      await desk.getByTestId('tab-alerts').click()
      await desk.getByLabel('Texto').fill('Pedido con alergia al maní')
      await desk.getByRole('button', { name: 'urgente' }).click()
      await desk.getByTestId('send-alert').click()
      await desk.getByTestId('tab-live').click()
    },
  },
}

interface Picture {
  readonly phone: number
  readonly desk: number
  readonly act?: (desk: Page, phone: Page) => Promise<void>
  /** Events a second of the demo; 3 where nothing is said. */
  readonly rate?: number
  /** How long it has run before; 20 where nothing is said. */
  readonly seconds?: number
  /** The language of the person; Spanish where nothing is said. */
  readonly locale?: string
}

const phoneSize = { width: 390, height: 780 }
const deskSize = { width: 1180, height: 780 }

const named = process.argv.slice(2)
for (const name of named.length > 0 ? named : Object.keys(pictures)) {
  const views = pictures[name]
  if (views === undefined) throw new Error(`No picture of ${name} is described here.`)
  const mesh = await RunningMesh.demo(name, ['--rate', String(views.rate ?? 3)])
  const browser = await launchBrowser()
  try {
    const urls = mesh.running.demo?.pages.map(({ url }) => url) ?? []
    const { locale = 'es' } = views
    const phone = await open(browser, urls[views.phone], { viewport: phoneSize, colorScheme: 'light', locale })
    const desk = await open(browser, urls[views.desk], { viewport: deskSize, colorScheme: 'dark', locale })
    // Long enough that something has happened.
    await sleep((views.seconds ?? 20) * 1000)
    await views.act?.(desk, phone)
    await sleep(2_000)
    // One after the other: a page in the background draws no frame.
    const images: Buffer[] = []
    for (const page of [phone, desk]) {
      await page.bringToFront()
      images.push(await page.screenshot())
    }
    const folder = `${root}examples/${name}/pictures`
    mkdirSync(folder, { recursive: true })
    await join(browser, images, `${folder}/${name}.jpg`)
    console.log(`examples/${name}/pictures/${name}.jpg`)
  } finally {
    await browser.close()
    await mesh.dispose()
  }
}

async function open(browser: Browser, url = '', options: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options)
  await page.goto(url)
  return page
}

/** Side by side in one small file. */
async function join(browser: Browser, images: readonly Buffer[], path: string): Promise<void> {
  const width = phoneSize.width + deskSize.width + 60
  const page = await browser.newPage({ viewport: { width, height: phoneSize.height + 40 } })
  const style = 'display:flex;gap:20px;padding:20px;margin:0;background:#8fa3a3'
  const tags = images.map((image) => {
    return `<img src="data:image/png;base64,${image.toString('base64')}" style="border-radius:16px">`
  })
  await page.setContent(`<body style="${style}">${tags.join('')}</body>`)
  await page.screenshot({ path, type: 'jpeg', quality: 70 })
  await page.close()
}
