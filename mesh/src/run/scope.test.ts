import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from './log.ts'
import { Scope } from './scope.ts'

const log = createLogger('test', 'silent')

test('a step gets what an earlier one made, and steps stop in reverse, each once', async () => {
  const said: string[] = []
  const scope = new Scope(log)
  const one = await scope.use(
    'one',
    () => 1,
    (made) => void said.push(`stop ${made}`),
  )
  const two = await scope.use(
    'two',
    async () => one + 1,
    async (made) => void said.push(`stop ${made}`),
  )
  assert.equal(two, 2)
  assert.equal(await scope.end(), true)
  assert.equal(await scope.end(), true)
  assert.deepEqual(said, ['stop 2', 'stop 1'])
})

test('a step that fails is named and not stopped; those before it are, whatever one of them does', async () => {
  const said: string[] = []
  const scope = new Scope(log)
  await scope.use(
    'one',
    () => {},
    () => void said.push('one'),
  )
  await scope.use(
    'two',
    () => {},
    () => Promise.reject(new Error('stuck')),
  )
  const failed = scope.use(
    'three',
    () => Promise.reject(new Error('no three')),
    () => void said.push('three'),
  )
  await assert.rejects(failed, /no three/)
  assert.equal(scope.starting, 'three')
  assert.equal(await scope.end(), false)
  assert.deepEqual(said, ['one'])
})

test('what was starting when the scope ended is stopped as soon as it has started, and nothing starts afterwards', async () => {
  const said: string[] = []
  const scope = new Scope(log)
  let resolve!: (made: string) => void
  const promise = new Promise<string>((settle) => {
    resolve = settle
  })
  const late = scope.use(
    'late',
    () => promise,
    (made) => void said.push(`stop ${made}`),
  )
  assert.equal(await scope.end(), true)
  resolve('late')
  await assert.rejects(late, /not used/)
  assert.deepEqual(said, ['stop late'])
  await assert.rejects(
    scope.use('after', () => void said.push('started')),
    /not used/,
  )
  assert.deepEqual(said, ['stop late'])
})
