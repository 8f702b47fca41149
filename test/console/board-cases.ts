import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../cli/test/processes.ts'
import { axeFaults, live, mesh, post, visit } from './console.ts'

test('boards: from a file with variables, a wrong one with line and column, and one that is made, edited and saved', async () => {
  await post([
    { subject: 'axe.r1.climate', reading: { metrics: { celsius: 21.5 }, units: { celsius: 'Cel' } } },
    { subject: 'axe.r2.order', stateChange: { entity: 'order 1', from: 'new', to: 'ready' } },
    { subject: 'axe.r4.step', step: { pipeline: 'run 1', name: 'fetch', status: 'PROCESSING', index: 0 } },
  ])
  const { page, context, faults } = await visit('boards?board=rooms&$room=r1')
  await live(page)
  await page.getByRole('region', { name: 'kpi' }).getByText('21.5').waitFor()
  await page.getByRole('region', { name: 'text' }).getByText('Hello r1').waitFor()
  await page.getByRole('region', { name: 'states', exact: true }).getByText('order 1').waitFor()
  await page.getByRole('region', { name: 'pipeline', exact: true }).first().getByText('fetch').waitFor()
  await page.goto(`${mesh.running.addresses.projector}/boards?board=wrong`)
  await page.getByText(/Line 3, column 23: tiles\[0\]\.kind/).waitFor()

  await page.getByRole('button', { name: 'New board' }).click()
  await page.getByRole('textbox', { name: 'Name of the board' }).fill('My board')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('button', { name: 'Add a tile' }).click()
  await page.getByRole('button', { name: 'Number' }).click()
  await page.getByRole('textbox', { name: 'Title' }).fill('Heat')
  await page.getByRole('textbox', { name: 'Filter', exact: true }).fill('axe.r1.climate')
  await page.getByRole('button', { name: 'Apply' }).click()
  const heat = page.getByRole('region', { name: 'Heat' })
  await heat.getByText('21.5').waitFor()
  await heat.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Control+z')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').waitFor()
  await page.reload()
  await page.getByRole('region', { name: 'Heat' }).getByText('21.5').waitFor()
  const area = await page
    .getByRole('region', { name: 'Heat' })
    .evaluate((element) => (element as HTMLElement).style.gridArea)
  assert.equal(area, '1 / 2 / span 3 / span 4')

  const address = `${mesh.running.addresses.projector}/v1/boards/my-board`
  const headers = { authorization: `Bearer ${mesh.running.token}` }
  const stale = await fetch(`${address}?seq=1`, { method: 'PUT', headers, body: '{"title":"x","tiles":[]}' })
  assert.equal(stale.status, 409, 'who saves over what he has not seen is told')
  const bad = await fetch(`${address}-2`, { method: 'PUT', headers, body: '[]' })
  assert.equal(bad.status, 400)
  const reader = (await mesh.weir('token', '--subscribe', '>')).out.trim()
  const refused = await fetch(address, { method: 'DELETE', headers: { authorization: `Bearer ${reader}` } })
  assert.equal(refused.status, 403)
  assert.equal((await fetch(address, { method: 'DELETE', headers })).status, 204)
  assert.deepEqual(faults, [])
  await context.close()
})

test('a board by the mouse: move, size, undo, paste, pin and the wall', async () => {
  await post([{ subject: 'pin.r1.climate', reading: { metrics: { celsius: 21.5 }, units: { celsius: 'Cel' } } }])
  const headers = { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' }
  const text = (title: string, x: number, y: number): object => ({ kind: 'text', title, text: title, x, y, w: 4, h: 2 })
  const board = { title: 'Mouse', tiles: [text('One', 0, 0), text('Two', 8, 0)] }
  const address = `${mesh.running.addresses.projector}/v1/boards/mouse`
  const saved = await fetch(`${address}?seq=0`, { method: 'PUT', headers, body: JSON.stringify(board) })
  assert.ok(saved.ok, await saved.text())
  const { page, context, faults } = await visit('boards?board=mouse')
  const one = page.getByRole('region', { name: 'One' })
  const area = (): Promise<string> => one.evaluate((element) => (element as HTMLElement).style.gridArea)
  // This browser grants no page the clipboard.
  await page.getByRole('button', { name: 'Copy JSON' }).click()
  await page.getByText('Copied').waitFor()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()

  const drag = async (handle: string, columns: number, rows: number): Promise<void> => {
    const box = await one.locator(handle).boundingBox()
    const grid = await one.locator('..').boundingBox()
    assert.ok(box !== null && grid !== null)
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + (columns * grid.width) / 24, y + rows * 58, { steps: 4 })
    await page.mouse.up()
  }
  await drag('.handle', 2, 0)
  assert.equal(await area(), '1 / 3 / span 2 / span 4')
  await drag('.corner', 3, 0)
  assert.equal(await area(), '1 / 3 / span 2 / span 7')
  const two = page.getByRole('region', { name: 'Two' })
  assert.match(await two.evaluate((element) => (element as HTMLElement).style.gridArea), /^3 /, 'it made way')
  await page.getByRole('button', { name: 'Undo' }).click()
  assert.equal(await area(), '1 / 3 / span 2 / span 4')
  await page.getByRole('button', { name: 'Redo' }).click()
  assert.equal(await area(), '1 / 3 / span 2 / span 7')

  await page.getByRole('button', { name: 'Edit JSON' }).click()
  const field = page.getByRole('textbox', { name: 'The board as JSON' })
  await field.getByText('"Mouse"').waitFor()
  await field.fill('{ "title": "Mouse",\n  "tiles": [{ "kind": "text", "x": 0, "y": 0, "w": 99, "h": 2 }] }')
  const wrong = page.getByRole('button', { name: /^Line 2, column 52: tiles\[0\]\.w: at most 24/ })
  await wrong.click()
  await page.keyboard.press('Shift+End')
  assert.equal(
    await page.evaluate(() => getSelection()?.toString()),
    '99, "h": 2 }] }',
    'the cursor stands at the fault',
  )
  assert.equal(await page.locator('.cm-lint-marker-error').count(), 1)
  assert.deepEqual(await axeFaults(page), [])
  assert.ok(await page.getByRole('button', { name: 'Apply' }).isDisabled())
  // What is cut off lacks the same thing more than once at its end.
  await field.fill('{ "title": "Mouse",\n  "tiles": [{ "kind"')
  await page
    .getByRole('button', { name: /^Line 2, column 21: a closing brace is expected/ })
    .nth(1)
    .waitFor()
  await field.fill(JSON.stringify({ ...board, tiles: [text('Pasted', 0, 0)] }))
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('region', { name: 'Pasted' }).waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').waitFor()

  await page.goto(`${mesh.running.addresses.projector}/state?filter=pin.>&row=pin.r1.climate`)
  await page.getByRole('button', { name: 'Pin to a board' }).click()
  await page.getByRole('button', { name: 'Mouse', exact: true }).click()
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('region', { name: 'r1.climate' }).getByText('21.5').waitFor()

  await page.keyboard.press('w')
  await page.getByRole('navigation', { name: 'Pages' }).waitFor({ state: 'detached' })
  assert.equal(new URL(page.url()).searchParams.get('wall'), '1')
  await page.getByRole('region', { name: 'r1.climate' }).getByText('21.5').waitFor()
  const cursor = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.elementFromPoint(400, 300) ?? document.body).cursor)
  await until('a pointer at rest is hidden', async () => (await cursor()) === 'none')
  await page.mouse.move(400, 300)
  await until('one that moves is not', async () => (await cursor()) !== 'none')
  await page.keyboard.press('Escape')
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  assert.equal((await fetch(address, { method: 'DELETE', headers })).status, 204)
  assert.deepEqual(faults, [])
  await context.close()
})

