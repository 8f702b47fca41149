import { ownValue } from './own-value.ts'

/**
 * The number, text or boolean at a path of parsed JSON; undefined where there is nothing, or a
 * list, an object or null.
 */
export function valueAt(json: unknown, path: readonly string[]): number | string | boolean | undefined {
  let value = json
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = ownValue(value as Readonly<Record<string, unknown>>, name)
  }
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}
