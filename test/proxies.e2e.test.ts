import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { until } from '../cli/test/processes.ts'
import { Authority, type Certificate } from '../deploy/test/certificates.ts'
import { endpoints } from '../ingest/src/http/endpoint.ts'
import { inBrowser } from './proxies/browser-case.ts'
import { clientAddress } from './proxies/client-address-case.ts'
import { byHttp2 } from './proxies/http2-case.ts'
import { kept, whileCut } from './proxies/patience-case.ts'
import { ProxyCrowd } from './proxies/proxy-crowd.ts'
import { proxies } from './proxies/proxy-programs.ts'
import { publish } from './proxies/publish.ts'
import { type Front, RunningProxy } from './proxies/running-proxy.ts'
import { SilentServer } from './proxies/silent-server.ts'
import { RunningMesh, weir } from './running-mesh.ts'
import { root } from './source-files.ts'

// The settings that docs/proxies.md shows are those that run here, with other ports, and with a
// certificate of an authority that this process trusts.

const folder = mkdtempSync(join(tmpdir(), 'weir-proxies-'))
/** For how long a proxy may hear nothing, where it is made impatient; several heartbeats. */
const quietSeconds = 4
let certificate: Certificate
let mesh: RunningMesh
const running: RunningProxy[] = []

before(async () => {
  mkdirSync(join(folder, 'certificates'))
  certificate = new Authority(join(folder, 'certificates')).issue('weir')
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate.ca, 'utf8')])
  mesh = await RunningMesh.start(undefined, {
    WEIR_DRAIN_SECONDS: '2',
    WEIR_HUB_HEARTBEAT_SECONDS: '1',
    WEIR_HUB_TRUSTED_PROXIES: '127.0.0.1',
    WEIR_PUBLIC_HUB_URL: '.',
  })
  const here = proxies.filter(({ skip }) => skip === false)
  await Promise.all(here.map(async (proxy) => void running.push(await RunningProxy.start(proxy, front(proxy.program)))))
})

