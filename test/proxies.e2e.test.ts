import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../cli/test/processes.ts'
import { endpoints } from '../ingest/src/http/endpoint.ts'
import { RunningMesh, weir } from './running-mesh.ts'
import { root } from './source-files.ts'

// The settings that docs/proxies.md shows are those that run here, with other ports.

const folder = mkdtempSync(join(tmpdir(), 'weir-proxies-'))
const document = readFileSync(join(root, 'docs/proxies.md'), 'utf8')
let mesh: RunningMesh

before(async () => {
  mesh = await RunningMesh.start()
})

after(async () => {
  await mesh?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

interface Proxy {
  /** Of the fenced block in the document. */
  readonly language: string
  readonly program: string
  /** Writes what the program needs beside the block; its arguments. */
  prepare(block: string, port: number): readonly string[]
}

const proxies: readonly Proxy[] = [
  {
    language: 'nginx',
    program: 'nginx',
    prepare(block, port) {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${folder}/${name};`,
      )
      const http = `access_log off; ${temporary.join(' ')}\n${block.replace('listen 80;', `listen 127.0.0.1:${port};`)}`
      const config = `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;\nevents {}\nhttp { ${http} }\n`
      return ['-p', folder, '-c', written('nginx.conf', config)]
    },
  },
  {
    language: 'caddyfile',
    program: 'caddy',
    prepare(block, port) {
      const config = `{\n\tadmin off\n\tauto_https off\n}\n${block.replace(':80 {', `http://127.0.0.1:${port} {`)}`
      return ['run', '--adapter', 'caddyfile', '--config', written('Caddyfile', config)]
    },
  },
  {
    language: 'haproxy',
    program: 'haproxy',
    prepare: (block, port) => ['-f', written('haproxy.cfg', block.replace('bind :80', `bind 127.0.0.1:${port}`))],
  },
]

for (const { language, program, prepare } of proxies) {
  const skip = spawnSync(program, ['-v']).error !== undefined && `${program} is not there`
  test(`${program}, with the settings of docs/proxies.md`, { skip }, async (t) => {
    const port = await freePort()
    const { child, said } = start(program, prepare(blockOf(language), port))
    try {
      const base = `http://127.0.0.1:${port}/weir`
      await until(
        `${program} serves`,
        async () => (await answers(`${base}/v1/config`)) || Boolean(assert.ok(child.exitCode === null, said())),
      )
      await t.test('the command line works through it with a prefix for all, and one for the hub', () =>
        commandLine(base, program),
      )
      await t.test('an event stream comes as it happens', () => eventStream(base, program))
      await t.test('the page is there, and asks for its files below the prefix', () => page(base))
      await t.test('what no honest client sends is refused, or reaches nobody as it was', () => smuggling(port))
      await t.test('every path of ingest leads to ingest', () => pathsOfIngest(base))
      await t.test('a body of some megabytes goes through', () => largeBody(base, program))
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
  })
}

test('the health of every service is told to HTTP/1.0 without a Host', async () => {
  for (const address of Object.values(mesh.running.addresses.admin)) {
    const answer = await raw(Number(new URL(address).port), 'GET /readyz HTTP/1.0\r\n\r\n')
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
    for (const { err } of subs) await until(`a subscriber listens (${err()})`, () => err().includes('listening'))
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
    assert.equal((await mesh.weir('pub', `${name}.sse`, `{"event": ${n}}`)).code, 0)
    await until(`event ${n} has come`, () => text.includes(`"event": ${n}`), 5_000)
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
  for (const [what, text] of [
    ['two lengths', `${head}Content-Length: 0\r\nContent-Length: ${second.length}\r\n\r\n${second}`],
    ['a length of two numbers', `${head}Content-Length: 0, 5\r\n\r\n`],
    ['a coding that is none', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['bare LF in chunks', `${head}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n`],
    ['a length that is no number', `${head}Content-Length: +5\r\n\r\nhello`],
  ] as const) {
    const answer = await raw(port, text)
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
  const items = Array.from({ length: 30 }, (_, at) => ({ subject: `${name}.large.k${at}`, data: 'x'.repeat(100_000) }))
  const response = await fetch(`${base}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mesh.running.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(items),
  })
  assert.deepEqual(await response.json(), { accepted: 30, duplicates: 0 })
}

/** The fenced block of the document, with the ports of this mesh. */
function blockOf(language: string): string {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(document)?.[1]
  assert.ok(block !== undefined, language)
  const { hub, ingest, projector, admin } = mesh.running.addresses
  const ports = { 8080: hub, 8081: ingest, 8082: projector, 9080: admin.hub, 9081: admin.ingest, 9082: admin.projector }
  return Object.entries(ports).reduce(
    (text, [port, address]) => text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), new URL(address).port),
    block,
  )
}

function written(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, text)
  return path
}

function start(program: string, args: readonly string[]): { child: ChildProcess; said: () => string } {
  // Caddy keeps its state below HOME.
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk
    })
  }
  return { child, said: () => text }
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    (response) => response.ok,
    () => false,
  )
}

/** What a server answers to these bytes within two seconds. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => undefined)
  socket.write(text)
  const timer = setTimeout(() => socket.destroy(), 2_000)
  await once(socket, 'close')
  clearTimeout(timer)
  return answer
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
