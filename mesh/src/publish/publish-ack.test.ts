import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Msg } from '@nats-io/nats-core'
import { ackSequence, parseAck } from './publish-ack.ts'

const plain = '{"stream":"EV_main","seq":123456789012}'
const duplicate = '{"stream":"EV_main","seq":7,"duplicate":true}'

test('the two plain forms are read by bytes', () => {
  assert.equal(sequence(plain), 123_456_789_012)
  assert.equal(sequence(duplicate), -7)
})

test('every other form is left to parseAck', () => {
  for (const text of [
    '',
    '{}',
    '{"stream":"EV_main","seq":}',
    '{"stream":"EV_main","seq":1 }',
    '{"stream":"EV_main","seq":1,"duplicate":false}',
    '{"stream":"EV_main","domain":"leaf","seq":1}',
    '{"stream":"EV_main","seq":1,"domain":"leaf"}',
    '{"stream": "EV_main","seq":1}',
    '{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"EV_main","seq":0}',
    `${plain} `,
    `${duplicate}x`,
  ]) {
    assert.equal(sequence(text), 0, text)
  }
})

test('an acknowledgement that is cut off anywhere is not one', () => {
  for (const text of [plain, duplicate]) {
    for (let length = 0; length < text.length; length++) {
      assert.equal(sequence(text.slice(0, length)), 0, text.slice(0, length))
    }
  }
})

test('an acknowledgement with further members is read as JSON', () => {
  assert.deepEqual(parseAck(message('{"stream":"EV_main","seq":9,"domain":"leaf"}')), {
    kind: 'stored',
    seq: 9,
    duplicate: false,
  })
  assert.deepEqual(parseAck(message('{"stream":"EV_main","seq":9,"domain":"leaf","duplicate":true}')), {
    kind: 'stored',
    seq: 9,
    duplicate: true,
  })
})

test('what may pass is tried later', () => {
  assert.deepEqual(parseAck(message('')), { kind: 'later' })
  for (const code of [10008, 10039, 10076, 10158, 10167]) {
    assert.deepEqual(parseAck(message(fault(code, 'for now'))), { kind: 'later' }, String(code))
  }
})

test('each refusal has its code, and keeps the words of JetStream for the log', () => {
  const cases = [
    [10077, 'maximum bytes exceeded', 'quota_exceeded'],
    [10077, 'maximum messages exceeded', 'quota_exceeded'],
    [10077, 'write /data: no space left on device', 'unavailable'],
    [10002, 'resource limits exceeded for account', 'quota_exceeded'],
    [10023, 'insufficient resources', 'unavailable'],
    [10028, 'JetStream memory resources exceeded', 'unavailable'],
    [10047, 'insufficient storage resources available', 'unavailable'],
    [10054, 'message size exceeds maximum allowed', 'too_large'],
    [10071, 'wrong last sequence: 3', 'internal'],
  ] as const
  for (const [code, description, expected] of cases) {
    const ack = parseAck(message(fault(code, description)))
    assert.equal(ack.kind === 'refused' && ack.error.code, expected, description)
    assert.match(String(ack.kind === 'refused' && ack.error.cause), new RegExp(`${code}: ${description}`))
  }
})

test('an answer that is not JSON, or says nothing, is an internal error', () => {
  for (const text of ['x', '{', '{}', '[]', 'null', '"stored"']) {
    const ack = parseAck(message(text))
    assert.equal(ack.kind === 'refused' && ack.error.code, 'internal', text)
  }
})

/** Read where it stands in the bytes of a connection. */
function sequence(text: string): number {
  const chunk = bytes(`41\r\n${text}\r\nMSG`)
  return ackSequence(chunk, 4, chunk.length - 5)
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function message(text: string): Msg {
  return { data: bytes(text), json: () => JSON.parse(text) } as Msg
}

function fault(code: number, description: string): string {
  return JSON.stringify({ error: { code: 500, err_code: code, description }, stream: 'EV_main', seq: 0 })
}