after(async () => {
  for (const each of running) await each.stop()
  await mesh?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

function front(name: string): Front {
  return { addresses: mesh.running.addresses, certificate, folder: join(folder, name) }
}

// `PROXY_CONNECTIONS=9900 PROXY_QUIET_SECONDS=150` gave the figures of docs/proxies.md.
const connections = Number(process.env.PROXY_CONNECTIONS ?? 100)
const noTables = !existsSync('/proc/net/tcp') && 'there is no /proc/net/tcp'
const quietMs = 1_000 * Number(process.env.PROXY_QUIET_SECONDS ?? 0)

test('a command line works through a proxy with a prefix for all, and with one for the hub', async (t) => {
  const [first] = running
  if (first === undefined) return t.skip('no proxy is there')
  await commandLine(first.url)
})

// One by one, those that are many take no more files than a process may have.
describe('the settings of docs/proxies.md, of', { concurrency: connections <= 100 }, () => {
  for (const { program, skip, reload } of proxies) {
    test(program, { skip }, async (t) => {
      const proxy = running.find((each) => each.proxy.program === program)
      assert.ok(proxy !== undefined, 'it did not start')
      const { url: base, port } = proxy
      await t.test('an event stream comes as it happens, by both prefixes', () => eventStreams(base, program))
      await t.test('one connection by HTTP/2 has many event streams, requests, and WebSockets where it is said', () =>
        byHttp2(proxy, mesh.running.token),
      )
      await t.test('the hub knows the client by its address, whatever it claims', () =>
        clientAddress(proxy, mesh.running),
      )
      await t.test('the page is there, and asks for its files below the prefix', () => page(base))
      await t.test('the read API answers', () => readApi(base, program))
      await t.test('what no honest client sends is refused, or reaches nobody as it was', () => smuggling(port))
      await t.test('every path of ingest leads to ingest', () => pathsOfIngest(base))
      await t.test('a body of some megabytes goes through', () => largeBody(base, program))
      await t.test('connections that were quiet get every event', (each) =>
        quietConnections(proxy, program, (line) => each.diagnostic(line)),
      )
      const fixed = reload === undefined && 'docs/proxies.md says what its reload does'
      await t.test('a reload leaves connections alone', { skip: fixed }, () => reloaded(proxy, program))
    })
  }
})

test('requests to ingest share connections', { skip: noTables }, async () => {
  for (const { url, proxy } of running) await sharedConnections(url, proxy.program)
})

test('a browser shows the page through each of them, and has its events', () =>
  inBrowser(running, certificate, async (program) => {
    const { out } = await mesh.weir('token', '--sub', program, '--publish', '>', '--subscribe', '>')
    return out.trim()
  }))

test('a quiet connection outlives the patience of each, by the heartbeats of the hub', async () => {
  const silent = await SilentServer.start()
  const impatient: RunningProxy[] = []
  const begin = async (each: RunningProxy): Promise<void> => {
    const { program } = each.proxy
    const short = (name: string, addresses: Front['addresses']): Promise<RunningProxy> =>
      RunningProxy.start(each.proxy, { ...front(name), addresses, quietSeconds }).then((started) => {
        impatient.push(started)
        return started
      })
    const { addresses, token } = mesh.running
    const toHub = await short(`${program}-quiet`, addresses)
    const toNobody = await short(`${program}-silent`, { ...addresses, hub: silent.url })
    await kept(toHub, token, () => whileCut(toNobody, token, 3))
  }
  try {
    await Promise.all(running.filter(({ proxy }) => proxy.timeouts.length > 0).map(begin))
  } finally {
    for (const each of impatient) await each.stop()
    await silent.close()
  }
})

test('a hub that drains says so through each of them, and they find the next one', async () => {
  const { token, pids } = mesh.running
  const crowds = await Promise.all(running.map(({ url }) => ProxyCrowd.open(url, token, 'drain.>', 5)))
  process.kill(pids.hub ?? 0, 'SIGTERM')
  await until('all were closed', () => crowds.every(({ closeCodes }) => closeCodes.length === 5))
  for (const [at, { goaways, closeCodes }] of crowds.entries()) {
    // 1012 of RFC 6455: the frame of the hub came through, and not the end of a connection alone.
    assert.deepEqual([goaways, [...new Set(closeCodes)]], [5, [1012]], running[at]?.proxy.program)
  }
  const found = (url: string): Promise<boolean> =>
    ProxyCrowd.open(url, token, 'drain.>', 1).then(
      (crowd) => crowd.close().then(() => true),
      () => false,
    )
  await Promise.all(running.map(({ url }) => until(`a hub answers at ${url}`, () => found(url), 60_000)))
})

test('the health of every service is told to HTTP/1.0 without a Host', async () => {
  for (const address of Object.values(mesh.running.addresses.admin)) {
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    const answer = await raw(socket, 'GET /readyz HTTP/1.0\r\n\r\n', 20_000)
    assert.match(answer, /^HTTP\/1\.[01] 200 /, address)
  }
})

/** pub, sub, get and history with WEIR_URL alone, and sub with an address of the hub alone. */
async function commandLine(base: string): Promise<void> {
  const trust = { NODE_EXTRA_CA_CERTS: certificate.ca }
  const env = { PATH: process.env.PATH, WEIR_URL: base, WEIR_TOKEN: mesh.running.token, ...trust }
  const run = (...args: string[]): ReturnType<typeof weir> => weir(folder, env, ...args)
  const name = 'command'
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

async function eventStreams(base: string, name: string): Promise<void> {
  const { token } = mesh.running
  const streams = await Promise.all(
    [base, `${base}/hub`].map((each) => openStream(`${each}/v1/sse?filter=${name}.sse`)),
  )
  for (const n of [1, 2, 3]) {
    await publish(base, token, [{ subject: `${name}.sse`, data: { event: n } }])
    await until(`event ${n} has come`, () => streams.every(({ text }) => text().includes(`"event":${n}`)))
  }
  for (const { close } of streams) await close()
}

interface OpenStream {
  text(): string
  close(): Promise<void>
}

async function openStream(url: string): Promise<OpenStream> {
  const stop = new AbortController()
  const headers = { authorization: `Bearer ${mesh.running.token}` }
  const response = await fetch(url, { headers, signal: stop.signal })
  assert.equal(response.status, 200)
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString()
  })().catch(() => undefined)
  return {
    text: () => text,
    async close() {
      stop.abort()
      await reading
    },
  }
}

/** What was published to it is the latest value of that subject. */
async function readApi(base: string, name: string): Promise<void> {
  const headers = { authorization: `Bearer ${mesh.running.token}` }
  const read = (path: string): Promise<string> =>
    fetch(base + path, { headers }).then((response) => (response.ok ? response.text() : ''))
  await until('it is in the bucket', async () => (await read(`/v1/state/latest/${name}.sse`)).includes('"event":3'))
  await until('it is in the history', async () => (await read(`/v1/history?filter=${name}.sse`)).includes('"event":3'))
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
  const tls = (): Socket => connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['http/1.1'] })
  const answers = await Promise.all(cases.map(([, text]) => raw(tls(), text)))
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
    mesh.running.token,
    Array.from({ length: 30 }, (_, at) => ({ subject: `${name}.large.k${at}`, data: 'x'.repeat(100_000) })),
  )
}

