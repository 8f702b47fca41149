import { limits } from '../limits.ts'

/** The series of this machine that the stock OpenTelemetry host metrics become (docs/otlp.md). */
export const hostFilters = {
  idle: 'metrics.*.*.system.cpu.utilization.*.state=idle.*',
  memory: 'metrics.*.*.system.memory.utilization.state=used.*',
} as const

/**
 * The load of one machine over a sliding time: columns of equal length, in the order of time, as a
 * chart wants them.
 */
export interface LoadColumns {
  /** Seconds since the Unix epoch. */
  readonly times: readonly number[]
  /** Share of all CPUs in use, 0 to 1; null where it is not known. */
  readonly cpu: readonly (number | null)[]
  /** Share of the memory in use, 0 to 1. */
  readonly memory: readonly (number | null)[]
}

/**
 * CPU and memory of the machine that is heard, second by second, from readings of single series.
 */
export class HostLoad {
  readonly #windowSeconds: number
  readonly #seconds = new Map<number, Second>()
  #newest = 0
  /** The machine whose readings are kept: the one that was heard first. */
  host: string | undefined

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds
  }

  /**
   * Takes one reading of a series that matches one of the filters; others, and those of other
   * machines, are left out.
   */
  add(subject: string, timeMs: number, value: number): void {
    const tokens = subject.split('.')
    const host = tokens[2]
    this.host ??= host
    if (host !== this.host) return
    const at = Math.round(timeMs / 1000)
    const second = this.#seconds.get(at) ?? { idle: new Map(), memory: null }
    if (tokens[4] === 'cpu') second.idle.set(tokens[6] ?? '', value)
    else second.memory = value
    this.#seconds.set(at, second)
    if (at > this.#newest) this.#advance(at)
  }

  columns(): LoadColumns {
    const times: number[] = []
    const cpu: (number | null)[] = []
    const memory: (number | null)[] = []
    for (const time of [...this.#seconds.keys()].sort((a, b) => a - b)) {
      const before = times.at(-1)
      if (before !== undefined && time - before > limits.hostSilenceSeconds) {
        times.push(before + 1)
        cpu.push(null)
        memory.push(null)
      }
      const second = this.#seconds.get(time)
      times.push(time)
      cpu.push(second === undefined ? null : usage(second))
      memory.push(second?.memory ?? null)
    }
    return { times, cpu, memory }
  }

  /** Drops what has slid out of the window. */
  #advance(newest: number): void {
    this.#newest = newest
    for (const at of this.#seconds.keys()) if (at < newest - this.#windowSeconds) this.#seconds.delete(at)
  }
}

interface Second {
  /** Share of time that each CPU was idle. */
  readonly idle: Map<string, number>
  memory: number | null
}

/** One minus the mean of the idle shares. */
function usage({ idle }: Second): number | null {
  if (idle.size === 0) return null
  let sum = 0
  for (const share of idle.values()) sum += share
  return Math.min(1, Math.max(0, 1 - sum / idle.size))
}
