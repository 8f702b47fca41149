import { formatCursor, objectSchema, schemaReference } from '@weir/proto'
import { type BucketFillingSpec, kinds } from '../declaration/projection-spec.ts'
import type { Schemas } from '../http/endpoint.ts'
import { liveCursor } from '../kinds/history/history.ts'
import type { RunningProjection } from '../tenant/running-projection.ts'

/** How a projection stands, on this replica. */
export interface ProjectionStatus {
  readonly name: string
  readonly kind: string
  readonly from: readonly string[]
  readonly bucket?: string
  /**
   * Which keys of the bucket events of each of its filters can write: who may publish these
   * subjects writes those keys.
   */
  readonly writes?: readonly { readonly from: string; readonly keys: string }[]
  readonly partition: string
  /** Up to where its effects are stored; a cursor of what it reads. */
  readonly cursor: string
  /** Events that are stored and not yet taken. */
  readonly pending: number
  /** Why it waits, when it does. */
  readonly blocked?: string
  /**
   * What people should look at, though nothing waits for it: a condition that cannot be evaluated.
   */
  readonly concern?: string
  readonly deadLetters: number
  /** Sequences of the events: the first, the last, and the one that was taken last. */
  readonly rebuilding?: { readonly from: number; readonly to: number; readonly at: number }
}

function writesOf({ from, key }: Pick<BucketFillingSpec, 'from' | 'key'>): ProjectionStatus['writes'] & {} {
  return from.map((filter) => ({ from: filter, keys: key.keysOf(filter) }))
}

export function projectionStatus({ spec, run, projection }: RunningProjection): ProjectionStatus {
  const { position, taken, rebuilding, stats } = run
  const { index, count } = run.options.partition
  const blocked = projection.effects.blocked()
  const concern = 'concern' in projection ? projection.concern() : undefined
  return {
    name: spec.name,
    kind: spec.kind,
    from: spec.from,
    ...('bucket' in spec ? { bucket: spec.bucket, writes: writesOf(spec) } : {}),
    partition: `${index}/${count}`,
    cursor: formatCursor(liveCursor({ ...position, further: position.shards })),
    pending: stats.pending,
    ...(blocked === undefined ? {} : { blocked }),
    ...(concern === undefined ? {} : { concern }),
    deadLetters: stats.deadLetters,
    ...(rebuilding === undefined ? {} : { rebuilding: { ...rebuilding, at: taken.seq } }),
  }
}

const text = { type: 'string' }
const count = { type: 'integer' }

export const projectionSchemas: Schemas = {
  Projection: objectSchema(
    {
      name: text,
      kind: { type: 'string', enum: Object.keys(kinds) },
      from: { type: 'array', items: text },
      partition: { ...text, description: 'Which share of the keys this replica works on.', examples: ['0/1'] },
      cursor: schemaReference('Cursor'),
      pending: { ...count, description: 'Events that are stored and not yet taken.' },
      deadLetters: { ...count, description: 'Events that it could not take since it was started.' },
    },
    {
      bucket: text,
      writes: {
        type: 'array',
        description:
          'Which keys of the bucket events of each filter can write: who may publish the one writes the other.',
        items: objectSchema({ from: text, keys: text }),
      },
      blocked: { ...text, description: 'Why it waits, when it does.' },
      concern: {
        ...text,
        description: 'What to look at, though nothing waits: a condition that cannot be evaluated.',
      },
      rebuilding: {
        ...objectSchema({ from: count, to: count, at: count }),
        description: 'Sequences of the events: the first, the last, and the one that was taken last.',
      },
    },
  ),
  StoredStream: objectSchema({
    name: { ...text, description: '`events`, `dead-letters`, or the name of a bucket.' },
    kind: { ...text, enum: ['events', 'bucket', 'dead letters'] },
    messages: count,
    bytes: count,
    maxBytes: { ...count, description: 'What it may grow to; 0 when nothing bounds it.' },
    maxAgeMs: { ...count, description: 'The age at which messages go by themselves; 0 when they never do.' },
  }),
  UnownedBucket: objectSchema({
    bucket: text,
    entries: { ...count, description: 'Values and markers of removals.' },
    bytes: count,
    ttlMs: { ...count, description: 'The age at which values go by themselves; 0 when they never do.' },
  }),
}
