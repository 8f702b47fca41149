import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networks } from '@weir/mesh'
import { ClientAddresses } from './client-addresses.ts'

const addresses = new ClientAddresses(networks.parse('10.0.0.0/8, fd00::/8, 127.0.0.1'))

function from(peer: string, ...forwardedFor: readonly string[]): string {
  return addresses.of(peer, (take) => {
    take('host', 'weir')
    for (const value of forwardedFor) take('x-forwarded-for', value)
  })
}

test('the client is the last address that no trusted proxy has', () => {
  for (const [peer, forwardedFor, client] of [
    ['10.0.0.1', ['203.0.113.9'], '203.0.113.9'],
    ['10.0.0.1', ['203.0.113.9, 10.2.0.2'], '203.0.113.9'],
    ['10.0.0.1', ['203.0.113.9', '10.2.0.2'], '203.0.113.9'],
    ['fd00:0000:0000:0000:0000:0000:0000:0001', ['2001:DB8:0::9'], '2001:db8::9'],
    ['0000:0000:0000:0000:0000:ffff:0a00:0001', ['::ffff:203.0.113.9'], '203.0.113.9'],
    ['10.0.0.1', ['203.0.113.9:4711'], '203.0.113.9'],
    ['10.0.0.1', ['[2001:db8::9]:4711'], '2001:db8::9'],
    ['10.0.0.1', ['[2001:db8::9]'], '2001:db8::9'],
    // All of them are proxies: the first one spoke for itself.
    ['10.0.0.1', ['10.3.0.3, 10.2.0.2'], '10.3.0.3'],
    ['10.0.0.1', [], '10.0.0.1'],
  ] as const) {
    assert.equal(from(peer, ...forwardedFor), client, `${peer} for ${forwardedFor.join(' and ')}`)
  }
})

test('what a client writes into the header itself changes nothing', () => {
  assert.equal(from('203.0.113.9', '198.51.100.1'), '203.0.113.9', 'it is no proxy')
  assert.equal(from('10.0.0.1', '198.51.100.1, 203.0.113.9'), '203.0.113.9', 'the proxy has added to it')
  assert.equal(from('10.0.0.1', '198.51.100.1', '203.0.113.9'), '203.0.113.9', 'the proxy has added a header')
  assert.equal(from('10.0.0.1', '10.0.0.9, 203.0.113.9'), '203.0.113.9', 'it claims to be a proxy')
  for (const text of ['unknown', '', '_hidden', '10.0.0', '203.0.113.9:', '<script>', `${'1'.repeat(4000)}.1`]) {
    assert.equal(from('10.0.0.1', `198.51.100.1, ${text}`), '10.0.0.1', text)
  }
})

test('nobody is believed where no proxy is trusted', () => {
  const believed = new ClientAddresses([]).of('10.0.0.1', () => assert.fail('no header is read'))
  assert.equal(believed, '10.0.0.1')
})
