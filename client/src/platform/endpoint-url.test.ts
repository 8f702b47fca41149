import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointUrl } from './endpoint-url.ts'

for (const [base, used] of [
  ['ws://hub.test', 'ws://hub.test/v1/ws'],
  ['wss://hub.test/', 'wss://hub.test/v1/ws'],
  ['http://hub.test:8080', 'ws://hub.test:8080/v1/ws'],
  ['https://hub.test/weir/hub', 'wss://hub.test/weir/hub/v1/ws'],
  ['https://hub.test/weir/hub//', 'wss://hub.test/weir/hub/v1/ws'],
  ['wss://hub.test/v1/ws', 'wss://hub.test/v1/ws'],
  ['wss://hub.test/weir/v1/ws/', 'wss://hub.test/weir/v1/ws'],
  ['http://[::1]:8080/a%20b', 'ws://[::1]:8080/a%20b/v1/ws'],
] as const) {
  test(`a socket below ${base}`, () => assert.equal(endpointUrl(base, '/v1/ws', 'ws'), used))
}

test('a request goes to the same server by http', () => {
  assert.equal(endpointUrl('wss://weir.test/read', '/v1/history', 'http'), 'https://weir.test/read/v1/history')
  assert.equal(endpointUrl('http://weir.test', '/v1/events', 'http'), 'http://weir.test/v1/events')
})

for (const [base, message] of [
  ['', /is not an address/],
  ['hub.test', /is not an address/],
  ['/weir', /is not an address/],
  ['ftp://hub.test', /is not an address/],
  ['localhost:8080', /is not an address/],
  ['ws://hub.test?token=secret', /^WeirError: The address of hub\.test has a query: give it without\.$/],
  ['ws://hub.test#a', /a fragment/],
  ['ws://me:secret@hub.test', /^WeirError: The address of hub\.test has a name or password: give it without\.$/],
] as const) {
  test(`refused: ${base}`, () => assert.throws(() => endpointUrl(base, '/v1/ws', 'ws'), message))
}
