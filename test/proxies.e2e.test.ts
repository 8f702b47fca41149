import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../cli/test/processes.ts'
import { endpoints } from '../ingest/src/http/endpoint.ts'
import { ProxyCrowd } from './proxy-crowd.ts'
import { proxies, RunningProxy } from './proxy-programs.ts'
import { RunningMesh, weir } from './running-mesh.ts'
import { root } from './source-files.ts'

// The settings that docs/proxies.md shows are those that run here, with other ports.

const folder = mkdtempSync(join(tmpdir(), 'weir-proxies-'))
let mesh: RunningMesh

before(async () => {
  mesh = await RunningMesh.start(undefined, { WEIR_DRAIN_SECONDS: '2' })
})

after(async () => {
  await mesh?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

// `PROXY_CONNECTIONS=9900 PROXY_QUIET_SECONDS=150` gave the figures of docs/proxies.md.
const connections = Number(process.env.PROXY_CONNECTIONS ?? 100)
const quietMs = 1_000 * Number(process.env.PROXY_QUIET_SECONDS ?? 0)

for (const proxy of proxies) {
  const { program, skip } = proxy
  test(`${program}, with the settings of docs/proxies.md`, { skip }, async (t) => {
    const running = await RunningProxy.start(proxy, mesh, join(folder, program))
    try {
      const { url: base, port } = running
      await t.test('the command line works through it with a prefix for all, and one for the hub', () =>
        commandLine(base, program),
      )
      await t.test('an event stream comes as it happens', () => eventStream(base, program))
      await t.test('the page is there, and asks for its files below the prefix', () => page(base))
      await t.test('what no honest client sends is refused, or reaches nobody as it was', () => smuggling(port))
      await t.test('every path of ingest leads to ingest', () => pathsOfIngest(base))
      await t.test('a body of some megabytes goes through', () => largeBody(base, program))
      await t.test('connections that were quiet get every event', (each) =>
        quietConnections(running, program, (line) => each.diagnostic(line)),
      )
    } finally {
      await running.stop()
    }
  })
}

test('a hub that drains says so through each of them, and they find the next one', async () => {
  const here = proxies.filter(({ skip }) => skip === false)
  const running: RunningProxy[] = []
  try {
    for (const each of here) running.push(await RunningProxy.start(each, mesh, join(folder, each.program)))
    const { token, pids } = mesh.running
    const crowds = await Promise.all(running.map(({ url }) => ProxyCrowd.open(url, token, 'drain.>', 5)))
    process.kill(pids.hub ?? 0, 'SIGTERM')
    await until('all were closed', () => crowds.every(({ closeCodes }) => closeCodes.length === 5))
    for (const [at, { goaways, closeCodes }] of crowds.entries()) {
      // 1012 of RFC 6455: the frame of the hub came through, and not the end of a connection alone.
      assert.deepEqual([goaways, [...new Set(closeCodes)]], [5, [1012]], here[at]?.program)
    }
    const found = (url: string): Promise<boolean> =>
      ProxyCrowd.open(url, token, 'drain.>', 1).then(
        (crowd) => crowd.close().then(() => true),
        () => false,
      )
    await Promise.all(running.map(({ url }) => until(`a hub answers at ${url}`, () => found(url), 60_000)))
  } finally {
    for (const each of running) await each.stop()
  }
})

test('the health of every service is told to HTTP/1.0 without a Host', async () => {
  for (const address of Object.values(mesh.running.addresses.admin)) {
    const answer = await raw(Number(new URL(address).port), 'GET /readyz HTTP/1.0\r\n\r\n', 20_000)
    assert.match(answer, /^HTTP\/1\.[01] 200 /, address)
  }
})

/** pub, sub, get and history with WEIR_URL alone, and sub with an address of the hub alone. */
async function commandLine(base: string, name: string): Promise<void> {
  const env = { PATH: process.env.PATH, WEIR_URL: base, WEIR_TOKEN: mesh.running.token }
  const run = (...args: string[]): ReturnType<typeof weir> => weir(folder, env, ...args)
  const subject = `${name}.r1`
  const subs = [env, { ...env, WEIR_HUB_URL: `${base}/hub` }].map((each) => {
    const child = spawn(join(root, 'weir'), ['sub', `${name}.>`, '--count', '1'], { cwd: folder, env: each })
    let [out, err] = ['', '']
    child.stdout.on('data', (text: Buffer) => {
      out += text
    })
    child.stderr.on('data', (text: Buffer) => {
      err += text
    })
    return { child, ended: once(child, 'close'), out: () => out, err: () => err }
  })
  try {
    for (const { err } of subs) await until('a subscriber listens', () => err().includes('listening'), undefined, err)
    const published = await run('pub', subject, '{"n": 1}')
    assert.equal(published.code, 0, published.err)
    for (const { ended, out } of subs) {
      await ended
      assert.match(out(), new RegExp(`${subject} {2}\\{"n": 1\\}`))
    }
  } finally {
    for (const { child } of subs) child.kill()
  }
  await until('it is in the bucket', async () => /^\{"n": ?1\}\n$/.test((await run('get', 'latest', subject)).out))
  await until('it is in the history', async () => (await run('history', `${name}.>`)).out.includes(subject))
}

async function eventStream(base: string, name: string): Promise<void> {
  const stop = new AbortController()
  const response = await fetch(`${base}/v1/sse?filter=${name}.>`, {
    headers: { authorization: `Bearer ${mesh.running.token}` },
    signal: stop.signal,
  })
  assert.equal(response.status, 200)
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString()
  })().catch(() => undefined)
  for (const n of [1, 2, 3]) {
    await publish(base, [{ subject: `${name}.sse`, data: { event: n } }])
    await until(`event ${n} has come`, () => text.includes(`"event":${n}`))
  }
  stop.abort()
  await reading
}

