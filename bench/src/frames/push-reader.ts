import { microsWithin } from './bench-event.ts'
import type { BatchCounter, KnownBatch } from './known-batches.ts'

/**
 * What is in one message of the Centrifuge protocol in Protobuf: replies, each after its length.
 */
export interface Pushes {
  /** Pushes, each of one publication where nobody unsubscribes. */
  pushes: number
  /** Empty replies. */
  pings: number
  /** Replies to commands, without their lengths. */
  readonly replies: Uint8Array[]
}

/** Reads a whole message. */
export function readPushes(bytes: Uint8Array, start: number, end: number): Pushes {
  const found: Pushes = { pushes: 0, pings: 0, replies: [] }
  for (let at = start; at < end; ) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    if (length === 0) found.pings++
    else if (bytes[at] === PUSH) found.pushes++
    else found.replies.push(bytes.slice(at, at + length))
    at += length
  }
  return found
}

/**
 * Counts publications: a walk over lengths, so that no batch need be known again. Of one message in
 * eight it also looks when its first event was published.
 */
export class PushCounter implements BatchCounter {
  #messages = 0

  find(): undefined {
    // Messages of one length begin alike.
  }

  count(bytes: Uint8Array, start: number, end: number): KnownBatch | undefined {
    const { pushes, pings, replies } = readPushes(bytes, start, end)
    if (pings > 0 || replies.length > 0) return undefined
    const isLookedAt = this.#messages++ % 8 === 0
    const micros = isLookedAt ? microsWithin(bytes, start, Math.min(end, start + FIRST_PUSH_BYTES)) : 0
    return { channel: 0, from: 0, to: 0, entries: pushes, conflated: 0, micros }
  }
}

/** The commands with which a subscriber begins: connect by a token, subscribe to a channel. */
export function openingCommands(token: string, channel: string): Uint8Array {
  const connect = [...field(ID, 1), ...bytesField(CONNECT, bytesField(FIRST, Buffer.from(token)))]
  const subscribe = [...field(ID, SUBSCRIBE_ID), ...bytesField(SUBSCRIBE, bytesField(FIRST, Buffer.from(channel)))]
  return Uint8Array.of(...varint(connect.length), ...connect, ...varint(subscribe.length), ...subscribe)
}

/** Why a command was refused; undefined for its result. */
export function refusal(reply: Uint8Array): string | undefined {
  return reply[2] === ERROR ? Buffer.from(reply).toString() : undefined
}

/** Whether it answers the subscribe of `openingCommands`. */
export function answersSubscribe(reply: Uint8Array): boolean {
  return reply[0] === ID && reply[1] === SUBSCRIBE_ID
}

/** What answers a ping: an empty command. */
export const pong: Uint8Array = Uint8Array.of(0)

const SUBSCRIBE_ID = 2
/** The first push of a message ends before, at the size of events that is measured. */
const FIRST_PUSH_BYTES = 600

// Field number and wire type of Command and Reply, and of the first text of a request.
const ID = 0x08
const ERROR = 0x12
const PUSH = 0x22
const CONNECT = 0x22
const SUBSCRIBE = 0x2a
const FIRST = 0x0a

function field(tag: number, value: number): readonly number[] {
  return [tag, ...varint(value)]
}

function bytesField(tag: number, bytes: ArrayLike<number>): readonly number[] {
  return [tag, ...varint(bytes.length), ...Array.from(bytes)]
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}
