import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { build } from 'vite'
import { run } from '../scripts/run.ts'
import { launchBrowser } from './browser.ts'
import { RunningMesh } from './running-mesh.ts'

// The packed packages in an empty project, as somebody installs them who has never seen this
// repository.

let folder: string
let mesh: RunningMesh

const program = `
import { connect, producer, WeirError } from '@weir/client'

/** Sends an event, and resolves to what a subscriber, the bucket and the history say of it. */
export async function roundTrip(hub: string, ingest: string, read: string, token: string, subject: string): Promise<string> {
  const weir = connect({ url: hub, readUrl: read, getToken: () => token })
  const events = producer({ url: ingest, getToken: () => token })
  const data = '{"celsius":21.50}'
  const subscription = weir.subscribe({ filter: subject, mode: 'LATEST' })
  await events.send(subject, { data: { case: 'json', value: data } })
  await events.close()
  for await (const item of subscription) {
    if (item.type !== 'entry') continue
    const seen: string | undefined = item.dataText
    for (let attempt = 0; ; attempt++) {
      const found = await weir.get('latest', subject)
      if (found === undefined && attempt < 900) await new Promise((resolve) => setTimeout(resolve, 50))
      else {
        const missing = await weir.get('nothing', subject).catch((error: WeirError) => error.code)
        weir.close()
        return [seen, (found?.data as { celsius: number }).celsius, missing].join(' ')
      }
    }
  }
  throw new Error('the subscription ended')
}
`

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-pack-'))
  const packed = await run(['bun', 'scripts/pack.ts', join(folder, 'packed')])
  assert.ok(packed.ok, packed.output)
  const tarball = (name: string): string => `file:${join(folder, 'packed', `weir-${name}-0.1.0.tgz`)}`
  const manifest = {
    type: 'module',
    dependencies: { '@weir/client': tarball('client') },
    // Neither is in a registry.
    overrides: { '@weir/proto': tarball('proto') },
  }
  write('package.json', JSON.stringify(manifest))
  write('round-trip.ts', program)
  write(
    'main.ts',
    `import { roundTrip } from './round-trip.ts'
     const [hub = '', ingest = '', read = '', token = '', subject = ''] = process.argv.slice(2)
     console.log(await roundTrip(hub, ingest, read, token, subject))`,
  )
  const installed = await run(['bun', 'install', '--cwd', folder])
  assert.ok(installed.ok, installed.output)
  // The page is of another origin than ingest and the read API.
  mesh = await RunningMesh.start(undefined, { WEIR_INGEST_ORIGINS: '*', WEIR_CORS_ORIGINS: '*' })
})

after(async () => {
  await mesh?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

test('the declarations are enough for a strict type check', async () => {
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    noEmit: true,
    types: [],
    skipLibCheck: false,
  }
  const lib = ['es2023', 'dom', 'dom.iterable']
  // Of what needs nothing beside it: React is brought by those who use it.
  write(
    'entries.ts',
    `import { connect } from '@weir/client/json'
     import { sharedSocket } from '@weir/client/shared'
     import { shareSockets } from '@weir/client/shared-worker'
     import { useLatest } from '@weir/client/svelte'
     const openSocket = sharedSocket(() => new SharedWorker('/worker.js', { type: 'module' }))
     export const latest = useLatest(connect({ url: 'wss://weir.example.com', getToken: () => '', openSocket }), {})
     export { shareSockets }`,
  )
  const files = ['round-trip.ts', 'entries.ts']
  write('tsconfig.json', JSON.stringify({ compilerOptions: { ...compilerOptions, lib }, files }))
  const checked = await run(['tsc', '-p', folder])
  assert.ok(checked.ok, checked.output)
})

test('each built file has a source map that holds its source', () => {
  const built = join(folder, 'node_modules/@weir/client/dist/index.js')
  assert.match(readFileSync(built, 'utf8'), /sourceMappingURL=index\.js\.map/)
  const { sourcesContent } = JSON.parse(readFileSync(`${built}.map`, 'utf8')) as { sourcesContent: string[] }
  assert.match(sourcesContent[0] ?? '', /export \{ connect \}/)
})

for (const [runtime, command] of [
  ['Node', ['node', '--experimental-strip-types', '--disable-warning=ExperimentalWarning']],
  ['Bun', ['bun', 'run']],
  ['Deno', ['deno', 'run', '--no-check', '--allow-all', '--quiet', '--node-modules-dir=manual']],
] as const) {
  test(`a program runs under ${runtime}`, async () => {
    const { hub, ingest, projector } = mesh.running.addresses
    const subject = `packed.${runtime.toLowerCase()}`
    const main = join(folder, 'main.ts')
    const ran = await run([...command, main, hub, ingest, projector, mesh.running.token, subject])
    assert.equal(ran.output.trim(), expected)
  })
}

test('a page that Vite built runs in Chromium', async () => {
  write('index.html', '<!doctype html><title>packed</title><script type="module" src="/page.ts"></script>')
  write(
    'page.ts',
    `import { roundTrip } from './round-trip.ts'
     const [hub = '', ingest = '', read = '', token = ''] = JSON.parse(decodeURIComponent(location.hash.slice(1)))
     document.title = await roundTrip(hub, ingest, read, token, 'packed.vite').catch((error) => String(error))`,
  )
  await build({ root: folder, configFile: false, logLevel: 'silent', build: { target: 'esnext' } })
  const server = createServer(({ url = '' }, response) => {
    const path = url === '/' ? '/index.html' : url
    const type = extname(path) === '.js' ? 'text/javascript' : 'text/html'
    response.writeHead(200, { 'content-type': type }).end(readFileSync(join(folder, 'dist', path)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await launchBrowser()
  try {
    const { hub, ingest, projector } = mesh.running.addresses
    const given = encodeURIComponent(JSON.stringify([hub, ingest, projector, mesh.running.token]))
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/#${given}`)
    await page.waitForFunction("document.title !== 'packed'")
    assert.equal(await page.title(), expected)
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
})

const expected = '{"celsius":21.50} 21.5 not_found'

function write(name: string, content: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), content)
}
