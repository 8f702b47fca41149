/**
 * Whether objects and lists in a value of JSON are nested in more levels than that. Guards
 * JSON.stringify here, and the parsers of everybody who reads the text later, against their
 * recursion.
 */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) {
    for (const item of value) if (isNestedDeeper(item, levels - 1)) return true
  } else {
    for (const key in value) if (isNestedDeeper((value as Record<string, unknown>)[key], levels - 1)) return true
  }
  return false
}
