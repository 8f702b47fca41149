/**
 * The value of a map that came from outside; what every object inherits (`constructor`,
 * `__proto__`) is not in it.
 */
export function ownValue<T>(map: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}
