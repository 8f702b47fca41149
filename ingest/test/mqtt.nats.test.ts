import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLogger, Verifier } from '@weir/mesh'
import { connectAsync } from 'mqtt'
import { ingestLimits } from '../src/limits.ts'
import { type MqttServer, serveMqtt } from '../src/mqtt/mqtt-server.ts'
import { Gate } from '../src/store/gate.ts'
import { type RunningIngest, startIngest } from './running-ingest.ts'
import { secret } from './secret.ts'

let ingest: RunningIngest
let mqtt: MqttServer

before(async () => {
  ingest = await startIngest()
  const { publisher } = ingest
  const gate = new Gate({ publisher, tenantExists: () => Promise.resolve(true), limits: ingestLimits })
  const verifier = new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' })
  const { aheadMs } = ingestLimits
  const parts = { gate, publisher, verifier, log: createLogger('ingest', 'fatal'), aheadMs, now: Date.now }
  mqtt = await serveMqtt(parts, { hostname: '127.0.0.1', port: 0, portSetting: 'WEIR_MQTT_PORT' })
})

after(async () => {
  await mqtt.close()
  await ingest.stop()
})

test('what was acknowledged is in the stream though nats-server was killed meanwhile, and so is the rest in the end', async () => {
  const client = await connectAsync(`mqtt://127.0.0.1:${mqtt.port}`, {
    username: 'any',
    password: ingest.token,
    protocolVersion: 5,
    reconnectPeriod: 50,
  })
  const acknowledged: number[] = []
  const publish = async (n: number): Promise<void> => {
    await client.publishAsync('outage/n', String(n), { qos: 1, properties: { userProperties: { id: `n-${n}` } } })
    acknowledged.push(n)
  }
  await Promise.all(Array.from({ length: 100 }, (_, n) => publish(n)))
  const during = Array.from({ length: 100 }, (_, n) => publish(100 + n))
  await ingest.nats.kill()
  during.push(...Array.from({ length: 100 }, (_, n) => publish(200 + n)))
  await ingest.nats.restart()
  await Promise.all(during)
  const stored = (await ingest.stored()).map(({ event }) => event.id)
  // The ids are the clients' own, so what was sent again is stored once.
  assert.deepEqual(stored.toSorted(), acknowledged.map((n) => `n-${n}`).toSorted())
  assert.equal(acknowledged.length, 300)
  await client.endAsync()
})
