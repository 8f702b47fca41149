import { subjectToken } from '../../encode/subject-token.ts'
import type { Resource } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js'
import { attributeText } from './any-value.ts'

/** What every point and record of one resource shares. */
export interface Origin {
  /** `<service>.<instance>`, the tokens after the first of a subject. */
  readonly tokens: string
  /** `service.name`, as the event's source. */
  readonly source: string
  /** The attributes of the resource that become labels. */
  readonly labels: Readonly<Record<string, string>>
}

/**
 * The origin of a resource. The service is `service.name`; the instance is the first of `k8s.pod.name`, `host.name` and
 * `service.instance.id` that is there, a place before an identity that changes at each start.
 */
export function originOf(resource: Resource | undefined): Origin {
  const labels: Record<string, string> = Object.create(null)
  const instance = { pod: '', host: '', id: '' }
  let service = ''
  for (const { key, value } of resource?.attributes ?? []) {
    if (!resourceLabels.has(key)) continue
    const text = attributeText(value)
    labels[key] = text
    if (key === 'service.name') service = text
    else if (key === 'k8s.pod.name') instance.pod = text
    else if (key === 'host.name') instance.host = text
    else if (key === 'service.instance.id') instance.id = text
  }
  const serviceToken = subjectToken(service === '' ? 'unknown_service' : service)
  const instanceToken = subjectToken(instance.pod || instance.host || instance.id)
  return { tokens: `${serviceToken}.${instanceToken}`, source: service, labels }
}

/** A resource can have dozens of attributes, the same on each of its points; these tell apart what people ask about. */
const resourceLabels: ReadonlySet<string> = new Set([
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
])
