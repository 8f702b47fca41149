import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headers } from '@nats-io/nats-core'
import { MsgImpl } from '@nats-io/nats-core/internal'
import { connectNats } from '../connection/connection.ts'
import { onReconnect } from '../connection/reconnects.ts'
import { createLogger } from '../run/log.ts'
import { startNats } from '../testing/test-server.ts'
import { subscribeLive } from './live-subscription.ts'

test('messages are read ahead of the client, after a reconnect too, and not after the end', async (t) => {
  const server = await startNats()
  const log = createLogger('test', 'silent')
  const nc = await connectNats({ url: server.url, name: 'test', log })
  const producer = await connectNats({ url: server.url, name: 'producer', log })
  t.after(async () => {
    await producer.close()
    await nc.close()
    await server.stop()
  })
  const heard: string[] = []
  const live = subscribeLive(nc, 'live', (subject, payload, headed) => {
    const reader = headed instanceof MsgImpl ? 'client' : 'ahead'
    heard.push(`${reader} ${subject} ${new TextDecoder().decode(payload)} ${headed.headers?.last('N')}`)
  })
  const others: string[] = []
  nc.subscribe('other.>', { callback: (_error, message) => void others.push(message.string()) })
  await nc.flush()
  const publish = async (payload: string): Promise<void> => {
    const n = headers()
    n.set('N', payload)
    producer.publish('live.a.b', payload, { headers: n })
    producer.publish('other.a', payload)
    await producer.flush()
    await nc.flush()
  }
  await publish('one')
  assert.deepEqual(heard, ['ahead a.b one one'])
  const back = new Promise<void>((resolve) => onReconnect(nc, resolve))
  await nc.reconnect()
  await back
  await nc.flush()
  await publish('two')
  assert.deepEqual(heard, ['ahead a.b one one', 'ahead a.b two two'])
  live.unsubscribe()
  await publish('three')
  assert.equal(heard.length, 2)
  assert.deepEqual(others, ['one', 'two', 'three'])
})
