import { setTimeout as sleep } from 'node:timers/promises'
import type { TestHub, TestMesh } from '../../hub/test/harness.ts'
import { isReady, type KubeCluster, type Pod } from './kube-cluster.ts'
import type { Scraped } from './metrics-adapter.ts'

/**
 * The kubelet of the hubs of a namespace: for each pod of kwok's a real hub process, with the
 * environment of the pod, which ends as the pod does.
 */
export class HubProcesses {
  readonly #hubs = new Map<string, { readonly pod: Pod; readonly hub: TestHub }>()
  readonly #cluster: KubeCluster
  readonly #mesh: TestMesh
  readonly #namespace: string
  #closed = false
  #running: Promise<void> = Promise.resolve()

  constructor(cluster: KubeCluster, mesh: TestMesh, namespace: string) {
    this.#cluster = cluster
    this.#mesh = mesh
    this.#namespace = namespace
  }

  start(): void {
    this.#running = this.#run()
  }

  get hubs(): readonly TestHub[] {
    return [...this.#hubs.values()].map(({ hub }) => hub)
  }

  get scraped(): readonly Scraped[] {
    return [...this.#hubs.values()].map(({ pod: { metadata }, hub }) => {
      return { ...metadata, container: 'hub', adminUrl: hub.adminUrl }
    })
  }

  async stop(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const pods = (await this.#cluster.pods(this.#namespace, 'hub')).filter(isReady)
      for (const pod of pods) {
        if (this.#hubs.has(pod.metadata.name)) continue
        this.#hubs.set(pod.metadata.name, { pod, hub: await this.#mesh.startHub(environmentOf(pod)) })
      }
      for (const [name, { hub }] of this.#hubs) {
        if (pods.some(({ metadata }) => metadata.name === name)) continue
        this.#hubs.delete(name)
        void hub.stop()
      }
      await sleep(200)
    }
  }
}

/** What the manifest says itself; where NATS is and its passwords are the test's. */
function environmentOf({ metadata, spec }: Pod): Record<string, string> {
  const stated = (spec.containers[0]?.env ?? []).flatMap(({ name, value }) => {
    return value === undefined || name.startsWith('WEIR_NATS') ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(stated), WEIR_HUB_NAME: metadata.name }
}
