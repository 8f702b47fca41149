import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockList, networks } from './networks.ts'

test('networks are read, and hold the addresses that they name', () => {
  const list = blockList(networks.parse(' 10.1.0.0/16, 127.0.0.1,fd00::/8,'))
  for (const [address, family, is] of [
    ['10.1.255.9', 'ipv4', true],
    ['10.2.0.1', 'ipv4', false],
    ['127.0.0.1', 'ipv4', true],
    ['127.0.0.2', 'ipv4', false],
    ['fd12::1', 'ipv6', true],
    ['fc00::1', 'ipv6', false],
  ] as const) {
    assert.equal(list.check(address, family), is, address)
  }
  assert.deepEqual(networks.parse(''), [])
})

test('what is no network is refused', () => {
  for (const text of ['10.0.0.0/33', 'localhost', '10.0.0.0/x', '10.0.0.0/', '::/129', '/8']) {
    assert.throws(() => networks.parse(text), Error, text)
  }
})
