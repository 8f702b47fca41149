import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCodes } from '@weir/proto'
import { generate, type Packet, parser } from 'mqtt-packet'
import { connackReason, connackReturnCode, disconnectReason, pubackReason } from './reason.ts'

const options = { protocolVersion: 5 } as const

test('every refusal has a code that its packet may carry, as another implementation reads it', () => {
  for (const code of errorCodes) {
    assert.ok([3, 4, 5].includes(connackReturnCode(code)), code)
    const packets: readonly Packet[] = [
      { cmd: 'connack', sessionPresent: false, reasonCode: connackReason(code) },
      { cmd: 'puback', messageId: 1, reasonCode: pubackReason(code) },
      { cmd: 'disconnect', reasonCode: disconnectReason(code) },
    ]
    for (const packet of packets) {
      const reader = parser(options)
      reader.on('error', (fault) => assert.fail(`${code}: ${fault}`))
      reader.on('packet', (read) => assert.equal((read as typeof packet & { reasonCode: number }).cmd, packet.cmd))
      reader.parse(generate(packet, options))
    }
  }
})
