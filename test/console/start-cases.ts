import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../cli/test/processes.ts'
import { axeFaults, live, mesh, post, visit } from './console.ts'

test('a new mesh shows how to send the first event, and says when it is there', async () => {
  const { page, context, faults } = await visit('')
  await live(page)
  await page.getByText('Waiting for the first event').waitFor()
  assert.deepEqual(await axeFaults(page), [])
  await mesh.weir('pub', 'rooms.r1.climate', '{"celsius": 21.5}')
  await page.getByText('It arrived').waitFor()
  await page.getByRole('button', { name: /rooms\.r1\.climate/ }).waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})

test('the details and the dialogs have nothing that axe finds in both themes', async () => {
  await post([
    {
      subject: 'axe.r1.climate',
      reading: { metrics: { celsius: 21.5, share: 0.4 }, units: { celsius: 'Cel', share: '1' } },
    },
    { subject: 'axe.r2.order', stateChange: { entity: 'order 1', from: 'new', to: 'ready' } },
    { subject: 'axe.r3.text', data: { name: 'x', list: [1, 2] } },
    { subject: 'axe.r4.step', step: { pipeline: 'run 1', name: 'fetch', status: 'PROCESSING', index: 0 } },
    { subject: 'hot.r9', reading: { metrics: { celsius: 41 } } },
  ])
  for (const colorScheme of ['dark', 'light'] as const) {
    const { page, context, faults } = await visit('', { colorScheme })
    await live(page)
    await page.goto(`${mesh.running.addresses.projector}/state?row=axe.r1.climate`)
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByText('"celsius"').first().waitFor()
    assert.deepEqual(await axeFaults(page), [], `details, ${colorScheme}`)
    await page.keyboard.press('Escape')
    for (const [key, name] of [
      ['Control+k', 'Commands'],
      ['?', 'Keys'],
    ] as const) {
      await page.keyboard.press(key)
      await page.getByRole('dialog', { name }).waitFor()
      assert.deepEqual(await axeFaults(page), [], `${name}, ${colorScheme}`)
      await page.keyboard.press('Escape')
    }
    assert.deepEqual(faults, [])
    await context.close()
  }
})

test('on a touch screen everything that is pressed is 44 px, and who am I is one press away', async () => {
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
  const { page, context, faults } = await visit('', phone)
  await live(page)
  for (const path of [
    '',
    'live?filter=axe.>',
    'state?filter=axe.>',
    'history?filter=axe.>',
    'state?row=axe.r1.climate',
  ]) {
    await page.goto(`${mesh.running.addresses.projector}/${path}`)
    await live(page)
    await page
      .getByText(/axe|CPU/)
      .first()
      .waitFor()
    assert.deepEqual(await smallTargets(page), [], path)
  }
  await page.goto(`${mesh.running.addresses.projector}/live`)
  await page.getByRole('button', { name: 'Who am I' }).click()
  await page.getByRole('dialog').getByText('Administrator').waitFor()
  await page.getByRole('button', { name: 'Use another token' }).click()
  await page.getByRole('button', { name: 'Keep the one I have' }).click()
  await live(page)
  assert.deepEqual(faults, [])
  await context.close()
})

/** What can be pressed and is smaller than a finger. */
async function smallTargets(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const small: string[] = []
    for (const element of document.querySelectorAll<HTMLElement>(
      'button, a[href], select, input, [role=row][tabindex]',
    )) {
      // A box to tick is pressed by its label, and what is off the screen by nobody.
      const { width, height, bottom } = (element.closest('label') ?? element).getBoundingClientRect()
      if (bottom <= 0 || width === 0 || !element.checkVisibility({ visibilityProperty: true })) continue
      if (width < 44 || height < 44) small.push(`${element.outerHTML.slice(0, 90)} ${width} x ${height}`)
    }
    return small
  })
}

test('the start page is a board: who saves another under its name changes it', async () => {
  const { page, context, faults } = await visit('')
  await page.getByRole('region', { name: 'What changed most' }).getByRole('button').first().waitFor()
  await page.getByRole('region', { name: 'This machine' }).getByText('CPU').waitFor()
  await page.getByRole('button', { name: 'Change this page' }).click()
  await until('it is a board', () => new URL(page.url()).searchParams.get('board') === 'start')
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByText('save makes one of your own in its place').waitFor()
  await page.getByRole('button', { name: 'Edit JSON' }).click()
  const field = page.getByRole('textbox', { name: 'The board as JSON' })
  await field.getByText('"lively"').waitFor()
  const tiles = [{ kind: 'text', title: 'Ours', text: 'Good morning', x: 0, y: 0, w: 8, h: 2 }]
  await field.fill(JSON.stringify({ title: 'Start', tiles }))
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved').waitFor()
  await page.getByRole('link', { name: 'Start' }).click()
  await page.getByRole('region', { name: 'Ours' }).getByText('Good morning').waitFor()
  assert.equal(await page.getByRole('region', { name: 'This machine' }).count(), 0)
  const headers = { authorization: `Bearer ${mesh.running.token}` }
  const address = `${mesh.running.addresses.projector}/v1/boards/start`
  assert.equal((await fetch(address, { method: 'DELETE', headers })).status, 204)
  await page.reload()
  await page.getByRole('region', { name: 'This machine' }).waitFor()
  assert.deepEqual(faults, [])
  await context.close()
})
