import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '@weir/proto'
import { sayTokenFaults } from './token-faults.ts'

test('a token source that fails is said once for each cause', () => {
  const watchers: (() => void)[] = []
  const connection = {
    tokenError: undefined as WeirError | undefined,
    subscribe(run: (state: 'live') => void) {
      const watcher = (): void => run('live')
      watchers.push(watcher)
      watcher()
      return () => {}
    },
  }
  const lines: string[] = []
  sayTokenFaults(connection, (line) => lines.push(line))
  const fails = (tokenError: WeirError | undefined): void => {
    connection.tokenError = tokenError
    for (const watcher of watchers) watcher()
  }
  const noFile = (): WeirError =>
    new WeirError('unavailable', 'getToken failed.', { cause: new Error('no .weir here') })
  fails(noFile())
  fails(noFile())
  fails(undefined)
  fails(noFile())
  fails(new WeirError('unauthenticated', 'The token has another key.'))
  const words = 'weir: no new token, the last one serves until it expires:'
  assert.deepEqual(lines, [`${words} no .weir here`, `${words} The token has another key.`])
})
