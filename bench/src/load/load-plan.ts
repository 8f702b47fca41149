import type { SubscriberPlan } from './subscriber-plan.ts'
import type { TallyReading } from './tally.ts'

/**
 * What a load worker can be asked, one JSON object a line on its input; the answer is one line on
 * its output.
 */
export interface LoadCommands {
  open(plan: OpenPlan): Promise<{ readonly seconds: number }>
  tally(): Promise<LoadReading>
  /** Forgets the latencies so far. */
  clearLatencies(): Promise<null>
  publish(plan: PublishPlan): Promise<Published>
  /** Ends `publish` before its time. */
  halt(): Promise<null>
  read(pace: ReadPace): Promise<null>
  /** What each socket has read since it was opened. */
  bytesRead(): Promise<readonly number[]>
  /**
   * Waits until every socket has heard of an event that was published after now, and says how long
   * that took for each.
   */
  caughtUp(timeout: { readonly ms: number }): Promise<readonly number[]>
  /** Each socket whose connection ends connects to this port at once, from its cursor. */
  followTo(hub: { readonly port: number }): Promise<null>
  /** From now on each socket whose connection ends connects again as the client does. */
  keepOpen(): Promise<null>
  reopened(): Promise<Reopened>
  /**
   * The numbers of the last event on each subject that all sockets agree on; throws when they do
   * not.
   */
  numbers(): Promise<readonly number[]>
  close(): Promise<null>
}

export type LoadCommand = keyof LoadCommands

export interface OpenPlan extends Omit<SubscriberPlan, 'token'> {
  readonly count: number
  /** `{channel}` in the filter is the number of the socket, modulo this. */
  readonly channels: number
  /** One for all, or one for each. */
  readonly tokens: readonly string[]
  /** Connections that are being opened at a time. */
  readonly atOnce: number
}

export interface LoadReading extends TallyReading {
  /** What LatencyHistogram.merge takes. */
  readonly latencies: readonly (readonly [number, number])[]
  readonly cpuSeconds: number
}

/** What sockets that are kept open have done since they are. */
export interface Reopened {
  /** How often one tried to connect, by tenths of seconds of the machine's clock. */
  readonly attempts: readonly (readonly [tenth: number, count: number])[]
  /** Connections that have ended. */
  readonly ended: number
  /** Sockets that have not subscribed again yet. */
  readonly away: number
  /** When the last of them has, by `nowMicros` of that process; 0 when none had to. */
  readonly backAtMicros: number
  /** When this was read, by the same clock. */
  readonly atMicros: number
}

export interface PublishPlan {
  readonly natsUrl: string
  /** For how long, unless it is halted. */
  readonly ms: number
  readonly subjects: number
  /**
   * Over how many streams the events of the tenant are spread, the same for all plans of a worker;
   * 1 when absent.
   */
  readonly shards?: number
  readonly eventBytes: number
  readonly pace: PublishPace
}

export type PublishPace =
  /** So many events a second. */
  | { readonly kind: 'rate'; readonly perSecond: number }
  /** So many events a second, in bursts: those of `everyMs` at once. */
  | { readonly kind: 'bursts'; readonly perSecond: number; readonly everyMs: number }
  /**
   * As fast as this worker's own sockets take them: so many events on their way, each of which goes
   * to so many of them.
   */
  | { readonly kind: 'loop'; readonly inFlight: number; readonly deliveries: number }
  /** As fast as the stream stores them. */
  | { readonly kind: 'flood'; readonly inFlight: number }

export interface Published {
  readonly events: number
  readonly seconds: number
  /** The number of the last event of each subject. */
  readonly numbers: readonly number[]
}

/** How the sockets read: everything, nothing, or so many bytes a second each. */
export type ReadPace =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'rate'; readonly bytes: number }
