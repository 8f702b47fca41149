import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'

export type StaticFiles = (request: Request) => Promise<Response>

/**
 * The files of a built page. A path without an extension that is no file is one of the page's own addresses and gets
 * index.html; while nothing is built, a page says how to build it.
 */
export function staticFiles(folder: string): StaticFiles {
  return async (request) => {
    const path = decodedPath(new URL(request.url).pathname)
    if (path === undefined) return new Response('This is not a path.\n', { status: 400 })
    const name = path === '/' ? '/index.html' : path
    const file = await readIn(folder, name)
    if (file !== undefined) return fileResponse(name, file)
    if (extname(name) !== '' && name !== '/index.html') return new Response('There is no such file.\n', { status: 404 })
    const index = await readIn(folder, '/index.html')
    return index === undefined ? notBuilt() : fileResponse('/index.html', index)
  }
}

/** Undefined when the percent-encoding is broken or the path leaves its folder. */
function decodedPath(pathname: string): string | undefined {
  try {
    const path = normalize(decodeURIComponent(pathname))
    return path.startsWith('/') && !path.includes('\0') ? path : undefined
  } catch {
    return undefined
  }
}

async function readIn(folder: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(join(folder, name)))
  } catch {
    return undefined
  }
}

function fileResponse(name: string, bytes: Uint8Array<ArrayBuffer>): Response {
  // Vite puts a hash of the content into the names of what is in assets/.
  const cache = name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  return new Response(bytes, {
    headers: {
      'content-type': mediaTypes[extname(name)] ?? 'application/octet-stream',
      'cache-control': cache,
      ...safetyHeaders,
    },
  })
}

function notBuilt(): Response {
  const page = `<!doctype html><meta charset="utf-8"><title>Weir</title>
<body style="font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto">
<h1>The console is not built</h1>
<p>The services run, and this is their read API; the page alone is missing. Run <code>make setup</code> in the repository, which
builds it into <code>console/dist</code>, and load this page again.</p>
`
  return new Response(page, {
    status: 503,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', ...safetyHeaders },
  })
}

/** The page may talk to a hub on any host, as that is configured; everything else comes from here. */
const safetyHeaders = {
  'content-security-policy':
    "default-src 'self'; connect-src *; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
}
