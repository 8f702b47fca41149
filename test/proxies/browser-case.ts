import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { until } from '../../cli/test/processes.ts'
import type { Certificate } from '../../deploy/test/certificates.ts'
import { launchBrowser } from '../browser.ts'
import { publish } from './publish.ts'
import type { RunningProxy } from './running-proxy.ts'

/** One browser at each of them: by HTTP/3 where the proxy has it, or else by HTTP/2. */
export async function inBrowser(
  running: readonly RunningProxy[],
  certificate: Certificate,
  tokenOf: (program: string) => Promise<string>,
): Promise<void> {
  const origins = running.filter(({ proxy }) => proxy.http3).map(({ port }) => `127.0.0.1:${port}`)
  const browser = await launchBrowser([
    // The key of the certificate is known, so its authority need not be.
    `--ignore-certificate-errors-spki-list=${keyHash(certificate)}`,
    // By themselves browsers speak HTTP/3 from the second visit on, and not to such a certificate.
    `--origin-to-force-quic-on=${origins.join()}`,
  ])
  try {
    // One token may have 20 tickets a second, fewer than all of them open streams.
    await Promise.all(running.map(async (each) => visit(browser, each, await tokenOf(each.proxy.program))))
  } finally {
    await browser.close()
  }
}

function keyHash({ cert }: Certificate): string {
  const { publicKey } = new X509Certificate(readFileSync(cert))
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}

async function visit(browser: Browser, { proxy, url }: RunningProxy, token: string): Promise<void> {
  const { program, http3 } = proxy
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${url}/live?filter=${program}.browser.>#token=${token}`)
  await page.locator('[role=status][data-state]').filter({ hasText: 'Live' }).waitFor()
  // Over a WebSocket, from the hub below the same prefix. The page shows what comes once it has
  // subscribed, which is after it is live.
  const subject = `${program}.browser.first`
  const shown = page.getByText(subject).first()
  await until(`the page shows an event through ${program}`, async () => {
    await publish(url, token, [{ subject, data: 1 }])
    return await shown.waitFor({ timeout: 1_000 }).then(
      () => true,
      () => false,
    )
  })
  const protocols = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol)
      .filter((protocol) => protocol !== ''),
  )
  assert.deepEqual([...new Set(protocols)], [http3 ? 'h3' : 'h2'], program)
  const streams = eventSources(page, { url, token, filter: `${program}.browser.second`, count: 10 })
  // A stream that is refused ends the wait for the others.
  await Promise.race([page.waitForFunction(() => 'allOpen' in globalThis), streams])
  await publish(url, token, [{ subject: `${program}.browser.second`, data: 2 }])
  assert.equal(await streams, 10, program)
  await context.close()
}

interface Wanted {
  readonly url: string
  readonly token: string
  readonly filter: string
  readonly count: number
}

/** Opens more event streams than HTTP/1.1 allows a browser; how many had an event. */
function eventSources(page: Page, wanted: Wanted): Promise<number> {
  return page.evaluate(async ({ url, token, filter, count }) => {
    const once = (source: EventSource, name: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        source.addEventListener(name, resolve)
        source.addEventListener('error', () => reject(new Error(`no ${name} of ${source.url}`)))
      })
    const streams = Array.from({ length: count }, async () => {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await fetch(`${url}/v1/tickets`, { method: 'POST', headers })
      if (!answer.ok) throw new Error(`no ticket of ${url}: ${answer.status} ${await answer.text()}`)
      const { ticket } = (await answer.json()) as { ticket: string }
      const source = new EventSource(`${url}/v1/sse?filter=${filter}&ticket=${ticket}`)
      const message = once(source, 'message').then(() => source.close())
      await once(source, 'open')
      return { message }
    })
    const messages = (await Promise.all(streams)).map(({ message }) => message)
    Object.assign(globalThis, { allOpen: true })
    await Promise.all(messages)
    return messages.length
  }, wanted)
}
