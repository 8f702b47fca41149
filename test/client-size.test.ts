import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'

// What a page carries that connects and subscribes, and nothing else: budgets in bytes of gzip, by
// the bundler of the page. What is loaded later, when it is first used, does not count.

for (const [codec, module, gzipMax] of [
  ['Protobuf', '@weir/client', 15_000],
  ['JSON', '@weir/client/json', 15_000],
] as const) {
  test(`connect and subscribe by ${codec} cost at most ${gzipMax} bytes`, async (t) => {
    const chunks = await bundle(`
      import { connect } from '${module}'
      const weir = connect({ url: 'wss://weir.example.com', getToken: () => '' })
      for await (const item of weir.subscribe({ filter: 'rooms.>', mode: 'LATEST' })) console.log(item)
    `)
    const loaded = loadedAtOnce(chunks)
    const bytes = loaded.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)
    t.diagnostic(`${bytes} bytes`)
    assert.ok(bytes <= gzipMax, `${bytes} bytes of ${loaded.flatMap(({ moduleIds }) => moduleIds).join('\n')}`)
    assert.ok(bytes > gzipMax / 2, `${bytes} bytes are too few to be the client`)
    const modules = loaded.flatMap(({ moduleIds }) => moduleIds).join('\n')
    assert.doesNotMatch(modules, /client\/src\/(produce|read\/read-api|store)/)
    assert.doesNotMatch(modules, /_pb\.js|protobuf\/dist\/esm\/(?!wire\/base64)/)
  })
}

test('what is imported by itself brings no connection along', async () => {
  const chunks = await bundle(`import { producer } from '@weir/client'; producer({ url: '', getToken: () => '' })`)
  const modules = loadedAtOnce(chunks).flatMap(({ moduleIds }) => moduleIds)
  assert.ok(modules.some((id) => id.includes('produce/producer.ts')))
  assert.deepEqual(
    modules.filter((id) => /client\/src\/(connection|session|subscription|read|store)/.test(id)),
    [],
  )
})

/** Vite adds 0.7 kB of its own to load what comes later, which is no part of the client. */
const preloading = '\0vite/preload-helper.js'
const imported = 'export const __vitePreload = (load) => load()'

async function bundle(program: string): Promise<readonly Rolldown.OutputChunk[]> {
  const entry = '\0program'
  const built = await build({
    root: fileURLToPath(new URL('../client', import.meta.url)),
    configFile: false,
    logLevel: 'silent',
    build: { write: false, modulePreload: false, target: 'es2022', minify: true, rolldownOptions: { input: entry } },
    plugins: [
      {
        name: 'program',
        enforce: 'pre',
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) => (id === entry ? program : id === preloading ? imported : undefined),
      },
    ],
  })
  const outputs = Array.isArray(built) ? built : [built as Rolldown.RolldownOutput]
  return outputs.flatMap(({ output }) => output).filter((each) => each.type === 'chunk')
}

/** The entry and what it imports, over any number of chunks. */
function loadedAtOnce(chunks: readonly Rolldown.OutputChunk[]): readonly Rolldown.OutputChunk[] {
  const loaded = new Set(chunks.filter(({ isEntry }) => isEntry))
  for (const chunk of loaded) {
    for (const name of chunk.imports) for (const each of chunks) if (each.fileName === name) loaded.add(each)
  }
  return [...loaded]
}
