import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import { until } from '../cli/test/processes.ts'
import { root } from '../scripts/run.ts'
import { launchBrowser } from './browser.ts'
import { RunningMesh } from './running-mesh.ts'

let mesh: RunningMesh
let origin = ''
const clients: MqttClient[] = []
/** Pages of another origin than ingest's. */
const pages = createServer(
  (_request, answer) => void answer.setHeader('content-type', 'text/html').end('<title>A page</title>'),
)

before(async () => {
  pages.listen(0, '127.0.0.1')
  await once(pages, 'listening')
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
  mesh = await RunningMesh.start(undefined, { WEIR_INGEST_ORIGINS: origin })
})

after(async () => {
  for (const client of clients) await client.endAsync(true)
  await mesh?.dispose()
  pages.close()
})

async function open(options: IClientOptions = {}): Promise<MqttClient> {
  const { addresses, token } = mesh.running
  const client = await connectAsync(addresses.mqtt, { username: 'any', password: token, ...options })
  clients.push(client)
  return client
}

interface Message {
  readonly topic: string
  readonly payload: string
  readonly retain: boolean
  readonly properties: IPublishPacket['properties']
}

/** What a client receives, from now on. */
function messagesOf(client: MqttClient): readonly Message[] {
  const messages: Message[] = []
  client.on('message', (topic, payload, { retain, properties }) => {
    messages.push({ topic, payload: payload.toString(), retain, properties })
  })
  return messages
}

async function state(subject: string): Promise<{ readonly event: { readonly data: unknown } } | undefined> {
  const { addresses, token } = mesh.running
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${addresses.projector}/v1/state/latest/${subject}`, { headers })
  return answer.ok ? ((await answer.json()) as { event: { data: unknown } }) : undefined
}

for (const protocolVersion of [4, 5] as const) {
  const version = protocolVersion === 4 ? '3.1.1' : '5'

  test(`MQTT ${version}: what one client publishes is state, and another hears it; who comes later gets the newest`, async () => {
    const top = `plant${protocolVersion}`
    const early = await open({ protocolVersion })
    const heard = messagesOf(early)
    await early.subscribeAsync([`${top}/+/t.in`, `${top}/deep/#`], { qos: 1 })
    const sender = await open({ protocolVersion })
    // Until the hub has begun what was subscribed to, as a message of before it would be retained.
    let sent = 0
    await until('a message is heard live', async () => {
      await sender.publishAsync(`${top}/deep/probe`, String(sent++), { qos: 1 })
      return heard.some(({ topic, retain }) => topic === `${top}/deep/probe` && !retain)
    })
    await sender.publishAsync(`${top}/b1/t.in`, '{"celsius": 1.50}', { qos: 1 })
    await sender.publishAsync(`${top}/b1/t.in`, '{"celsius": 2.50}', { qos: 1 })
    await sender.publishAsync(`${top}/b1/other`, '3', { qos: 1 })
    await until('both are heard', () => heard.filter(({ topic }) => topic === `${top}/b1/t.in`).length === 2)
    assert.deepEqual(
      heard.filter(({ topic }) => topic === `${top}/b1/t.in`).map(({ payload, retain }) => [payload, retain]),
      [
        ['{"celsius": 1.50}', false],
        ['{"celsius": 2.50}', false],
      ],
    )
    assert.ok(heard.every(({ topic }) => topic !== `${top}/b1/other`))
    if (protocolVersion === 5) assert.equal(heard.at(-1)?.properties?.contentType, 'application/json')
    await until('it is state', async () => (await state(`${top}.b1.t=2Ein`)) !== undefined)
    assert.deepEqual((await state(`${top}.b1.t=2Ein`))?.event.data, { celsius: 2.5 })

    const late = await open({ protocolVersion })
    const retained = messagesOf(late)
    await late.subscribeAsync(`${top}/#`, { qos: 0 })
    await until('the newest have come', () => retained.length >= 3)
    assert.ok(retained.every(({ retain }) => retain))
    assert.deepEqual(retained.map(({ topic, payload }) => [topic, payload]).sort(), [
      [`${top}/b1/other`, '3'],
      [`${top}/b1/t.in`, '{"celsius": 2.50}'],
      [`${top}/deep/probe`, String(sent - 1)],
    ])
    await late.unsubscribeAsync(`${top}/#`)
    await sender.publishAsync(`${top}/deep/probe`, 'end', { qos: 1 })
    await until('the end is heard', () => heard.some(({ payload }) => payload === 'end'))
    assert.equal(retained.length, 3)
  })
}

test('a token hears what it may subscribe to, and is told of what it may not', async () => {
  const { out } = await mesh.weir('token', '--publish', 'mine.>', '--subscribe', 'mine.>')
  const client = await open({ password: out.trim(), protocolVersion: 5 })
  const heard = messagesOf(client)
  await client.subscribeAsync('mine/#')
  for (const [filter, reason] of [
    ['#', /Not authorized/],
    ['theirs/a', /Not authorized/],
    ['mine/a/#/b', /Invalid topic|Topic Filter invalid/i],
    ['$share/group/mine/a', /Shared Subscriptions not supported/],
  ] as const) {
    await assert.rejects(client.subscribeAsync(filter), reason)
  }
  await client.publishAsync('mine/a', '1', { qos: 1 })
  await until('its own message is heard', () => heard.length === 1)
})

const paho = `
import sys, paho.mqtt.client as mqtt
host, port, token, version = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=version)
client.username_pw_set('any', token)
client.connect(host, port)
client.loop_start()
for n in range(100):
    client.publish('paho/%d' % version, str(n), qos=1).wait_for_publish(20)
client.loop_stop()
print('stored')
`

test('paho, where Python and pip are', async (context) => {
  // From the registry of Python, once; it stays in .tools.
  const PYTHONPATH = join(root, '.tools/sdks/paho')
  if (!existsSync(join(PYTHONPATH, 'paho'))) {
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', PYTHONPATH, 'paho-mqtt==2.2.0']
    if (spawnSync('python3', args).status !== 0) return context.skip('paho-mqtt cannot be had here')
  }
  const { hostname, port } = new URL(mesh.running.addresses.mqtt)
  for (const version of ['4', '5']) {
    const child = spawn('python3', ['-c', paho, hostname, port, mesh.running.token, version], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONPATH },
    })
    let said = ''
    child.stdout.on('data', (text: Buffer) => {
      said += text
    })
    assert.deepEqual([(await once(child, 'exit'))[0], said.trim()], [0, 'stored'])
    await until('the last of paho is state', async () => (await state(`paho.${version}`))?.event.data === 99)
  }
})

test('a page of another origin sends while it goes away, by a beacon and by fetch', async () => {
  const { addresses, token } = mesh.running
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(origin)
    await page.evaluate(
      ([ingest, token]) => {
        const eventOf = (way: string): string => JSON.stringify({ subject: `pages.${way}`, data: way })
        addEventListener('pagehide', () => {
          const form = new URLSearchParams({ access_token: token, events: eventOf('beacon') })
          navigator.sendBeacon(`${ingest}/v1/beacon`, form)
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
          void fetch(`${ingest}/v1/events`, { method: 'POST', keepalive: true, headers, body: eventOf('fetch') })
        })
      },
      [addresses.ingest, token] as const,
    )
    await page.goto('about:blank')
    for (const way of ['beacon', 'fetch']) {
      await until(
        `what the page sent by ${way} is state`,
        async () => (await state(`pages.${way}`))?.event.data === way,
      )
    }
  } finally {
    await browser.close()
  }
})
