import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { isTest, packagesOf, root, type SourceFile, sourceFiles } from './source-files.ts'

const filesInRoomMax = 15

const rooms = roomsOf(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))
const packages = packagesOf([
  'proto',
  'mesh',
  'ingest',
  'hub',
  'projector',
  'client',
  'console',
  'cli',
  'bench',
  'examples',
])

for (const name of packages) {
  const files = sourceFiles(name).filter(({ path }) => !isTest(path) && path.startsWith(`${name}/`))
  const table = rooms.get(name) ?? []

  test(`each file of ${name} lies in a room of its table, and no room is too full`, () => {
    const faults: string[] = []
    const counts = new Map<string, number>()
    for (const { path } of files) {
      if (roomOf(name, path, table) < 0) faults.push(`${path} lies in no room that docs/architecture.md names`)
      const folder = dirname(path)
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    for (const [folder, count] of counts) {
      if (count > filesInRoomMax) faults.push(`${folder} has ${count} files; at most ${filesInRoomMax}: give it rooms`)
    }
    for (const [at, room] of table.entries()) {
      if (!files.some(({ path }) => roomOf(name, path, table) === at)) faults.push(`${name}: the room ${room} is empty`)
    }
    assert.deepEqual(faults, [])
  })

  test(`the rooms of ${name} import only from rooms above them`, () => {
    const faults: string[] = []
    for (const { path, imports } of files) {
      const from = roomOf(name, path, table)
      for (const target of relativeImports(path, imports)) {
        const to = roomOf(name, target, table)
        if (to > from) faults.push(`${path} (${table[from]}) imports ${target} (${table[to]}), which stands below it`)
      }
    }
    assert.deepEqual(faults, [])
  })

  test(`no files of ${name} import each other in a circle, types included`, () => {
    assert.deepEqual(circlesIn(files), [])
  })
}

test('a circle is found wherever it begins', () => {
  const file = (path: string, ...imports: string[]): SourceFile => ({ path, lines: 1, imports })
  const files = [file('a.ts', './b.ts'), file('b.ts', './c.ts'), file('c.ts', './d.ts', './b.ts'), file('d.ts')]
  assert.deepEqual(circlesIn(files), ['b.ts -> c.ts -> b.ts'])
})

/** The rooms of each package in their order: `src/` of the row `.` is what lies in no folder. */
function roomsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const section = /^## Rooms$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text)?.[1] ?? ''
  for (const [, name = '', body = ''] of section.matchAll(/^### (\w+)$([\s\S]*?)(?=^### |(?![\s\S]))/gm)) {
    found.set(
      name,
      [...body.matchAll(/^\| `([^`]+)` \|/gm)].map(([, room = '']) => room),
    )
  }
  return found
}

/**
 * Which row of a table a file belongs to: the longest that its path begins with; -1 if there is
 * none.
 */
function roomOf(name: string, path: string, table: readonly string[]): number {
  let best = -1
  let length = -1
  for (const [at, room] of table.entries()) {
    // Examples lie side by side and have no src of their own.
    const top = name === 'examples' ? name : `${name}/src`
    const folder = room === '.' ? `${top}/` : `${top}/${room}`
    const isIn = room === '.' ? dirname(path) === top : path.startsWith(folder)
    if (isIn && folder.length > length) {
      best = at
      length = folder.length
    }
  }
  return best
}

function relativeImports(path: string, imports: readonly string[]): readonly string[] {
  return imports
    .filter((each) => each.startsWith('.') && /\.(ts|svelte)$/.test(each))
    .map((each) => join(path, '..', each))
}

/** Each circle once, from where it was entered. */
function circlesIn(files: readonly SourceFile[]): readonly string[] {
  const targets = new Map(files.map(({ path, imports }) => [path, relativeImports(path, imports)]))
  const done = new Set<string>()
  const way: string[] = []
  const circles: string[] = []
  const visit = (path: string): void => {
    if (done.has(path)) return
    const at = way.indexOf(path)
    if (at >= 0) {
      circles.push([...way.slice(at), path].join(' -> '))
      return
    }
    way.push(path)
    for (const target of targets.get(path) ?? []) visit(target)
    way.pop()
    done.add(path)
  }
  for (const path of targets.keys()) visit(path)
  return circles
}
