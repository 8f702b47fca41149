import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { after, beforeEach, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import type { Stored } from '@weir/mesh'
import { EventSchema, WeirError } from '@weir/proto'
import fc from 'fast-check'
import type { IClientPublishOptions } from 'mqtt'
import { generate } from 'mqtt-packet'
import { tokenFor } from '../../test/fake-stream.ts'
import { mqttParts, RawClient, type RunningMqtt, startMqtt } from '../../test/running-mqtt.ts'
import { reasons } from './reason.ts'
import { MqttSession, type Sessions } from './session.ts'

const mqtt: RunningMqtt = await startMqtt()
const { stream, events } = mqtt
after(() => mqtt.close())

beforeEach(() => {
  stream.messages.length = 0
  stream.failure = () => undefined
})

const one = { cmd: 'publish', qos: 1, dup: false, retain: false, topic: 'a/b', messageId: 7, payload: '1' } as const

for (const protocolVersion of [4, 5] as const) {
  const version = protocolVersion === 4 ? '3.1.1' : '5'

  test(`MQTT ${version}: a message is an event, its topic the subject, its payload the data`, async () => {
    const client = await mqtt.client({ protocolVersion })
    await client.publishAsync('plant/boiler.1/t', '{"celsius": 21.50}', { qos: 1 })
    await client.publishAsync('plant/state', 'läuft', { qos: 1 })
    await client.publishAsync('plant/raw', Buffer.from([0xff, 0]), { qos: 1, retain: true })
    await client.publishAsync('plant/none', '', { qos: 1 })
    await client.publishAsync('plant/fast', 'true', { qos: 0 })
    await client.publishAsync('plant/last', '1', { qos: 1 })
    const found = events().map(([subject, { data }]) => [
      subject,
      data.case === 'json' ? data.value : data.case === 'binary' ? data.value.contentType : data.case,
    ])
    assert.deepEqual(found, [
      ['plant.boiler=2E1.t', '{"celsius": 21.50}'],
      ['plant.state', 'text/plain; charset=utf-8'],
      ['plant.raw', 'application/octet-stream'],
      ['plant.none', undefined],
      ['plant.fast', 'true'],
      ['plant.last', '1'],
    ])
  })

  test(`MQTT ${version}: PUBACK waits for the stream, and comes in the order of the messages`, async () => {
    const answers: (() => void)[] = []
    const publishAll = stream.publishAll.bind(stream)
    stream.publishAll = async (messages): Promise<readonly (Stored | WeirError)[]> => {
      await new Promise<void>((resolve) => answers.push(resolve))
      return await publishAll(messages)
    }
    const client = new RawClient(mqtt.port, protocolVersion)
    await client.connect()
    client.send(one)
    client.send({ cmd: 'pingreq' })
    assert.equal((await client.next()).cmd, 'pingresp')
    client.send({ ...one, messageId: 8 })
    client.send({ cmd: 'pingreq' })
    assert.equal((await client.next()).cmd, 'pingresp')
    assert.equal(answers.length, 2)
    for (const answer of answers.toReversed()) answer()
    assert.deepEqual([(await client.next()).messageId, (await client.next()).messageId], [7, 8])
    stream.publishAll = publishAll
    client.socket.destroy()
  })

  test(`MQTT ${version}: what passes is not acknowledged, and ends the connection`, async () => {
    stream.failure = ({ subject }) => (subject.endsWith('.bad') ? new WeirError('unavailable', 'away') : undefined)
    const client = new RawClient(mqtt.port, protocolVersion)
    await client.connect()
    client.socket.cork()
    for (const [messageId, topic] of ['good', 'bad', 'good'].entries())
      client.send({ ...one, topic, messageId: messageId + 1 })
    client.socket.uncork()
    await client.closed
    const acknowledged = client.packets.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId)
    assert.deepEqual(acknowledged, [1, 3])
  })

  test(`MQTT ${version}: nobody is let in without a token that is good here`, async () => {
    const cases = [
      [{ password: undefined, username: undefined }, 4, 0x86],
      [{ password: Buffer.from('nonsense') }, 4, 0x86],
      [{ password: Buffer.from(await tokenFor([])) }, 5, 0x87],
    ] as const
    for (const [more, returnCode, reasonCode] of cases) {
      const client = new RawClient(mqtt.port, protocolVersion)
      const answer = (await client.connect(more)) as Answer
      assert.equal(answer.cmd, 'connack')
      // Of the two versions one can say why.
      if (protocolVersion === 5) assert.match(answer.properties?.reasonString ?? '', /token/)
      assert.equal(
        protocolVersion === 4 ? answer.returnCode : answer.reasonCode,
        protocolVersion === 4 ? returnCode : reasonCode,
      )
      await client.closed
    }
  })

  test(`MQTT ${version}: the will is published when a client goes without a word, and not when it takes leave`, async () => {
    const will = { topic: 'plant/status', payload: Buffer.from('"gone"'), qos: 1, retain: true }
    const leaves = new RawClient(mqtt.port, protocolVersion)
    await leaves.connect({ will })
    leaves.send({ cmd: 'disconnect', reasonCode: 0 })
    await leaves.closed
    const falls = new RawClient(mqtt.port, protocolVersion)
    await falls.connect({ will: { ...will, topic: 'plant/fallen' } })
    falls.socket.destroy()
    while (stream.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(
      events().map(([subject]) => subject),
      ['plant.fallen'],
    )
  })

  test(`MQTT ${version}: a client that comes again takes its own place`, async () => {
    const first = new RawClient(mqtt.port, protocolVersion)
    await first.connect()
    const second = new RawClient(mqtt.port, protocolVersion)
    await second.connect()
    await first.closed
    second.send({ cmd: 'pingreq' })
    assert.equal((await second.next()).cmd, 'pingresp')
    second.socket.destroy()
  })
}

test('MQTT 5: properties say the rest of an event', async () => {
  const client = await mqtt.client({ protocolVersion: 5 })
  const publish = (payload: string | Buffer, properties: NonNullable<IClientPublishOptions['properties']>) =>
    client.publishAsync('a/b', payload, { qos: 1, properties })
  const named = {
    id: 'e-1',
    type: 'climate',
    source: '/r1',
    time: '2026-01-31T12:00:00Z',
    wing: 'öst',
    __proto__x: '1',
  }
  await publish('1', { contentType: 'application/json', userProperties: named })
  await publish('<a/>', { contentType: 'text/xml' })
  const whole = create(EventSchema, { data: { case: 'step', value: { pipeline: 'p', name: 'pack', status: 1 } } })
  await publish(Buffer.from(toBinary(EventSchema, whole)), { contentType: 'application/x-protobuf' })
  const cloudEvent = { specversion: '1.0', id: '7', source: '/s', type: 't', data: { x: 1 } }
  await publish(JSON.stringify(cloudEvent), { contentType: 'application/cloudevents+json' })
  const [first, second, third, fourth] = events()
  assert.deepEqual(
    [first?.[1].id, first?.[1].type, first?.[1].source, first?.[1].time?.seconds, { ...first?.[1].labels }],
    ['e-1', 'climate', '/r1', 1_769_860_800n, { wing: 'öst', __proto__x: '1' }],
  )
  assert.equal(second?.[1].data.case === 'binary' && second[1].data.value.contentType, 'text/xml')
  assert.equal(third?.[1].data.case, 'step')
  assert.deepEqual([fourth?.[0], fourth?.[1].id], ['a.b', '/s|7'])
})

const refused: readonly (readonly [topic: string, payload: string, contentType: string, reason: number])[] = [
  ['other/x', '1', '', 0x87],
  ['a/x', 'no json', 'application/json', 0x99],
  ['a/x', 'no event', 'application/x-protobuf', 0x99],
  [`a/${'x/'.repeat(16)}`, '1', '', 0x99],
]

test('MQTT 5: a refusal is in the PUBACK, and stores nothing', async () => {
  const client = new RawClient(mqtt.port, 5)
  await client.connect({ password: Buffer.from(await tokenFor(['a.>'])) })
  for (const [topic, payload, contentType, reasonCode] of refused) {
    client.send({ ...one, topic, payload, properties: contentType === '' ? {} : { contentType } })
    const answer = (await client.next()) as Answer
    assert.deepEqual([answer.cmd, answer.reasonCode], ['puback', reasonCode])
    assert.ok((answer.properties?.reasonString ?? '').length > 10)
  }
  assert.equal(events().length, 0)
  client.socket.destroy()
})

test('MQTT 3.1.1: a refusal, for which there is no word, is stored as an event before the PUBACK', async () => {
  const client = new RawClient(mqtt.port, 4)
  await client.connect({ password: Buffer.from(await tokenFor(['a.>'])) })
  client.send({ ...one, topic: 'other/x', payload: 'lost?' })
  assert.deepEqual([(await client.next()).cmd, events().length], ['puback', 1])
  const [[subject, event] = ['', undefined]] = events()
  assert.deepEqual(
    [subject, event?.type, event?.labels.topic, event?.labels.code, event?.labels.client],
    ['mqtt.refused.producer', 'mqtt.refused', 'other/x', 'forbidden', 'raw'],
  )
  assert.equal(event?.data.case === 'binary' && Buffer.from(event.data.value.data).toString(), 'lost?')
  // And not acknowledged where that cannot be stored.
  stream.failure = ({ subject }) => (subject.includes('refused') ? new WeirError('unavailable', 'away') : undefined)
  client.send({ ...one, topic: 'other/x', messageId: 9 })
  await client.closed
  assert.deepEqual(client.packets, [])
})

test('MQTT 3.1.1: QoS 2 is received when it is stored', async () => {
  const client = await mqtt.client({ protocolVersion: 4 })
  await client.publishAsync('a/two', '2', { qos: 2 })
  assert.deepEqual(
    events().map(([subject]) => subject),
    ['a.two'],
  )
})

test('who says nothing for too long is closed: before CONNECT however slowly it comes, then by keep alive', async () => {
  let now = 1_790_000_000_000
  const slow = await startMqtt(() => now)
  const stranger = new RawClient(slow.port)
  const quiet = new RawClient(slow.port, 5)
  const lively = new RawClient(slow.port)
  await quiet.connect({ keepalive: 2, clientId: 'quiet' })
  await lively.connect({ keepalive: 20, clientId: 'lively' })
  stranger.socket.write(Buffer.from([0x10, 100, 0]))
  // Both the packet's first bytes and a ping have come when that is answered.
  lively.send({ cmd: 'pingreq' })
  await lively.next()
  now += 11_000
  stranger.socket.write(Buffer.from([4]))
  await Promise.all([stranger.closed, quiet.closed])
  assert.equal((quiet.packets[0] as { reasonCode?: number }).reasonCode, 0x8d)
  lively.send({ cmd: 'pingreq' })
  assert.equal((await lively.next()).cmd, 'pingresp')
  lively.socket.destroy()
  await slow.close()
})

test('who is closed while the tenant is looked for does not count as connected afterwards', async () => {
  const sessions: Sessions = new Map()
  let found: (isThere: boolean) => void = () => undefined
  const parts = mqttParts(stream, () => new Promise((resolve) => (found = resolve)))
  const ended = new Promise<void>((resolve) => {
    const server = createServer((socket) => {
      const session = new MqttSession(parts, socket, sessions)
      void session.run().then(resolve)
      server.close()
      socket.once('data', () => setImmediate(() => void session.end(reasons.shuttingDown).then(() => found(true))))
    }).listen(0, '127.0.0.1', () => {
      void new RawClient((server.address() as AddressInfo).port).connect()
    })
  })
  await ended
  assert.equal(sessions.size, 0)
})

test('without a hub nobody subscribes', async () => {
  for (const version of [4, 5] as const) {
    const client = new RawClient(mqtt.port, version)
    await client.connect()
    client.send({ cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'a/#', qos: 1 }] })
    const answer = (await client.next()) as Answer & { messageId: number; granted: number[] }
    assert.deepEqual([answer.cmd, answer.messageId, answer.granted], ['suback', 3, [0x80]])
    if (version === 5) assert.match(answer.properties?.reasonString ?? '', /WEIR_HUB_URL/)
    client.socket.destroy()
  }
})

