import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect } from '@weir/client'
import type { Browser, Page } from 'playwright-core'
import { until } from '../../../cli/test/processes.ts'
import { axeFaults } from '../../../test/axe-faults.ts'
import { launchBrowser } from '../../../test/browser.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'
import { type ActToPixel, actToPixel, latencyLine } from '../../page/test/latency.ts'
import { type Category, categories, type Entity, statesOf } from '../src/states.ts'

let mesh: RunningMesh
let browser: Browser
let ana: Page
let service: string
let luis: string

before(async () => {
  browser = await launchBrowser()
  mesh = await RunningMesh.demo('deliveries', ['--rate', '50'])
  const url = new URL(mesh.running.demo?.pages[0]?.url ?? '')
  service = url.origin
  luis = await (await fetch(`${service}/session`, { method: 'POST', body: '{"name":"Luis"}' })).text()
  ana = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'es' })
  await ana.goto(url.href)
  await indicatorSays('En vivo')
})

after(async () => {
  await browser?.close()
  // What is stopped does not hear that it is to end.
  pauseProducer('SIGCONT')
  await mesh?.dispose()
})

test('while drivers work, a kill of the service in the middle loses no change and doubles none', async () => {
  const killed = mesh.running.demo?.pids.service ?? 0
  const busy = Array.from({ length: 12 }, async (_, at) => {
    // The kill comes in the middle of these, so some have no answer.
    const made = await create('proforma', `Cliente ${at}`).catch(() => undefined)
    if (at === 5) process.kill(killed, 'SIGKILL')
    if (made !== undefined) await change(made, 'APROBADA').catch(() => undefined)
  })
  await Promise.all(busy)
  await until(
    'the service is back',
    () =>
      list('vehiculo').then(
        () => true,
        () => false,
      ),
    60_000,
  )
  pauseProducer('SIGSTOP')
  await until(
    'the history has each version of each entity once',
    async () => {
      const truth = (await Promise.all(categories.map(list))).flat()
      const told = await versionsTold()
      const wanted = truth.map(({ category, id, version }) => [`deliveries.${category}.${id}`, versionsTo(version)])
      return (
        JSON.stringify(Object.fromEntries(wanted)) ===
        JSON.stringify(
          pick(
            told,
            wanted.map(([subject]) => String(subject)),
          ),
        )
      )
    },
    60_000,
  )
})

test('the page shows what the service has, and how many are in each state', async () => {
  for (const category of categories) {
    await ana.getByTestId(`tab-${category}`).click()
    await shows(category)
    const items = await list(category)
    for (const state of statesOf(category)) {
      const wanted = items.filter((entity) => entity.state === state).length
      const count = ana.getByTestId(`count-${state}`).locator('.number')
      await until(`${wanted} are ${state}`, async () => Number(await count.textContent()) === wanted)
    }
  }
})

test('who cannot see or click well can use the page, light and dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await ana.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    assert.deepEqual(await axeFaults(ana), [])
  }
  await ana.emulateMedia({ colorScheme: null, reducedMotion: null })
})

test('the board says how many are in each state, and what changed, in words', async () => {
  const { url } = mesh.running.demo?.pages.find(({ title }) => title === 'Entregas') ?? { url: '' }
  const board = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'es' })
  await board.goto(url)
  const planned = (await list('entrega')).filter(({ state }) => state === 'PROGRAMADO').length
  await board
    .getByRole('region', { name: 'Programadas', exact: true })
    .getByText(String(planned), { exact: true })
    .waitFor()
  // A lane and a line say a state in the board's words.
  await board.getByRole('region', { name: 'Entregada', exact: true }).waitFor()
  const changes = board.getByRole('region', { name: 'Últimos cambios', exact: true }).first()
  // What is out of sight is not drawn.
  await changes.scrollIntoViewIfNeeded()
  await changes.getByRole('button').first().waitFor()
  assert.doesNotMatch((await changes.textContent()) ?? '', /PROGRAMADO|EN_CAMINO|ENTREGADO/)
  await board.close()
})

