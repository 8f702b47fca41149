import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import process from 'node:process'
import { buildPage } from '../../page/build.ts'

// Serves the page, and says where the mesh is; all that the page shows comes from there.

const { DEMO_PORT = '8130', WEIR_HUB_URL = '', WEIR_PROJECTOR_URL = '' } = process.env
const folder = new URL('../dist/', import.meta.url)
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
}
await buildPage('pipeline')

createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://page')
  if (pathname === '/readyz') {
    response.end('ready\n')
  } else if (pathname === '/config.json') {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ hubUrl: WEIR_HUB_URL, readUrl: WEIR_PROJECTOR_URL }))
  } else {
    // A URL has no way out of the folder: its dots are resolved.
    const file = new URL(pathname === '/' ? 'index.html' : `.${pathname}`, folder)
    const bytes = file.href.startsWith(folder.href) ? await readFile(file).catch(() => undefined) : undefined
    response.statusCode = bytes === undefined ? 404 : 200
    response.setHeader('content-type', types[extname(file.pathname)] ?? 'text/plain')
    response.end(bytes ?? 'There is nothing here.\n')
  }
}).listen(Number(DEMO_PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${DEMO_PORT}/`))
