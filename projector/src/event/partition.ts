import type { Parser } from '@weir/mesh'

/** The share of the keys that one replica works on: those whose hash is `index` modulo `count`. */
export interface Partition {
  readonly index: number
  readonly count: number
}

export const wholePartition: Partition = { index: 0, count: 1 }

/** `i/n`, counted from 0, or `auto`: the replicas share the keys by themselves. */
export const partition: Parser<Partition | 'auto'> = {
  form: 'auto, or i/n with i from 0 to n-1 and n at most 64, such as 0/2',
  parse(text) {
    if (text === 'auto') return text
    const match = /^(\d{1,2})\/(\d{1,2})$/.exec(text)
    const index = Number(match?.[1])
    const count = Number(match?.[2])
    if (!(index < count && count <= 64)) throw new Error(`got "${text}"`)
    return { index, count }
  },
}

/** Whether a key belongs to a partition. */
export function owns({ index, count }: Partition, key: string): boolean {
  return count === 1 || fnv1a(key) % count === index
}

/** FNV-1a, 32 bits, over UTF-16 units: keys are ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