test('a seller adds a proforma, and each page has it', async () => {
  await ana.getByTestId('tab-proforma').click()
  await ana.getByRole('button', { name: 'Nueva proforma' }).click()
  await ana.getByLabel('Cliente').fill('Quinta Esperanza')
  await ana.getByTestId('confirm').click()
  const card = ana.getByTestId('list').getByRole('article').filter({ hasText: 'Quinta Esperanza' })
  await card.getByText('Pendiente').waitFor()
  const made = (await list('proforma')).find(({ name }) => name === 'Quinta Esperanza')
  assert.equal(made?.changedBy, 'Ana')
  await assert.rejects(create('proforma', 'x'.repeat(61)), /demasiado largo/)
})

test('of two people who change the same entity the second is told, and nothing of it is changed', async () => {
  const entity = await createWithVehicle('Bodega de dos')
  await ana.getByTestId('tab-entrega').click()
  await ana.getByTestId(entity.id).getByText('Asignar vehículo').click()
  const changed = await change(entity, 'ASIGNADA')
  await ana.getByTestId('confirm').click()
  await says('message', `Luis cambió ${entity.id} antes que tú: ahora está asignada. Tu cambio no se aplicó.`)
  assert.deepEqual(await find(entity), changed)
  await ana.locator(`[data-testid="${entity.id}"][data-version="2"]`).waitFor()
})

test('without a hub the page says so; with one it has what was missed, and proves it', async () => {
  const entity = await createWithVehicle('Bodega lejana')
  await ana.getByTestId(entity.id).waitFor()
  process.kill(mesh.running.pids.hub ?? 0, 'SIGSTOP')
  process.kill(mesh.running.pids.hub ?? 0, 'SIGKILL')
  await indicatorIsNot('En vivo')
  await change(entity, 'ASIGNADA')
  await indicatorSays('En vivo')
  await ana.locator(`[data-testid="${entity.id}"][data-state="ASIGNADA"]`).waitFor()
  await ana.locator('[data-testid="continuity"][data-kind="proved"]').waitFor()
  await shows('entrega')
})

test('in a tunnel nothing arrives and nothing is sent; behind it the page goes on by itself', async () => {
  const entity = await createWithVehicle('Bodega del túnel')
  // Its list may show it before its event has come, which then would count among what was missed.
  await ana.getByTestId('record').getByText(entity.id, { exact: true }).waitFor()
  await ana.getByTestId(entity.id).waitFor()
  await ana.getByTestId('network').click()
  await indicatorSays('Sin conexión')
  await ana.getByTestId(entity.id).getByText('Asignar vehículo').click()
  await ana.getByTestId('confirm').click()
  await says('message', /no se envió/)
  await change(entity, 'ASIGNADA')
  assert.equal(await ana.getByTestId(entity.id).getAttribute('data-state'), 'PROGRAMADO')
  await ana.getByTestId('network').click()
  await ana.locator(`[data-testid="${entity.id}"][data-state="ASIGNADA"]`).waitFor()
  await says('continuity', /No se perdió nada.*llegó 1 cambio/s)
})

test('a reload asks again only for what has changed since', async () => {
  await ana.locator('[data-testid="cache-proforma"][data-status="fresh"]').waitFor()
  const fetches = await ana.getByTestId('cache-proforma').getAttribute('data-fetches')
  // The cursor is written a second after what it stands behind at the latest.
  await until('the cursor is kept', () => ana.evaluate(() => sessionStorage.getItem('weir:deliveries') !== null))
  await ana.reload()
  await indicatorSays('En vivo')
  const entity = await create('entrega', 'Bodega nueva')
  await ana.getByTestId(entity.id).waitFor()
  assert.equal(await ana.getByTestId('cache-proforma').getAttribute('data-fetches'), fetches)
})

test('a cursor of another stream is a gap, after which everything is fetched anew', async () => {
  await ana.locator('[data-testid="cache-vehiculo"][data-status="fresh"]').waitFor()
  const fetches = Number(await ana.getByTestId('cache-vehiculo').getAttribute('data-fetches'))
  const other = await cursorOfAnotherStream()
  await ana.evaluate((cursor) => {
    addEventListener('pagehide', () => sessionStorage.setItem('weir:deliveries', cursor))
  }, other)
  await ana.reload()
  await ana.locator('[data-testid="continuity"][data-kind="refetched"]').waitFor()
  await until('all is fetched', async () => {
    return Number(await ana.getByTestId('cache-vehiculo').getAttribute('data-fetches')) > fetches
  })
  await shows('entrega')
})

