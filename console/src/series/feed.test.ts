import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '@weir/client'
import { Feed } from './feed.ts'

const desk = {
  link: { leftOut() {} },
  pulse: { changed() {}, conflated() {} },
} as unknown as ConstructorParameters<typeof Feed>[0]

test('a feed over a connection that is closed says so, and nothing throws', async () => {
  const weir = connect({ url: 'ws://127.0.0.1:1', getToken: () => 'x' })
  weir.close()
  const told: string[] = []
  const feed = new Feed(desk, weir, {}, { entry: () => undefined, ended: ({ message }) => told.push(message) })
  assert.equal(feed.cursor, undefined)
  await new Promise((resolve) => setTimeout(resolve))
  assert.match(told.join(), /closed: connect again/)
  const quiet = new Feed(desk, weir, {}, { entry: () => undefined, ended: ({ message }) => told.push(message) })
  quiet.close()
  await new Promise((resolve) => setTimeout(resolve))
  assert.equal(told.length, 1, 'nothing is told after it is closed')
})
