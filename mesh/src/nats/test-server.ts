import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { natsBinary } from './binary.ts'

export interface TestNats {
  readonly url: string
  readonly port: number
  /** Ends the server and removes its data. */
  stop(): Promise<void>
  /** kill -9; the data stay. */
  kill(): Promise<void>
  /** Ends the server if it runs and starts it again on the same port and data. */
  restart(): Promise<void>
}

export interface TestNatsOptions {
  /** Further text of the configuration file, after port and JetStream. */
  readonly config?: string
}

/** A real nats-server with JetStream in a temporary folder, on a free port of 127.0.0.1. */
export async function startNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-nats-'))
  const port = await freePort()
  const file = join(folder, 'nats.conf')
  await writeFile(
    file,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(join(folder, 'data'))} }\n${options.config ?? ''}\n`,
  )
  let child = await launch(file)
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    async stop() {
      await end(child, 'SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      await end(child, 'SIGTERM')
      child = await launch(file)
    },
  }
}

/** Resolves when the server says that it is ready; rejects with what it said when it ends before. */
function launch(file: string): Promise<ChildProcess> {
  const child = spawn(natsBinary(), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('Server is ready')) {
        child.stderr.removeAllListeners('data')
        child.stderr.resume()
        resolve(child)
      }
    })
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
