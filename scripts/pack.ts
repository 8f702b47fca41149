// `make pack`: the packages that others install, as tarballs in dist/: plain ESM with .d.ts and
// source maps.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, root, run } from './run.ts'

interface Manifest {
  name: string
  version: string
  private?: boolean
  exports: Record<string, string>
  files?: string[]
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

const target = process.argv[2] ?? join(root, 'dist')

for (const folder of ['proto', 'client']) {
  const staged = join(target, folder)
  rmSync(staged, { recursive: true, force: true })
  mkdirSync(staged, { recursive: true })
  succeed(await run(['tsc', '-p', `${folder}/tsconfig.pack.json`, '--outDir', join(staged, 'dist')]))
  // TypeScript leaves the endings of sources in declarations.
  for (const path of filesIn(join(staged, 'dist'), '.d.ts')) rewrite(path, /(from '\.[^']*)\.ts'/g, "$1.js'")
  const generated = join(root, folder, 'src/gen')
  if (folder === 'proto') cpSync(generated, join(staged, 'dist/gen'), { recursive: true })
  for (const name of ['LICENSE', join(folder, 'README.md')])
    cpSync(join(root, name), join(staged, name.replace(/.*\//, '')))
  const documents = join(root, folder, 'docs')
  if (existsSync(documents)) cpSync(documents, join(staged, 'docs'), { recursive: true })
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`)
  const tarball = `${manifest.name.slice(1).replace('/', '-')}-${manifest.version}.tgz`
  succeed(await run(['bun', 'pm', 'pack', '--cwd', staged, '--destination', target, '--ignore-scripts', '--quiet']))
  console.log(join(target, tarball))
}

/** What npm is told: built files in place of sources, exact versions in place of the workspace. */
function published(manifest: Manifest): object {
  const { private: _, devDependencies: __, exports, dependencies = {}, ...rest } = manifest
  const built = Object.entries(exports).map(([name, source]) => {
    const path = source.replace('./src/', './dist/').replace(/\.ts$/, '')
    return [name, { types: `${path}.d.ts`, default: `${path}.js` }]
  })
  return {
    ...rest,
    exports: Object.fromEntries(built),
    files: ['dist', 'docs'],
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([name, version]) => [name, version.replace('workspace:*', manifest.version)]),
    ),
  }
}

function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
}

function rewrite(path: string, pattern: RegExp, replacement: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(pattern, replacement))
}

function succeed({ ok, output }: Outcome): void {
  if (ok) return
  console.error(output)
  process.exit(1)
}
