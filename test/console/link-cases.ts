import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator } from 'playwright-core'
import { browser, live, mesh, post, visit } from './console.ts'

test('one sign-in serves all tabs; a token that is no good is asked for again', async () => {
  const context = await browser.newContext({ locale: 'en-GB' })
  const first = await context.newPage()
  // As a browser calls it under the POSIX locale; Intl refuses it.
  await first.addInitScript(
    "Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })",
  )
  await first.goto(mesh.running.addresses.projector)
  const field = first.getByRole('textbox', { name: 'Token' })
  await field.fill('nonsense')
  await first.getByRole('button', { name: 'Continue' }).click()
  await first.getByRole('alert').getByText('three parts').waitFor()
  const [head, body] = mesh.running.token.split('.')
  await field.fill(`${head}.${body}.AAAA`)
  await first.getByRole('button', { name: 'Continue' }).click()
  await first.getByRole('alert').getByText(/token/i).waitFor()
  await first.getByRole('textbox', { name: 'Token' }).fill(mesh.running.token)
  await first.getByRole('button', { name: 'Continue' }).click()
  await live(first)

  const second = await context.newPage()
  await second.goto(`${mesh.running.addresses.projector}/live`)
  await live(second)
  assert.equal(await second.evaluate(() => `${localStorage.length}${location.href.includes('ey')}`), '0false')
  await second.getByRole('button', { name: /owner/ }).click()
  await second.getByRole('dialog').getByText('Administrator').waitFor()
  await second.getByRole('button', { name: 'Sign out' }).click()
  await first.getByRole('textbox', { name: 'Token' }).waitFor()
  await context.close()
})

test('a page that took long to open, or to be signed in to, finds its hub', async () => {
  const context = await browser.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  // What the browser asked for with the HTML is too old by then.
  await page.addInitScript('const now = performance.now.bind(performance); performance.now = () => now() + 60_000')
  await page.goto(mesh.running.addresses.projector)
  await page.getByRole('textbox', { name: 'Token' }).fill(mesh.running.token)
  await page.getByRole('button', { name: 'Continue' }).click()
  await live(page)
  await context.close()
})

test('while the hub alone is away the page says since when and what comes, and shows what is stored', async () => {
  await post([{ subject: 'alone.r1', data: 'stored' }])
  const { page, context, faults } = await visit('live?filter=alone.>')
  await page.getByRole('row', { name: /stored/ }).waitFor()
  // Sockets are refused; the address of the hub is another origin, of which the page hears nothing.
  await page.routeWebSocket(/v1\/ws/, (socket) => void socket.close())
  await page.reload()
  await page.getByText(/since \d\d:\d\d · attempt [2-9] · next in \d+ s/).waitFor()
  await page.getByRole('button', { name: 'Retry now' }).click()
  await page.getByRole('row', { name: /stored/ }).waitFor()
  assert.equal(await page.getByText('The read API does not answer').count(), 0, 'of the hub nothing is said of it')
  assert.deepEqual(faults, [])
  await context.close()
})

test('while the read API is away every page says so, and what reads from it comes back by itself', async () => {
  await post([{ subject: 'away.r1', reading: { metrics: { celsius: 20 } } }])
  const { page, context, faults } = await visit('live?filter=away.>')
  await live(page)
  const go = async (name: string): Promise<void> => {
    await page.getByRole('link', { name, exact: true }).click()
    await page.locator('.crumb').filter({ hasText: name }).waitFor()
    await page.getByRole('heading', { level: 1 }).waitFor()
  }
  const names = ['Start', 'History', 'Mesh', 'Boards', 'Alerts', 'Live', 'State']
  // The chunks of all pages are here before, as the read API serves them too.
  for (const name of names) await go(name)
  const said = page.getByText('The read API does not answer')
  const readApi = /\/v1\/(?!sessions)/
  await context.route(readApi, (route) => route.abort())
  for (const name of names) {
    await go(name)
    if (name === 'Start') await said.waitFor()
    assert.equal(await said.count(), 1, name)
  }
  const back: readonly (readonly [page: string, shown: () => Locator])[] = [
    ['History', () => page.getByRole('button', { name: /away\.r1/ })],
    ['Mesh', () => page.getByRole('rowheader', { name: 'history' })],
    ['Boards', () => page.getByRole('combobox', { name: 'Board' })],
  ]
  for (const [name, shown] of back) {
    await context.route(readApi, (route) => route.abort())
    // State asks for something at once, so that it is known.
    await go('State')
    await said.waitFor()
    await go(name)
    await context.unroute(readApi)
    await said.waitFor({ state: 'detached' })
    await shown().waitFor()
  }
  assert.deepEqual(faults, [])
  await context.close()
})
