import { exactMap, parseRoutesFile } from '@weir/mesh/files'
import { subjectFault } from '@weir/proto'
import * as v from 'valibot'
import { ingestLimits } from '../../limits.ts'
import type { SignatureRule } from './signature.ts'
import { parseTemplate, type TextTemplate } from './text-template.ts'

/** A path at which a foreign request becomes events. */
export interface WebhookRoute {
  readonly method: 'POST' | 'PUT'
  /** With parameters: `/hooks/:source`. */
  readonly path: string
  /**
   * The path in the body to a list whose elements are the records; without it the body is one
   * record.
   */
  readonly each: readonly string[] | undefined
  readonly subject: TextTemplate
  readonly type: TextTemplate | undefined
  readonly id: TextTemplate | undefined
  readonly time: TextTemplate | undefined
  readonly source: TextTemplate | undefined
  readonly labels: readonly (readonly [name: string, value: TextTemplate])[]
  /** Metrics by the path of a number in the record; without any the record itself is the data. */
  readonly metrics: readonly (readonly [name: string, path: readonly string[]])[]
  readonly units: Readonly<Record<string, string>>
  /** Undefined where bodies need no signature. */
  readonly signature: SignatureRule | undefined
}

/**
 * The routes of a YAML (or JSON) file, as docs/ingest.md describes it. `secretOf` gives the keys of
 * signatures by their names, as keys do not stand in files; faults name the file. Throws `invalid`
 * with every fault.
 */
export function parseWebhookRoutes(
  text: string,
  secretOf: (name: string) => string | undefined = () => undefined,
  file = 'routes',
): readonly WebhookRoute[] {
  return parseRoutesFile(text, file, routeWith(secretOf), ({ method, path }) => `${method} ${path}`)
}

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))

/** A template, parsed; its fault is the fault of the field. */
const template = v.pipe(
  text,
  v.rawTransform<string, TextTemplate>(({ dataset, addIssue, NEVER }) => {
    try {
      return parseTemplate(dataset.value)
    } catch (fault) {
      addIssue({ message: fault instanceof Error ? fault.message : String(fault) })
      return NEVER
    }
  }),
)

const subjectTemplate = v.pipe(
  text,
  v.check(
    (value) => subjectFault(value.replaceAll(/\{[^{}]*\}/g, 'x'), false) === undefined,
    'is not a subject: tokens of A-Z a-z 0-9 _ = - and placeholders, with dots between them',
  ),
  template,
)

const dottedPath = v.pipe(
  text,
  v.transform((value) => value.split('.')),
)

const signature = (secretOf: (name: string) => string | undefined) =>
  v.pipe(
    exactMap({
      style: v.picklist(['weir', 'github', 'stripe', 'slack', 'hmac']),
      keys: v.pipe(
        v.array(
          v.pipe(
            text,
            v.check(
              (name) => (secretOf(name) ?? '') !== '',
              (issue) => `${issue.input} is no environment variable with a key in it`,
            ),
            v.transform((name) => secretOf(name) ?? ''),
          ),
        ),
        v.minLength(1, 'needs the name of an environment variable that holds the key'),
        v.maxLength(ingestLimits.signatureKeysMax),
      ),
      header: v.optional(v.pipe(text, v.regex(/^[\w-]+$/, 'is no name of a header')), 'x-signature'),
      prefix: v.optional(v.string(), ''),
      encoding: v.optional(v.picklist(['hex', 'base64']), 'hex'),
      toleranceSeconds: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(3600)), 300),
    }),
    v.transform(({ toleranceSeconds, ...rule }): SignatureRule => ({ ...rule, toleranceMs: toleranceSeconds * 1000 })),
  )

const routeWith = (secretOf: (name: string) => string | undefined) =>
  v.pipe(
    exactMap({
      method: v.optional(v.picklist(['POST', 'PUT']), 'POST'),
      path: v.pipe(
        text,
        v.regex(/^\/[\w\-./:]+$/, 'must begin with / and have letters, digits, _ - . / and :name only'),
        v.check(
          (value) => !/^\/(v1|api\/v[12]\/write|write|openapi\.json)(\/|$)/.test(value),
          'is taken by Weir itself',
        ),
      ),
      each: v.optional(dottedPath),
      subject: subjectTemplate,
      type: v.optional(template),
      id: v.optional(template),
      time: v.optional(template),
      source: v.optional(template),
      labels: v.optional(v.record(text, template), {}),
      metrics: v.optional(v.record(text, dottedPath), {}),
      units: v.optional(v.record(text, text), {}),
      signature: v.optional(signature(secretOf)),
    }),
    v.transform(
      (value): WebhookRoute => ({
        ...value,
        each: value.each,
        type: value.type,
        id: value.id,
        time: value.time,
        source: value.source,
        labels: Object.entries(value.labels),
        metrics: Object.entries(value.metrics),
        signature: value.signature,
      }),
    ),
  )
