import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type Weir } from '@weir/client'
import type { Browser, Page } from 'playwright-core'
import { derivedSecret } from '../../../cli/src/up/derived-secret.ts'
import { until } from '../../../cli/test/processes.ts'
import { axeFaults } from '../../../test/axe-faults.ts'
import { launchBrowser } from '../../../test/browser.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'
import { type ActToPixel, actToPixel, latencyLine } from '../../page/test/latency.ts'
import type { Branch } from '../src/branches.ts'
import { kinds, type Thing } from '../src/thing.ts'

let mesh: RunningMesh
let browser: Browser
let weir: Weir
let service: string
/** Two screens of one kitchen, a phone and a wall; one of another; and the office. */
let phone: Page
let wall: Page
let norte: Page
let office: Page

before(async () => {
  browser = await launchBrowser()
  mesh = await RunningMesh.demo('kitchen', ['--rate', '20'])
  const { addresses, token, demo } = mesh.running
  weir = connect({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
  const [centro = '', other = '', admin = ''] = demo?.pages.map(({ url }) => url) ?? []
  service = new URL(centro).origin
  phone = await open(centro, 390)
  wall = await open(centro.replace('Rosa', 'Pedro'), 1240)
  norte = await open(other, 390)
  office = await open(admin, 1000)
})

after(async () => {
  weir?.close()
  await browser?.close()
  // What is stopped does not hear that it is to end.
  pauseProducer('SIGCONT')
  await mesh?.dispose()
})

test('in the monitor live meets stored without a hole, also over the death of the hub', async () => {
  let before: Awaited<ReturnType<typeof linesOf>> = []
  await until('some events were live', async () => {
    before = await linesOf(office)
    return before.filter(({ isStored }) => !isStored).length > 5
  })
  const firstLive = before.findIndex(({ isStored }) => !isStored)
  assert.ok(firstLive > 0, 'the list begins with what was stored')
  assert.ok(
    before.slice(firstLive).every(({ isStored }) => !isStored),
    'what is live comes after all that was stored',
  )
  process.kill(mesh.running.pids.hub ?? 0, 'SIGKILL')
  await indicator(office).filter({ hasNotText: 'En vivo' }).waitFor()
  await indicator(office).filter({ hasText: 'En vivo' }).waitFor({ timeout: 60_000 })
  pauseProducer('SIGSTOP')
  await until('the monitor has each event once, up to the last', async () => {
    const [shown, stored] = [(await linesOf(office)).map(({ seq }) => seq), await storedSeqs()]
    const from = stored.indexOf(Math.min(...shown))
    return from >= 0 && JSON.stringify([...shown].sort((a, b) => a - b)) === JSON.stringify(stored.slice(from))
  })
  await office.getByTestId('tab-stored').click()
  const table = office.getByTestId('stored').locator('tr')
  await until('the table has the last thirty of Postgres', async () => {
    const rows = await table.evaluateAll((all) => (all as HTMLElement[]).map(({ dataset }) => Number(dataset.seq)))
    return JSON.stringify(rows) === JSON.stringify((await storedSeqs()).slice(-30).toReversed())
  })
  await office.getByTestId('stored-status').getByText('hasta lo último de En vivo').waitFor()
  await table
    .first()
    .filter({ hasText: /\d\d:\d\d:\d\d.+(Centro|Norte|Sur).*(pedido|comprobante|alerta|reposición) \w-\d+/ })
    .waitFor()
})

test('a voucher comes by WhatsApp, is approved, and its order is cooked and counted', async () => {
  const { voucher, order } = await paidBy('Mesa de prueba')
  await phone.getByTestId(voucher.id).getByTestId('approve').click()
  await wall.locator(`[data-testid="${order.id}"][data-state="EN_PREPARACION"]`).waitFor()
  await until('the badges are those of the service', async () => {
    const pending = (await things('centro')).filter(({ kind, state }) => {
      return kind === 'pedido' && (state === 'PENDIENTE' || state === 'EN_PREPARACION')
    })
    const badges = await Promise.all([phone, office].map((page) => page.getByTestId('pending-centro').textContent()))
    return badges.every((badge) => badge?.trim() === `Centro ${pending.length}`)
  })
  await wall.getByTestId(order.id).getByText('Listo', { exact: true }).click()
  await phone.locator(`[data-testid="${order.id}"][data-state="LISTO"]`).waitFor({ state: 'attached' })
})

test('a message that WhatsApp did not sign is no voucher', async () => {
  const forged = await hook('{"entry": []}', createHmac('sha256', 'guessed').update('{"entry": []}').digest('hex'))
  assert.equal(forged.status, 401, await forged.text())
})

test('a rejection has its reason, and the record says who did it where', async () => {
  const { voucher, order } = await paidBy('Sin pago')
  await phone.getByTestId(voucher.id).getByText('Rechazar…').click()
  await phone.getByTestId(voucher.id).getByText('La captura no se lee').click()
  await phone.getByTestId('reject').click()
  const rejected = await until1(async () =>
    (await things('centro')).find(({ id, state }) => id === order.id && state === 'RECHAZADO'),
  )
  assert.equal(rejected.details.reason, 'La captura no se lee')
  await until('the event is stored', async () => (await audited(order)).length === 2)
  const [, last] = await audited(order)
  assert.deepEqual(last, {
    usuario: 'Rosa',
    sucursal: 'centro',
    entidad: `pedido ${order.id}`,
    estado: 'RECHAZADO',
  })
})

test('an urgent alert sounds on every screen of its branch until one of them has read it', async () => {
  const { url } = mesh.running.demo?.pages.find(({ title }) => title === 'Cocinas') ?? { url: '' }
  const board = await browser.newPage({ viewport: { width: 1240, height: 844 }, locale: 'es' })
  await board.goto(url.replace('board=cocinas', 'board=cocinas&$sucursal=centro'))
  await office.getByTestId('tab-alerts').click()
  await office.getByLabel('Texto').fill('Se quema el arroz')
  await office.getByRole('button', { name: 'Centro' }).click()
  await office.getByRole('button', { name: 'urgente' }).click()
  // The browser lets a page sound after a touch.
  for (const page of [phone, wall]) await page.locator('h1').click()
  await office.getByTestId('send-alert').click()
  for (const page of [phone, wall]) {
    await page.locator('[data-testid="alarm"][data-sounding="urgente"]').waitFor()
    await until(
      'it rings again and again',
      async () => Number(await page.getByTestId('alarm').getAttribute('data-rings')) >= 2,
    )
  }
  assert.equal(await norte.getByText('Se quema el arroz').count(), 0)
  await board.getByText('Se quema el arroz').waitFor()
  for (const alert of (await things('centro')).filter(({ state }) => state === 'SIN_LEER')) {
    await phone.getByTestId(alert.id).getByText('Leída').click()
  }
  for (const page of [phone, wall]) await page.getByTestId('alarm').waitFor({ state: 'detached' })
  await office.getByText('leída por Rosa').first().waitFor()
  // What no longer has the label that a tile asks for leaves it.
  await board.getByText('Se quema el arroz').waitFor({ state: 'detached' })
  await board.close()
})

test('without a connection actions wait in sight, and are done once behind it', async () => {
  const { voucher, order } = await paidBy('En el sótano')
  await phone.getByTestId(voucher.id).waitFor()
  await phone.getByTestId('tab-refills').click()
  await phone.getByTestId('network').click()
  await indicator(phone).filter({ hasText: 'Sin conexión' }).waitFor()
  await phone.getByText('Limón', { exact: true }).click()
  await phone.getByTestId('ask').click()
  await phone.locator('.refills').getByTestId('waits').waitFor()
  await phone.getByTestId('tab-vouchers').click()
  await phone.getByTestId(voucher.id).getByTestId('approve').click()
  await phone.getByTestId(voucher.id).getByTestId('waits').waitFor()
  await phone.getByTestId('queue').getByText('2 por enviar', { exact: true }).waitFor()
  assert.equal((await things('centro')).find(({ id }) => id === voucher.id)?.state, 'NUEVO')
  // They outlive a reload, also while what is done comes to the service and no answer comes back.
  let reached = 0
  await phone.route('**/api/actions', async (route) => {
    await route.fetch()
    reached++
    await route.abort()
  })
  await phone.reload()
  await until('the service has it', () => reached > 0)
  await phone.getByTestId(voucher.id).getByTestId('waits').waitFor()
  await phone.getByTestId('queue').getByText('2 por enviar', { exact: true }).waitFor()
  await phone.unrouteAll({ behavior: 'wait' })
  await wall.locator(`[data-testid="${order.id}"][data-state="EN_PREPARACION"]`).waitFor()
  await phone.getByTestId('queue').waitFor({ state: 'detached' })
  await until('the event is stored', async () => (await audited(order)).length === 2)
  const asked = (await things('centro')).filter(({ by, details }) => by === 'Rosa' && details.product === 'Limón')
  assert.equal(asked.length, 1)
  await phone.getByTestId('tab-vouchers').click()
})

test('an action that comes twice is done once, and what a second person does is told', async () => {
  const { voucher, order } = await paidBy('Dos veces')
  const action = { id: randomUUID(), act: 'aprobar', target: voucher.id }
  const [first, second] = await Promise.all([act('centro', action), act('centro', action)])
  assert.deepEqual([first.status, second.status], [200, 200])
  assert.deepEqual(await first.json(), await second.json())
  const late = await act('centro', { id: randomUUID(), act: 'aprobar', target: voucher.id })
  assert.deepEqual([late.status, (await late.json()).detail], [409, `${voucher.id} ya está aprobado, por Rosa.`])
  await until('the events are stored', async () => (await audited(order)).length === 2)

  const { voucher: contested } = await paidBy('Casi rechazado')
  await phone.getByTestId(contested.id).getByText('Rechazar…').click()
  await wall.getByTestId(contested.id).getByTestId('approve').click()
  await phone.getByText(`${contested.id} ya está aprobado, por Pedro.`).waitFor()
})

test('a kitchen neither sees nor touches another branch', async () => {
  const { voucher } = await paidBy('Solo de Centro')
  await phone.getByTestId(voucher.id).waitFor()
  assert.equal(await norte.getByTestId(voucher.id).count(), 0)
  assert.equal((await act('norte', { id: randomUUID(), act: 'aprobar', target: voucher.id })).status, 403)
  const token = await tokenOf('norte')
  const prying = connect({ url: mesh.running.addresses.hub, getToken: () => token })
  for (const source of ['kitchen', 'kitchen-pending', 'events']) {
    await assert.rejects(prying.subscribe({ source, filter: 'kitchen.centro.>', mode: 'LATEST' }).next(), {
      code: 'forbidden',
    })
  }
  prying.close()
})

test('whatever a finger is to touch is 44 pixels large', async () => {
  for (const tab of ['vouchers', 'orders', 'refills']) {
    await phone.getByTestId(`tab-${tab}`).click()
    const small = await phone.locator('button:visible, input:visible').evaluateAll((all) =>
      all.flatMap((each) => {
        const { width, height } = each.getBoundingClientRect()
        return width < 44 || height < 44 ? [`${each.textContent} ${width} ${height}`] : []
      }),
    )
    assert.deepEqual(small, [])
  }
})

test('who cannot see well can use the kitchen and the monitor, light and dark', async () => {
  await office.getByTestId('tab-live').click()
  for (const page of [phone, office]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      assert.deepEqual(await axeFaults(page), [])
    }
    await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  }
})

test('how long from an approval to the pixel', async (t) => {
  const all: ActToPixel[] = []
  await phone.getByTestId('tab-orders').click()
  for (let i = 0; i < 12; i++) {
    const { voucher, order } = await paidBy(`Rápido ${i}`)
    for (const page of [wall, phone]) await page.getByTestId(voucher.id).waitFor({ state: 'attached' })
    const approve = `[data-testid="${voucher.id}"] [data-testid="approve"]`
    const seen = `[data-testid="${order.id}"][data-state="EN_PREPARACION"]`
    all.push(await actToPixel(wall, phone, approve, seen))
  }
  t.diagnostic(latencyLine('kitchen', all))
})

async function open(url: string, width: number): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width, height: 844 }, locale: 'es' })).newPage()
  await page.goto(url)
  await indicator(page).filter({ hasText: 'En vivo' }).waitFor({ timeout: 60_000 })
  return page
}

