import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileOf } from './processes/programs.ts'

function bench(...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(fileOf('.tools/bin/bun'), [fileOf('bench/src/main.ts'), ...args], {
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

test('--help names every benchmark, and bench/README.md says what each of them is', () => {
  const { code, out } = bench('--help')
  assert.equal(code, 0)
  const named = [...out.matchAll(/^ {2}([a-z-]+)(?: \*)? {2,}/gm)].map(([, name = '']) => name)
  const readme = readFileSync(fileOf('bench/README.md'), 'utf8')
  const explained = [...readme.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name)
  assert.ok(named.includes('fan-out'))
  assert.deepEqual(named.filter((name) => !name.startsWith('-')).sort(), explained.sort())
})

for (const [args, words] of [
  [['--fast'], "Unknown option '--fast'."],
  [['fan-in'], 'There is no benchmark fan-in.'],
  [['--profile'], "Option '--profile <value>' argument missing."],
] as const) {
  test(`${args.join(' ')} is refused with a sentence and the usage, not with a stack`, () => {
    const { code, out, err } = bench(...args)
    assert.deepEqual([code, out], [2, ''])
    assert.ok(err.startsWith(`${words}\n\nbun bench/src/main.ts [--quick]`), err)
    assert.doesNotMatch(err, /^\s+at /m)
  })
}
