import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect, producer } from '@weir/client'
import { freePorts } from '../../../cli/src/up/ports.ts'
import { until } from '../../../cli/test/processes.ts'
import { RunningMesh } from '../../../test/running-mesh.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const main = join(root, 'examples/edge/src/main.ts')
const bun = join(root, '.tools/bin/bun')
const deno = join(root, '.tools/bin/deno')
const denoServe = [deno, 'serve', '--no-check', '--allow-net', '--allow-env', '--host', '127.0.0.1', '--port']

let mesh: RunningMesh
const folder = mkdtempSync(join(tmpdir(), 'weir-edge-'))

before(async () => {
  mesh = await RunningMesh.start(undefined, { WEIR_NATS_WEBSOCKET: 'true' })
})

after(async () => {
  await mesh.dispose()
  rmSync(folder, { recursive: true })
})

for (const [title, commandFor, meanwhile] of [
  ['Deno', async (port: number) => [...denoServe, String(port), main], async () => {}],
  ['Deno in one file', async (port: number) => [...denoServe, String(port), await bundle()], async () => {}],
  ['Bun, while NATS is killed and comes back,', async () => [bun, main], restartNats],
] as const) {
  test(`what is sent to ingest on ${title} is seen at the hub, each event once`, {
    skip: title.startsWith('Deno') && !existsSync(deno) && 'there is no Deno for this machine',
  }, async () => {
    const { addresses, token } = mesh.running
    const [port = 0] = await freePorts(1)
    const edge = start(await commandFor(port), port)
    const weir = connect({ url: addresses.hub, getToken: () => token })
    try {
      const url = `http://127.0.0.1:${port}`
      await until('the edge listens', () => listens(url))
      const stage = `edge.${port}`
      const seen: unknown[] = []
      let live = false
      void (async () => {
        for await (const item of weir.subscribe({ filter: `${stage}.>`, mode: 'ALL' })) {
          if (item.type === 'state' && item.state === 'live') live = true
          if (item.type === 'entry') seen.push(item.event.data.value)
        }
      })()
      await until('the subscription is live', () => live)
      const rejected: unknown[] = []
      const sender = producer({ url, getToken: () => token, maxItems: 10, onRejected: (one) => rejected.push(one) })
      const sent: string[] = []
      const send = async (): Promise<void> => {
        for (let count = 0; count < 50; count++) {
          sent.push(String(sent.length))
          await sender.send(`${stage}.one`, { data: { case: 'json', value: sent.at(-1) ?? '' } })
        }
      }

      await send()
      await until('the first events are at the hub', () => seen.length === 50)
      const done = meanwhile()
      await send()
      await done
      await send()
      await sender.close(30_000)
      await until('all events are at the hub', () => seen.length >= sent.length, 40_000)
      assert.deepEqual(seen, sent)
      assert.deepEqual(rejected, [])
    } finally {
      weir.close()
      edge.kill('SIGKILL')
    }
  })
}

test('the board prints what the producer sends through the edge', async () => {
  const { addresses } = mesh.running
  const [port = 0] = await freePorts(1)
  const programs = [start([bun, main], port)]
  try {
    const url = `http://127.0.0.1:${port}`
    await until('the edge listens', () => listens(url))
    const token = async (grant: string): Promise<string> => (await mesh.weir('token', grant, 'rooms.>')).out.trim()
    const run = (name: string, settings: Record<string, string>): ChildProcess => {
      const program = join(root, `examples/edge/src/${name}.ts`)
      const child = spawn(bun, [program], { env: { ...settings }, stdio: ['ignore', 'pipe', 'inherit'] })
      programs.push(child)
      return child
    }
    const board = run('board', { WEIR_HUB_URL: addresses.hub, WEIR_TOKEN: await token('--subscribe') })
    let printed = ''
    board.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk
    })
    run('producer', { EDGE_URL: url, WEIR_TOKEN: await token('--publish') })
    await until('it prints', () => /^(rooms\.r1\.climate {2}\d+\.\d\d °C\n){2,}/.test(printed))
  } finally {
    for (const program of programs) program.kill('SIGKILL')
  }
})

test('without its settings it ends with a sentence that names them', async () => {
  const child = spawn(bun, [main], { env: { WEIR_JWT_SECRET: 'x'.repeat(32) }, stdio: ['ignore', 'ignore', 'pipe'] })
  const { code, text } = await end(child)
  assert.equal(code, 1)
  assert.match(text, /^Set WEIR_NATS_URL .*\n$/)
})

function listens(url: string): Promise<boolean> {
  return fetch(`${url}/openapi.json`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function restartNats(): Promise<void> {
  process.kill(mesh.running.pids.nats ?? 0, 'SIGKILL')
  await until('NATS is back', () => mesh.said().includes('nats is back'), 40_000)
}

function start([program = '', ...args]: readonly string[], port: number): ChildProcess {
  const { jwtSecret, natsPasswords } = JSON.parse(readFileSync(join(mesh.folder, '.weir/secrets.json'), 'utf8')) as {
    readonly jwtSecret: string
    readonly natsPasswords: { readonly ingest: string }
  }
  return spawn(program, args, {
    env: {
      HOME: process.env.HOME,
      PORT: String(port),
      WEIR_NATS_URL: `ws://ingest:${natsPasswords.ingest}@127.0.0.1:${mesh.portBase + 5}`,
      WEIR_JWT_SECRET: jwtSecret,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function bundle(): Promise<string> {
  const file = join(folder, 'edge.js')
  const { code, text } = await end(spawn(bun, ['build', main, '--target=node', '--outfile', file], { stdio: 'pipe' }))
  assert.equal(code, 0, text)
  return file
}

/** What a process said on standard error, and its exit code. */
function end(child: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })))
}
