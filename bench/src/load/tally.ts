import { LatencyHistogram } from './latency-histogram.ts'

/** What the sockets of one load worker have seen, all together. */
export class Tally {
  entries = 0
  batches = 0
  bytes = 0
  acks = 0
  /** Entries that batches counted instead of holding. */
  conflated = 0
  gaps = 0
  opened = 0
  subscribed = 0
  /** Sockets that the other side has closed. */
  closed = 0
  faultCount = 0
  /** The first of them. */
  readonly faults: string[] = []
  /** From publication to the socket, of the oldest event of each batch. */
  readonly latencies: LatencyHistogram = new LatencyHistogram()

  fault(message: string): void {
    this.faultCount++
    if (this.faults.length < 5) this.faults.push(message)
  }

  read(): TallyReading {
    const { entries, batches, bytes, acks, conflated, gaps, opened, subscribed, closed, faultCount, faults } = this
    return { entries, batches, bytes, acks, conflated, gaps, opened, subscribed, closed, faultCount, faults }
  }
}

export type TallyReading = Readonly<
  Pick<
    Tally,
    | 'entries'
    | 'batches'
    | 'bytes'
    | 'acks'
    | 'conflated'
    | 'gaps'
    | 'opened'
    | 'subscribed'
    | 'closed'
    | 'faultCount'
    | 'faults'
  >
>
