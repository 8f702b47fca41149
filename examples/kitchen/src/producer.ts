import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../backend/src/seeded.ts'
import { Sessions, serviceUrl } from '../../backend/src/sessions.ts'
import { type Branch, branchIds } from './branches.ts'
import { limits, SERVICE_PORT } from './limits.ts'
import { type Action, priorities, type Thing } from './thing.ts'

// Customers who send vouchers by WhatsApp, and the people of three branches at work. What they do
// goes the way of the real: a webhook of ingest, and the actions of the service.

const {
  WEIR_HUB_URL = 'ws://127.0.0.1:8080',
  WEIR_INGEST_URL = 'http://127.0.0.1:8081',
  WEIR_TOKEN = '',
  DEMO_RATE,
  DEMO_SEED = '1',
  DEMO_WHATSAPP_SECRET = '',
} = process.env
const service = serviceUrl(WEIR_HUB_URL, SERVICE_PORT)
const sessions = new Sessions(service)
const random = seeded(DEMO_SEED)
const rate = Number(DEMO_RATE ?? limits.actsPerSecond)
const people: Readonly<Record<Branch, string>> = { centro: 'Milagros', norte: 'Beto', sur: 'Nadia' }
const dishes = ['Lomo saltado', 'Ají de gallina', 'Ceviche', 'Causa', 'Arroz chaufa', 'Tacu tacu', 'Anticuchos']
const customers = ['Lucía P.', 'Jorge M.', 'Ximena R.', 'Paolo C.', 'Gaby S.', 'Renzo T.', 'Mónica V.']
const products = ['Pollo', 'Papa amarilla', 'Limón', 'Gas', 'Envases', 'Arroz', 'Cebolla roja']
const reasons = ['El monto no coincide', 'La captura no se lee', 'Es un comprobante repetido']
const alerts = ['Pedido con alergia al maní', 'Delivery esperando en la puerta', 'Mesa 12 pide apuro']

for (;;) {
  await sleep((-Math.log(1 - random()) * 1000) / rate)
  await work(pick(branchIds)).catch((error: unknown) => console.error(String(error)))
}

async function work(branch: Branch): Promise<void> {
  const { items } = (await ask('GET', `/api/branches/${branch}`, undefined, branch)) as { items: readonly Thing[] }
  const waiting = items.filter(({ kind, state }) => kind === 'pedido' && /^(PENDIENTE|EN_PREPARACION)$/.test(state))
  const chance = random()
  if (chance < 0.05) {
    const alert = { text: pick(alerts), priority: pick(priorities), branch }
    await act({ id: randomUUID(), act: 'alertar', ...alert }, 'admin', 'Carla')
  } else if (chance < 0.1) {
    await act({ id: randomUUID(), act: 'pedir', branch, product: pick(products), quantity: 1 + whole(20) }, branch)
  } else if (waiting.length < limits.waitingMax && chance < 0.5) {
    await sendVoucher(branch)
  } else {
    const step = nextOf(items)
    if (step !== undefined) await act(step, step.act === 'atender' ? 'admin' : branch)
  }
}

/** What somebody in the branch would do next: the oldest that they can bring on. */
function nextOf(items: readonly Thing[]): Action | undefined {
  const id = randomUUID()
  for (const { id: target, state, kind } of items) {
    if (state === 'NUEVO' && random() < 0.2) return { id, act: 'rechazar', target, reason: pick(reasons) }
    if (state === 'NUEVO') return { id, act: 'aprobar', target }
    if (state === 'EN_PREPARACION' && random() < 0.5) return { id, act: 'terminar', target }
    if (state === 'LISTO') return { id, act: 'entregar', target }
    if (state === 'SIN_LEER' && random() < 0.3) return { id, act: 'leer', target }
    if (kind === 'reposicion' && state === 'PEDIDA' && random() < 0.3) return { id, act: 'atender', target }
  }
  return undefined
}

/** A message with a picture, as Meta's Cloud API posts it to the address that it was given. */
async function sendVoucher(branch: Branch): Promise<void> {
  const dish = whole(dishes.length)
  const other = (dish + 1 + whole(dishes.length - 1)) % dishes.length
  const order = `${1 + whole(3)} ${dishes[dish]}, ${1 + whole(2)} ${dishes[other]}`
  const caption = `${order}. S/ ${(18 + random() * 90).toFixed(2)}`
  const from = `519${String(whole(100_000_000)).padStart(8, '0')}`
  const id = `wamid.${randomUUID().replaceAll('-', '')}`
  const message = { from, id, timestamp: String(Math.floor(Date.now() / 1000)), type: 'image', image: { caption } }
  const value = {
    messaging_product: 'whatsapp',
    contacts: [{ profile: { name: pick(customers) }, wa_id: from }],
    messages: [message],
  }
  const entry = [{ changes: [{ field: 'messages', value }] }]
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry })
  const response = await fetch(`${WEIR_INGEST_URL}/hooks/whatsapp/${branch}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${WEIR_TOKEN}`,
      'content-type': 'application/json',
      'x-hub-signature-256': `sha256=${createHmac('sha256', DEMO_WHATSAPP_SECRET).update(body).digest('hex')}`,
    },
    body,
  })
  if (!response.ok) throw new Error(await response.text())
}

async function act(action: Action, role: string, name?: string): Promise<void> {
  await ask('POST', '/api/actions', action, role, name)
}

async function ask(method: string, path: string, body: unknown, role: string, name?: string): Promise<unknown> {
  const person = name ?? (role === 'admin' ? 'Carla' : people[role as Branch])
  const response = await fetch(`${service}${path}`, {
    method,
    headers: { authorization: `Bearer ${await sessions.tokenOf(person, role)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // 409 is the ordinary fate of who comes second.
  if (!response.ok && response.status !== 409) throw new Error(await response.text())
  return await response.json()
}

function whole(below: number): number {
  return Math.floor(random() * below)
}

function pick<T>(list: readonly T[]): T {
  return list[whole(list.length)] as T
}