function pauseProducer(signal: 'SIGSTOP' | 'SIGCONT'): void {
  const pid = mesh?.running.demo?.pids.producer
  if (pid !== undefined) process.kill(pid, signal)
}

function indicator(page: Page): ReturnType<Page['getByTestId']> {
  return page.getByTestId('indicator')
}

/** A customer's voucher in Centro as WhatsApp sends it, once the service has it. */
async function paidBy(customer: string): Promise<{ readonly voucher: Thing; readonly order: Thing }> {
  const message = { id: `wamid.${randomUUID()}`, from: '51900000000', timestamp: String(Math.floor(Date.now() / 1000)) }
  const image = { caption: '2 Ceviche. S/ 48.00' }
  const value = { contacts: [{ profile: { name: customer } }], messages: [{ ...message, type: 'image', image }] }
  const body = JSON.stringify({ entry: [{ changes: [{ value }] }] })
  const secrets = JSON.parse(readFileSync(join(mesh.folder, '.weir/secrets.json'), 'utf8')) as { jwtSecret: string }
  const key = derivedSecret(secrets.jwtSecret, 'DEMO_WHATSAPP_SECRET')
  const response = await hook(body, createHmac('sha256', key).update(body).digest('hex'))
  assert.equal(response.status, 200, await response.text())
  const of = (kind: string) => async (): Promise<Thing | undefined> =>
    (await things('centro')).find((thing) => thing.kind === kind && thing.details.customer === customer)
  return { voucher: await until1(of('comprobante')), order: await until1(of('pedido')) }
}

