import { UsageError } from './usage-error.ts'

/** The number of an option. Throws UsageError unless it is above 0. */
export function positive(text: string, option: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0)) throw new UsageError(`${option} "${text}" is not a number above 0.`)
  return value
}
