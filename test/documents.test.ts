import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '../cli/src/program.ts'
import { closeCode, errorCodes } from '../proto/src/error.ts'
import { pages } from './documents.ts'
import { root } from './source-files.ts'

test('the tests that documents name are there', () => {
  const faults: string[] = []
  for (const { path, text } of pages) {
    const plain = text.replace(/\s+/g, ' ')
    for (const [, file = '', name] of plain.matchAll(/`([\w./-]+\.test\.ts)`(?:, "([^"]+)")?/g)) {
      if (!existsSync(join(root, file))) faults.push(`${path} names ${file}, which is not there`)
      else if (name !== undefined && !readFileSync(join(root, file), 'utf8').includes(name))
        faults.push(`${file} has no test "${name}"`)
    }
  }
  assert.deepEqual(faults, [])
})

test('links between documents lead somewhere, to headings too', () => {
  const faults: string[] = []
  for (const { path, text } of pages) {
    for (const [, file = '', heading] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = file === '' ? path : join(dirname(path), file)
      const isThere = existsSync(join(root, target))
      const known = heading === undefined || headingsOf(target).includes(heading)
      if (!isThere || !known) faults.push(`${path} links to ${file}${heading === undefined ? '' : `#${heading}`}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('the commands and options of weir that documents show are there', () => {
  const faults: string[] = []
  let count = 0
  for (const { path, text } of pages) {
    const lines = text.replaceAll(/\\\n\s*/g, '')
    for (const [line, said = ''] of lines.matchAll(/(?:\.\/|`|"|^ *)weir ((?:'[^'\n]*'|"[^"\n]*"|[^`\n|;#>)'"])+)/gm)) {
      count++
      const fault = commandFault(said.split(/\s+/))
      if (fault !== undefined) faults.push(`${path}: ${line.trim()}: ${fault}`)
    }
  }
  assert.ok(count > 80, `only ${count} were found`)
  assert.deepEqual(faults, [])
})

test('decisions are numbered from 0001 without a hole, in the name and in the heading', () => {
  const decisions = pages.filter(({ path }) => path.startsWith('docs/decisions/')).sort(byPath)
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

/** As GitHub makes anchors of them. */
function headingsOf(path: string): readonly string[] {
  const text = pages.find((page) => page.path === path)?.text ?? ''
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, words = '']) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Undefined where the command line knows each word that it has to. */
function commandFault(words: readonly string[]): string | undefined {
  let command = buildProgram(() => Promise.resolve())
  const options: string[] = ['--help', '--version']
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) break
    command = next
    options.push(...command.options.map(({ long }) => long ?? ''))
  }
  if (command.parent === null && /^[a-z]/.test(words[0] ?? '') && !['help', 'completion'].includes(words[0] ?? '')) {
    return 'there is no such command'
  }
  const given = words.map((word) => /^--[a-z-]+/.exec(word.replace(/^["'(]/, ''))?.[0])
  const unknown = given.find((option) => option !== undefined && !options.includes(option))
  return unknown === undefined ? undefined : `there is no option ${unknown}`
}

function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : 1
}
