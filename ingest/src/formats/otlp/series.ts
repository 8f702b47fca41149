import { limits, WeirError } from '@weir/proto'
import { subjectToken, subjectTokens } from '../../encode/subject-token.ts'
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import { ingestLimits } from '../../limits.ts'
import { attributeText } from './any-value.ts'
import type { Origin } from './origin.ts'

/** One metric with one set of attributes: what has a subject of its own. */
export interface Series {
  readonly subject: string
  readonly labels: { [key: string]: string }
}

/**
 * `metrics.<service>.<instance>.<metric>` and a token `<key>=<value>` for each attribute, in the order of their keys. A key
 * is written without the tokens that it shares with the metric: `system.cpu.utilization` with `system.cpu.state` "idle" ends
 * in `system.cpu.utilization.state=idle`. Where that is longer than a subject may be, one token `attributes=<hash>` stands
 * for all of them. Throws `invalid`.
 */
export function seriesOf(origin: Origin, metric: string, attributes: readonly KeyValue[]): Series {
  const labels: { [key: string]: string } = Object.create(null)
  for (const key in origin.labels) labels[key] = origin.labels[key] ?? ''
  const base = `metrics.${origin.tokens}.${subjectTokens(metric)}`
  if (attributes.length === 0) return { subject: base, labels }
  if (attributes.length > ingestLimits.otlpAttributesMax) {
    throw new WeirError(
      'invalid',
      `${attributes.length} attributes are more than ${ingestLimits.otlpAttributesMax}: keep those that matter.`,
    )
  }
  const tokens: [string, string][] = []
  for (const { key, value } of attributes) {
    const text = attributeText(value)
    labels[key] = text
    tokens.push([key, `${shortKey(key, metric)}=${subjectToken(text)}`])
  }
  if (tokens.length > 1) tokens.sort((a, b) => (a[0] < b[0] ? -1 : 1))
  let subject = base
  for (const [, token] of tokens) subject += `.${token}`
  return { subject: fits(subject) ? subject : `${base}.attributes=${hash(subject)}`, labels }
}

function fits(subject: string): boolean {
  if (subject.length > limits.subjectBytesMax) return false
  let tokens = 1
  for (let at = subject.indexOf('.'); at >= 0; at = subject.indexOf('.', at + 1)) tokens++
  return tokens <= limits.subjectTokensMax
}

/** The keys of a producer are few and its metrics too; what has been shortened once is looked up. */
function shortKey(key: string, metric: string): string {
  const known = shortKeys.get(metric)?.get(key)
  if (known !== undefined) return known
  const short = shorten(key, metric)
  if (shortKeys.size >= ingestLimits.otlpMetricNamesMax) shortKeys.clear()
  const keys = shortKeys.get(metric) ?? new Map<string, string>()
  shortKeys.set(metric, keys)
  if (keys.size < ingestLimits.otlpKeysOfMetricMax) keys.set(key, short)
  return short
}

function shorten(key: string, metric: string): string {
  const tokens = key.split('.')
  const others = metric.split('.')
  let shared = 0
  while (shared < tokens.length - 1 && tokens[shared] === others[shared]) shared++
  return subjectToken(tokens.slice(shared).join('_')).replaceAll('=', '_')
}

const shortKeys = new Map<string, Map<string, string>>()

/** FNV-1a of 53 bits in base 36: enough to tell series apart, with no claim against someone who wants a collision. */
function hash(text: string): string {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x01000197)
  }
  return ((low >>> 0) * 0x20_0000 + ((high >>> 0) % 0x20_0000)).toString(36)
}
