/** Which event a stored value comes from: its place in the event stream. */
export interface ValueStamp {
  /** Incarnation of the event stream, as in a cursor. */
  readonly epoch: number
  readonly seq: number
  /**
   * The time that had come when no event but time alone changed the value, in milliseconds since
   * 1970. It is absent or 0 where the event itself made the value.
   */
  readonly atMs?: number
}

/** The header lines that carry a stamp, each ended by CRLF. */
export function stampHeaders({ epoch, seq, atMs = 0 }: ValueStamp): string {
  const time = atMs > 0 ? `Weir-Time: ${atMs}\r\n` : ''
  return `Weir-Seq: ${seq}\r\nWeir-Epoch: ${epoch}\r\n${time}`
}

/**
 * The stamp of a stored value; before everything when it carries none, as when somebody else put
 * it.
 */
export function readStamp(message: { header(name: string): string }): ValueStamp {
  return {
    epoch: Number(message.header('Weir-Epoch')),
    seq: Number(message.header('Weir-Seq')),
    atMs: Number(message.header('Weir-Time')),
  }
}

/** Whether a value of `stamp` may replace one of `stored`. */
export function isNewer(stamp: ValueStamp, stored: ValueStamp): boolean {
  if (stamp.epoch !== stored.epoch) return stamp.epoch > stored.epoch
  if (stamp.seq !== stored.seq) return stamp.seq > stored.seq
  return (stamp.atMs ?? 0) > (stored.atMs ?? 0)
}

/** The stamp of what nothing is known of. */
export const beforeAll: ValueStamp = { epoch: 0, seq: 0 }
