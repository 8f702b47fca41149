import { type Cursor, cursorFromWire, enumName, type ServerFrame, Start, startValues } from '@weir/proto'
import type { ReplyInit } from '../../codec/centrifuge/reply-writer.ts'
import type { Party } from '../party.ts'
import { unsubscribed } from './protocol-codes.ts'

/** A channel that a client has subscribed to, or asked for. */
export interface ChannelEntry {
  readonly name: string
  /** Of its subscription, on this connection. */
  readonly id: number
  /** The command that asked for it. */
  readonly command: number
  /** Whether the client asked to go on from a position. */
  readonly isRecovering: boolean
  /** Undefined where something is missing. */
  recovered: Recovered | undefined
  isAnswered: boolean
}

/** A position up to which nothing is missing. */
export interface Recovered {
  /** Where the subscription goes on. */
  readonly at: Cursor
  /** What was missed up to there, encoded, since a position that the client had. */
  readonly publications: Uint8Array[]
  readonly since: number
}

/**
 * The channels of a connection by their names, and what the engine's frames about their
 * subscriptions are in this protocol.
 */
export class ChannelTable {
  readonly #byName: Map<string, ChannelEntry> = new Map()
  readonly #byId: Map<number, ChannelEntry> = new Map()
  #ids = 0

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  add(name: string, command: number, isRecovering: boolean): ChannelEntry {
    const id = ++this.#ids
    const entry: ChannelEntry = { name, id, command, isRecovering, recovered: undefined, isAnswered: false }
    this.#byName.set(name, entry)
    this.#byId.set(id, entry)
    return entry
  }

  /** Gives what was under a name and takes it out. */
  take(name: string): ChannelEntry | undefined {
    const entry = this.#byName.get(name)
    if (entry !== undefined) this.#delete(entry)
    return entry
  }

  /** Gives what has this subscription and takes it out. */
  takeId(id: number): ChannelEntry | undefined {
    const entry = this.#byId.get(id)
    if (entry !== undefined) this.#delete(entry)
    return entry
  }

  /** Undefined where a frame is nothing that this protocol tells. */
  told(frame: ServerFrame['frame'], party: Party): ReplyInit | undefined {
    switch (frame.case) {
      case 'subscribed': {
        const { id, cursor, start } = frame.value
        const entry = this.#byId.get(id)
        if (entry === undefined) return undefined
        if (entry.isAnswered) return this.#end(entry, party)
        return answer(entry, cursor && cursorFromWire(cursor), start)
      }
      case 'gap': {
        const { id, from, to } = frame.value
        const entry = this.#byId.get(id)
        return entry === undefined || to <= from ? undefined : this.#end(entry, party)
      }
      default:
        return undefined
    }
  }

  /**
   * What cannot go on without a loss, or begins anew, ends: the client subscribes again with its
   * position, and the answer to that says what became of it.
   */
  #end(entry: ChannelEntry, party: Party): ReplyInit {
    this.#delete(entry)
    party.subscriptions.remove(entry.id)
    return { push: { channel: entry.name, unsubscribe: unsubscribed.insufficientState } }
  }

  #delete({ name, id }: ChannelEntry): void {
    this.#byName.delete(name)
    this.#byId.delete(id)
  }
}

/**
 * @param cursor undefined for a channel of several streams, in which the protocol has no position
 */
function answer(entry: ChannelEntry, cursor: Cursor | undefined, start: Start): ReplyInit {
  entry.isAnswered = true
  const { recovered } = entry
  entry.recovered = undefined
  const data = encoder.encode(JSON.stringify({ start: enumName(startValues, start) }))
  if (cursor === undefined) {
    return { id: entry.command, subscribe: { wasRecovering: entry.isRecovering, recovered: false, data } }
  }
  const goesOn = recovered?.at.epoch === cursor.epoch && recovered.at.seq === cursor.seq && start !== Start.SNAPSHOT
  const publications = goesOn ? recovered.publications : []
  // Clients move their position by the publications.
  const offset = publications.length > 0 ? (recovered?.since ?? 0) : cursor.seq
  return {
    id: entry.command,
    subscribe: {
      recoverable: true,
      positioned: true,
      epoch: formatEpoch(cursor.epoch),
      offset: BigInt(offset),
      wasRecovering: entry.isRecovering,
      recovered: goesOn,
      ...(publications.length > 0 && { publications }),
      data,
    },
  }
}

/** The incarnation of a stream as clients keep it. */
export function formatEpoch(epoch: number): string {
  return epoch.toString(36)
}

/** A client's position. What another server gave, or nobody, is of an epoch that no stream has. */
export function positionOf(epoch: string, offset: bigint): Cursor {
  const number = /^[0-9a-z]{1,11}$/.test(epoch) ? Number.parseInt(epoch, 36) : 0
  const seq = Number(offset)
  return Number.isSafeInteger(number) && Number.isSafeInteger(seq) ? { epoch: number, seq } : nowhere
}

const nowhere: Cursor = { epoch: 0, seq: 0 }
const encoder = new TextEncoder()
