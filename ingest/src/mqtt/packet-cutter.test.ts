import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketCutter } from './packet-cutter.ts'

const packets = [
  [0xc0, 0],
  [0x30, 3, 0, 1, 97],
  [0x30, 200, 1, ...new Array<number>(200).fill(7)],
  [0xe0, 0],
]
const all = Uint8Array.from(packets.flat())

function cutAt(...places: readonly number[]): number[][] {
  const cutter = new PacketCutter(1_000)
  const found: number[][] = []
  let start = 0
  for (const end of [...places, all.length]) {
    for (const packet of cutter.cut(all.slice(start, end))) found.push([...packet])
    start = end
  }
  assert.equal(cutter.restBytes, 0)
  return found
}

test('packets are the same wherever what comes is split', () => {
  for (let at = 0; at <= all.length; at++) assert.deepEqual(cutAt(at), packets)
  assert.deepEqual(cutAt(...all.keys()), packets)
})

test('a packet that is too large is refused by its head, after those before it', () => {
  const cutter = new PacketCutter(100)
  const found: number[] = []
  assert.throws(
    () => {
      for (const packet of cutter.cut(all)) found.push(packet.length)
    },
    { code: 'too_large' },
  )
  assert.deepEqual(found, [2, 5])
  assert.throws(() => [...new PacketCutter(100).cut(Uint8Array.of(0x30, 255, 255, 255, 255))], { code: 'malformed' })
})
