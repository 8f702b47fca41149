/** Milliseconds of a duration such as `500ms`, `30s`, `5m`, `1h` or `7d`; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  const ms = Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN)
  return Number.isInteger(ms) ? ms : undefined
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