/** Far fewer connections to ingest than requests. */
async function sharedConnections(base: string, name: string): Promise<void> {
  const port = Number(new URL(mesh.running.addresses.ingest).port)
  const earlier = connectionsWith(port)
  const requests = 40
  for (let n = 1; n <= requests; n++) {
    await publish(base, mesh.running.token, [{ subject: `${name}.shared`, data: n }])
  }
  const opened = [...connectionsWith(port)].filter((each) => !earlier.has(each)).length
  assert.ok(opened < requests / 2, `${opened} connections for ${requests} requests`)
}

/** Each connection with that port that is open, or was a moment ago. */
function connectionsWith(port: number): ReadonlySet<string> {
  const text = readFileSync('/proc/net/tcp', 'utf8')
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const ends = [...text.matchAll(/^ *\d+: (\w+:\w+) (\w+:\w+)/gm)].filter(([, ...both]) =>
    both.some((end) => end.endsWith(`:${hex}`)),
  )
  // Both ends of a connection are in the table.
  return new Set(ends.map(([, ...both]) => both.sort().join(' ')))
}

/** Sockets that were there before have what is published after it. */
async function reloaded(proxy: RunningProxy, name: string): Promise<void> {
  const { token } = mesh.running
  const crowd = await ProxyCrowd.open(proxy.url, token, `${name}.reload`, 3)
  await proxy.reload()
  await publish(proxy.url, token, [{ subject: `${name}.reload`, data: 1 }])
  await until('all have the event', () => crowd.received.every((subjects) => subjects.length === 1))
  assert.deepEqual(crowd.closeCodes, [])
  await crowd.close()
}

/**
 * Sockets and an event stream that hear nothing but what keeps them alive, and then three events.
 */
async function quietConnections(running: RunningProxy, name: string, say: (line: string) => void): Promise<void> {
  const { token } = mesh.running
  const before = running.residentBytes
  const start = performance.now()
  const stream = await openStream(`${running.url}/v1/sse?filter=${name}.quiet&mode=ALL`)
  const crowd = await ProxyCrowd.open(running.url, token, `${name}.quiet`, connections)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const bytes = Math.round((running.residentBytes - before) / connections)
  say(`${connections} connections in ${seconds} s, ${bytes} bytes of ${name} each`)
  await sleep(quietMs)
  const events = [1, 2, 3].map((n) => ({ subject: `${name}.quiet`, data: { quiet: n } }))
  await publish(running.url, token, events)
  await until('all have the three events', () => crowd.received.every((subjects) => subjects.length === 3), 60_000)
  await until('the event stream has them', () => stream.text().includes('"quiet":3'))
  assert.deepEqual(crowd.closeCodes, [])
  await stream.close()
  await crowd.close()
}

/** What a server answers to these bytes until it closes the connection, or so long. */
async function raw(socket: Socket, text: string, waitMs = 2_000): Promise<string> {
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
