/**
 * Hot path. Budget: 0.3 us a message of 200 bytes, guarded by bench/src/publisher.bench.ts. The
 * client's own publish makes a text, four arrays of bytes and an entry in a list of each message,
 * and writes to its socket once a microtask.
 */
import type { NatsConnection, PublishOptions } from '@nats-io/nats-core'
import type { NatsConnectionImpl } from '@nats-io/nats-core/internal'
import { limits } from '../config/limits.ts'
import { atEndOfTurn } from '../connection/end-of-turn.ts'
import { isPlain, MsgIdHeader } from './msg-id-header.ts'

/**
 * Writes messages with a Nats-Msg-Id and a reply subject as frames of the NATS client protocol
 * (HPUB), one after another into a block of memory. All frames of one turn of the event loop go to
 * the connection together: one write to the socket, however many requests they come from. A message
 * that is large or unusual takes the client's own way, after those before it.
 */
export class FrameWriter {
  readonly #nc: NatsConnection
  readonly #protocol: NatsConnectionImpl['protocol']
  readonly #replyPrefix: string
  readonly #replyBytes: Uint8Array
  readonly #header = new MsgIdHeader()
  readonly #block: Uint8Array = new Uint8Array(blockBytes)
  /** The end of what is written and not sent. */
  #at = 0
  #isDue = false

  /** `replyPrefix` and the token of a message make its reply subject. */
  constructor(nc: NatsConnection, replyPrefix: string) {
    this.#nc = nc
    this.#protocol = (nc as NatsConnectionImpl).protocol
    this.#replyPrefix = replyPrefix
    this.#replyBytes = ascii(` ${replyPrefix}`)
  }

  /** Throws what the client's publish throws. The payload may change afterwards. */
  write(subject: string, token: number, id: string, payload: Uint8Array): void {
    if (this.#writePlain(subject, token, id, payload)) return
    this.#flush()
    this.#header.id = id
    // The client asks of headers only that they encode themselves.
    const headers = this.#header as unknown as NonNullable<PublishOptions['headers']>
    this.#nc.publish(subject, payload, { reply: this.#replyPrefix + token, headers })
  }

  /** What the connection has not had yet is not sent. */
  discard(): void {
    this.#at = 0
  }

  /** Returns false, and writes nothing, where the client has to look at the message. */
  #writePlain(subject: string, token: number, id: string, payload: Uint8Array): boolean {
    const protocol = this.#protocol
    const { info } = protocol
    const headerBytes = headerStart.length + id.length + headerEnd.length
    const bytes = headerBytes + payload.length
    if (info?.headers !== true || bytes > info.max_payload) return false
    if (protocol.noMorePublishing || protocol.isClosed()) return false
    const room = verb.length + subject.length + this.#replyBytes.length + bytes + NUMBERS_BYTES
    if (room > blockBytes) return false
    if (this.#at + room > blockBytes) this.#flush()
    const block = this.#block
    let at = this.#at
    block.set(verb, at)
    at = writePlain(block, at + verb.length, subject)
    if (at < 0) return false
    block.set(this.#replyBytes, at)
    at = writeNumber(block, at + this.#replyBytes.length, token)
    block[at++] = SPACE
    at = writeNumber(block, at, headerBytes)
    block[at++] = SPACE
    at = writeNumber(block, at, bytes)
    block[at++] = CR
    block[at++] = LF
    block.set(headerStart, at)
    at = writePlain(block, at + headerStart.length, id)
    if (at < 0) return false
    block.set(headerEnd, at)
    at += headerEnd.length
    block.set(payload, at)
    at += payload.length
    block[at++] = CR
    block[at++] = LF
    this.#at = at
    protocol.outBytes += bytes
    protocol.outMsgs++
    if (!this.#isDue) {
      this.#isDue = true
      atEndOfTurn(this.#flushAtEndOfTurn)
    }
    return true
  }

  readonly #flushAtEndOfTurn = (): void => {
    this.#isDue = false
    this.#flush()
  }

  /**
   * The client gets a copy: it keeps the bytes until they are written, and over a WebSocket it
   * sends the whole memory in which they lie.
   */
  #flush(): void {
    if (this.#at === 0) return
    const bytes = this.#block.slice(0, this.#at)
    this.#at = 0
    this.#protocol.sendCommand(bytes)
  }
}

const blockBytes: number = limits.frameBlockBytes
const verb: Uint8Array = ascii('HPUB ')
const headerStart: Uint8Array = ascii('NATS/1.0\r\nNats-Msg-Id: ')
const headerEnd: Uint8Array = ascii('\r\n\r\n')
/** Three numbers of at most 16 digits, what stands between them, and the line ends. */
const NUMBERS_BYTES = 3 * 16 + 2 + 4
const SPACE = 0x20
const CR = 0x0d
const LF = 0x0a

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Returns the offset after the text; -1 for a text that may not stand in a line as it is. */
function writePlain(block: Uint8Array, start: number, text: string): number {
  const { length } = text
  if (length === 0) return -1
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (!isPlain(code)) return -1
    block[start + index] = code
  }
  return start + length
}

function writeNumber(block: Uint8Array, start: number, value: number): number {
  let end = start + 1
  for (let power = 10; value >= power; power *= 10) end++
  let rest = value
  for (let at = end - 1; at >= start; at--) {
    const digit = rest % 10
    block[at] = ZERO + digit
    rest = (rest - digit) / 10
  }
  return end
}

const ZERO = 0x30
