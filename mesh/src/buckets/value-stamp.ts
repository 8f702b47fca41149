/** Which event a stored value comes from: its place in the event stream. */
export interface ValueStamp {
  /** Incarnation of the event stream, as in a cursor. */
  readonly epoch: number
  readonly seq: number
}

/** The header lines that carry a stamp, each ended by CRLF. */
export function stampHeaders(stamp: ValueStamp): string {
  return `Weir-Seq: ${stamp.seq}\r\nWeir-Epoch: ${stamp.epoch}\r\n`
}

/**
 * The stamp of a stored value; before everything when it carries none, as when somebody else put
 * it.
 */
export function readStamp(message: { header(name: string): string }): ValueStamp {
  return { epoch: Number(message.header('Weir-Epoch')), seq: Number(message.header('Weir-Seq')) }
}

/** Whether a value of `stamp` may replace one of `stored`. */
export function isNewer(stamp: ValueStamp, stored: ValueStamp): boolean {
  return stamp.epoch > stored.epoch || (stamp.epoch === stored.epoch && stamp.seq > stored.seq)
}

/** The stamp of what nothing is known of. */
export const beforeAll: ValueStamp = { epoch: 0, seq: 0 }
