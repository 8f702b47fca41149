export interface ByteRange {
  /** Both inclusive, counted from 0. */
  readonly from: number
  readonly to: number
}

/**
 * The one part of a representation that is asked for (RFC 9110 section 14). Undefined for the whole
 * of it: without a Range, for another representation than If-Range names, for several parts, which
 * a server may decline, and for a header that is not understood.
 */
export function rangeOf(headers: Headers, etag: string, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  const range = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(headers.get('range') ?? '')
  if (range === null || (range[1] === '' && range[2] === '')) return undefined
  const unchanged = headers.get('if-range')
  // The comparison is a strong one: a date or a weak tag does not do.
  if (unchanged !== null && unchanged.trim() !== etag) return undefined
  const [, first = '', last = ''] = range
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 || bytes === 0 ? 'unsatisfiable' : { from: Math.max(0, bytes - suffix), to: bytes - 1 }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return undefined
  if (from >= bytes) return 'unsatisfiable'
  return { from, to: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) }
}