/** A request to the webhook of Centro, with the signature that Meta puts on it. */
async function hook(body: string, signature: string): Promise<Response> {
  return await fetch(`${mesh.running.addresses.ingest}/hooks/whatsapp/centro`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${mesh.running.token}`,
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
  })
}

async function until1<T>(find: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined
  await until('it is there', async () => {
    found = await find()
    return found !== undefined
  })
  return found as T
}

async function things(branch: Branch): Promise<readonly Thing[]> {
  const headers = { authorization: `Bearer ${await tokenOf(branch)}` }
  return ((await (await fetch(`${service}/api/branches/${branch}`, { headers })).json()) as { items: Thing[] }).items
}

async function act(branch: Branch, action: object): Promise<Response> {
  return await fetch(`${service}/api/actions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await tokenOf(branch)}`, 'content-type': 'application/json' },
    body: JSON.stringify(action),
  })
}

async function tokenOf(role: Branch): Promise<string> {
  const body = JSON.stringify({ name: 'Rosa', role })
  return await (await fetch(`${service}/session`, { method: 'POST', body })).text()
}

/** The labels of all events of a thing, as the history has them. */
async function audited({ branch, kind, id }: Thing): Promise<readonly Readonly<Record<string, string>>[]> {
  const labels: Record<string, string>[] = []
  for await (const { event } of weir.history({ filter: `kitchen.${branch}.${kind}.${id}` }))
    labels.push({ ...event.labels })
  return labels
}

/** The places in the stream of all that people did. */
async function storedSeqs(): Promise<readonly number[]> {
  const seqs: number[] = []
  for await (const { seq } of weir.history({ filter: kinds.map((kind) => `kitchen.*.${kind}.*`) })) seqs.push(seq)
  return seqs.sort((a, b) => a - b)
}

async function linesOf(page: Page): Promise<readonly { readonly seq: number; readonly isStored: boolean }[]> {
  return await page
    .locator('[data-testid="live"] [data-seq]')
    .evaluateAll((all) =>
      (all as HTMLElement[]).map(({ dataset }) => ({ seq: Number(dataset.seq), isStored: dataset.stored === 'true' })),
    )
}
