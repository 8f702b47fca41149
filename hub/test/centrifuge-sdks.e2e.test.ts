import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

// The official clients of other languages, unchanged. What they need comes from the registry of
// their language, once, and stays in .tools.

const run = promisify(execFile)
const kept = fileURLToPath(new URL('../../.tools/sdks/', import.meta.url))

let mesh: TestMesh
let hub: TestHub
let other: TestHub

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub()
  other = await mesh.startHub()
})

after(() => mesh.stop())

/** The command of a subscriber. Rejects where its language, or what it needs of it, is not here. */
const sdks: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  async Python() {
    const environment = join(kept, 'python')
    const python = join(environment, 'bin/python')
    if (!existsSync(join(environment, 'complete'))) {
      await rm(environment, { recursive: true, force: true })
      await run('python3', ['-m', 'venv', environment])
      await run(python, ['-m', 'pip', 'install', '--quiet', '-r', fileOf('python/requirements.txt')])
      await run('touch', [join(environment, 'complete')])
    }
    return [python, fileOf('python/subscriber.py')]
  },

  async Go() {
    const binary = join(kept, 'go-subscriber')
    await run('go', ['build', '-o', binary, '.'], { cwd: fileOf('go') })
    return [binary]
  },
}

for (const [language, command] of Object.entries(sdks)) {
  test(`the official client for ${language} gets every publication in order, publishes, and recovers on another hub`, async (t) => {
    const found = await command().catch((error: Error) => error)
    if (found instanceof Error) {
      t.skip(`${language}, or the client for it, cannot be had here: ${found.message.split('\n')[0]}`)
      return
    }
    const proxy = await TcpProxy.start(hub.port)
    const sdk = new Sdk([...found, address(proxy), await testToken({ publish: ['sdk.>'] })])
    t.after(() => sdk.kill())
    await until(() => sdk.lines.some(({ recoverable }) => recoverable === true), 'the subscription')
    for (let n = 0; n < 50; n++) await mesh.publish(`sdk.s${n % 3}`, JSON.stringify({ n }))
    await until(() => sdk.lines.some(({ data }) => data?.n === 49), 'the first half')
    proxy.target = other.port
    proxy.cut()
    for (let n = 50; n < 100; n++) await mesh.publish(`sdk.s${n % 3}`, JSON.stringify({ n }))
    proxy.mend()
    await mesh.publish('sdk.ping', '{"hello":"hub"}')
    await until(() => sdk.heard('sdk.pong').length === 1, 'the publication of the client')
    assert.deepEqual(
      sdk.lines.flatMap(({ data }) => (data?.n === undefined ? [] : [data.n])),
      Array.from({ length: 100 }, (_, n) => n),
    )
    assert.deepEqual(sdk.heard('sdk.pong'), [{ hello: 'hub' }])
    await sdk.stop()
    proxy.close()
  })
}

interface Line {
  readonly recoverable?: boolean
  readonly subject?: string
  readonly data?: { readonly n?: number }
}

/** A subscriber in another language, and what it has said. */
class Sdk {
  readonly lines: Line[] = []
  readonly #child: ChildProcess

  constructor([command = '', ...args]: readonly string[]) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line) as Line))
    this.#child = child
  }

  heard(wanted: string): unknown[] {
    return this.lines.flatMap(({ subject, data }) => (subject === wanted ? [data] : []))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Its input ends, and so does it. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin?.end()
    await ended
  }
}

function address({ port }: { readonly port: number }): string {
  return `ws://127.0.0.1:${port}/connection/websocket`
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(`sdks/${path}`, import.meta.url))
}
