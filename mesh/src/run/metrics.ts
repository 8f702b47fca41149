import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { limits } from '../config/limits.ts'

export type { Counter, Gauge, Histogram } from 'prom-client'

export interface MetricDescription {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labels: readonly string[]
}

/** What an object of prom-client has, beyond its types. */
interface MetricObject {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames?: readonly string[]
}

/**
 * The metrics of one service. Every name becomes `weir_<service>_<name>`. A label has few values:
 * never a subject, a client or a token.
 */
export class Metrics {
  readonly #registry: Registry = new Registry()
  readonly #prefix: string

  constructor(service: string) {
    this.#prefix = `weir_${service}_`
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: limits.eventLoopSampleMs })
    // Bun walks its whole heap for these: each scrape would stop the service for 20 to 200 ms.
    if ('Bun' in globalThis) {
      for (const kind of ['total', 'used', 'available']) {
        this.#registry.removeSingleMetric(`nodejs_heap_space_size_${kind}_bytes`)
      }
    }
  }

  /**
   * `collect` runs at each scrape and sets the counter, after `reset`, to what is counted
   * elsewhere.
   */
  counter<L extends string = string>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (counter: Counter<L>) => void,
  ): Counter<L> {
    const counter: Counter<L> = new Counter({
      name: this.#prefix + name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      ...(collect === undefined ? {} : { collect: () => collect(counter) }),
    })
    return counter
  }

  /** `collect` runs at each scrape and sets the gauge: for what is read, not counted. */
  gauge<L extends string = string>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void,
  ): Gauge<L> {
    const gauge: Gauge<L> = new Gauge({
      name: this.#prefix + name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    })
    return gauge
  }

  histogram<L extends string = string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly L[] = [],
  ): Histogram<L> {
    return new Histogram({
      name: this.#prefix + name,
      help,
      buckets: [...buckets],
      labelNames: labels,
      registers: [this.#registry],
    })
  }

  /**
   * A counter that is kept elsewhere, as a plain number, and read at each scrape: for hot paths.
   */
  reading(name: string, help: string, read: () => number): void {
    const counter: Counter = new Counter({
      name: this.#prefix + name,
      help,
      registers: [this.#registry],
      collect() {
        counter.reset()
        counter.inc(read())
      },
    })
  }

  /**
   * What this service counts of its own, in the order of declaration; what every process of its
   * runtime has is left out.
   */
  describe(): readonly MetricDescription[] {
    return this.#registry
      .getMetricsAsArray()
      .filter(({ name }) => name.startsWith(this.#prefix))
      .map((metric) => {
        const { name, help, type, labelNames = [] } = metric as unknown as MetricObject
        return { name, help, type, labels: labelNames }
      })
  }

  /** The Prometheus text exposition format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }
}
