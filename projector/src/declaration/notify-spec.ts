import { type AlertMatch, canonicalFilters } from '@weir/proto'
import * as v from 'valibot'
import { limits } from '../limits.ts'
import { type AlertLine, compileAlertLine } from '../template/alert-line.ts'
import { alertMatch } from './alert-match.ts'
import type { CommonSpec } from './common-spec.ts'
import { commonFields, compiled, duration, type Field } from './fields.ts'
import { declareKind, type KindDeclaration } from './kind-declaration.ts'

/** Where a text comes from that may be a secret; it is read when it is used, so it can change. */
export type TextSource =
  | { readonly text: string }
  | { readonly env: string }
  /** Without the line break at its end. */
  | { readonly file: string }

/** Messages to one target about alerts that fire and are resolved. */
export interface NotifySpec extends CommonSpec {
  readonly kind: 'notify'
  readonly match: AlertMatch | undefined
  readonly url: TextSource
  /** Weir's own JSON, or that of Slack's incoming webhooks. */
  readonly shape: 'weir' | 'slack'
  /** The key of the HMAC, if messages are signed. */
  readonly key: TextSource | undefined
  readonly headers: readonly (readonly [name: string, value: TextSource])[]
  /** What a message says of each alert. */
  readonly line: AlertLine
  /** Alerts with the same rule, severity or labels come in one message. */
  readonly groupBy: readonly string[]
  /** How long the first alert of a message waits for others. */
  readonly groupWaitMs: number
  readonly giveUpAfterMs: number
  /** Whether it is told too that an alert is resolved. */
  readonly resolved: boolean
}

const named = { env: v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')) }
const inFile = { file: v.pipe(v.string(), v.minLength(1, 'the path of a file is expected')) }
const from = [v.strictObject(named), v.strictObject(inFile)] as const

const url: Field<TextSource> = v.union(
  [
    v.pipe(
      v.string(),
      v.check(isAddress),
      v.transform((text) => ({ text })),
    ),
    ...from,
  ],
  'an address is expected, https://host/path without a name or password in it, or {env: NAME} or {file: PATH}',
)

const secret: Field<TextSource> = v.union(from, 'a secret is {env: NAME} or {file: PATH}')

const headerName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9-]{1,64}$/, 'a header is named by A-Z a-z 0-9 -'),
  v.check((name) => !reserved.includes(name.toLowerCase()), 'this header is set by Weir itself'),
)

const reserved: readonly string[] = [
  'host',
  'connection',
  'content-length',
  'content-type',
  'idempotency-key',
  'transfer-encoding',
  'weir-signature',
]

const headerValue = v.union(
  [
    v.pipe(
      v.string(),
      v.regex(/^[\x20-\x7e]*$/),
      v.transform((text) => ({ text })),
    ),
    ...from,
  ],
  'the value of a header is text, {env: NAME} or {file: PATH}',
)

export const notifyDeclaration: KindDeclaration<NotifySpec> = declareKind(
  {
    name: commonFields.name,
    from: v.optional(commonFields.from as v.GenericSchema<unknown, readonly string[]>, 'alerts.>'),
    match: v.optional(alertMatch as v.GenericSchema<unknown, AlertMatch>),
    url,
    shape: v.optional(v.picklist(['weir', 'slack'], 'a shape is weir or slack'), 'weir'),
    key: v.optional(secret),
    headers: v.optional(
      v.pipe(
        v.record(headerName, headerValue, 'headers are a map of texts'),
        v.check((all) => Object.keys(all).length <= limits.notifyHeadersMax, 'these are too many headers'),
      ),
      {},
    ),
    text: v.optional(
      compiled('what is said of an alert is text', compileAlertLine) as v.GenericSchema<string, AlertLine>,
      '{status} {severity} {rule} {key}: {message}',
    ),
    groupBy: v.optional(v.pipe(v.array(v.string(), 'a list is expected'), v.maxLength(16, 'at most 16 are compared')), [
      'rule',
    ]),
    groupWait: duration(0, limits.notifyGroupWaitMax, 'at most 5m', '5s'),
    giveUpAfter: duration(1_000, limits.durationMaxMs, 'from 1s to 366d', '15m'),
    resolved: v.optional(v.boolean('true or false is expected'), true),
  },
  ({ name, from, match, url, shape, key, headers, text, groupBy, groupWait, giveUpAfter, resolved }) => ({
    kind: 'notify',
    name,
    from: canonicalFilters(from),
    match,
    url,
    shape,
    key,
    headers: Object.entries(headers),
    line: text,
    groupBy,
    groupWaitMs: groupWait,
    giveUpAfterMs: giveUpAfter,
    resolved,
  }),
  ({ from }, _isDeclared, fault) => {
    if (from?.some((filter) => filter.split('.')[0] !== 'alerts')) fault('from', 'notifications are about alerts.>')
  },
)

function isAddress(text: string): boolean {
  try {
    const { protocol, username, password } = new URL(text)
    return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
  } catch {
    return false
  }
}