test('a board that is wrong is mended in the page, what is not saved is found again, and it is deleted', async () => {
  const headers = { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' }
  const wrong = { method: 'PUT', headers, body: '{ "title": "Broken", "tiles": [{ "kind": "gauge" }] }' }
  assert.ok((await fetch(`${mesh.running.addresses.projector}/v1/boards/broken?seq=0`, wrong)).ok)
  const { page, context, faults } = await visit('boards?board=broken')
  await page.getByText('The board "broken" is wrong').waitFor()
  await page.getByRole('button', { name: 'Edit JSON' }).first().click()
  const field = page.getByRole('textbox', { name: 'The board as JSON' })
  await field.getByText('"gauge"').waitFor()
  const tiles = [{ kind: 'text', title: 'Mended', text: 'Whole again', x: 0, y: 0, w: 8, h: 2 }]
  await field.fill(JSON.stringify({ title: 'Broken', tiles }))
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('region', { name: 'Mended' }).getByText('Whole again').waitFor()
  await page.getByRole('link', { name: 'Alerts' }).click()
  await page.getByRole('button', { name: 'Resolved too' }).waitFor()
  await page.goBack()
  await page.getByText('not saved').waitFor()
  await page.getByRole('region', { name: 'Mended' }).waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved').waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('Delete "Broken" for everybody?').waitFor()
  await page.getByRole('button', { name: 'Delete' }).last().click()
  await until('another board is shown', () => new URL(page.url()).searchParams.get('board') !== 'broken')
  await page.getByRole('combobox', { name: 'Board' }).waitFor()
  assert.equal(await page.getByRole('option', { name: 'Broken' }).count(), 0)
  assert.deepEqual(faults, [])
  await context.close()
})

test('a variable that makes no filter is told in its tile, stages say how long they took before, and a filter is pinned', async () => {
  const began = Date.now() - 60_000
  const step = (status: string, timeMs: number): object => ({
    subject: 'axe.r5.step',
    time: new Date(timeMs).toISOString(),
    step: { pipeline: 'run 2', name: 'clean', status, index: 1 },
  })
  await post([step('PROCESSING', began), step('COMPLETE', began + 3_200)])
  const { page, context, faults } = await visit('boards?board=rooms&$room=a..b')
  await page
    .getByRole('region', { name: 'kpi' })
    .getByText(/^axe\.a\.\.b\.climate is no filter/)
    .waitFor()
  await page.getByRole('button', { name: /^clean Complete 3\.2 s$/ }).waitFor()
  await page.goto(`${mesh.running.addresses.projector}/boards?board=rooms&$room=nobody`)
  await page.getByRole('region', { name: 'kpi' }).getByText('No value yet').waitFor()
  await page
    .getByRole('region', { name: 'heatmap' })
    .getByText('No value for this tile yet: axe.nobody.climate')
    .waitFor()

  await page.goto(`${mesh.running.addresses.projector}/history?filter=axe.r1.climate`)
  await page.getByRole('button', { name: 'Pin this filter to a board' }).click()
  await page.getByRole('textbox', { name: 'Name of the board' }).fill('Pinned')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('region', { name: 'axe.r1.climate' }).waitFor()
  const pinned = await fetch(`${mesh.running.addresses.projector}/v1/boards/pinned`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${mesh.running.token}` },
  })
  assert.equal(pinned.status, 204)
  assert.deepEqual(faults, [])
  await context.close()
})
