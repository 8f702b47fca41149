import { WeirError } from '@weir/proto'
import { LabelList } from '../../encode/label-list.ts'
import { subjectToken } from '../../encode/subject-token.ts'
import type { InstrumentationScope, KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import type { Resource } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js'
import { attributesIdentity, attributeText } from './any-value.ts'

/** What every point and record of one resource and scope shares. */
export interface Origin {
  /** `<service>.<instance>`, the tokens after the first of a subject. */
  readonly tokens: string
  /** The texts that the tokens stand for where these are not the texts themselves; else empty. */
  readonly tokenTexts: string
  /** `service.name`, as the event's source. */
  readonly source: string
  /** The attributes of resource and scope, as labels. */
  readonly labels: LabelList
  /**
   * The same for two pairs of resource and scope exactly when they have the same attributes, name
   * and version.
   */
  readonly identity: string
  /** Whether the tokens say all of the identity. */
  readonly isReadable: boolean
}

/** The origin of a resource and a scope, or why it is none, which rejects every record of it. */
export function originOrFault(
  resource: Resource | undefined,
  scope: InstrumentationScope | undefined,
): Origin | WeirError {
  try {
    return originOf(resource, scope)
  } catch (thrown) {
    if (thrown instanceof WeirError) return thrown
    throw thrown
  }
}

/**
 * The origin of a resource and a scope. The service is `service.name`; the instance is the first of
 * `k8s.pod.name`, `host.name` and `service.instance.id` that is there, a place before an identity
 * that changes at each start. Throws `invalid`.
 */
export function originOf(resource: Resource | undefined, scope: InstrumentationScope | undefined): Origin {
  const attributes = new Map((resource?.attributes ?? []).map((pair) => [pair.key, pair]))
  const text = (key: string): string => attributeText(attributes.get(key)?.value)
  const service = text('service.name')
  const instance = text('k8s.pod.name') || text('host.name') || text('service.instance.id')
  const serviceToken = service === '' ? unknownService : subjectToken(service)
  const instanceToken = subjectToken(instance)
  const isTold = tells(serviceToken, service, unknownService) && tells(instanceToken, instance, '_')
  return {
    tokens: `${serviceToken}.${instanceToken}`,
    tokenTexts: isTold ? '' : `${service.length}:${service}${instance}`,
    source: service,
    labels: labelsOf(attributes, scope),
    identity: `${attributesIdentity(resource?.attributes ?? [])}/${scopeIdentity(scope)}`,
    isReadable: isTold && [...attributes.values()].every(isInTokens) && isEmptyScope(scope),
  }
}

const unknownService = 'unknown_service'

/** Whether a token stands for this text alone; `absent` is what stands for no text at all. */
function tells(token: string, text: string, absent: string): boolean {
  return token === absent ? text === '' : token === text
}

function isInTokens({ key, value }: KeyValue): boolean {
  return (
    value?.value.case === 'stringValue' && (key === 'service.name' || key === 'host.name') && value.value.value !== ''
  )
}

function isEmptyScope(scope: InstrumentationScope | undefined): boolean {
  return scope === undefined || (scope.name === '' && scope.version === '' && scope.attributes.length === 0)
}

function scopeIdentity(scope: InstrumentationScope | undefined): string {
  if (scope === undefined || isEmptyScope(scope)) return ''
  const { name, version, attributes } = scope
  return `${name.length}:${name}${version.length}:${version}${attributesIdentity(attributes)}`
}

/**
 * What people ask about comes first, as there may be more attributes than an event may have labels.
 */
function labelsOf(attributes: ReadonlyMap<string, KeyValue>, scope: InstrumentationScope | undefined): LabelList {
  const labels = new LabelList()
  const rest = [...attributes.keys()].filter((key) => !firstLabels.includes(key)).sort()
  for (const key of firstLabels) if (attributes.has(key)) labels.add(key, attributeText(attributes.get(key)?.value))
  if (scope !== undefined) {
    if (scope.name !== '') labels.add('otel.scope.name', scope.name)
    if (scope.version !== '') labels.add('otel.scope.version', scope.version)
    for (const { key, value } of scope.attributes) labels.add(`otel.scope.${key}`, attributeText(value))
  }
  for (const key of rest) labels.add(key, attributeText(attributes.get(key)?.value))
  return labels
}

const firstLabels: readonly string[] = [
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'host.name',
  'deployment.environment.name',
  'k8s.cluster.name',
  'k8s.namespace.name',
  'k8s.deployment.name',
  'k8s.node.name',
  'k8s.pod.name',
  'container.name',
  'cloud.region',
]
