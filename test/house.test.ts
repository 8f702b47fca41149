import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { isTest, packagesOf, root, sourceFiles } from './source-files.ts'

/** What the code of each package may import of the others. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  mesh: ['proto'],
  ingest: ['proto', 'mesh'],
  hub: ['proto', 'mesh'],
  projector: ['proto', 'mesh'],
  client: ['proto'],
  console: ['proto', 'client'],
  cli: ['proto', 'client', 'mesh'],
  bench: ['proto', 'client', 'mesh'],
  examples: ['proto', 'client'],
  deploy: ['proto', 'client', 'mesh'],
}

/** Examples that deploy a service, and so may import it (docs/decisions/0011). */
const deployed: Readonly<Record<string, string>> = { 'examples/edge/src/edge-ingest.ts': '@weir/ingest/edge' }

/**
 * Where each vendor's library may be imported: one place, or more with the reason (`why`).
 * Benchmarks and the snippets of examples may import anything.
 */
const vendors: readonly { readonly name: RegExp; readonly importer: RegExp; readonly why?: string }[] = [
  { name: /^@nats-io\//, importer: /^mesh\/src\// },
  { name: /^(pino|prom-client)$/, importer: /^mesh\/src\// },
  {
    name: /^jose$/,
    importer: /^(mesh|examples\/backend)\/src\//,
    why: 'the services of the examples have token servers of their own, as those of users do',
  },
  {
    name: /^@hono\//,
    importer: /^(mesh\/src\/http|examples\/backend\/src)\//,
    why: 'the services of the examples are no parts of Weir',
  },
  { name: /^uWebSockets\.js$/, importer: /^hub\/src\/http\// },
  { name: /^mqtt-packet$/, importer: /^ingest\/src\/mqtt\// },
  {
    name: /^postgres$/,
    importer: /^(projector\/src\/db|examples\/(outbox|backend|deliveries|kitchen)\/src)\//,
    why: 'the services of the examples have databases of their own',
  },
  { name: /^@bufbuild\/cel(-spec)?(\/|$)/, importer: /^projector\/src\/condition\// },
  { name: /^@datadog\//, importer: /^projector\/src\/kinds\// },
  { name: /^@electric-sql\//, importer: /^cli\/src\/postgres\// },
  {
    name: /^@opentelemetry\//,
    importer: /^(cli\/src\/up|mesh\/src\/run)\//,
    why: "telemetry of the machine by weir up, and a service's own spans",
  },
  { name: /^(commander|@commander-js\/.+|@bomb\.sh\/tab)/, importer: /^cli\/src\/(commands\/|program|completion|run)/ },
  {
    name: /^(svelte|@sveltejs|vite|uplot|bits-ui|@internationalized|@tanstack|@fontsource-variable|jsonc-parser|@codemirror|@lezer)(\/|$)/,
    importer: /^(console|examples\/(page|deliveries|kitchen|pipeline))\//,
    why: 'the pages of the examples are made as the console is',
  },
  { name: /^react(\/|-dom\/|$)/, importer: /^client\/src\/react\.ts$/ },
  {
    name: /^hono(\/|$)/,
    importer: /^(ingest|projector|examples\/(backend|deliveries|kitchen))\/src\//,
    why: 'each has a plain fetch handler of its own',
  },
  {
    name: /^@bufbuild\/protobuf(\/|$)/,
    importer: /^(proto|mesh|client|hub|ingest|projector)\/src\//,
    why: 'the runtime of the generated code: whoever makes a message calls it',
  },
  {
    name: /^valibot$/,
    importer: /^(cli|client|ingest|mesh|projector)\/src\//,
    why: 'the shape of what is foreign is checked where it comes in',
  },
  { name: /^yaml$/, importer: /^(cli|mesh)\/src\//, why: 'mesh reads it with the places of faults, cli writes it too' },
  { name: /^uuid$/, importer: /^(client|ingest)\/src\//, why: 'an id is made by the producer, or else by ingest' },
  { name: /^lru-cache$/, importer: /^(ingest|mesh|projector)\/src\//, why: 'a collection, as Map is' },
]

const linesMax = { code: 400, test: 600 } as const

const packages = packagesOf(Object.keys(mayImport))
const files = packages.flatMap((name) => sourceFiles(name))
const code = files.filter((file) => !isTest(file.path))

test('imports between packages flow one way', () => {
  const faults: string[] = []
  for (const { path, imports } of code) {
    const from = path.slice(0, path.indexOf('/'))
    for (const specifier of imports) {
      const to = /^@weir\/([a-z]+)/.exec(specifier)?.[1]
      const allowed = to === undefined || to === from || mayImport[from]?.includes(to) || deployed[path] === specifier
      if (!allowed) faults.push(`${path} imports @weir/${to}`)
      const target = join(path, '..', specifier)
      // A benchmark starts the browser and the mesh that tests start.
      const isStarted = target === 'test/browser.ts' || target === 'test/running-mesh.ts'
      const isOwn = target.startsWith(`${from}/`) || (from === 'bench' && isStarted)
      if (specifier.startsWith('.') && !isOwn) {
        faults.push(`${path} reaches out of its package: ${specifier}`)
      }
    }
  }
  assert.deepEqual(faults, [])
})

test("the hub's engine knows neither NATS nor sockets", () => {
  const faults: string[] = []
  for (const { path, imports } of code.filter((file) => file.path.startsWith('hub/src/engine/'))) {
    for (const specifier of imports) {
      const target = specifier.startsWith('.') ? join(path, '..', specifier) : specifier
      const isKnown = /^(hub\/src\/(engine\/.*|limits\.ts)|@weir\/proto|@bufbuild\/protobuf)$/.test(target)
      if (!isKnown) faults.push(`${path} imports ${specifier}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('each vendor library is imported in one place, or it is said why in more', () => {
  const faults: string[] = []
  for (const { path, imports } of code) {
    if (/^(bench\/|examples\/snippets\/)/.test(path)) continue
    for (const specifier of imports) {
      if (/^(\.|node:|bun:|@weir\/)/.test(specifier)) continue
      const vendor = vendors.find(({ name }) => name.test(specifier))
      if (vendor === undefined) faults.push(`${path} imports ${specifier}, which has no place here yet`)
      else if (!vendor.importer.test(path)) faults.push(`${path} imports ${specifier}`)
    }
  }
  const sockets = code.filter(({ path, imports }) => path.startsWith('hub/') && imports.includes('uWebSockets.js'))
  if (sockets.length > 1) faults.push(`uWebSockets.js has ${sockets.length} importers in hub`)
  assert.deepEqual(faults, [])
})

test('a package imports only what its package.json names', () => {
  const faults: string[] = []
  for (const { path, imports } of files) {
    const folder = path.slice(0, path.indexOf('/'))
    const manifest = readManifest(folder)
    const named = { ...manifest.dependencies, ...manifest.devDependencies, ...(isTest(path) ? rootManifest() : {}) }
    for (const specifier of imports) {
      if (specifier.startsWith('.') || /^(node|bun):/.test(specifier)) continue
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
      if (!(name in named) && name !== `@weir/${folder}`) faults.push(`${path} imports ${name}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('dependencies are pinned exactly, and to the same version everywhere', () => {
  const versions = new Map<string, string>()
  const faults: string[] = []
  for (const folder of ['.', ...packages]) {
    const manifest = readManifest(folder)
    const named = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
    for (const [name, version] of Object.entries(named)) {
      // The page's type check needs a TypeScript of its own.
      if (folder === 'console' && name === 'typescript') continue
      if (version === 'workspace:*') continue
      if (!/^(npm:.+@)?\d+\.\d+\.\d+$/.test(version))
        faults.push(`${folder}: ${name} ${version} is not an exact version`)
      const other = versions.get(name) ?? version
      if (other !== version) faults.push(`${folder}: ${name} ${version}, elsewhere ${other}`)
      versions.set(name, version)
    }
  }
  assert.deepEqual(faults, [])
})

test('files are small, are named after their noun, and name what they import in full', () => {
  const faults: string[] = []
  for (const { path, imports, lines } of files) {
    const most = isTest(path) ? linesMax.test : linesMax.code
    if (lines > most) faults.push(`${path} has ${lines} lines; at most ${most}: look for the second noun in it`)
    const name = basename(path)
    if (!path.endsWith('.svelte') && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name)) {
      faults.push(`${path} is not kebab-case`)
    }
    if (/^(utils?|helpers?|common|types|misc|shared)\./.test(name)) faults.push(`${path} names no noun`)
    for (const specifier of imports) {
      if (specifier.startsWith('.') && !/\.(ts|js|json|svelte|css|svg)(\?raw)?$/.test(specifier)) {
        faults.push(`${path} imports ${specifier} without its ending`)
      }
    }
  }
  assert.deepEqual(faults, [])
})

test('bounds stand in limits.ts, each with what happens there', () => {
  const faults: string[] = []
  for (const { path } of code) {
    if (!/^(proto|mesh|ingest|hub|projector|client|console|cli)\/src\//.test(path) || basename(path) === 'limits.ts')
      continue
    for (const name of chosenNumbers(readFileSync(join(root, path), 'utf8'))) {
      faults.push(`${path}: ${name} belongs in limits.ts; if nobody chose it, write it in capitals`)
    }
  }
  assert.deepEqual(faults, [])
})

test('a number that somebody chose is found however it is written', () => {
  const chosen = [
    'a = 5_000',
    'b: number = 0.5',
    'c = 60 * 1000',
    'd = limits.all - 18',
    'e =\n  -1',
    'f = (1 + 2)',
    'g = 0x10',
  ]
  assert.deepEqual(
    chosen.flatMap((each) => chosenNumbers(`const ${each}\nexport const ${each}\n`)),
    [...'abcdefg'].flatMap((name) => [name, name]),
  )
  const others = [
    'TAG_SUBJECT = 0x0a',
    'a = limits.all',
    "b = '5'",
    'c = new Map()',
    'd = make(5)',
    'e = /5/',
    'f = [5]',
  ]
  assert.deepEqual(
    others.flatMap((each) => chosenNumbers(`const ${each}\n  const inner = 5\n`)),
    [],
  )
})

/**
 * The constants of a module that are numbers somebody chose: bounds, waits, sizes. What nobody
 * chose is written in capitals: what a protocol, a format or the calendar fixes, and what was
 * measured.
 */
function chosenNumbers(text: string): readonly string[] {
  const constants = text.matchAll(/^(?:export )?const (\w+)(?:: number)? =\s+(.+)$/gm)
  return [...constants].flatMap(([, name = '', value = '']) => {
    const isNumber = /^[\w(-][\w\s.+\-*/%()]*$/.test(value) && /(?<![\w.])\d/.test(value) && !/\w\(/.test(value)
    return isNumber && !/^[A-Z][A-Z0-9_]*$/.test(name) ? [name] : []
  })
}

type Versions = Readonly<Record<string, string>>

interface Manifest {
  readonly dependencies?: Versions
  readonly devDependencies?: Versions
  readonly optionalDependencies?: Versions
}

function readManifest(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
  } catch {
    return {}
  }
}

function rootManifest(): Versions {
  return readManifest('.').devDependencies ?? {}
}
