import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hexDump } from './hex-dump.ts'

test('bytes are told by their place, in hexadecimal, and as text where they are', () => {
  assert.equal(
    hexDump(Uint8Array.of(0, 0x1f, 0x20, 0x41, 0x7e, 0x7f, 0x80, 0xff, 0x3c)),
    '00000  00 1f 20 41 7e 7f 80 ff  ·· A~···\n00008  3c                       <',
  )
  assert.equal(hexDump(new Uint8Array()), '')
})
