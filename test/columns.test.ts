// Comments and prose have at most 100 columns. Code is the formatter's.

import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { test } from 'node:test'
import { root } from './source-files.ts'

const columnsMax = 100

/** How a comment begins, by the ending of the file, or its name where it has no ending. */
const markers: Readonly<Record<string, RegExp>> = {
  ...same(/^\s*(?:\/\/|\/\*\*?|\*(?!\/)|<!--) ?|^[^'"`/]+[^'"`/:] \/\/ /, ['.ts', '.svelte', '.mjs', '.css', '.proto']),
  ...same(/^\s*# ?/, ['.sh', '.yaml', '.toml', '.conf', '.cfg', '.Containerfile', 'weir', 'Makefile']),
  '.sql': /^\s*-- ?/,
}

/** They stand on one line with what they are about. */
const directive = /^(biome-ignore|svelte-ignore|@ts-)/

/** Generated folders, and the list of changes, whose entries are a line each. */
const leftOut = /(^|\/)(node_modules|dist|gen)(\/|$)|^CHANGELOG\.md$/

const files = globSync('**/*', { cwd: root, exclude: (path) => leftOut.test(path) })
  .filter((path) => path.endsWith('.md') || kindOf(path) in markers)
  .filter((path) => !leftOut.test(path) && statSync(join(root, path)).isFile())

test('comments and prose have at most 100 columns', () => {
  assert.ok(files.length > 500, `only ${files.length} files were found`)
  const faults = files.flatMap((path) =>
    longLines(path, readFileSync(join(root, path), 'utf8')).map((line) => `${path}:${line}`),
  )
  assert.deepEqual(faults, [])
})

test('what is too long is seen in every kind of file, and what cannot be broken is let be', () => {
  const words = 'word '.repeat(21)
  const found = (path: string, text: string): readonly number[] => longLines(path, text)
  assert.deepEqual(found('a.ts', `// ${words}\n/** ${words}*/\n/**\n * ${words}\n */`), [1, 2, 4])
  assert.deepEqual(found('a.ts', `  call() // ${words}`), [1])
  assert.deepEqual(found('a.ts', `const text = '${words}' // word`), [])
  assert.deepEqual(found('a.ts', `/**\n * | ${words}|\n */`), [])
  assert.deepEqual(found('a.ts', `  // biome-ignore lint/a: ${words}`), [])
  assert.deepEqual(found('a.svelte', `<!-- ${words}-->\n<!-- svelte-ignore a (${words}) -->`), [1])
  assert.deepEqual(found('a.sh', `# ${words}\necho ${words}`), [1])
  assert.deepEqual(found('hub.Containerfile', `# ${words}`), [1])
  assert.deepEqual(found('Makefile', `# ${words}`), [1])
  assert.deepEqual(found('a.sql', `-- ${words}\nselect ${words}`), [1])
  assert.deepEqual(found('a.proto', `  // ${words}`), [1])
  assert.deepEqual(found('a.md', `${words}\n\n- ${words}\n  ${words}`), [1, 3, 4])
  assert.deepEqual(found('a.md', `# ${words}\n| ${words}|\n\`\`\`sh\n${words}\n\`\`\`\n`), [])
  assert.deepEqual(found('a.md', `- [a](https://example.org/${'a'.repeat(columnsMax)})`), [])
})

/** The numbers of the lines that are comments or prose, too long, and could be broken. */
function longLines(path: string, text: string): number[] {
  const found: number[] = []
  const marker = path.endsWith('.md') ? undefined : markers[kindOf(path)]
  let inFence = false
  for (const [at, line] of text.split('\n').entries()) {
    if (marker === undefined && /^\s*(```|~~~)/.test(line)) inFence = !inFence
    if (line.length <= columnsMax || inFence) continue
    const words = marker === undefined ? proseOf(line) : commentOf(line, marker)
    if (words !== undefined && /\s/.test(words.trim())) found.push(at + 1)
  }
  return found
}

function commentOf(line: string, marker: RegExp): string | undefined {
  const begin = marker.exec(line)?.[0]
  if (begin === undefined) return undefined
  const words = line.slice(begin.length)
  return directive.test(words) || words.startsWith('|') ? undefined : words
}

/** A heading, the row of a table and the target of a link stand on one line. */
function proseOf(line: string): string | undefined {
  return /^\s*(#|\||\[[^\]]+\]: )/.test(line) ? undefined : line.replace(/^\s*([-*>]|\d+\.)\s+/, '')
}

function kindOf(path: string): string {
  return extname(path) || basename(path)
}

function same(marker: RegExp, kinds: readonly string[]): Record<string, RegExp> {
  return Object.fromEntries(kinds.map((kind) => [kind, marker]))
}
