import { type Cursor, cursorFromWire, joinCursors, type Subscribed } from '@weir/proto'

/**
 * The position in each stream that a subscription reads, by the channel under which its batches
 * come: one stream, but for the events of a sharded tenant.
 */
export class StreamPositions {
  #streams: Map<number, Cursor> = new Map()

  get channels(): readonly number[] {
    return [...this.#streams.keys()]
  }

  get cursors(): readonly Cursor[] {
    return [...this.#streams.values()]
  }

  /** The position in all of them; undefined before there is any. */
  get whole(): Cursor | undefined {
    return joinCursors(this.cursors)
  }

  clear(): void {
    this.#streams = new Map()
  }

  /** False, and nothing is changed, when the frame does not say where it begins. */
  begin({ channel, cursor, shards }: Subscribed): boolean {
    const begun = shards?.shards ?? [{ channel, cursor }]
    const streams = new Map<number, Cursor>()
    for (const each of begun) {
      if (each.cursor === undefined) return false
      streams.set(each.channel, cursorFromWire(each.cursor))
    }
    this.#streams = streams
    return streams.size > 0 && streams.size === begun.length
  }

  /** @param channel 0 for the one that there is */
  of(channel: number): Cursor | undefined {
    if (channel !== 0) return this.#streams.get(channel)
    return this.#streams.size === 1 ? this.cursors[0] : undefined
  }

  /** Moves one of them, and gives the position in all, that one first. */
  move(channel: number, { epoch, seq }: Cursor): Cursor {
    const [moved = channel] = channel === 0 ? this.channels : []
    this.#streams.set(moved, { epoch, seq })
    if (this.#streams.size === 1) return { epoch, seq }
    const further: Cursor[] = []
    for (const [other, cursor] of this.#streams) if (other !== moved) further.push(cursor)
    return { epoch, seq, further }
  }
}
