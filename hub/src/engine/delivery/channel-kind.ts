/** What a channel reads, for codecs that name it. */
export interface Reads {
  /** "events" or a bucket. */
  readonly source: string
  /** Filters in their canonical form. */
  readonly filters: readonly string[]
  readonly intervalMs: number
}

/** The properties by which the channels of a source differ. */
export interface ChannelKind extends Omit<Reads, 'source'> {
  /**
   * Milliseconds that must lie between two batches: what arrives meanwhile is gathered, and all of
   * it is sent. 0, and where there is an interval, sends with each pass.
   */
  readonly gatherMs: number
  /**
   * 0 for the first channel of its kind. A connection that reads the same twice needs a second
   * channel, since a channel number stands for one subscription of a connection.
   */
  readonly copy: number
}

export function channelKey({ filters, intervalMs, gatherMs, copy }: ChannelKind): string {
  return [intervalMs, gatherMs, copy, ...filters].join(' ')
}

/** Whether two kinds differ in `copy` at most. */
export function readsTheSame(one: ChannelKind, other: ChannelKind): boolean {
  return channelKey({ ...one, copy: 0 }) === channelKey({ ...other, copy: 0 })
}
