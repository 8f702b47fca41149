// The enums of the .proto files as plain objects, for code that browsers load: the generated ones
// carry the reflection of their whole file. enum-values.test.ts holds every name and number.

export const modeValues = { UNSPECIFIED: 0, ALL: 1, LATEST: 2 } as const

export const startValues = {
  UNSPECIFIED: 0,
  HEAD: 1,
  MEMORY: 2,
  STREAM: 3,
  SNAPSHOT: 4,
} as const

export const removalValues = { UNSPECIFIED: 0, DELETED: 1, EXPIRED: 2 } as const

export const severityValues = {
  UNSPECIFIED: 0,
  NORMAL: 1,
  HIGH: 2,
  URGENT: 3,
} as const

export const alertStatusValues = {
  UNSPECIFIED: 0,
  FIRING: 1,
  ACKED: 2,
  RESOLVED: 3,
} as const

export const stepStatusValues = {
  UNSPECIFIED: 0,
  IDLE: 1,
  PROCESSING: 2,
  COMPLETE: 3,
  ERROR: 4,
} as const

/** The name of a value; the value itself where it has none. */
export function enumName(values: Readonly<Record<string, number>>, value: number): string | number {
  for (const name in values) if (values[name] === value) return name
  return value
}
