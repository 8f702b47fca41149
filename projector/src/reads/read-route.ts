import { valuesSubject } from '@weir/mesh'
import { exactMap, parseRoutesFile } from '@weir/mesh/files'
import { checkSource, subjectFault } from '@weir/proto'
import * as v from 'valibot'

/** A path at which one value of a bucket is answered. */
export interface ReadRoute {
  /** With parameters: `/api/rooms/:room`. */
  readonly path: string
  /** Names of its parameters. */
  readonly parameters: readonly string[]
  readonly bucket: string
  /** The key for values of the parameters; throws nothing. */
  readonly keyOf: (values: Readonly<Record<string, string>>) => string
  /** The event's data alone, or the value as `/v1/state` answers it. */
  readonly answer: 'data' | 'value'
}

/**
 * The routes of a YAML (or JSON) file, as docs/projections.md describes it. Throws `invalid` with
 * every fault; they name the file.
 */
export function parseReadRoutes(text: string, file = 'routes'): readonly ReadRoute[] {
  // Two paths that differ in the names of their parameters are one place.
  return parseRoutesFile(text, file, route, ({ path }) => path.replaceAll(/:\w+/g, ':'))
}

const path = v.pipe(
  v.string(),
  v.regex(/^(\/([\w.-]+|:\w+))+$/, 'must be of /names and /:parameters'),
  v.check(
    (value) => !/^\/(v1|assets|live|state|history|alerts|mesh|boards|:\w+)(\/|$)/.test(value),
    'is taken by Weir itself',
  ),
)

const bucket = v.pipe(
  v.string(),
  v.check((name) => {
    try {
      checkSource(name)
      return name !== 'events'
    } catch {
      return false
    }
  }, 'is not the name of a bucket'),
)

const key = v.pipe(
  v.string(),
  v.check(
    (value) => subjectFault(value.replaceAll(placeholders(), 'x'), false) === undefined,
    'is not a key: tokens of A-Z a-z 0-9 _ = - and {parameters}, with dots between them',
  ),
)

const route = v.pipe(
  exactMap({ path, bucket, key, answer: v.optional(v.picklist(['data', 'value']), 'data') }),
  v.check(
    (value) => namesIn(value.key, placeholders()).every((name) => namesIn(value.path, /:(\w+)/g).includes(name)),
    'key: a {parameter} of it is not in the path',
  ),
  v.transform(
    (value): ReadRoute => ({
      path: value.path,
      parameters: namesIn(value.path, /:(\w+)/g),
      bucket: value.bucket,
      keyOf: (values) =>
        valuesSubject((encode) =>
          value.key.replaceAll(placeholders(), (_, name: string) => encode(values[name] ?? '')),
        ),
      answer: value.answer,
    }),
  ),
)

function placeholders(): RegExp {
  return /\{(\w+)\}/g
}

function namesIn(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}
