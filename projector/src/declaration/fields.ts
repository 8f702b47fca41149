import { bytes } from '@weir/mesh'
import { isFilter, parseDuration, subjectFault, WeirError } from '@weir/proto'
import * as v from 'valibot'
import { type Condition, compileCondition } from '../condition/condition.ts'
import type { ExpressionFault } from '../condition/expression.ts'
import { compileStateExpression, type StateExpression } from '../condition/state-expression.ts'
import { limits } from '../limits.ts'
import { compileKeyTemplate, type KeyTemplate } from '../template/template.ts'

/** A field of a projection: what it may be in the file, and what it becomes. */
export type Field<T> = v.GenericSchema<unknown, T>

/** A name that is one token of a subject. */
export const projectionName: Field<string> = v.pipe(
  v.string('a name is text'),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'a name is made of A-Z a-z 0-9 _ -, at most 64'),
)

const filter = v.pipe(
  v.string('a filter is text, such as rooms.*.temperature'),
  v.check(isFilter, ({ input }) => subjectFault(input, true) ?? ''),
)

export const filters: Field<readonly string[]> = v.optional(
  v.pipe(
    v.union(
      [
        v.pipe(
          v.string(),
          v.transform((one) => [one]),
        ),
        v.array(v.string()),
      ],
      'a filter, or a list of filters, is expected',
    ),
    v.minLength(1, 'at least one filter is needed'),
    v.maxLength(limits.requestFiltersMax, `at most ${limits.requestFiltersMax} filters are allowed`),
    v.array(filter),
  ),
  '>',
)

const reservedBuckets: readonly string[] = ['events', 'mesh', 'positions']

export const bucketName: Field<string | undefined> = v.optional(
  v.pipe(
    v.string('a bucket is named by text'),
    v.regex(/^[a-z0-9_-]{1,64}$/, 'a bucket is named by a-z 0-9 _ -, at most 64'),
    v.check((name) => !reservedBuckets.includes(name), `the names ${'events, mesh and positions'} are taken`),
  ),
)

/** Milliseconds of a duration; required without a default. */
export function duration(minMs: number, maxMs: number, range: string): Field<number>
export function duration(minMs: number, maxMs: number, range: string, fallback: string): Field<number>
export function duration(minMs: number, maxMs: number, range: string, fallback?: string): Field<number> {
  const field = v.pipe(
    v.string('a duration is text, such as 30s, 5m, 1h or 7d'),
    v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
      const ms = parseDuration(dataset.value)
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
      addIssue({ message: ms === undefined ? 'a duration is a number and ms, s, m, h or d' : `it must be ${range}` })
      return NEVER
    }),
  )
  return fallback === undefined ? field : v.optional(field, fallback)
}

export const wait: Field<number> = duration(0, limits.durationMaxMs, 'at most 366d', '0s')

/** Text that is turned into something that can run; why it cannot is the fault. */
export function compiled<T>(what: string, compile: (text: string) => T): Field<T> {
  return v.pipe(
    v.string(what),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return compile(dataset.value)
      } catch (thrown) {
        if (!(thrown instanceof WeirError)) throw thrown
        addIssue({ message: thrown.message })
        return NEVER
      }
    }),
  )
}

/** A CEL expression; each of its faults has a place in the text. */
function expression<T extends object>(
  what: string,
  compile: (text: string) => T | readonly ExpressionFault[],
): Field<T> {
  return v.pipe(
    v.string(what),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const compiled = compile(dataset.value)
      if (!isFaults(compiled)) return compiled
      for (const { offset, message } of compiled) addIssue({ message, path: [placeIn(dataset.value, offset)] })
      return NEVER
    }),
  )
}

function isFaults(compiled: object): compiled is readonly ExpressionFault[] {
  return Array.isArray(compiled)
}

export const condition: Field<Condition> = expression('a condition is a CEL expression', compileCondition)

export const stateExpression: Field<StateExpression> = expression('a state is a CEL expression', compileStateExpression)

/** A place in a text, as the last key of the path to it. */
function placeIn(text: string, offset: number): v.UnknownPathItem {
  return { type: 'unknown', origin: 'value', input: text, key: { offset }, value: text }
}

export const requiredKey: Field<KeyTemplate> = compiled('a key template is text', compileKeyTemplate)

export function key(fallback: string): Field<KeyTemplate> {
  return v.optional(requiredKey as v.GenericSchema<string, KeyTemplate>, fallback)
}

/** Of a kind that is not `window`. */
export const windowKeyFault = '{window} is for projections of kind window'

export const size: Field<number> = v.pipe(
  v.string('a size is text, such as 64MiB'),
  v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
    try {
      return bytes.parse(dataset.value)
    } catch {
      addIssue({ message: `it must be ${bytes.form}` })
      return NEVER
    }
  }),
)

/** Names of metrics; undefined when there is no list. */
export const metrics: Field<readonly string[] | undefined> = v.optional(
  v.pipe(
    v.array(v.pipe(v.string('a metric is named by text'), v.minLength(1, 'a metric has a name'))),
    v.minLength(1, 'at least one metric is needed'),
    v.maxLength(limits.metricsMax, `at most ${limits.metricsMax} metrics are allowed`),
  ),
)

/** What every projection has. */
export const commonFields: { readonly name: Field<string>; readonly from: Field<readonly string[]> } = {
  name: projectionName,
  from: filters,
}

/** What every projection that fills a bucket has, beside its key. */
export const bucketFields: {
  readonly bucket: Field<string | undefined>
  readonly ttl: Field<number>
  readonly quota: Field<number>
} = {
  bucket: bucketName,
  ttl: duration(1_000, limits.durationMaxMs, 'from 1s to 366d', '1h'),
  quota: v.optional(size, '256MiB'),
}