test('whatever comes ends at most its own connection: cut at every byte, of any bytes, and too large', async () => {
  const bystander = await mqtt.client()
  const password = Buffer.from(await tokenFor(['>']))
  const hello = { cmd: 'connect', clientId: '', protocolId: 'MQTT', clean: true, username: 'u', password } as const
  for (const protocolVersion of [4, 5] as const) {
    const options = { protocolVersion }
    const properties = protocolVersion === 5 ? { userProperties: { a: 'b' }, contentType: 'text/plain' } : {}
    const session = Buffer.concat([
      generate({ ...hello, protocolVersion }, options),
      generate({ ...one, properties }, options),
      generate({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'a', qos: 0 }] }, options),
      generate({ cmd: 'disconnect', reasonCode: 0 }, options),
    ])
    for (let end = 0; end < session.length; end += end < 20 || end > session.length - 60 ? 1 : 13) {
      await answered(session.subarray(0, end))
    }
    const start = generate({ ...hello, protocolVersion }, options)
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(bytes, (tail) => answered(Buffer.concat([start, tail]))),
      { numRuns: 60 },
    )
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), (any) => answered(Buffer.from(any))),
    { numRuns: 60 },
  )
  const large = new RawClient(mqtt.port)
  await large.connect()
  large.socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]))
  await large.closed
  await bystander.publishAsync('still/there', '1', { qos: 1 })
})

interface Answer {
  readonly cmd: string
  readonly returnCode?: number
  readonly reasonCode?: number
  readonly properties?: { readonly reasonString?: string }
}

/** Sends bytes and the end, and waits until the other side has ended too. */
async function answered(bytes: Uint8Array): Promise<void> {
  const client = new RawClient(mqtt.port)
  client.socket.end(bytes)
  await client.closed
}