async function page(base: string): Promise<void> {
  const html = await (await fetch(`${base}/`)).text()
  const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(html) ?? []
  const response = await fetch(new URL(script, `${base}/`))
  assert.deepEqual([response.status, await response.text().then((text) => text.length > 1_000)], [200, true], script)
}

/** Each is refused by the proxy, or what arrives behind it is one request and not two. */
async function smuggling(port: number): Promise<void> {
  const head = `POST /weir/v1/tickets HTTP/1.1\r\nHost: weir\r\nAuthorization: Bearer ${mesh.running.token}\r\n`
  const second = 'GET /weir/v1/config HTTP/1.1\r\nHost: weir\r\n\r\n'
  const cases = [
    ['two lengths', `${head}Content-Length: 0\r\nContent-Length: ${second.length}\r\n\r\n${second}`],
    ['a length of two numbers', `${head}Content-Length: 0, 5\r\n\r\n`],
    ['a coding that is none', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['bare LF in chunks', `${head}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n`],
    ['a length that is no number', `${head}Content-Length: +5\r\n\r\nhello`],
  ] as const
  const answers = await Promise.all(cases.map(([, text]) => raw(port, text)))
  for (const [at, [what]] of cases.entries()) {
    const answer = answers[at] ?? ''
    const statuses = [...answer.matchAll(/^HTTP\/1\.[01] (\d+)/gm)].map(([, status]) => status)
    assert.ok(statuses.length <= 1, `${what}: ${answer}`)
    if (what !== 'bare LF in chunks') assert.match(statuses[0] ?? '400', /^(400|501)$/, `${what}: ${answer}`)
  }
}

/** Ingest refuses the body or takes it; the projector, where all else goes, knows no such path. */
async function pathsOfIngest(base: string): Promise<void> {
  const headers = { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' }
  const post = (path: string): Promise<Response> => fetch(base + path, { method: 'POST', headers, body: '?' })
  assert.equal((await post('/v1/nowhere')).status, 404)
  for (const { path } of endpoints) {
    const { status } = await post(path.replace(/:\w+/, 'x'))
    assert.ok(status !== 404 && status !== 405, `${path}: ${status}`)
  }
}

async function largeBody(base: string, name: string): Promise<void> {
  await publish(
    base,
    Array.from({ length: 30 }, (_, at) => ({ subject: `${name}.large.k${at}`, data: 'x'.repeat(100_000) })),
  )
}

async function publish(base: string, items: readonly { subject: string; data: unknown }[]): Promise<void> {
  const response = await fetch(`${base}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(items),
  })
  assert.deepEqual(await response.json(), { accepted: items.length, duplicates: 0 })
}

/**
 * Sockets and an event stream that hear nothing but what keeps them alive, and then three events.
 */
async function quietConnections(running: RunningProxy, name: string, say: (line: string) => void): Promise<void> {
  const { token } = mesh.running
  const before = running.residentBytes
  const start = performance.now()
  const stop = new AbortController()
  const response = await fetch(`${running.url}/v1/sse?filter=${name}.quiet&mode=ALL`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal,
  })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString()
  })().catch(() => undefined)
  const crowd = await ProxyCrowd.open(running.url, token, `${name}.quiet`, connections)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const bytes = Math.round((running.residentBytes - before) / connections)
  say(`${connections} connections in ${seconds} s, ${bytes} bytes of ${name} each`)
  await sleep(quietMs)
  const events = [1, 2, 3].map((n) => ({ subject: `${name}.quiet`, data: { quiet: n } }))
  await publish(running.url, events)
  await until('all have the three events', () => crowd.received.every((subjects) => subjects.length === 3), 60_000)
  await until('the event stream has them', () => text.includes('"quiet":3'))
  assert.deepEqual(crowd.closeCodes, [])
  stop.abort()
  await reading
  await crowd.close()
}

/** What a server answers to these bytes until it closes the connection, or so long. */
async function raw(port: number, text: string, waitMs = 2_000): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => undefined)
  socket.write(text)
  const timer = setTimeout(() => socket.destroy(), waitMs)
  await once(socket, 'close')
  clearTimeout(timer)
  return answer
}
