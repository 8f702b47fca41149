import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { natsBinary } from './binary.ts'
import { endWithTest } from './end-with-test.ts'

export interface TestNats {
  /** Without a user; put one in where the configuration has users. */
  readonly url: string
  readonly port: number
  /** Of its process; another one after a restart. */
  readonly pid: number
  /** Where it listens for NATS over WebSocket, if the configuration says so. */
  readonly websocketPort: number | undefined
  /** The folder of its data. */
  readonly storeDir: string
  /** Ends the server and removes its data. */
  stop(): Promise<void>
  /** kill -9; the data stay. */
  kill(): Promise<void>
  /** Ends the server if it runs, and starts it again on the same port and data. */
  restart(): Promise<void>
}

export interface TestNatsOptions {
  /** Further text of the configuration file; or, as a function, the whole of it. */
  readonly config?:
    | string
    | ((place: { readonly host: string; readonly port: number; readonly storeDir: string }) => string)
  /** Further text of its block `jetstream`, or false for a server without. */
  readonly jetstream?: string | false
}

/**
 * A real nats-server with JetStream in a temporary folder, on a free port of 127.0.0.1. It does not
 * outlive the process.
 */
export async function startNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-nats-'))
  const file = join(folder, 'nats.conf')
  const storeDir = join(folder, 'data')
  const write = (port: number): Promise<void> => writeFile(file, configText(options, port, storeDir))
  await write(ANY_PORT)
  let running = await launch(file)
  const { port, websocketPort } = running
  await write(port)
  return {
    url: `nats://${host}:${port}`,
    port,
    get pid() {
      return running.child.pid ?? 0
    },
    websocketPort,
    storeDir,
    async stop() {
      await end(running.child, 'SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
    kill: () => end(running.child, 'SIGKILL'),
    async restart() {
      await end(running.child, 'SIGTERM')
      running = await launch(file)
    },
  }
}

const host = '127.0.0.1'
/** nats-server then chooses a free one and says which. */
const ANY_PORT = -1

function configText({ config, jetstream = '' }: TestNatsOptions, port: number, storeDir: string): string {
  if (typeof config === 'function') return config({ host, port, storeDir })
  const store = jetstream === false ? '' : `jetstream { store_dir: ${JSON.stringify(storeDir)}, ${jetstream} }\n`
  return `listen: "${host}:${port}"\n${store}${config ?? ''}\n`
}

interface Running {
  readonly child: ChildProcess
  readonly port: number
  readonly websocketPort: number | undefined
}

/**
 * Resolves when the server says that it is ready; rejects with what it said when it ends before.
 */
function launch(file: string): Promise<Running> {
  const child = spawn(natsBinary(), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  endWithTest(child)
  return new Promise((resolve, reject) => {
    let said = ''
    const listen = (chunk: Buffer): void => {
      said += chunk.toString()
      const port = /Listening for client connections on \S+:(\d+)/.exec(said)?.[1]
      if (port === undefined || !said.includes('Server is ready')) return
      // Read on, or the server blocks on a full pipe; keep nothing.
      child.stderr.off('data', listen)
      child.stderr.resume()
      const websocketPort = /Listening for websocket clients on \S+:(\d+)/.exec(said)?.[1]
      resolve({
        child,
        port: Number(port),
        websocketPort: websocketPort === undefined ? undefined : Number(websocketPort),
      })
    }
    child.stderr.on('data', listen)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`nats-server ended at its start:\n${said}`)))
  })
}

function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}
