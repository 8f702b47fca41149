// `make check`: everything that can be said about the repository without running it.

import { existsSync } from 'node:fs'
import { generate, generatedNow } from './generated.ts'
import { type Outcome, root, run } from './run.ts'

const packages = [
  'proto',
  'mesh',
  'ingest',
  'hub',
  'projector',
  'client',
  'cli',
  'console',
  'bench',
  'examples',
  'deploy',
]

const steps: { readonly title: string; readonly check: () => Promise<Outcome> }[] = [
  { title: 'lint and format', check: () => run(['biome', 'ci', '--colors=off', '.']) },
  ...['.', ...packages]
    .filter((folder) => existsSync(`${root}${folder}/tsconfig.json`))
    .map((folder) => ({ title: `types of ${folder}`, check: () => run(['tsc', '-p', folder]) })),
  { title: 'types of the page', check: () => svelteCheck('console') },
  { title: 'types of the pages of the examples', check: () => svelteCheck('examples', 'tsconfig.pages.json') },
  { title: 'wire schema', check: () => run(['buf', 'lint', 'proto']) },
  { title: 'generated files', check: generatedUnchanged },
  {
    title: 'house rules',
    check: () =>
      run([
        'node',
        '--test',
        ...['house', 'rooms', 'columns', 'documents', 'dependencies'].map((name) => `test/${name}.test.ts`),
      ]),
  },
]

let failed = 0
for (const { title, check } of steps) {
  const outcome = await check().catch((error: unknown): Outcome => ({ ok: false, output: `${error}\n` }))
  console.log(`${outcome.ok ? '✓' : '✗'} ${title}`)
  if (outcome.ok) continue
  failed++
  console.log(outcome.output)
}
if (failed > 0) {
  console.log(`${failed} of ${steps.length} checks failed.`)
  process.exitCode = 1
}

function svelteCheck(folder: string, config = 'tsconfig.json'): Promise<Outcome> {
  const program = 'console/node_modules/svelte-check/bin/svelte-check'
  return run(['node', program, '--workspace', folder, '--tsconfig', `./${config}`, '--output', 'human'])
}

async function generatedUnchanged(): Promise<Outcome> {
  const wanted = await generate()
  const present = await generatedNow()
  const paths = new Set([...wanted.keys(), ...present.keys()])
  const stale = [...paths].filter((path) => wanted.get(path) !== present.get(path))
  return { ok: stale.length === 0, output: `Not what \`make gen\` writes: ${stale.join(', ')}\n` }
}
