import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  mintToken,
  provisionMesh,
  provisionTenant,
  spreadLeaders,
} from '@weir/mesh'
import { defaultTenant, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { specWithBuckets } from '../tenant/declared-buckets.ts'
import { tenantNames } from '../tenant/tenants.ts'
import { type Addresses, addressesOf } from './addresses.ts'
import { Child, type ChildDeclaration } from './child.ts'
import { Leash } from './leash.ts'
import { boundLog } from './log-file.ts'
import {
  type AddedSettings,
  hubPart,
  ingestPart,
  natsPart,
  type PartContext,
  type PartName,
  partNames,
  postgresPart,
  projectorPart,
  telemetryPart,
} from './parts.ts'

export interface LocalMeshOptions extends PartContext {
  /** Also make changes to streams and buckets that lose what is stored. */
  readonly force: boolean
  /**
   * Over how many streams the events of the default tenant are to be spread; as many as they are,
   * or 1, when undefined.
   */
  readonly shards: number | undefined
  /** Something is ready, so many milliseconds after it was begun. */
  readonly onReady: (what: PartName | 'streams', ms: number) => void
  /** A sentence on what happened since: a crash, a restart. */
  readonly say: (sentence: string) => void
}

/** All of Weir on this machine: started as its parts allow, watched, and stopped in reverse. */
export class LocalMesh {
  readonly addresses: Addresses
  #options: LocalMeshOptions
  readonly #leash = new Leash()
  readonly #children = new Map<PartName, Child>()
  #stopping = false
  readonly #housekeeping: ReturnType<typeof setInterval>

  constructor(options: LocalMeshOptions) {
    this.#options = options
    const natsPorts = options.nats.map(({ port }) => port)
    this.addresses = addressesOf(options.ports, options.secrets, options.databaseUrl, natsPorts)
    this.#housekeeping = setInterval(() => {
      for (const child of this.#children.values()) boundLog(child.logPath)
    }, limits.logCheckMs)
  }

  /**
   * Comes back when everything is ready. Throws when a part is not; the caller then stops the
   * others.
   */
  async start(): Promise<void> {
    const context = this.#options
    const servers = context.nats.map((server) => this.#run(server.name, natsPart(context, server)))
    const streams = Promise.all(servers).then(() => this.#timed('streams', () => this.#provision(context)))
    const database = context.databaseUrl === undefined ? this.#run('postgres', postgresPart(context)) : undefined
    const ingest = streams.then(() => this.#run('ingest', ingestPart(context)))
    await Promise.all([
      ingest,
      streams.then(() => this.#run('hub', hubPart(context))),
      Promise.all([streams, database]).then(([tenants]) => this.#run('projector', projectorPart(context, tenants))),
      ingest.then(async () => this.#run('telemetry', telemetryPart(context, await this.#telemetryToken()))),
    ])
  }

  /**
   * Makes the buckets that other added settings need, then starts the parts anew that read them:
   * ingest and the projector. Throws when a setting is not good: where that shows at the buckets,
   * `added` and the parts stay as they were, otherwise a part is down.
   */
  async change(added: AddedSettings): Promise<void> {
    const context = { ...this.#options, added }
    const tenants = await this.#provision(context)
    this.#options = context
    await Promise.all([
      this.#replace('ingest', ingestPart(context)),
      this.#replace('projector', projectorPart(context, tenants)),
    ])
  }

  /** The settings with which the parts were started last. */
  get added(): AddedSettings {
    return this.#options.added
  }

  /** Process ids of the parts that run now, by their names. */
  pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#children].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]])),
    )
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#housekeeping)
    for (const name of partNames.toReversed()) await this.#children.get(name)?.stop()
    this.#leash.close()
  }

  /** Ends everything at once. */
  kill(): void {
    this.#stopping = true
    for (const child of this.#children.values()) child.kill()
    this.#leash.close()
  }

  async #run(name: PartName, declaration: ChildDeclaration): Promise<void> {
    if (this.#stopping) return
    const child = new Child(declaration, this.#leash, this.#options.say)
    this.#children.set(name, child)
    await this.#timed(name, () => child.start())
  }

  async #replace(name: PartName, declaration: ChildDeclaration): Promise<void> {
    await this.#children.get(name)?.stop()
    await this.#run(name, declaration)
  }

  async #timed<T>(what: PartName | 'streams', work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const result = await work()
    this.#options.onReady(what, performance.now() - began)
    return result
  }

  /**
   * Makes the streams of the default tenant where they are missing, with the buckets of the
   * projections that the projector will be given, and says which tenants there are.
   */
  async #provision({ nats, added, force, shards }: LocalMeshOptions): Promise<readonly string[]> {
    const replicas = nats.length
    const file = added.WEIR_PROJECTIONS ?? process.env.WEIR_PROJECTIONS
    const wanted = { ...defaultTenantSpec, replicas, ...(shards === undefined ? {} : { shards }) }
    const spec = await specWithBuckets(wanted, file)
    const log = createLogger('cli', 'fatal')
    const nc = await connectNats({ url: this.addresses.nats, name: 'admin', log })
    try {
      await provisionMesh(nc, replicas)
      await provisionTenant(nc, defaultTenant, spec, { force })
      await spreadLeaders(nc)
      return await tenantNames(nc)
    } catch (thrown) {
      throw advised(thrown, this.#options.folder.path)
    } finally {
      await nc.close()
    }
  }

  #telemetryToken(): Promise<string> {
    return mintToken(this.#options.secrets.jwtSecret, {
      tenant: defaultTenant,
      subject: 'host-telemetry',
      publish: ['metrics.>'],
      subscribe: [],
      ttlSeconds: limits.telemetryTokenSeconds,
    })
  }
}

/** With what can be done about it on this machine. */
function advised(thrown: unknown, folder: string): unknown {
  if (!(thrown instanceof WeirError)) return thrown
  const { code, message } = thrown
  const advice = message.startsWith('This would lose data.')
    ? '"weir up --force" does it.'
    : message.startsWith('The server has no room')
      ? `Its room is what the disk of ${folder} has free: make room there, or keep .weir elsewhere (--dir).`
      : undefined
  return advice === undefined ? thrown : new WeirError(code, `${message} ${advice}`, { cause: thrown })
}
