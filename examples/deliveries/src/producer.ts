import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../backend/src/seeded.ts'
import { Sessions, serviceUrl } from '../../backend/src/sessions.ts'
import { limits, SERVICE_PORT } from './limits.ts'
import { customerName } from './seed.ts'
import { type Entity, nextStates } from './states.ts'

// Drivers, sellers and the warehouse at work: each change is a request to the service, as from the
// page, and loses against a person who was faster.

const { WEIR_HUB_URL = 'ws://127.0.0.1:8080', DEMO_RATE, DEMO_SEED = '1' } = process.env
const service = serviceUrl(WEIR_HUB_URL, SERVICE_PORT)
const sessions = new Sessions(service)
const rate = Number(DEMO_RATE ?? limits.changesPerSecond)
const random = seeded(DEMO_SEED)
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
const workers = { entrega: ['Julia', 'Marco', 'Inés', 'Teo'], proforma: ['Valeria', 'Óscar'] }

for (;;) {
  // The mean distance of a Poisson process: quiet moments and bursts, as of real work.
  await sleep((-Math.log(1 - random()) * 1000) / rate)
  await work().catch((error: unknown) => console.error(String(error)))
}

async function work(): Promise<void> {
  const [entregas, proformas] = await Promise.all([list('entrega'), list('proforma')])
  const open = entregas.filter(({ state }) => state !== 'ENTREGADO')
  const pending = proformas.filter(({ state }) => state === 'PENDIENTE')
  if (pending.length < limits.openProformasMin && random() < 0.4) {
    await send('POST', '/api/proforma', { name: customerName(random) }, pick(workers.proforma) ?? '')
    return
  }
  // Drivers have something to do before sellers find something new.
  const category = open.length < limits.openEntregasMin || random() < 0.3 ? 'proforma' : 'entrega'
  const approved = proformas.find(({ state }) => state === 'APROBADA')
  const entity = category === 'entrega' ? pick(open) : (approved ?? pick(pending))
  const [first, second] = entity === undefined ? [] : nextStates(category, entity.state)
  // The first is the way on; the other is taken rarely.
  const to = second !== undefined && random() < 0.15 ? second : first
  if (entity === undefined || to === undefined) return
  const headers = { 'if-match': `"${entity.version}"` }
  await send('PUT', `/api/${category}/${entity.id}/state`, { to }, pick(workers[category]) ?? '', headers)
}

async function list(category: string): Promise<readonly Entity[]> {
  return ((await send('GET', `/api/${category}`, undefined, 'Almacén')) as { items: readonly Entity[] }).items
}

async function send(
  method: string,
  path: string,
  body: unknown,
  name: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const response = await fetch(`${service}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await sessions.tokenOf(name)}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // 409 and 412 are the ordinary fate of who comes second.
  if (!response.ok && response.status !== 409 && response.status !== 412) throw new Error(await response.text())
  return await response.json()
}
