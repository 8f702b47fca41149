import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { root } from './source-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-binaries-'))
after(() => rmSync(folder, { recursive: true }))

test('docs/dependencies.md names every dependency once, with the packages that have it, and none else', () => {
  const named = new Map<string, string[]>()
  for (const place of ['.', ...readdirSync(root)].filter((name) => existsSync(join(root, name, 'package.json')))) {
    const manifest = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8')) as Manifest
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
        if (version !== 'workspace:*') named.set(name, [...(named.get(name) ?? []), place])
      }
    }
  }
  const text = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `([^`]+)` \| ([^|]+) \| (.+) \|$/gm)]
  for (const [, name = '', , why = ''] of rows) assert.ok(why.length > 10, `${name}: ${why}`)
  assert.deepEqual(
    rows.map(([, name = '', places = '']) => `${name}: ${places}`).sort(),
    [...named].map(([name, places]) => `${name}: ${places.sort().join(', ')}`).sort(),
  )
})

test('every archive in bun.lock has a hash', () => {
  const lock = readFileSync(join(root, 'bun.lock'), 'utf8')
  const packages = lock.slice(lock.indexOf('\n  "packages": {')).match(/^ {4}"[^"]+": \[.*\],?$/gm) ?? []
  const without = packages.filter((line) => !line.includes('@workspace:') && !/"sha512-[\w+/]+={0,2}"\],?$/.test(line))
  assert.ok(packages.length > 200)
  assert.deepEqual(without, [])
})

test('the republished binaries of this machine are the pinned ones', {
  skip: !existsSync(join(root, '.tools')),
}, () => {
  const { status, stderr } = checkBinaries(root)
  assert.deepEqual([status, stderr], [0, ''])
})

test('a binary that was changed, or that nobody pinned, is refused', () => {
  const [pin = ''] = readFileSync(join(root, 'scripts/binaries.sha256'), 'utf8').split('\n')
  const path = pin.slice(66)
  for (const name of ['scripts/binaries.sha256', 'scripts/check-binaries.mjs']) copy(name)
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), 'something else')
  const changed = checkBinaries(folder)
  assert.equal(changed.status, 1)
  assert.match(changed.stderr, new RegExp(`^weir: ${path} should have ${pin.slice(0, 64)}; it has [0-9a-f]{64}`))
  writeFileSync(join(folder, 'program'), '')
  const unknown = checkBinaries(folder, 'program')
  assert.equal(unknown.status, 1)
  assert.match(unknown.stderr, /^weir: program has no hash/)
})

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function checkBinaries(cwd: string, ...files: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, ['scripts/check-binaries.mjs', ...files], { cwd, encoding: 'utf8' })
}

function copy(name: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  copyFileSync(join(root, name), join(folder, name))
}
