import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networks } from '@weir/mesh'
import { AddressGuard } from './address-guard.ts'

test('the networks of machines themselves are refused, however they are written', () => {
  const guard = new AddressGuard([])
  for (const address of [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2001::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12:3456::1',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ]) {
    assert.equal(guard.allows(address), false, address)
  }
  for (const address of [
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
    '64:ff9b::101:101',
  ]) {
    assert.equal(guard.allows(address), true, address)
  }
})

test('what the operator allows is allowed, and nothing beside it', () => {
  const guard = new AddressGuard(networks.parse('10.1.0.0/16, 127.0.0.1, fd00::/8'))
  for (const [address, allowed] of [
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['10.2.0.1', false],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['::1', false],
    ['fd00::1', true],
    ['fc00::1', false],
  ] as const) {
    assert.equal(guard.allows(address), allowed, address)
  }
})
