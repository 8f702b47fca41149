import type { Exemplars } from './exemplars.ts'

/** Where both sides can say what they mean, OpenMetrics 1.0; Prometheus asks for it by itself. */
export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Whether the `Accept` header of a request takes it. */
export function acceptsOpenMetrics(accept: string | null): boolean {
  return accept !== null && /\bapplication\/openmetrics-text\b/i.test(accept)
}

/**
 * Metrics in OpenMetrics 1.0, of the same in the Prometheus text format. A family of counters is
 * named without `_total`, the buckets of a histogram have their exemplars, and the text says where
 * it ends.
 *
 * @param exemplars by the name of the histogram
 */
export function openMetricsText(prometheusText: string, exemplars: ReadonlyMap<string, Exemplars>): string {
  const lines: string[] = []
  // HELP comes before the TYPE that says what family it is.
  let help: { readonly name: string; readonly text: string } | undefined
  for (const line of prometheusText.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') help = { name, text: rest }
    else if (keyword === 'TYPE') {
      const isCounter = rest === 'counter'
      const family = isCounter ? name.replace(/_total$/, '') : name
      // A counter whose samples do not end in `_total` is none in OpenMetrics.
      const type = isCounter && family === name ? 'unknown' : rest
      lines.push(`# TYPE ${family} ${type}`)
      if (help?.name === name) lines.push(`# HELP ${family} ${help.text.replaceAll('"', '\\"')}`)
    } else if (line !== '' && !line.startsWith('#')) lines.push(line + exemplarOf(line, exemplars))
  }
  return `${lines.join('\n')}\n# EOF\n`
}

function exemplarOf(sample: string, exemplars: ReadonlyMap<string, Exemplars>): string {
  const [, name = '', bound = ''] = /^(\w+)_bucket\{.*\ble="([^"]+)"/.exec(sample) ?? []
  const exemplar = exemplars.get(name)?.of(bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound))
  if (exemplar === undefined) return ''
  const { traceId, value, atSeconds } = exemplar
  return ` # {trace_id="${traceId}"} ${value} ${atSeconds.toFixed(3)}`
}
