import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('a process with a good configuration goes on, and says what looks like a typing mistake', () => {
  const { status, stdout, stderr } = run({ WEIR_NATS_URL: 'nats://n:1', WEIR_JWT_ISSER: 'x' })
  assert.deepEqual([status, stdout], [0, 'nats://n:1\n'])
  assert.equal(stderr, 'Warning: WEIR_JWT_ISSER is not read here. Did you mean WEIR_JWT_ISSUER?\n')
})

test('a process with faults in its configuration says them and ends with 78', () => {
  const { status, stdout, stderr } = run({ WEIR_LOG_LEVEL: 'loud', WEIR_JWT_SECRET: 'hidden' })
  assert.deepEqual([status, stdout], [78, ''])
  assert.match(stderr, /^The configuration cannot be used:\n {2}WEIR_JWT_SECRET must .*\n {2}WEIR_LOG_LEVEL must .*\n$/)
  assert.doesNotMatch(stderr, /hidden/)
})

function run(env: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  const file = fileURLToPath(new URL('../../test/a-config.ts', import.meta.url))
  const before = process.versions.deno === undefined ? [] : ['run', '--allow-all', '--no-check', '--quiet']
  return spawnSync(process.execPath, [...before, file], { encoding: 'utf8', env: { ...process.env, ...env } })
}
