import { WeirError } from '@weir/proto'

/** How many sessions are asked for, `most` of them at most. Throws `malformed`. */
export function sessionLimit(query: URLSearchParams, otherwise: number, most: number): number {
  const text = query.get('limit') ?? String(otherwise)
  if (/^[1-9]\d{0,8}$/.test(text)) return Math.min(Number(text), most)
  throw new WeirError('malformed', 'limit: a number from 1 on is expected.')
}
