import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { closeCode, errorCodes } from '../proto/src/error.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const documents = [
  'README.md',
  'bench/README.md',
  'deploy/README.md',
  'deploy/RUNBOOK.md',
  'examples/README.md',
  'examples/edge/README.md',
  'examples/pipeline/README.md',
  'examples/rooms/README.md',
  'examples/snippets/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

test('the tests that documents name are there', () => {
  const faults: string[] = []
  for (const { path, text } of documents) {
    const plain = text.replace(/\s+/g, ' ')
    for (const [, file = '', name] of plain.matchAll(/`([\w./-]+\.test\.ts)`(?:, "([^"]+)")?/g)) {
      if (!existsSync(join(root, file))) faults.push(`${path} names ${file}, which is not there`)
      else if (name !== undefined && !readFileSync(join(root, file), 'utf8').includes(name))
        faults.push(`${file} has no test "${name}"`)
    }
  }
  assert.deepEqual(faults, [])
})

test('links between documents lead somewhere', () => {
  const faults: string[] = []
  for (const { path, text } of documents) {
    for (const [, target = ''] of text.matchAll(/\]\(((?!https?:)[^)#]+)(?:#[^)]*)?\)/g)) {
      if (!existsSync(join(root, dirname(path), target))) faults.push(`${path} links to ${target}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('decisions are numbered from 0001 without a hole, in the name and in the heading', () => {
  const decisions = documents.filter(({ path }) => path.startsWith('docs/decisions/')).sort(byPath)
  assert.deepEqual(
    decisions.map(({ path, text }) => [/\/(\d{4})-/.exec(path)?.[1], /^# (\d{4}) /.exec(text)?.[1]]),
    decisions.map((_, at) => [String(at + 1).padStart(4, '0'), String(at + 1).padStart(4, '0')]),
  )
})

test('the table of close codes in the protocol is the one of the code', () => {
  const text = readFileSync(join(root, 'docs/protocol.md'), 'utf8')
  const rows = [...text.matchAll(/\| (3\d{3}) \| (\w+) /g)].map(([, code, name]) => `${code} ${name}`)
  assert.deepEqual(rows.sort(), errorCodes.map((code) => `${closeCode(code)} ${code}`).sort())
})

function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : 1
}
