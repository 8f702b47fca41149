export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text, or a list of texts, as a list; undefined for anything else, none, or too many. */
export function textsOf(value: unknown, most: number): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || list.length > most) return undefined
  return list.every((one) => typeof one === 'string') ? list : undefined
}
