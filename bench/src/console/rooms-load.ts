/**
 * The frames of the demo's board; each line of output is a Line.
 *
 *   node bench/src/console/rooms-load.ts <long|quick>
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { launchBrowser } from '../../../test/browser.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'
import { printFigure } from './node-figures.ts'
import { watch } from './page-watch.ts'

const isQuick = process.argv[2] === 'quick'
const eventsPerSecond = 2_000
/** Sixty a second, within a twentieth. */
const framesLeast = 57
/** The rules compare with a minute ago. */
const warmUpMs = isQuick ? 5_000 : 100_000
const watchedMs = isQuick ? 3_000 : 60_000

const mesh = await RunningMesh.demo('rooms', ['--rate', String(eventsPerSecond)])
const browser = await launchBrowser()
try {
  const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  await page.goto(mesh.running.demo?.pages[0]?.url ?? '')
  await page.getByRole('region', { name: 'Viewers of every room' }).waitFor()
  await sleep(warmUpMs)
  const session = await page.context().newCDPSession(page)
  for (const rate of [1, 4]) {
    await session.send('Emulation.setCPUThrottlingRate', { rate })
    await sleep(2_000)
    const { framesPerSecond, longestFrameMs } = await watch(page, watchedMs, 1)
    printFigure({
      name: `1,000 rooms at 2,000 events/s, frames${rate === 1 ? '' : `, the CPU throttled ${rate} times`}`,
      value: framesPerSecond,
      unit: 'frames/s',
      budget: { atLeast: framesLeast },
      note: `the longest frame took ${Math.round(longestFrameMs)} ms`,
    })
  }
} finally {
  await browser.close()
  await mesh.dispose()
}
