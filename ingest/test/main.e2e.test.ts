import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventStream,
  jetstreamManager,
  provisionTenant,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { tokenFor } from './fake-stream.ts'
import { secret } from './secret.ts'

// The service as it is started in production, on the runtime that runs this suite: Node, Bun and
// Deno each run it.

const runtime = 'Deno' in globalThis ? ['run', '--allow-all', '--no-check'] : []
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Service {
  readonly child: ChildProcess
  readonly url: string
  readonly adminUrl: string
  /** Of the process, once it has ended. */
  readonly exitCode: Promise<number | null>
}

async function startService(nats: TestNats, env: Record<string, string> = {}): Promise<Service> {
  const child = spawn(process.execPath, [...runtime, main], {
    env: {
      ...process.env,
      WEIR_NATS_URL: nats.url,
      WEIR_JWT_SECRET: secret,
      WEIR_INGEST_PORT: '0',
      WEIR_INGEST_ADMIN_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ports = await new Promise<{ port: number; adminPort: number }>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const line = said.split('\n').find((text) => text.includes('"listening"'))
      if (line !== undefined && said.includes('"ready"')) resolve(JSON.parse(line))
    })
    child.once('exit', () => reject(new Error(`It ended at its start:\n${said}`)))
  })
  return {
    child,
    exitCode,
    url: `http://127.0.0.1:${ports.port}`,
    adminUrl: `http://127.0.0.1:${ports.adminPort}`,
  }
}

async function storedCount(nats: TestNats): Promise<number> {
  const nc = await connectNats({ url: nats.url, name: 'test', log: createLogger('test', 'fatal') })
  const { state } = await (await jetstreamManager(nc)).streams.info(eventStream('main'))
  await nc.close()
  return state.messages
}

async function provision(nats: TestNats): Promise<void> {
  const nc = await connectNats({ url: nats.url, name: 'test', log: createLogger('test', 'fatal') })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  await nc.close()
}

test('main.ts serves, is observed, and drains on SIGTERM without losing what it answered', async () => {
  const nats = await startNats()
  await provision(nats)
  const folder = await mkdtemp(join(tmpdir(), 'weir-routes-'))
  const routesFile = join(folder, 'routes.yaml')
  await writeFile(
    routesFile,
    'routes: [{ path: /api/tracking/telemetry, subject: "rooms.{room_id}.{platform}", type: telemetry }]\n',
  )
  const service = await startService(nats, { WEIR_INGEST_ROUTES: routesFile })
  try {
    const authorization = `Bearer ${await tokenFor(['>'])}`
    const post = (path: string, body: string, type: string): Promise<Response> =>
      fetch(service.url + path, { method: 'POST', body, headers: { authorization, 'content-type': type } })

    const ready = await fetch(`${service.adminUrl}/readyz`)
    assert.equal(ready.status, 200)
    await ready.text()
    const foreign = await post('/api/tracking/telemetry', '{"room_id":17,"platform":"twitch"}', 'application/json')
    assert.deepEqual(await foreign.json(), { accepted: 1, duplicates: 0 })
    // The second line is bad, and the answer to the first request is as good as lost.
    for (const duplicates of [0, 2]) {
      const said = JSON.parse(await curlNdjson(service.url, authorization)) as { rejected: { index: number }[] }
      assert.deepEqual(
        { ...said, rejected: said.rejected.map(({ index }) => index) },
        { accepted: 2, duplicates, rejected: [1] },
      )
    }
    const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
    assert.match(metrics, /weir_ingest_events_accepted_total 5/)
    assert.match(metrics, /weir_ingest_requests_total\{path="\/v1\/events",status="200"\} 2/)
    const page = await (await fetch(service.url)).text()
    assert.match(page, /POST \/api\/tracking\/telemetry/)

    const answers = Array.from({ length: 50 }, (_, at) =>
      post('/v1/events', `{"subject":"a.n${at}"}`, 'application/json'),
    )
    await Promise.race(answers)
    // Not child.kill(): Deno would report that it ended by the signal, whatever its exit code.
    process.kill(service.child.pid ?? 0, 'SIGTERM')
    const settled = await Promise.allSettled(answers)
    assert.equal(await service.exitCode, 0)
    const stored = settled.filter((one) => one.status === 'fulfilled' && one.value.status === 200)
    assert.ok((await storedCount(nats)) >= stored.length + 3)
  } finally {
    service.child.kill('SIGKILL')
    await nats.stop()
    await rm(folder, { recursive: true })
  }
})

test('main.ts ends with a sentence about what is wrong with its settings or routes', async () => {
  const nats = await startNats()
  const folder = await mkdtemp(join(tmpdir(), 'weir-routes-'))
  try {
    const routesFile = join(folder, 'routes.yaml')
    await writeFile(routesFile, 'routes: [{ path: nowhere, subject: "a b" }]\n')
    const faults = await startService(nats, { WEIR_INGEST_ROUTES: routesFile }).catch(String)
    assert.match(String(faults), /routes\[0\]\.path[\s\S]*routes\[0\]\.subject/)
  } finally {
    await nats.stop()
    await rm(folder, { recursive: true })
  }
})

/**
 * As `curl --data-binary @- -H 'Transfer-Encoding: chunked'` sends it: chunks that end where they
 * like.
 */
function curlNdjson(url: string, authorization: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'content-type': 'application/x-ndjson', 'idempotency-key': 'from-curl' }
    const outgoing = request(`${url}/v1/events`, { method: 'POST', headers }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve(text))
    })
    outgoing.once('error', reject)
    outgoing.write('{"subject":"rooms.r1","da')
    outgoing.write('ta":{"people":3}}\n{"subject":\n{"subject":')
    outgoing.end('"rooms.r2"}\n')
  })
}
