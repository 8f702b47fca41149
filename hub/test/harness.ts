import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventStream,
  headers,
  keySubject,
  mintToken,
  type NatsConnection,
  Publisher,
  provisionMesh,
  provisionTenant,
  renderNatsConfig,
  streamState,
} from '@weir/mesh'
import { endWithTest, startNats, type TestNats } from '@weir/mesh/testing'
import { EventSchema } from '@weir/proto'
import { patienceMs } from './until.ts'

export const secret = 'a secret for tests that is long enough'

/** Every service has the permissions that it has in production. */
const passwords = { admin: 'a', ingest: 'i', hub: 'h', projector: 'p' }

function urlOf({ port }: { readonly port: number }, role: keyof typeof passwords): string {
  return `nats://${role}:${passwords[role]}@127.0.0.1:${port}`
}

/** One user more, of whom production knows nothing. */
function withWitness(config: string): string {
  return config.replace('users: [', 'users: [\n  { user: "witness", password: "w" }')
}

/** A real nats-server with a tenant, and hubs as processes of their own. */
export class TestMesh {
  readonly nats: TestNats
  readonly nc: NatsConnection
  readonly publisher: Publisher
  readonly #hubs: TestHub[] = []
  #events = 0

  private constructor(nats: TestNats, nc: NatsConnection) {
    this.nats = nats
    this.nc = nc
    this.publisher = new Publisher(nc)
  }

  /** `config` is further text of the server's configuration. */
  static async start(tenant = 'main', config = ''): Promise<TestMesh> {
    const nats = await startNats({
      config: (place) => `${withWitness(renderNatsConfig({ ...place, passwords }))}\n${config}`,
    })
    const url = urlOf(nats, 'admin')
    const nc = await connectNats({ url, name: 'admin', log: createLogger('test', 'fatal') })
    await provisionMesh(nc, 1)
    await provisionTenant(nc, tenant, defaultTenantSpec)
    return new TestMesh(nats, nc)
  }

  /** `nats` says what stands between the hub and nats-server, if something does. */
  async startHub(
    environment: Readonly<Record<string, string>> = {},
    nats: { readonly port: number } = this.nats,
  ): Promise<TestHub> {
    const hub = await TestHub.start(urlOf(nats, 'hub'), environment)
    this.#hubs.push(hub)
    return hub
  }

  /** A connection that may hear everything; whoever asks for it closes it. */
  witness(): Promise<NatsConnection> {
    const url = `nats://witness:w@127.0.0.1:${this.nats.port}`
    return connectNats({ url, name: 'witness', log: createLogger('test', 'fatal') })
  }

  /** Resolves when it serves its streams again. */
  async restartNats(): Promise<void> {
    await this.nats.restart()
    for (let tries = 1; ; tries++) {
      try {
        await streamState(this.nc, eventStream('main'))
        return
      } catch (thrown) {
        if (tries === 100) throw thrown
        await sleep(100)
      }
    }
  }

  /** Publishes an event that says its own number; resolves with its sequence. */
  async publish(subject: string, json = '', tenant = 'main'): Promise<number> {
    this.#events++
    const id = `e${this.#events}`
    const event = create(EventSchema, { id, data: { case: 'json', value: json || String(this.#events) } })
    return (await this.publisher.publish(tenant, subject, id, toBinary(EventSchema, event))).seq
  }

  /** Puts a value into a bucket, as the projector does. */
  async put(bucket: string, key: string, json: string, tenant = 'main'): Promise<void> {
    const event = create(EventSchema, { data: { case: 'json', value: json } })
    await this.nc.request(keySubject(tenant, bucket, key), toBinary(EventSchema, event))
  }

  async remove(bucket: string, key: string, tenant = 'main'): Promise<void> {
    const mark = headers()
    mark.set('KV-Operation', 'DEL')
    await this.nc.request(keySubject(tenant, bucket, key), '', { headers: mark, timeout: 5_000 })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hubs.map((hub) => hub.stop()))
    await this.nc.close()
    await this.nats.stop()
  }
}

export class TestHub {
  readonly port: number
  readonly adminPort: number
  readonly process: ChildProcess
  readonly log: string[]

  private constructor(child: ChildProcess, log: string[], port: number, adminPort: number) {
    this.process = child
    this.log = log
    this.port = port
    this.adminPort = adminPort
  }

  static async start(natsUrl: string, environment: Readonly<Record<string, string>>): Promise<TestHub> {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env: {
        ...process.env,
        WEIR_NATS_URL: natsUrl,
        WEIR_JWT_SECRET: secret,
        WEIR_HUB_PORT: '0',
        WEIR_HUB_ADMIN_PORT: '0',
        WEIR_DRAIN_SECONDS: '2',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    endWithTest(child)
    const endWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', endWithUs)
    child.once('exit', () => process.off('exit', endWithUs))
    const log: string[] = []
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the hub ended with ${code}:\n${log.join('\n')}`)))
      lines.on('line', (line) => {
        log.push(line)
        const { msg, port, adminPort } = JSON.parse(line) as { msg: string; port: number; adminPort: number }
        if (msg === 'listening') resolve(new TestHub(child, log, port, adminPort))
      })
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/v1/ws`
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`
  }

  /**
   * What a metric says now, summed over its labels; without the prefix `weir_hub_` where it is one
   * of the hub's own.
   */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.adminPort}/metrics`)).text()
    const lines = text.match(new RegExp(`^(weir_hub_)?${name}(\\{[^}]*\\})? .+$`, 'gm'))
    if (lines === null) throw new Error(`there is no metric ${name}`)
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** Resolves when a metric says so. */
  async untilMetric(name: string, condition: (value: number) => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const value = await this.metric(name)
      if (condition(value)) return
      if (Date.now() > deadline) throw new Error(`${name} stays at ${value}`)
      await sleep(50)
    }
  }

  /**
   * Resolves when it keeps nothing of any client. Throws when it took something of theirs for a
   * fault of its own.
   */
  async untilForgotten(): Promise<void> {
    await this.untilMetric('connections', (count) => count === 0)
    assert.equal(await this.metric('channels'), 0)
    const faults = this.log.filter((line) => (JSON.parse(line) as { level: number }).level >= 50)
    assert.deepEqual(faults, [])
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode
    this.process.kill(signal)
    const [code] = (await once(this.process, 'exit')) as [number | null]
    return code
  }
}

export function testToken(grants: Partial<Parameters<typeof mintToken>[1]> = {}): Promise<string> {
  return mintToken(secret, {
    tenant: 'main',
    subject: 'tester',
    publish: [],
    subscribe: ['>'],
    admin: false,
    ttlSeconds: 600,
    issuer: 'weir',
    audience: 'weir',
    ...grants,
  })
}
