/** What tells the channels of a source apart. */
export interface ChannelKind {
  /** In their canonical form. */
  readonly filters: readonly string[]
  readonly intervalMs: number
  /**
   * 0, or more for one that reads the same a second time: a channel's number stands for one
   * subscription of a connection.
   */
  readonly copy: number
}

export function channelKey({ filters, intervalMs, copy }: ChannelKind): string {
  return [intervalMs, copy, ...filters].join(' ')
}

/** Whether two kinds are copies of each other. */
export function readsTheSame(one: ChannelKind, other: ChannelKind): boolean {
  return channelKey({ ...one, copy: 0 }) === channelKey({ ...other, copy: 0 })
}
