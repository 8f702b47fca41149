import { Counter, collectDefaultMetrics, Gauge, Histogram as PromHistogram, Registry } from 'prom-client'
import { limits } from '../config/limits.ts'
import { Exemplars } from './exemplars.ts'
import { acceptsOpenMetrics, openMetricsText, openMetricsType } from './open-metrics.ts'

export type { Counter, Gauge } from 'prom-client'

/** Durations in buckets. The newest of each that has a trace is its exemplar in OpenMetrics. */
export interface Histogram {
  observe(value: number, traceId?: string): void
}

/** Metrics as they are sent. */
export interface MetricsPage {
  readonly text: string
  readonly contentType: string
}

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
  readonly #exemplars: Map<string, Exemplars> = new Map()

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

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    const fullName = this.#prefix + name
    const histogram = new PromHistogram({
      name: fullName,
      help,
      buckets: [...buckets],
      registers: [this.#registry],
    })
    const exemplars = new Exemplars(buckets)
    this.#exemplars.set(fullName, exemplars)
    return {
      observe(value, traceId) {
        histogram.observe(value)
        if (traceId !== undefined) exemplars.keep(value, traceId)
      },
    }
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

  /** In OpenMetrics where the `Accept` header takes it, else in the Prometheus text format. */
  async page(accept: string | null): Promise<MetricsPage> {
    const text = await this.text()
    if (!acceptsOpenMetrics(accept)) return { text, contentType: this.#registry.contentType }
    return { text: openMetricsText(text, this.#exemplars), contentType: openMetricsType }
  }
}
