import type { NatsConnection } from '@nats-io/nats-core'
import { Removal, WeirError } from '@weir/proto'
import type { ConditionalPublisher } from '../publish/conditional-publisher.ts'
import { StreamReader } from '../read/stream-reader.ts'
import { bucketStream, keySubject } from '../streams/layout.ts'
import type { KeyEntries, KeyEntry } from './key-entries.ts'
import { readStamp, type ValueStamp } from './value-stamp.ts'

export interface BucketRewriteOptions {
  readonly nc: NatsConnection
  readonly tenant: string
  readonly bucket: string
  readonly publisher: ConditionalPublisher
  /** With the values that the bucket is to hold as what waits. */
  readonly entries: KeyEntries
  /** Whether a key that nobody put may go. */
  readonly mayRemove: (key: string, stamp: ValueStamp) => boolean
  /** The bucket has this very value already. */
  readonly onKept: (entry: KeyEntry) => void
}

/** Keys that were right already, that were put, and that were removed. */
export interface RewriteResult {
  readonly kept: number
  readonly written: number
  readonly removed: number
}

/**
 * Compares what a bucket holds with what it is to hold: what is right is taken for written, what
 * nobody put is removed, and of all else the revision is learnt, so that it can be put.
 */
export async function compareBucket(options: BucketRewriteOptions): Promise<Omit<RewriteResult, 'written'>> {
  const { nc, tenant, bucket, entries, mayRemove, onKept } = options
  const result = { kept: 0, removed: 0 }
  const prefix = keySubject(tenant, bucket, '').length
  await new StreamReader({ nc, stream: bucketStream(tenant, bucket), start: 'latest' }).runToHead((message) => {
    const key = message.subject.slice(prefix)
    const entry = entries.find(key)
    if (entry?.next === undefined) {
      if (message.removal !== Removal.UNSPECIFIED || !mayRemove(key, readStamp(message))) return undefined
      result.removed++
      return remove(options, key, message.seq)
    }
    entry.revision = message.seq
    if (message.removal !== Removal.UNSPECIFIED || !isSame(entry.next.payload, message.payload)) return undefined
    result.kept++
    onKept(entry)
    return undefined
  })
  return result
}

async function remove(
  { tenant, bucket, publisher }: BucketRewriteOptions,
  key: string,
  revision: number,
): Promise<undefined> {
  const subject = keySubject(tenant, bucket, key)
  const marker = { subject, payload: new Uint8Array(0), expectedSeq: revision, headers: 'KV-Operation: DEL\r\n' }
  const outcome = await publisher.store(marker)
  if (outcome.kind === 'unknown') {
    throw new WeirError('unavailable', `The key "${key}" could not be removed: ${outcome.reason}.`)
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}
