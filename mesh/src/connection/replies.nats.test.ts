import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headers } from '@nats-io/nats-core'
import { createLogger } from '../run/log.ts'
import { startNats } from '../testing/test-server.ts'
import { connectNats } from './connection.ts'
import { onReconnect } from './reconnects.ts'
import { Replies, type Waiting } from './replies.ts'

test('a plain answer is read ahead of the client, after a reconnect too; any other comes as a message', async (t) => {
  const server = await startNats()
  const log = createLogger('test', 'silent')
  const nc = await connectNats({ url: server.url, name: 'test', log })
  const other = await connectNats({ url: server.url, name: 'other', log })
  t.after(async () => {
    await nc.close()
    await other.close()
    await server.stop()
  })
  const heard: string[] = []
  const replies: Replies<Waiting> = new Replies<Waiting>(nc, {
    deadlineMs: 60_000,
    sweepMs: 1_000,
    read(chunk, start, end, token): boolean {
      const text = new TextDecoder().decode(chunk.subarray(start, end))
      if (text === 'left') return false
      heard.push(`ahead ${token} ${text}`)
      return replies.settle(token)
    },
    answered(message, token) {
      heard.push(`client ${token} ${message.string()}`)
      replies.settle(token)
    },
    expired: () => heard.push('expired'),
  })
  await nc.flush()
  const answer = async (token: number, text: string, header?: string): Promise<void> => {
    const sent = header === undefined ? undefined : headers()
    sent?.set('H', header ?? '')
    other.publish(replies.subjectOf(token), text, sent === undefined ? {} : { headers: sent })
    await other.flush()
    await nc.flush()
  }
  const tokens = Array.from({ length: 12 }, () => replies.add({ deadline: 0 }))
  await answer(1, 'plain')
  await answer(2, 'left')
  await answer(3, 'headed', 'x')
  await answer(12, '')
  assert.deepEqual(heard.splice(0), ['ahead 1 plain', 'client 2 left', 'client 3 headed', 'ahead 12 '])
  // Nobody waits for these.
  await answer(1, 'again')
  await answer(99, 'unknown')
  assert.deepEqual(heard, [])
  const back = new Promise<void>((resolve) => onReconnect(nc, resolve))
  await nc.reconnect()
  await back
  await nc.flush()
  await answer(4, 'plain')
  assert.deepEqual(heard.splice(0), ['ahead 4 plain'])
  assert.equal(replies.size, tokens.length - 5)
  replies.close()
  await answer(5, 'plain')
  assert.deepEqual(heard, [])
})

test('a user who may not hear the inbox keeps the connection, and what waits expires', async (t) => {
  const deny =
    'authorization { users: [{ user: u, password: p, permissions: { subscribe: { deny: "_INBOX_deaf.>" } } }] }'
  const server = await startNats({ config: deny })
  const url = server.url.replace('//', '//u:p@')
  const nc = await connectNats({ url, name: 'deaf', log: createLogger('test', 'silent') })
  t.after(async () => {
    await nc.close()
    await server.stop()
  })
  const expired = new Promise<void>((resolve) => {
    const replies = new Replies<Waiting>(nc, {
      deadlineMs: 50,
      sweepMs: 10,
      answered: () => {},
      expired: () => resolve(),
    })
    replies.add({ deadline: 0 })
  })
  await expired
  await nc.flush()
  assert.equal(nc.isClosed(), false)
})
