/** A time as requests say it. Throws RangeError for a Date or number that is none. */
export function timeText(time: string | number | Date | undefined): string | undefined {
  return time === undefined || typeof time === 'string' ? time : new Date(time).toISOString()
}
