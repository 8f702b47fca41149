/** What a socket asks for and how it reads. */
export interface SubscriberPlan {
  readonly port: number
  /**
   * weir, json: subscribes and acknowledges, by the codec of this name; sse: the same by an event
   * stream, which acknowledges nothing; centrifuge: by the Centrifuge protocol in Protobuf, of a
   * hub or a Centrifugo; plain: a peer that sends batches to whoever connects; nats: a nats-server.
   */
  readonly dialect: 'weir' | 'json' | 'sse' | 'centrifuge' | 'plain' | 'nats'
  readonly token: string
  readonly filter: string
  readonly mode: 'ALL' | 'LATEST'
  /** The least time between two batches, in mode LATEST; none when undefined. */
  readonly intervalMs?: number
  /** 0 never acknowledges. */
  readonly windowBytes: number
  /**
   * Decodes and checks every entry instead of counting: what BatchCheck begins with, the last
   * number of each subject.
   */
  readonly checkAfter?: readonly number[]
  /**
   * The most that one read takes, until it may read everything again; undefined for those that
   * always may.
   */
  readonly readBytesMax?: number
}
