import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.ts'

const programs = fileURLToPath(new URL('../../.tools/kubernetes/', import.meta.url))

/** Where deploy/test/bring-kubernetes.sh has put a program; undefined where it did not run. */
export function kubernetesProgram(name: 'helm' | 'etcd' | 'kube-apiserver' | 'promtool'): string | undefined {
  return existsSync(programs + name) ? programs + name : undefined
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  readonly spec?: unknown
}

export interface Answer {
  readonly status: number
  readonly body: { readonly message?: string; readonly [field: string]: unknown }
}

/**
 * A real kube-apiserver on an etcd of its own, without anything that would run what it is given.
 */
export class KubeApi {
  readonly #folder: string
  readonly #port: number
  readonly #children: readonly ChildProcess[]
  readonly #plurals = new Map<string, { readonly name: string; readonly namespaced: boolean }>()

  private constructor(folder: string, port: number, children: readonly ChildProcess[]) {
    this.#folder = folder
    this.#port = port
    this.#children = children
  }

  static async start(): Promise<KubeApi> {
    const folder = mkdtempSync(join(tmpdir(), 'weir-kube-'))
    const [client = 0, peer = 0, port = 0] = await freePorts(3)
    const key = join(folder, 'account.key')
    execFileSync('openssl', ['genrsa', '-out', key, '2048'], { stdio: 'ignore' })
    writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`)
    const url = `http://127.0.0.1:${client}`
    const peerUrl = `http://127.0.0.1:${peer}`
    const etcd = run('etcd', [
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
    ])
    const server = run('kube-apiserver', [
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

function run(name: 'etcd' | 'kube-apiserver', args: readonly string[]): ChildProcess {
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
