import { readFile, stat } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { acceptedEncodings } from './accept-encoding.ts'
import { rangeOf } from './byte-range.ts'
import { isNamed } from './entity-tag.ts'

export type StaticFiles = (request: Request) => Promise<Response>

/**
 * The files of a built page. A path without an extension that is no file is one of the page's own
 * addresses: `/live` gets live.html where there is one, index.html otherwise; while nothing is
 * built, a page says how to build it. A file that
 * the build has packed, `x.js.br` and `x.js.gz` beside `x.js`, goes out packed to who accepts it. A
 * part of a file is always a part of the file itself.
 */
export function staticFiles(folder: string): StaticFiles {
  return async (request) => {
    const path = decodedPath(new URL(request.url).pathname)
    if (path === undefined) return new Response('This is not a path.\n', { status: 400, headers: safetyHeaders })
    const name = path === '/' ? '/index.html' : path
    const packed = extname(name) === '.br' || extname(name) === '.gz'
    const file = packed ? undefined : await openFile(folder, name)
    if (file !== undefined) return await fileResponse(file, request)
    if (extname(name) !== '' && name !== '/index.html') {
      return new Response('There is no such file.\n', { status: 404, headers: safetyHeaders })
    }
    const index = (await openFile(folder, `${name}.html`)) ?? (await openFile(folder, '/index.html'))
    return index === undefined ? notBuilt() : await fileResponse(index, request)
  }
}

interface BuiltFile {
  readonly folder: string
  /** From the folder, with a slash before it. */
  readonly name: string
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

async function openFile(folder: string, name: string): Promise<BuiltFile | undefined> {
  return (await fileTag(join(folder, name))) === undefined ? undefined : { folder, name }
}

/** What changes with the content of a built file; undefined when there is none. */
async function fileTag(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? `${found.size.toString(36)}-${Math.floor(found.mtimeMs).toString(36)}` : undefined
}

async function fileResponse({ folder, name }: BuiltFile, request: Request): Promise<Response> {
  const wantsPart = request.headers.has('range')
  const { path, encoding, tag } = await representation(
    join(folder, name),
    wantsPart ? undefined : request.headers.get('accept-encoding'),
  )
  const etag = `"${tag}${encoding === undefined ? '' : `-${encoding}`}"`
  const headers: Record<string, string> = {
    'content-type': mediaTypes[extname(name)] ?? 'application/octet-stream',
    // Vite puts a hash of the content into the names of what is in assets/.
    'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'accept-ranges': 'bytes',
    vary: 'Accept-Encoding',
    etag,
    ...safetyHeaders,
  }
  if (encoding !== undefined) headers['content-encoding'] = encodings[encoding]
  if (isNamed(request.headers.get('if-none-match') ?? undefined, etag)) {
    return new Response(null, { status: 304, headers })
  }
  const bytes = new Uint8Array(await readFile(path))
  const range = rangeOf(request.headers, etag, bytes.length)
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${bytes.length}` } })
  }
  if (range === undefined) return bodyResponse(request, 200, headers, bytes)
  headers['content-range'] = `bytes ${range.from}-${range.to}/${bytes.length}`
  return bodyResponse(request, 206, headers, bytes.subarray(range.from, range.to + 1))
}

/** HEAD has the headers of GET, and no content. */
function bodyResponse(
  { method }: Request,
  status: number,
  headers: Readonly<Record<string, string>>,
  bytes: Uint8Array<ArrayBuffer>,
): Response {
  const all = { ...headers, 'content-length': String(bytes.length) }
  return new Response(method === 'HEAD' ? null : bytes, { status, headers: all })
}

type PackedEncoding = keyof typeof encodings

/** By the ending of the packed file. */
const encodings = { br: 'br', gz: 'gzip' } as const

/** The first of the accepted encodings in which there is a file. */
async function representation(
  path: string,
  acceptEncoding: string | null | undefined,
): Promise<{ readonly path: string; readonly encoding: PackedEncoding | undefined; readonly tag: string }> {
  for (const accepted of acceptedEncodings(acceptEncoding ?? '', Object.values(encodings))) {
    const encoding = accepted === 'br' ? 'br' : 'gz'
    const tag = await fileTag(`${path}.${encoding}`)
    if (tag !== undefined) return { path: `${path}.${encoding}`, encoding, tag }
  }
  return { path, encoding: undefined, tag: (await fileTag(path)) ?? '' }
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

/**
 * The page may talk to a hub on any host, as that is configured; everything else comes from here.
 */
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
