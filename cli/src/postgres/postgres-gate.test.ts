import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgresGate } from './postgres-gate.ts'

/** What has come through to a Postgres that answers with "ok". */
let passed = ''
let gate: Server

before(async () => {
  gate = await openPostgresGate({
    port: 0,
    password: 'right',
    serve(client) {
      client.on('data', (bytes) => {
        passed += bytes.toString('latin1')
        client.write('ok')
      })
    },
  })
})

after(() => {
  gate.close()
})

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const startup = Buffer.concat([Buffer.from([0, 0, 0, 23, 0, 3, 0, 0]), Buffer.from('user\0postgres\0\0')])

function password(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x70, 0, 0, 0, text.length + 5]), Buffer.from(`${text}\0`)])
}

async function client(): Promise<Socket> {
  const socket = connect((gate.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** What the gate answers to bytes that are sent so many at a time, until it is done with them. */
async function answers(bytes: Buffer, size: number): Promise<string> {
  const socket = await client()
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1')
  })
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size))
    await sleep(1)
  }
  await sleep(50)
  socket.destroy()
  return answer
}

const asked = 'R\0\0\0\b\0\0\0\u0003'

test('who gives the password is passed on from the first message, however its bytes come', async () => {
  for (const size of [1, 7, 1_000]) {
    passed = ''
    const answer = await answers(Buffer.concat([sslRequest, startup, password('right'), Buffer.from('query')]), size)
    assert.match(answer, new RegExp(`^N${asked}(ok)+$`))
    assert.equal(passed, `${startup.toString('latin1')}query`)
  }
})

test('nothing of who gives another password, or none, reaches Postgres', async () => {
  passed = ''
  for (const wrong of ['', 'righ', 'right ', 'wrong']) {
    const answer = await answers(Buffer.concat([startup, password(wrong), Buffer.from('query')]), 1_000)
    assert.match(answer, new RegExp(`^${asked}E.*28P01.*password authentication failed`, 's'))
  }
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.concat([startup, Buffer.from('Q\0\0\0\u0006x\0')]),
  ]) {
    assert.doesNotMatch(await answers(bytes, 1_000), /ok/)
  }
  const endless = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 3, 0, 0]), Buffer.alloc(20_000)])
  assert.equal(await answers(endless, 20_008), '')
  assert.equal(passed, '')
})
