import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compress } from 'snappyjs'
import { unpackSnappy } from './snappy.ts'

// The oracle is another implementation's packer.

const packed = (bytes: Uint8Array): Uint8Array => new Uint8Array(compress(bytes))

test('what snappyjs packs is unpacked: random bytes, runs, and repeated pieces', async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.tuple(fc.nat(255), fc.nat(5000)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
    fc.nat(30).map((at) => new TextEncoder().encode(`instance="web-${at}",job="node"`)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const bytes = Uint8Array.from(pieces.flatMap((each) => [...each]))
      assert.deepEqual(await unpackSnappy(packed(bytes), 1_000_000), bytes)
    }),
    { numRuns: 200 },
  )
})

test('a large body, with copies of every kind', async () => {
  const bytes = new Uint8Array(300_000)
  for (let at = 0; at < bytes.length; at++) bytes[at] = at % 7 === 0 ? (at * 31) % 251 : at % 50
  assert.deepEqual(await unpackSnappy(packed(bytes), 1_000_000), bytes)
})

test('whatever is truncated, changed or invented is refused or unpacked, and never past the limit', async () => {
  const good = packed(new TextEncoder().encode('metric{job="a"} metric{job="b"} metric{job="c"} '.repeat(20)))
  for (let end = 0; end < good.length; end++) {
    await assert.rejects(unpackSnappy(good.subarray(0, end), 10_000), { code: 'malformed' })
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (bytes) => {
      const result = await unpackSnappy(bytes, 1000).catch((error: { code: string }) => error)
      if (result instanceof Uint8Array) assert.ok(result.length <= 1000)
      else assert.ok(['malformed', 'too_large'].includes(result.code))
    }),
    { numRuns: 2000 },
  )
})

test('a length past the limit is refused before anything is made, and so is one that the bytes cannot have', async () => {
  await assert.rejects(unpackSnappy(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 1000), { code: 'too_large' })
  await assert.rejects(unpackSnappy(Uint8Array.of(0xff, 0xff, 0xff, 0x03, 0), 8_388_608), { code: 'malformed' })
})
