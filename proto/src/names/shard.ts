/**
 * Which of several streams has the events of a subject: the same in every service and version, as
 * the stored events lie by it. FNV-1a over the characters of the subject, which are ASCII, with
 * the finalizer of MurmurHash3, since FNV-1a alone spreads short endings badly over a remainder.
 */
export function shardIndex(subject: string, count: number): number {
  if (count === 1) return 0
  let hash = 0x811c9dc5
  for (let at = 0; at < subject.length; at++) hash = Math.imul(hash ^ subject.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % count
}
