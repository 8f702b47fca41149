import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFraming } from './framing.ts'

type Header = readonly [string, string]
const length = (value: string): Header => ['content-length', value]
const coding = (value: string): Header => ['transfer-encoding', value]

for (const [headers, hasBody] of [
  [[], false],
  [[length('0')], false],
  [[length('2')], true],
  [[coding('chunked')], true],
  [[coding('Chunked')], true],
] as const) {
  test(`${JSON.stringify(headers)} is well said`, () => {
    assert.deepEqual(readFraming(reading(headers)), { hasBody, fault: undefined })
  })
}

for (const headers of [
  [length('2'), length('2')],
  [length('0'), length('5')],
  [length('2, 2')],
  [length('+2')],
  [length('')],
  [length('1'.repeat(16))],
  [coding('xchunked')],
  [coding('chunked'), coding('chunked')],
  [coding('chunked, identity')],
  [coding('gzip')],
  [coding('chunked'), length('2')],
]) {
  test(`${JSON.stringify(headers)} is refused, and nothing after it counts`, () => {
    const { hasBody, fault } = readFraming(reading(headers))
    assert.ok(hasBody)
    assert.equal(fault?.code, 'malformed')
  })
}

function reading(headers: readonly Header[]) {
  return (take: (name: string, value: string) => void): void => {
    take('host', 'hub')
    for (const [name, value] of headers) take(name, value)
  }
}
