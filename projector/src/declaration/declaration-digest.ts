import { createHash } from 'node:crypto'
import type { ProjectionSpec } from './projection-spec.ts'

/**
 * Names what a projection makes of the events. What was made by another declaration is not what
 * this one makes, so a position says by which its effects were: the quota, the severity and what a
 * message says change nothing.
 */
export function declarationDigest(spec: ProjectionSpec): string {
  return createHash('sha256')
    .update(JSON.stringify(essence(spec)))
    .digest('base64url')
    .slice(0, 16)
}

function essence(spec: ProjectionSpec): readonly unknown[] {
  const { kind, from } = spec
  if (kind === 'history') return [kind, from]
  // Whatever it says and to whom, it has told what it has told.
  if (kind === 'notify') return [kind]
  const key = spec.key.text
  switch (spec.kind) {
    case 'latest':
      return [kind, from, key, spec.bucket, spec.ttlMs, spec.order]
    case 'merge': {
      const { bucket, ttlMs, metrics } = spec
      // Without a list it is what it was before there were any.
      return [kind, from, key, bucket, ttlMs, ...(metrics.declared === undefined ? [] : [metrics.declared])]
    }
    case 'window': {
      const { bucket, ttlMs, sizeMs, latenessMs, metrics, percentiles } = spec
      return [kind, from, key, bucket, ttlMs, sizeMs, latenessMs, metrics.declared, percentiles]
    }
    case 'count': {
      const { bucket, ttlMs, entity, state, states } = spec
      return [kind, from, key, bucket, ttlMs, entity.text, state.text, states]
    }
    case 'rate': {
      const { bucket, ttlMs, windowMs, latenessMs, metrics, temporality } = spec
      return [kind, from, key, bucket, ttlMs, windowMs, latenessMs, metrics.declared, temporality]
    }
    case 'alert': {
      const { source, when, absentMs, forMs, keepFiringForMs, order, noData } = spec
      return [kind, from, key, source, when?.text, absentMs, forMs, keepFiringForMs, order, noData]
    }
  }
}
