import type { ChildProcess } from 'node:child_process'
import { type Answer, type KubeApi, runKubernetes } from './kube-api.ts'

/** What the programs of a cluster are, beside the API server. */
export const clusterPrograms = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const

const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'job-controller',
  'disruption-controller',
  // It takes the taint off a node that is ready.
  'node-lifecycle-controller',
  'horizontal-pod-autoscaler-controller',
]

/**
 * A Kubernetes whose API server, controllers and scheduler are the real ones, and whose nodes are
 * kwok's: a pod that is scheduled is said to run and to be ready, and no container of it runs.
 */
export class KubeCluster {
  readonly #api: KubeApi
  readonly #children: readonly ChildProcess[]

  private constructor(api: KubeApi, children: readonly ChildProcess[]) {
    this.#api = api
    this.#children = children
  }

  /**
   * Starts what an API server lacks. The autoscaler looks at its start, and then every half minute,
   * which metrics are served: what serves them is registered before.
   */
  static start(api: KubeApi): KubeCluster {
    const kubeconfig = `--kubeconfig=${api.kubeconfig}`
    const children = [
      runKubernetes('kube-controller-manager', [
        kubeconfig,
        '--leader-elect=false',
        '--secure-port=0',
        `--controllers=${controllers.join(',')}`,
        // Decisions of a quarter of a minute each would make a test of minutes.
        '--horizontal-pod-autoscaler-sync-period=1s',
        // The CPU of a pod counts from its start, as kwok says that pods are ready at once.
        '--horizontal-pod-autoscaler-cpu-initialization-period=1ms',
      ]),
      runKubernetes('kube-scheduler', [kubeconfig, '--leader-elect=false', '--secure-port=0']),
      runKubernetes('kwok', [kubeconfig, '--manage-all-nodes=true']),
    ]
    return new KubeCluster(api, children)
  }

  /** Adds a node with much room. */
  async addNode(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const room = { cpu: '32', memory: '256Gi', pods: '110' }
    await this.#must('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
      status: { allocatable: room, capacity: room },
    })
  }

  /** No new pod goes to a node that is cordoned, as `kubectl cordon` does. */
  async cordon(name: string, unschedulable: boolean): Promise<void> {
    await this.#must('PATCH', `/api/v1/nodes/${name}`, { spec: { unschedulable } })
  }

  /** Asks for a pod to leave, as `kubectl drain` does: 201, or 429 where a budget forbids it. */
  evict(namespace: string, name: string): Promise<Answer> {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
    return this.#api.ask('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction)
  }

  async pods(namespace: string, component: string): Promise<readonly Pod[]> {
    const selector = encodeURIComponent(`app.kubernetes.io/component=${component}`)
    const { body } = await this.#must('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)
    return body.items as readonly Pod[]
  }

  async deployment(namespace: string, name: string): Promise<Deployment> {
    return (await this.#must('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`))
      .body as unknown as Deployment
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  async #must(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.#api.ask(method, path, body, method === 'PATCH' ? mergePatch : undefined)
    if (answer.status > 201) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.message}`)
    return answer
  }
}

const mergePatch = 'application/merge-patch+json'

export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
  }
  readonly spec: {
    readonly nodeName?: string
    readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value?: string }[] }[]
  }
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

export function isReady({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  )
}

export interface Deployment {
  readonly metadata: { readonly generation: number }
  readonly spec: { readonly replicas: number }
  readonly status: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
  }
}
