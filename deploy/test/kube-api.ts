import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../cli/src/up/ports.ts'

const programs = fileURLToPath(new URL('../../.tools/kubernetes/', import.meta.url))

export type KubernetesProgram =
  | 'helm'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kwok'
  | 'promtool'

/** Where deploy/test/bring-kubernetes.sh has put a program; undefined where it did not run. */
export function kubernetesProgram(name: KubernetesProgram): string | undefined {
  return existsSync(programs + name) ? programs + name : undefined
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  readonly spec?: unknown
}

/** Why a test that needs these programs is skipped; false where all are there. */
export function withoutPrograms(...names: readonly KubernetesProgram[]): string | false {
  const missing = names.filter((name) => kubernetesProgram(name) === undefined)
  return missing.length > 0 && `No ${missing.join(', ')} here: deploy/test/bring-kubernetes.sh.`
}

export interface Answer {
  readonly status: number
  readonly body: { readonly message?: string; readonly [field: string]: unknown }
}

/**
 * A real kube-apiserver on an etcd of its own, without anything that would run what it is given.
 */
export class KubeApi {
  /** A file with which other programs find the server and may do everything. */
  readonly kubeconfig: string
  readonly #folder: string
  readonly #port: number
  readonly #children: readonly ChildProcess[]
  readonly #plurals = new Map<string, { readonly name: string; readonly namespaced: boolean }>()

  private constructor(folder: string, port: number, children: readonly ChildProcess[]) {
    this.kubeconfig = join(folder, 'kubeconfig')
    this.#folder = folder
    this.#port = port
    this.#children = children
    writeFileSync(this.kubeconfig, JSON.stringify(kubeconfigOf(port)), { mode: 0o600 })
  }

  static async start(): Promise<KubeApi> {
    const folder = mkdtempSync(join(tmpdir(), 'weir-kube-'))
    const [client = 0, peer = 0, port = 0] = await freePorts(3)
    const key = join(folder, 'account.key')
    execFileSync('openssl', ['genrsa', '-out', key, '2048'], { stdio: 'ignore' })
    writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`)
    const url = `http://127.0.0.1:${client}`
    const peerUrl = `http://127.0.0.1:${peer}`
    const etcd = runKubernetes('etcd', [
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
    ])
    const server = runKubernetes('kube-apiserver', [
      `--etcd-servers=${url}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${folder}/certificates`,
      '--service-account-issuer=https://weir.test',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      `--token-auth-file=${folder}/tokens.csv`,
      '--authorization-mode=AlwaysAllow',
      '--service-cluster-ip-range=10.0.0.0/24',
      // Nobody makes the accounts that it would look for.
      '--disable-admission-plugins=ServiceAccount',
    ])
    const api = new KubeApi(folder, port, [server, etcd])
    for (let i = 0; ; i++) {
      const answer = await api.ask('GET', '/readyz').catch(() => undefined)
      if (answer?.status === 200) return api
      if (i > 600) throw new Error('kube-apiserver did not become ready.')
      await sleep(100)
    }
  }

  ask(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type }
      const options = { host: '127.0.0.1', port: this.#port, method, path, headers, rejectUnauthorized: false }
      const sent = request(options, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }))
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /**
   * Gives the server a manifest as `kubectl apply --server-side --validate=strict` does; what it
   * does not know is an error.
   */
  async apply(manifest: Manifest, namespace: string): Promise<Answer> {
    const path = await this.#pathOf(manifest, namespace)
    if (path === undefined)
      return { status: 404, body: { message: `There is no ${manifest.apiVersion} ${manifest.kind}.` } }
    const query = '?fieldManager=test&fieldValidation=Strict&force=true'
    return this.ask('PATCH', `${path}/${manifest.metadata.name}${query}`, manifest, 'application/apply-patch+yaml')
  }

  /** A namespace with restricted Pod Security. */
  async addNamespace(name: string): Promise<void> {
    const metadata = { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } }
    const answer = await this.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata })
    if (answer.status !== 201) throw new Error(`Namespace ${name}: ${answer.status} ${answer.body.message}`)
  }

  /**
   * Calls back for every change to the objects of a path from now on, none left out, until the
   * signal.
   */
  watch<Item>(path: string, signal: AbortSignal, changed: (item: Item) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` }
      const address = { host: '127.0.0.1', port: this.#port, path: `${path}?watch=true`, headers }
      const sent = request({ ...address, rejectUnauthorized: false, signal }, (response) => {
        resolve()
        const lines = createInterface({ input: response })
        lines.on('line', (line) => changed((JSON.parse(line) as { object: Item }).object))
        // The signal ends the answer in its middle.
        for (const each of [response, lines]) each.on('error', () => lines.close())
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #pathOf({ apiVersion, kind }: Manifest, namespace: string): Promise<string | undefined> {
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    let known = this.#plurals.get(`${apiVersion} ${kind}`)
    if (known === undefined) {
      const { body } = await this.ask('GET', group)
      const resources = (body.resources ?? []) as { name: string; kind: string; namespaced: boolean }[]
      known = resources.find((each) => each.kind === kind && !each.name.includes('/'))
      if (known === undefined) return undefined
      this.#plurals.set(`${apiVersion} ${kind}`, known)
    }
    return `${group}/${known.namespaced ? `namespaces/${namespace}/` : ''}${known.name}`
  }
}

const token = 'test-token'

function kubeconfigOf(port: number): object {
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
}

/** Starts a program that ends at the latest with this process. */
export function runKubernetes(name: KubernetesProgram, args: readonly string[]): ChildProcess {
  const child = spawn(kubernetesProgram(name) ?? name, args, { stdio: 'ignore' })
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body']
  } catch {
    return { message: text }
  }
}
