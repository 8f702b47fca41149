import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NatsConnection, PublishOptions } from '@nats-io/nats-core'
import fc from 'fast-check'
import { limits } from '../config/limits.ts'
import { atEndOfTurn } from '../connection/end-of-turn.ts'
import { FrameWriter } from './frame-writer.ts'
import { MsgIdHeader } from './msg-id-header.ts'

interface Message {
  readonly subject: string
  readonly token: number
  readonly id: string
  readonly payload: Uint8Array
}

describe('writing frames', () => {
  test('any message is what the client would have written of it, and all keep their order', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const messages = fc.array(
      fc.record({
        subject: fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[a-z]{1,9}(\.[a-z0-9=_-]{1,9}){0,4}$/) }, text),
        token: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        id: fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[!-~]{1,60}$/) }, text),
        payload: fc.uint8Array({ maxLength: 300 }),
      }),
      { maxLength: 30 },
    )
    await fc.assert(
      fc.asyncProperty(messages, async (given) => {
        const connection = new Connection()
        const frames = new FrameWriter(connection.nc, '_INBOX.x.')
        for (const message of given) write(frames, message)
        await endOfTurn()
        assert.deepEqual(connection.bytes, Buffer.concat(given.map(clientFrame)))
      }),
      { numRuns: 100 },
    )
  })

  test('messages of several blocks, and some larger than a block, come whole and are never written again', async () => {
    const connection = new Connection()
    const frames = new FrameWriter(connection.nc, '_INBOX.x.')
    const given = Array.from({ length: 900 }, (_, at) => {
      const size = at % 100 === 50 ? limits.frameBlockBytes : (at * 37) % 900
      return { subject: `a.b${at}`, token: at + 1, id: `id-${at}`, payload: new Uint8Array(size).fill(at) }
    })
    for (const message of given) {
      const payload = message.payload.slice()
      write(frames, { ...message, payload })
      // A payload is the sender's again, but for one that the client has.
      if (payload.length < limits.frameBlockBytes) payload.fill(0)
    }
    await endOfTurn()
    assert.ok(connection.bytes.equals(Buffer.concat(given.map(clientFrame))))
  })

  test('all of one turn of the event loop is one command', async () => {
    const connection = new Connection()
    const frames = new FrameWriter(connection.nc, '_INBOX.x.')
    for (let at = 0; at < 10; at++) {
      write(frames, { subject: 'a', token: at, id: 'x', payload: new Uint8Array(9) })
      await Promise.resolve()
    }
    assert.equal(connection.commands.length, 0)
    await endOfTurn()
    assert.equal(connection.commands.length, 1)
    await endOfTurn()
    assert.equal(connection.commands.length, 1)
  })

  test('what the connection has not had yet can be taken back', async () => {
    const connection = new Connection()
    const frames = new FrameWriter(connection.nc, '_INBOX.x.')
    const message = { subject: 'a', token: 1, id: 'x', payload: new Uint8Array(1) }
    write(frames, message)
    frames.discard()
    write(frames, { ...message, token: 2 })
    await endOfTurn()
    assert.deepEqual(connection.bytes, Buffer.from(clientFrame({ ...message, token: 2 })))
  })

  test('a message that the connection cannot take is left to the client, which refuses it', () => {
    const message = { subject: 'a', token: 1, id: 'x', payload: new Uint8Array(2_000) }
    for (const fault of [
      { info: undefined },
      { info: { headers: false, max_payload: 1e6 } },
      { info: { headers: true, max_payload: 2_000 } },
      { noMorePublishing: true },
      { isClosed: () => true },
    ]) {
      const connection = new Connection(fault)
      write(new FrameWriter(connection.nc, '_INBOX.x.'), message)
      assert.equal(connection.byClient, 1, JSON.stringify(fault))
    }
  })
})

/** What FrameWriter uses of a connection. */
class Connection {
  readonly commands: Uint8Array[] = []
  byClient = 0
  readonly nc: NatsConnection

  constructor(fault: object = {}) {
    const protocol = {
      info: { headers: true, max_payload: 1_048_576 },
      noMorePublishing: false,
      outBytes: 0,
      outMsgs: 0,
      isClosed: () => false,
      sendCommand: (bytes: Uint8Array) => void this.commands.push(bytes),
      ...fault,
    }
    const publish = (subject: string, payload: Uint8Array, { reply = '', headers }: PublishOptions): void => {
      this.byClient++
      this.commands.push(frameOf(subject, reply, headers as unknown as MsgIdHeader, payload))
    }
    this.nc = { protocol, publish } as unknown as NatsConnection
  }

  get bytes(): Buffer {
    return Buffer.concat(this.commands)
  }
}

function write(frames: FrameWriter, { subject, token, id, payload }: Message): void {
  frames.write(subject, token, id, payload)
}

function clientFrame({ subject, token, id, payload }: Message): Uint8Array {
  const header = new MsgIdHeader()
  header.id = id
  return frameOf(subject, `_INBOX.x.${token}`, header, payload)
}

/** As the client has it (NATS client protocol, HPUB). */
function frameOf(subject: string, reply: string, header: MsgIdHeader, payload: Uint8Array): Uint8Array {
  const head = header.encode()
  const line = `HPUB ${subject} ${reply} ${head.length} ${head.length + payload.length}\r\n`
  return Buffer.concat([Buffer.from(line), head, payload, Buffer.from('\r\n')])
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => void atEndOfTurn(resolve))
}
