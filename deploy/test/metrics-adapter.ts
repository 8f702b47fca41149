import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from './certificates.ts'
import type { KubeApi } from './kube-api.ts'

/** A pod, and where its process answers /metrics. */
export interface Scraped {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly container: string
  readonly adminUrl: string
}

interface Sample {
  readonly cpuSeconds: number
  readonly atMs: number
}

/**
 * What prometheus-adapter and metrics-server are to Kubernetes, in small: custom.metrics.k8s.io
 * from the /metrics of processes, one value a pod, for the names that `served` takes; and
 * metrics.k8s.io from the CPU that they say they used.
 */
export class MetricsAdapter {
  readonly #server: Server
  readonly #served: RegExp
  readonly #scraped: () => readonly Scraped[]
  readonly #before = new Map<string, Sample>()

  private constructor(certificate: Certificate, served: RegExp, scraped: () => readonly Scraped[]) {
    this.#served = served
    this.#scraped = scraped
    const tls = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }
    this.#server = createServer(tls, (request, response) => {
      this.#answer(new URL(request.url ?? '/', 'https://adapter')).then(
        (body) => {
          response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
          response.end(JSON.stringify(body ?? { ...notFound, message: `There is nothing at ${request.url}.` }))
        },
        (error: unknown) => {
          response.writeHead(500, { 'content-type': 'text/plain' })
          response.end(String(error))
        },
      )
    })
  }

  /** Resolves when it listens on 127.0.0.1. */
  static async start(
    certificate: Certificate,
    served: RegExp,
    scraped: () => readonly Scraped[],
  ): Promise<MetricsAdapter> {
    const adapter = new MetricsAdapter(certificate, served, scraped)
    await new Promise<void>((resolve) => adapter.#server.listen(0, '127.0.0.1', resolve))
    return adapter
  }

  /** Lets the API server of Kubernetes ask it for both groups; resolves when the server does. */
  async register(api: KubeApi, namespace: string): Promise<void> {
    const { port } = this.#server.address() as AddressInfo
    const service = { name: 'metrics-adapter', namespace, port }
    const manifests = [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: service.name },
        // A pod of its own would have an address; this one is a process of the machine.
        spec: { type: 'ExternalName', externalName: '127.0.0.1' },
      },
      ...groups.map(({ group, version }) => ({
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: `${version}.${group}` },
        spec: {
          group,
          version,
          service,
          insecureSkipTLSVerify: true,
          groupPriorityMinimum: 100,
          versionPriority: 100,
        },
      })),
    ]
    for (const manifest of manifests) {
      const { status, body } = await api.apply(manifest, namespace)
      if (status > 201) throw new Error(`${manifest.kind}: ${status} ${body.message}`)
    }
    for (const { group, version } of groups) {
      for (let tries = 0; (await api.ask('GET', `/apis/${group}/${version}`)).status !== 200; tries++) {
        if (tries > 300) throw new Error(`${group} is not served.`)
        await sleep(100)
      }
    }
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer({ pathname, searchParams }: URL): Promise<object | undefined> {
    const [, , group, version, , namespace, , pod, metric] = decodeURIComponent(pathname).split('/')
    const known = groups.find((each) => each.group === group && each.version === version)
    if (known === undefined) return undefined
    if (namespace === undefined) return { kind: 'APIResourceList', ...known.resources }
    const wanted = selected(searchParams.get('labelSelector') ?? '')
    const pods = this.#scraped().filter((each) => each.namespace === namespace && wanted(each.labels))
    const timestamp = new Date().toISOString()
    if (known.group === 'metrics.k8s.io') return this.#usage(pods, timestamp)
    if (pod !== '*' || metric === undefined || !this.#served.test(metric)) return undefined
    const items = await Promise.all(
      pods.map(async ({ namespace, name, adminUrl }) => ({
        describedObject: { kind: 'Pod', apiVersion: '/v1', namespace, name },
        metric: { name: metric, selector: null },
        timestamp,
        value: String(await valueIn(adminUrl, metric)),
      })),
    )
    return { kind: 'MetricValueList', apiVersion: 'custom.metrics.k8s.io/v1beta2', metadata: {}, items }
  }

  async #usage(pods: readonly Scraped[], timestamp: string): Promise<object> {
    const items = await Promise.all(
      pods.map(async ({ namespace, name, labels, container, adminUrl }) => {
        const now = { cpuSeconds: await valueIn(adminUrl, 'process_cpu_seconds_total'), atMs: Date.now() }
        const before = this.#before.get(name) ?? { ...now, atMs: now.atMs - 1_000 }
        this.#before.set(name, now)
        const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1_000)
        const millicores = Math.round(((now.cpuSeconds - before.cpuSeconds) / seconds) * 1_000)
        const usage = { cpu: `${millicores}m`, memory: '100Mi' }
        return {
          metadata: { name, namespace, labels },
          timestamp,
          window: `${seconds}s`,
          containers: [{ name: container, usage }],
        }
      }),
    )
    return { kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items }
  }
}

const notFound = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }

const groups = [
  {
    group: 'custom.metrics.k8s.io',
    version: 'v1beta2',
    resources: { groupVersion: 'custom.metrics.k8s.io/v1beta2', resources: [] },
  },
  {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    resources: {
      groupVersion: 'metrics.k8s.io/v1beta1',
      resources: [{ name: 'pods', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }],
    },
  },
] as const

/** A selector of the form `a=b,c=d`, which the autoscaler asks with. */
function selected(selector: string): (labels: Readonly<Record<string, string>>) => boolean {
  const pairs = selector.split(',').map((each) => each.split('='))
  return (labels) => pairs.every(([key = '', value]) => labels[key] === value)
}

/** A metric of a process, summed over its labels. */
async function valueIn(adminUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const lines = text.match(new RegExp(`^${name}(\\{[^}]*\\})? .+$`, 'gm')) ?? []
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
