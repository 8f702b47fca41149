import { limits } from '../limits.ts'
import type { Line } from '../series/history-series.svelte.ts'

/** A line as a chart draws it. */
export interface UnitLine {
  readonly name: string
  readonly unit: string
  readonly values: readonly (number | null)[]
  readonly hue: number
  readonly hidden: boolean
  /** Whether it is of the day before. */
  readonly faint: boolean
}

/** What has one unit stands in one chart: percents beside degrees would be a line at the bottom. */
export interface UnitChart {
  readonly unit: string
  /** The names of its fields. */
  readonly title: string
  readonly lines: readonly UnitLine[]
}

/**
 * The charts of some lines, and the hue of each line. A subject has one hue in all charts; only
 * where another line of the chart has it, the line gets the next that is free.
 */
export function unitCharts(
  lines: readonly Line[],
  before: readonly (readonly (number | null)[])[],
  look: { readonly hidden: ReadonlySet<string>; readonly faintName: (name: string) => string },
): { readonly charts: readonly UnitChart[]; readonly hues: readonly number[] } {
  const subjects = [...new Set(lines.map(({ subject }) => subject))]
  const byUnit = new Map<string, { readonly fields: Set<string>; readonly lines: UnitLine[] }>()
  const hues: number[] = []
  for (const [at, { name, subject, unit, field, values }] of lines.entries()) {
    const chart = byUnit.get(unit) ?? { fields: new Set(), lines: [] }
    byUnit.set(unit, chart)
    let hue = subjects.indexOf(subject)
    while (chart.lines.some((line) => line.hue === hue)) hue++
    hues.push(hue)
    chart.fields.add(field)
    const line = { unit, hue, hidden: look.hidden.has(name) }
    chart.lines.push({ name, values, faint: false, ...line })
    const past = before[at]
    if (past !== undefined) chart.lines.push({ name: look.faintName(name), values: past, faint: true, ...line })
  }
  const charts = [...byUnit].map(([unit, chart]) => ({
    unit,
    title: [...chart.fields].slice(0, limits.chartFieldsNamed).join(', '),
    lines: chart.lines,
  }))
  return { charts: charts.slice(0, limits.chartsMax), hues }
}
