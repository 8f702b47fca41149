/** A time, of milliseconds since the Unix epoch, to the second: RFC 3339 in UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
