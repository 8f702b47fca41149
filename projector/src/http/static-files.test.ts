import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { staticFiles } from './static-files.ts'

const script = `export const x = ${JSON.stringify('x'.repeat(2_000))}\n`
let folder: string

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-static-'))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'live.html'), '<!doctype html><link>')
  writeFileSync(join(folder, 'assets/a.js'), script)
  writeFileSync(join(folder, 'assets/a.js.br'), brotliCompressSync(script))
  writeFileSync(join(folder, 'assets/a.js.gz'), gzipSync(script))
})

after(() => rmSync(folder, { recursive: true }))

async function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Buffer }> {
  const response = await staticFiles(folder)(new Request(`http://weir${path}`, { method, headers }))
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

test('a file goes out as the build packed it, to who accepts that', async () => {
  const encodingOf = async (accept: string | undefined): Promise<string | null> => {
    const { status, headers, body } = await get(
      '/assets/a.js',
      accept === undefined ? {} : { 'accept-encoding': accept },
    )
    assert.equal(status, 200)
    assert.equal(headers.get('vary'), 'Accept-Encoding')
    assert.equal(headers.get('content-length'), String(body.length))
    assert.equal(headers.get('content-type'), 'text/javascript; charset=utf-8')
    const encoding = headers.get('content-encoding')
    const text = encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body
    assert.equal(text.toString(), script)
    return encoding
  }
  assert.equal(await encodingOf('gzip, deflate, br, zstd'), 'br')
  assert.equal(await encodingOf('br;q=0.5, gzip'), 'gzip')
  assert.equal(await encodingOf('GZIP'), 'gzip')
  assert.equal(await encodingOf('*'), 'br')
  assert.equal(await encodingOf('br;q=0, *;q=0.1'), 'gzip')
  assert.equal(await encodingOf('identity, gzip;q=0.5'), null)
  assert.equal(await encodingOf('deflate'), null)
  assert.equal(await encodingOf(''), null)
  assert.equal(await encodingOf(undefined), null)
})

test('a file that is not packed goes out as it is, and packed files have no address', async () => {
  assert.equal((await get('/', { 'accept-encoding': 'br' })).headers.get('content-encoding'), null)
  assert.equal((await get('/assets/a.js.br')).status, 404)
})

test('HEAD has the headers of GET, and no content', async () => {
  for (const accept of ['br', 'gzip', 'identity']) {
    const [full, head] = [
      await get('/assets/a.js', { 'accept-encoding': accept }),
      await get('/assets/a.js', { 'accept-encoding': accept }, 'HEAD'),
    ]
    assert.deepEqual([...head.headers], [...full.headers])
    assert.equal(head.body.length, 0)
  }
})

test('a part of a file is a part of the file itself, and never of what is packed', async () => {
  const part = async (range: string, more: Readonly<Record<string, string>> = {}): Promise<unknown[]> => {
    const { status, headers, body } = await get('/assets/a.js', { range, 'accept-encoding': 'br', ...more })
    assert.equal(headers.get('content-encoding'), null)
    return [status, headers.get('content-range'), body.length < 100 ? body.toString() : body.length]
  }
  const size = script.length
  assert.deepEqual(await part('bytes=0-5'), [206, `bytes 0-5/${size}`, 'export'])
  assert.deepEqual(await part('bytes=7-11'), [206, `bytes 7-11/${size}`, 'const'])
  assert.deepEqual(await part('bytes=-3'), [206, `bytes ${size - 3}-${size - 1}/${size}`, script.slice(-3)])
  assert.deepEqual(await part(`bytes=${size - 2}-`), [206, `bytes ${size - 2}-${size - 1}/${size}`, script.slice(-2)])
  assert.deepEqual(await part(`bytes=${size}-`), [416, `bytes */${size}`, ''])
  assert.deepEqual(await part('bytes=-0'), [416, `bytes */${size}`, ''])
  for (const whole of ['bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=-']) {
    assert.deepEqual(await part(whole), [200, null, size])
  }
  const etag = (await get('/assets/a.js')).headers.get('etag') ?? ''
  assert.deepEqual(await part('bytes=0-5', { 'if-range': etag }), [206, `bytes 0-5/${size}`, 'export'])
  assert.deepEqual(await part('bytes=0-5', { 'if-range': `W/${etag}` }), [200, null, size])
  assert.deepEqual(await part('bytes=0-5', { 'if-range': '"other"' }), [200, null, size])
})

test('what a browser has already is not sent again', async () => {
  const { headers } = await get('/assets/a.js', { 'accept-encoding': 'br' })
  const etag = headers.get('etag') ?? ''
  const again = await get('/assets/a.js', { 'accept-encoding': 'br', 'if-none-match': `"x", W/${etag}` })
  assert.deepEqual([again.status, again.body.length], [304, 0])
  assert.equal((await get('/assets/a.js', { 'accept-encoding': 'gzip', 'if-none-match': etag })).status, 200)
})

test('paths do not leave the folder, and an address of the page is the page', async () => {
  assert.equal((await get('/%2e%2e%2fpackage.json')).status, 404)
  assert.equal((await get('/%ff')).status, 400)
  assert.equal((await get('/boards/mine')).body.toString(), '<!doctype html>')
  assert.equal((await get('/nothing.js')).status, 404)
})

test('an address of the page gets the HTML that the build wrote for it', async () => {
  const { body, headers } = await get('/live?filter=a')
  assert.equal(body.toString(), '<!doctype html><link>')
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(headers.get('cache-control'), 'no-cache')
  assert.equal((await get('/state')).body.toString(), '<!doctype html>')
  assert.equal((await get('/live/')).body.toString(), '<!doctype html>')
})
