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
   * 0 for the first channel of its kind. A connection that reads the same twice needs a second
   * channel, since a channel number stands for one subscription of a connection.
   */
  readonly copy: number
}

export function channelKey({ filters, intervalMs, copy }: ChannelKind): string {
  return [intervalMs, copy, ...filters].join(' ')
}

/** Whether two kinds differ in `copy` at most. */
export function readsTheSame(one: ChannelKind, other: ChannelKind): boolean {
  return channelKey({ ...one, copy: 0 }) === channelKey({ ...other, copy: 0 })
}
