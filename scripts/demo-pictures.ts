// Pictures of demos for their READMEs, from demos that are started for them:
// `.tools/bin/node scripts/demo-pictures.ts deliveries kitchen`. A phone in light beside a desk in
// dark.

import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../test/browser.ts'
import { RunningMesh } from '../test/running-mesh.ts'
import { root } from './run.ts'

/** Which page of each demo is on the phone and which on the desk, and what is done there before. */
const pictures: Readonly<Record<string, Picture>> = {
  deliveries: { phone: 0, desk: 1 },
  kitchen: {
    phone: 0,
    desk: 2,
    act: async (desk) => {
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
  readonly act?: (desk: Page) => Promise<void>
}

const phoneSize = { width: 390, height: 780 }
const deskSize = { width: 1180, height: 780 }

for (const name of process.argv.slice(2)) {
  const views = pictures[name]
  if (views === undefined) throw new Error(`No picture of ${name} is described here.`)
  const mesh = await RunningMesh.demo(name, ['--rate', '3'])
  const browser = await launchBrowser()
  try {
    const urls = mesh.running.demo?.pages.map(({ url }) => url) ?? []
    const phone = await open(browser, urls[views.phone], phoneSize, 'light')
    const desk = await open(browser, urls[views.desk], deskSize, 'dark')
    // Long enough that something has happened.
    await sleep(20_000)
    await views.act?.(desk)
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

async function open(
  browser: Browser,
  url = '',
  viewport: { readonly width: number; readonly height: number },
  colorScheme: 'light' | 'dark',
): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme, locale: 'es' })
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
