export interface Panel {
  readonly title: string
  readonly unit: string
  /** PromQL by its legend. */
  readonly queries: Readonly<Record<string, string>>
}

export function panel(title: string, unit: string, queries: Panel['queries']): Panel {
  return { title, unit, queries }
}

export function quantiles(histogram: string): Panel['queries'] {
  const of = (quantile: number): string =>
    `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket[$__rate_interval])))`
  return { p50: of(0.5), p99: of(0.99) }
}

export function byProjection(aggregate: string, expression: string): Panel['queries'] {
  return { '{{tenant}} {{projection}}': `${aggregate} by (tenant, projection) (${expression})` }
}

/** How old the keys are that verify tokens; of services with WEIR_JWKS_URL. */
export function keys(service: string): readonly Panel[] {
  return [
    panel('Age of the keys', 's', { '{{instance}}': `${service}_jwks_age_seconds` }),
    panel('Keys not read', 'short', {
      '{{instance}}': `increase(${service}_jwks_failures_total[$__rate_interval])`,
    }),
  ]
}

/** Files of declarations that are read again when they change. */
export function files(service: string): readonly Panel[] {
  return [
    panel('Files taken over', 'short', {
      '{{file}}': `sum by (file) (increase(${service}_reloads_total[$__rate_interval]))`,
    }),
    panel('Files that are wrong', 'short', { '{{file}}': `max by (file) (${service}_reload_fault)` }),
  ]
}

/** What every process has: utilization, saturation. `of` is a metric of those that are meant. */
export function processes(of: string): readonly Panel[] {
  const only = `and on (instance) (${of})`
  return [
    panel('CPU, in cores', 'short', { '{{instance}}': `rate(process_cpu_seconds_total[$__rate_interval]) ${only}` }),
    panel('Memory', 'bytes', { '{{instance}}': `process_resident_memory_bytes ${only}` }),
    panel('Event loop held up, p99', 's', { '{{instance}}': `nodejs_eventloop_lag_p99_seconds ${only}` }),
  ]
}
