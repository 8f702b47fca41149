import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { type CodeBlock, codeBlocks, pages } from './documents.ts'
import { root } from './source-files.ts'

const blocks = codeBlocks()

/** What the code of documents leaves to its reader. */
const readersNames = `
import type * as valibot from 'valibot'
import type { connect, Entry, EventInit, SubscriptionItem, Weir } from '@weir/client'
declare global {
  const weir: Weir
  const url: string
  const token: string
  const id: string
  const visit: string
  const ingest: string
  const jwksUrl: string
  const getToken: () => Promise<string>
  const fetchToken: () => Promise<string>
  const v: typeof valibot
  let saved: string | undefined
  const show: (subject: string, value: unknown) => void
  const hide: (subject: string) => void
  const clear: () => void
  const chart: (subject: string, value: number) => void
  const draw: (...values: readonly unknown[]) => void
  const report: (code: string, message: string) => void
  const handle: (item: SubscriptionItem) => Promise<void>
  const Room: (props: { readonly row: unknown }) => null
  const Deno: { serve(handler: (request: Request) => Response | Promise<Response>): void }
}
`

/** As strict as an application is, but for types of parameters that a short example leaves out. */
const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'es2024.string', 'dom', 'dom.iterable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  moduleDetection: 'force',
  types: ['node'],
  jsx: 'react-jsx',
  strict: true,
  noImplicitAny: false,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
}

test('the TypeScript of documents compiles against the packages', () => {
  const shown = blocks.filter(({ path, language }) => /^tsx?$/.test(language) && path !== 'client/docs/api.md')
  assert.ok(shown.length > 15, `only ${shown.length} blocks were found`)
  // An example that is wrong is seen, at its line.
  const code = "import { connect } from '@weir/client'\nconnect({ url, getToken }).subscribe({ filter: 'a' })\n"
  const faults = faultsOf([...shown, { path: 'wrong.md', language: 'ts', line: 7, code }])
  assert.deepEqual(
    faults.filter((fault) => !/^wrong\.md:8: error TS2769/.test(fault)),
    [],
  )
  assert.equal(faults.length, 1)
})

test('the JSON and YAML of documents can be read', () => {
  const faults: string[] = []
  for (const { path, language, line, code } of blocks) {
    if (language === 'json') {
      try {
        JSON.parse(code)
      } catch (thrown) {
        faults.push(`${path}:${line}: ${thrown}`)
      }
    } else if (language === 'yaml') {
      for (const { errors } of parseAllDocuments(code)) {
        for (const { message } of errors) faults.push(`${path}:${line}: ${message}`)
      }
    }
  }
  assert.deepEqual(faults, [])
})

test('the shell of documents is shell', () => {
  const faults: string[] = []
  const shown = blocks.filter(({ language }) => language === 'sh')
  assert.ok(shown.length > 20, `only ${shown.length} blocks were found`)
  for (const { path, line, code } of shown) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })
    if (status !== 0) faults.push(`${path}:${line}: ${stderr.trim()}`)
  }
  assert.deepEqual(faults, [])
})

test('the targets of make that documents name are there', () => {
  const targets = [...readFileSync(join(root, 'Makefile'), 'utf8').matchAll(/^([a-z]+):/gm)].map(([, name]) => name)
  const faults: string[] = []
  let count = 0
  for (const { path, text } of pages) {
    for (const [, target = ''] of text.matchAll(/(?:`|^ *|; |&& )make(?: --?[\w-]+)* ([a-z]+)\b/gm)) {
      count++
      if (!targets.includes(target)) faults.push(`${path}: make ${target}`)
    }
  }
  assert.ok(count > 10, `only ${count} were found`)
  assert.deepEqual(faults, [])
})

test('the settings that documents name are there', () => {
  const known = readFileSync(join(root, 'docs/config.md'), 'utf8')
  // Of a snippet, which says so beside it.
  const others = ['WEIR_MQTT_URL']
  const faults: string[] = []
  for (const { path, text } of pages) {
    for (const [name] of text.matchAll(/\bWEIR_[A-Z0-9_]*[A-Z0-9]\b/g)) {
      if (!new RegExp(`\\b${name}\\b`).test(known) && !others.includes(name)) faults.push(`${path}: ${name}`)
    }
  }
  assert.deepEqual(faults, [])
})

/** What the compiler says of blocks, each a module by itself, by page and line. */
function faultsOf(shown: readonly CodeBlock[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'weir-documents-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'names.d.ts'), readersNames)
    // Imported by the block that stands after it.
    writeFileSync(join(folder, 'worker.ts'), '')
    for (const [index, { language, line, code }] of shown.entries()) {
      writeFileSync(join(folder, `block${index}.${language}`), '\n'.repeat(line - 1) + code)
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*'] }))
    const tsc = join(root, 'node_modules/.bin/tsc')
    const { stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
    return stdout
      .split('\n')
      .filter((text) => / error TS\d/.test(text))
      .map((text) =>
        text.replace(/^block(\d+)\.tsx?\((\d+),\d+\)/, (_, index, line) => `${shown[index]?.path}:${line}`),
      )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
