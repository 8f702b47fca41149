import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

// Builds the browser extension, and serves three sites on which a streamer has a room, and a page
// that says how to try it.

const folder = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(folder, '../..')
const { DEMO_PORT = '8100', WEIR_INGEST_URL = '' } = process.env

const vite = join(root, 'node_modules/vite/bin/vite.js')
const config = join(folder, 'vite.config.ts')
await promisify(execFile)(join(root, '.tools/bin/node'), [vite, 'build', '--config', config, '--logLevel', 'warn'])
const extension = join(folder, 'dist/extension')
console.log(`The extension is in ${extension}.`)

const pages: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['start.html', 'text/html'],
  '/sites/alpha': ['alpha.html', 'text/html'],
  '/sites/beta': ['beta.html', 'text/html'],
  '/sites/gamma': ['gamma.html', 'text/html'],
  '/room.js': ['room.js', 'text/javascript'],
  '/sites.css': ['sites.css', 'text/css'],
  '/weir.svg': ['../../page/src/weir.svg', 'image/svg+xml'],
}

createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://sites')
  if (pathname === '/readyz') {
    response.end('ready\n')
    return
  }
  if (pathname === '/setup.json') {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ extension, server: WEIR_INGEST_URL }))
    return
  }
  const page = pages[pathname]
  if (page === undefined) {
    response.statusCode = 404
    response.end('There is nothing here.\n')
    return
  }
  response.setHeader('content-type', `${page[1]}; charset=utf-8`)
  response.end(await readFile(join(folder, 'sites', page[0])))
}).listen(Number(DEMO_PORT), '127.0.0.1', () => console.log(`The sites are at http://127.0.0.1:${DEMO_PORT}/.`))
