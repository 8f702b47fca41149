import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('a line is JSON with time, level and service, and secrets in objects are not in it', () => {
  const file = fileURLToPath(new URL('../../test/a-log.ts', import.meta.url))
  const before = process.versions.deno === undefined ? [] : ['run', '--allow-all', '--no-check', '--quiet']
  const { stdout } = spawnSync(process.execPath, [...before, file], { encoding: 'utf8' })
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 1)
  assert.doesNotMatch(stdout, /hidden/)
  const line = JSON.parse(stdout) as Record<'time' | 'level' | 'service' | 'msg', string> & {
    err: { message: string }
    request: { path: string }
  }
  assert.match(line.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual([line.level, line.service, line.msg], ['info', 'test', 'seen'])
  assert.deepEqual([line.request.path, line.err.message], ['/a', 'broken'])
})
