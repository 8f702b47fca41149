import { WeirError } from '@weir/proto'
import { hasRoomForIdentity, isWhole, subjectToken, subjectTokens, withIdentity } from '../../encode/subject-token.ts'
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import { ingestLimits } from '../../limits.ts'
import { attributesIdentity, attributesInOrder, attributeText } from './any-value.ts'
import type { Origin } from './origin.ts'

/**
 * What tells a metric from the others of its origin (OpenTelemetry Metrics Data Model, section
 * "Metric streams").
 */
export interface MetricIdentity {
  readonly name: string
  readonly unit: string
  /** `otel.gauge`, `otel.sum`, `otel.histogram`, `otel.summary`. */
  readonly type: string
  /** Temporality and whether it is monotonic, where the kind has them. */
  readonly labels: Readonly<Record<string, string>>
}

/** One metric with one set of attributes: what has a subject of its own. */
export interface Series {
  readonly subject: string
  readonly labels: { [key: string]: string }
}

/**
 * The series of one metric of one origin. The subject of each is
 * `metrics.<service>.<instance>.<metric>` and a token `<key>=<value>` for each attribute, in the
 * order of their keys; a key is written without the tokens that it shares with the metric:
 * `system.cpu.utilization` with `system.cpu.state` "idle" has `state=idle`. What these tokens leave
 * out (further attributes of the resource, the scope, the unit, what a token cannot have) goes into
 * a last token `id=<hash>`.
 */
export class MetricSeries {
  readonly origin: Origin
  readonly metric: MetricIdentity
  readonly #base: string
  readonly #identity: string
  readonly #isReadable: boolean
  readonly #kindLabels: number
  /**
   * By their attributes in order: a producer gives those of a series in the same order each time,
   * and none pays for sorting.
   */
  readonly #subjects: Map<string, string>

  constructor(origin: Origin, metric: MetricIdentity) {
    const { name, unit, type, labels } = metric
    const base = subjectTokens(name)
    const kind = `${type} ${labels.temporality ?? ''} ${labels.monotonic ?? ''}`
    this.origin = origin
    this.metric = metric
    this.#base = `metrics.${origin.tokens}.${base}`
    this.#identity = `${origin.identity}/${name.length}:${name}${unit.length}:${unit}${kind}/`
    // A gauge without a unit is what stands for itself. A name with "=" could pass for one with
    // attributes.
    this.#isReadable = origin.isReadable && base === name && !name.includes('=') && unit === '' && type === 'otel.gauge'
    this.#kindLabels = Object.keys(labels).length
    this.#subjects = subjectsOf(this.#identity)
  }

  /**
   * Throws `invalid` for more attributes than a point may have, and for one that is nested too
   * deep.
   */
  of(attributes: readonly KeyValue[]): Series {
    if (attributes.length > ingestLimits.otlpAttributesMax) {
      throw new WeirError(
        'invalid',
        `${attributes.length} attributes are more than ${ingestLimits.otlpAttributesMax}: keep those that matter.`,
      )
    }
    const labels: { [key: string]: string } = Object.create(null)
    for (const { key, value } of attributes) labels[key] = attributeText(value)
    for (const key in this.metric.labels) labels[key] = this.metric.labels[key] ?? ''
    this.origin.labels.addTo(labels, attributes.length + this.#kindLabels)
    return { subject: this.#subjectOf(attributes), labels }
  }

  #subjectOf(attributes: readonly KeyValue[]): string {
    const given = attributesInOrder(attributes)
    let subject = this.#subjects.get(given)
    if (subject === undefined) {
      subject = this.#makeSubject(attributes, this.#identity + attributesIdentity(attributes))
      remember(given.length + subject.length)
      this.#subjects.set(given, subject)
    }
    return subject
  }

  #makeSubject(attributes: readonly KeyValue[], identity: string): string {
    const values = new Map(attributes.map(({ key, value }) => [key, value]))
    let isReadable = this.#isReadable
    let subject = this.#base
    for (const key of [...values.keys()].sort()) {
      const value = values.get(key)
      const name = shortKey(key, this.metric.name)
      const token = subjectToken(attributeText(value))
      isReadable &&= name === key && value?.value.case === 'stringValue' && value.value.value === token
      subject += `.${name}=${token}`
    }
    if (isReadable && isWhole(subject)) return subject
    return withIdentity(hasRoomForIdentity(subject) ? subject : this.#base, identity)
  }
}

/**
 * A key of an attribute without the tokens that it shares with the metric, as a part of a token.
 */
function shortKey(key: string, metric: string): string {
  const tokens = key.split('.')
  const others = metric.split('.')
  let shared = 0
  while (shared < tokens.length - 1 && tokens[shared] === others[shared]) shared++
  return subjectToken(tokens.slice(shared).join('_')).replaceAll('=', '_')
}

/** The subjects that were made for a metric, as its points come over and over. */
function subjectsOf(metricIdentity: string): Map<string, string> {
  let subjects = subjectsByMetric.get(metricIdentity)
  if (subjects === undefined) {
    remember(metricIdentity.length)
    subjects = new Map()
    subjectsByMetric.set(metricIdentity, subjects)
  }
  return subjects
}

/**
 * Forgets all when it has become too much. A map that is still in use is made anew at the next
 * request.
 */
function remember(units: number): void {
  rememberedUnits += units
  if (rememberedUnits <= ingestLimits.seriesUnitsMax) return
  subjectsByMetric.clear()
  rememberedUnits = units
}

const subjectsByMetric = new Map<string, Map<string, string>>()
let rememberedUnits = 0
