import type { Timestamp } from '@bufbuild/protobuf/wkt'

/** Nanoseconds since the Unix epoch, as OTLP has times. */
export function timestampOfNano(unixNano: bigint): Timestamp {
  const seconds = unixNano / 1_000_000_000n
  return { $typeName: 'google.protobuf.Timestamp', seconds, nanos: Number(unixNano - seconds * 1_000_000_000n) }
}
