/**
 * Milliseconds of a duration such as `500ms`, `30s`, `1.5h` or `7d`; undefined when the text is
 * none, or no whole number of milliseconds. The one grammar of durations: settings, projections,
 * queries and the command line.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  const ms = Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN)
  return Number.isInteger(ms) ? ms : undefined
}

/** The shortest text that parseDuration reads as so many whole milliseconds. */
export function formatDuration(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find((name) => ms > 0 && ms % (unitMs[name] ?? 1) === 0) ?? 'ms'
  return `${ms / (unitMs[unit] ?? 1)}${unit}`
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
