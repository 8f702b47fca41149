import * as v from 'valibot'
import type { StateExpression } from '../condition/state-expression.ts'
import { limits } from '../limits.ts'
import type { KeyTemplate } from '../template/template.ts'
import { type BucketSpec, bucketFilling, type CommonSpec } from './common-spec.ts'
import { bucketFields, commonFields, duration, key, requiredKey, stateExpression, windowKeyFault } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** The metric that says how many entities are counted in all states together. */
export const totalMetric = 'total'

/**
 * How many entities are in each state, by key. An entity counts until its newest event is older
 * than the TTL.
 */
export interface CountSpec extends CommonSpec, BucketSpec {
  readonly kind: 'count'
  /** What an event is about. */
  readonly entity: KeyTemplate
  readonly state: StateExpression
  /** The states that are counted, also while no entity is in them; undefined counts all. */
  readonly states: readonly string[] | undefined
  /** How often a key is written while events come. */
  readonly everyMs: number
}

export const countDeclaration: KindDeclaration<CountSpec> = declareKind(
  {
    ...commonFields,
    entity: key('{subject}'),
    state: stateExpression,
    key: requiredKey,
    ...bucketFields,
    states: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.string('a state is text'),
            v.minLength(1, 'a state is at least one character'),
            v.check((state) => state !== totalMetric, `"${totalMetric}" is the metric of all states together`),
          ),
          'a list of states is expected',
        ),
        v.minLength(1, 'at least one state is needed'),
        v.maxLength(limits.countStatesMax, `at most ${limits.countStatesMax} states are allowed`),
      ),
    ),
    every: duration(10, 60_000, 'from 10ms to 1m', '250ms'),
  },
  (declared) => ({
    kind: 'count',
    ...bucketFilling(declared),
    entity: declared.entity,
    state: declared.state,
    states: declared.states,
    everyMs: declared.every,
  }),
  ({ key, entity }, _isDeclared, fault) => {
    if (key?.windowed) fault('key', windowKeyFault)
    if (entity?.windowed) fault('entity', windowKeyFault)
  },
)