test('how long from a confirmation to the pixel', async (t) => {
  const all: ActToPixel[] = []
  const { url } = mesh.running.demo?.pages[1] ?? { url: '' }
  const other = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: 'es' })
  await other.goto(url)
  for (const page of [ana, other]) await page.getByTestId('tab-proforma').click()
  for (let i = 0; i < 12; i++) {
    const { id } = await create('proforma', `Cliente rápido ${i}`)
    await other.getByTestId(id).waitFor()
    await ana.getByTestId(id).getByText('Aprobar').click()
    const seen = `[data-testid="${id}"][data-state="APROBADA"]`
    all.push(await actToPixel(ana, other, '[data-testid="confirm"]', seen))
  }
  t.diagnostic(latencyLine('deliveries', all))
})

async function indicatorSays(text: string): Promise<void> {
  await ana.getByTestId('indicator').filter({ hasText: text }).waitFor({ timeout: 60_000 })
}

/** Waits until a part of the page has this text; what it said before may still stand there. */
async function says(part: string, text: string | RegExp): Promise<void> {
  await ana.getByTestId(part).filter({ hasText: text }).waitFor()
}

async function indicatorIsNot(text: string): Promise<void> {
  await ana.getByTestId('indicator').filter({ hasNotText: text }).waitFor({ timeout: 60_000 })
}

/** Waits until the list on the page is that of the service. */
async function shows(category: Category): Promise<void> {
  await until(`the page shows each ${category} as it is`, async () => {
    const wanted = (await list(category)).map(({ id, state, version }) => `${id} ${state} ${version}`)
    const shown = await ana
      .locator('[data-testid="list"] article')
      .evaluateAll((all) => all.map(({ dataset }) => `${dataset.testid} ${dataset.state} ${dataset.version}`))
    return JSON.stringify(shown) === JSON.stringify(wanted)
  })
}

function pauseProducer(signal: 'SIGSTOP' | 'SIGCONT'): void {
  const pid = mesh?.running.demo?.pids.producer
  if (pid !== undefined) process.kill(pid, signal)
}

async function list(category: Category): Promise<readonly Entity[]> {
  return ((await ask('GET', `/api/${category}`)) as { items: readonly Entity[] }).items
}

async function find({ category, id }: Entity): Promise<Entity | undefined> {
  return (await list(category)).find((entity) => entity.id === id)
}

async function create(category: Category, name: string): Promise<Entity> {
  return (await ask('POST', `/api/${category}`, { name })) as Entity
}

/** A delivery, and a vehicle that is free for it: the drivers may have taken all others. */
async function createWithVehicle(name: string): Promise<Entity> {
  await create('vehiculo', `Furgón para ${name}`)
  return await create('entrega', name)
}

async function change({ category, id, version }: Entity, to: string): Promise<Entity> {
  return (await ask('PUT', `/api/${category}/${id}/state`, { to }, { 'if-match': `"${version}"` })) as Entity
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const response = await fetch(`${service}${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${luis}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(await response.text())
  return await response.json()
}

/** The versions that the events of each entity tell of, in the order of the stream. */
async function versionsTold(): Promise<Readonly<Record<string, readonly number[]>>> {
  const { addresses, token } = mesh.running
  const weir = connect({ url: addresses.hub, readUrl: addresses.projector, getToken: () => token })
  const told: Record<string, number[]> = {}
  for await (const { subject, event } of weir.history({ filter: 'deliveries.>' })) {
    told[subject] ??= []
    told[subject].push(Number(event.labels.version))
  }
  weir.close()
  return told
}

function versionsTo(version: number): readonly number[] {
  return Array.from({ length: version }, (_, i) => i + 1)
}

function pick<Value>(
  from: Readonly<Record<string, Value>>,
  keys: readonly string[],
): Readonly<Record<string, Value | undefined>> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]))
}

/** Of this one, with another epoch. */
async function cursorOfAnotherStream(): Promise<string> {
  const { formatCursor, parseCursor } = await import('@weir/proto')
  const cursor = await ana.evaluate(() => sessionStorage.getItem('weir:deliveries') ?? '')
  const { epoch, seq } = parseCursor(cursor)
  return formatCursor({ epoch: epoch + 1, seq })
}
