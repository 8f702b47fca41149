import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  EventShards,
  mintToken,
  type NatsConnection,
  type OpenApi,
  Publisher,
  provisionTenant,
  renderNatsConfig,
  shardOf,
  type TenantSpec,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema, timestampFromMilliseconds } from '@weir/proto'
import { DescribedAnswers } from './described-answers.ts'
import { ProjectorProcess, testSecret } from './projector-process.ts'

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

export interface ServiceOptions {
  /** The text of a file of projections; the defaults when absent. */
  readonly projections?: string
  readonly databaseUrl?: string
  readonly buckets?: TenantSpec['buckets']
  /** Over how many streams the events are spread. */
  readonly shards?: number
  readonly env?: Readonly<Record<string, string>>
  /**
   * Where NATS keeps its files, whatever it thinks would fit there; a temporary folder when absent.
   */
  readonly storeDir?: string
}

/** A real nats-server with a tenant, and a projector that serves it. */
export class ServiceUnderTest {
  readonly nats: TestNats
  readonly nc: NatsConnection
  readonly #publisher: Publisher
  readonly #shards: EventShards
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  /** All that were ever started. */
  readonly #projectors: ProjectorProcess[]
  projector: ProjectorProcess
  #described: DescribedAnswers | undefined
  #token: string

  private constructor(
    nats: TestNats,
    nc: NatsConnection,
    folder: string,
    env: Readonly<Record<string, string>>,
    projector: ProjectorProcess,
    token: string,
  ) {
    this.nats = nats
    this.nc = nc
    this.#publisher = new Publisher(nc)
    this.#shards = new EventShards(nc)
    this.#folder = folder
    this.#env = env
    this.projector = projector
    this.#projectors = [projector]
    this.#token = token
  }

  static async start(options: ServiceOptions = {}): Promise<ServiceUnderTest> {
    // With the users and permissions of a real mesh, so that a right that is missing shows.
    const { storeDir } = options
    const nats = await startNats({
      config: (place) => {
        const text = renderNatsConfig({ ...place, passwords, ...(storeDir === undefined ? {} : { storeDir }) })
        return storeDir === undefined ? text : text.replace('jetstream {', 'jetstream { max_file_store: 100GB,')
      },
    })
    const as = (role: keyof typeof passwords): string => urlWith(nats.url, role)
    const nc = await connectNats({ url: as('admin'), name: 'admin', log: createLogger('test', 'fatal') })
    const buckets = [...defaultTenantSpec.buckets, ...(options.buckets ?? [])]
    await provisionTenant(nc, 'main', { ...defaultTenantSpec, buckets, shards: options.shards ?? 1 })
    const folder = await mkdtemp(join(tmpdir(), 'weir-projector-'))
    const env: Record<string, string> = { WEIR_NATS_URL: as('projector'), ...options.env }
    if (options.databaseUrl !== undefined) env.DATABASE_URL = options.databaseUrl
    if (options.projections !== undefined) {
      env.WEIR_PROJECTIONS = join(folder, 'projections.yaml')
      await writeFile(env.WEIR_PROJECTIONS, options.projections)
    }
    const projector = await ProjectorProcess.start(env)
    const service = new ServiceUnderTest(nats, nc, folder, env, projector, '')
    await service.authorize({})
    await projector.ready()
    return service
  }

  /** The address of NATS for another service. */
  urlAs(role: keyof typeof passwords): string {
    return urlWith(this.nats.url, role)
  }

  /** Ends everything that it started, whatever a test left behind. */
  async stop(): Promise<void> {
    const ends = [...this.#projectors.map((projector) => projector.stop()), this.nc.close()]
    await Promise.allSettled(ends)
    await this.nats.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Another projector of the same tenant. */
  async another(env: Readonly<Record<string, string>> = {}): Promise<ProjectorProcess> {
    const projector = await ProjectorProcess.start({ ...this.#env, ...env })
    this.#projectors.push(projector)
    return projector
  }

  /**
   * What the next projector reads; only where there was a file of projections from the beginning.
   */
  async declare(projections: string): Promise<void> {
    await writeFile(join(this.#folder, 'projections.yaml'), projections)
  }

  /** Starts the projector again. */
  async begin(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.projector = await this.another(env)
    await this.projector.ready()
  }

  /** Takes on a token of these grants; everything unless said otherwise. */
  async authorize(grants: {
    readonly publish?: readonly string[]
    readonly subscribe?: readonly string[]
    readonly admin?: boolean
    readonly subject?: string
  }): Promise<void> {
    this.#token = await mintToken(testSecret, {
      tenant: 'main',
      subject: grants.subject ?? 'ann',
      publish: grants.publish ?? ['>'],
      subscribe: grants.subscribe ?? ['>'],
      admin: grants.admin ?? false,
      ttlSeconds: 600,
    })
  }

  /** The token that requests are made with. */
  get token(): string {
    return this.#token
  }

  /** Stores an event; resolves with its sequence. */
  async publish(
    subject: string,
    init: MessageInitShape<typeof EventSchema>,
    id: string = crypto.randomUUID(),
  ): Promise<number> {
    return await this.publishBytes(subject, toBinary(EventSchema, create(EventSchema, { id, ...init })), id)
  }

  async publishBytes(subject: string, bytes: Uint8Array, id: string = crypto.randomUUID()): Promise<number> {
    const shard = shardOf(await this.#shards.of('main'), subject)
    return (await this.#publisher.publish(shard, subject, id, bytes)).seq
  }

  async get<Body>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Body>> {
    return await this.request('GET', path, headers)
  }

  /** An answer, as the API describes it; else the test fails. */
  async request<Body>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    headers: Readonly<Record<string, string>> = {},
    json?: unknown,
  ): Promise<Answer<Body>> {
    const url = this.projector.url + path
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const text = await response.text()
    const body = (text.startsWith('{') ? JSON.parse(text) : text) as Body
    const { status, headers: answered } = response
    this.#described ??= await this.#description()
    this.#described.check(method, url, status, answered.get('content-type') ?? '', body)
    return { status, body, headers: answered }
  }

  async #description(): Promise<DescribedAnswers> {
    const answer = await fetch(`${this.projector.url}/v1/openapi.json`)
    return new DescribedAnswers((await answer.json()) as OpenApi)
  }
}

const passwords = { admin: 'a', ingest: 'i', hub: 'h', projector: 'p' }

function urlWith(url: string, role: keyof typeof passwords): string {
  return url.replace('//', `//${role}:${passwords[role]}@`)
}

/** Asks until there is an answer; gives up while the runner still lets the test clean up. */
export async function until<T>(probe: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = performance.now() + waitMs; performance.now() < end; ) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    await sleep(20)
  }
  throw new Error(`There was no answer to ${probe} within ${waitMs / 1000} s.`)
}

const waitMs = 60_000

/** A reading, as `publish` takes it. */
export function reading(
  metrics: Readonly<Record<string, number>>,
  timeMs?: number,
): Extract<MessageInitShape<typeof EventSchema>, { $typeName?: never }> {
  const time = timeMs === undefined ? undefined : timestampFromMilliseconds(timeMs)
  return {
    type: 'reading',
    data: { case: 'reading', value: { metrics } },
    ...(time === undefined ? {} : { time }),
  }
}
