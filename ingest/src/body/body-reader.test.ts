import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { WeirError } from '@weir/proto'
import type { BodyPayer } from './body-payer.ts'
import { BodyReader } from './body-reader.ts'
import { nodeUnpackers } from './unpack-node.ts'

const limits = { bodyBytesMax: 1_000_000, bodyMs: 50 }

function reader(bodyBytesMax = limits.bodyBytesMax): BodyReader {
  return new BodyReader({ ...limits, bodyBytesMax, unpackers: nodeUnpackers })
}

function request(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | null,
  headers: Record<string, string> = {},
): Request {
  return new Request('http://ingest/', { method: 'POST', body, headers, duplex: 'half' })
}

/** A sender with a purse: how much it holds, has held at most, and has paid. */
class Payer implements BodyPayer {
  readonly #memory: number
  #rate: number
  held = 0
  most = 0
  charged = 0

  constructor(memory = Number.POSITIVE_INFINITY, rate = Number.POSITIVE_INFINITY) {
    this.#memory = memory
    this.#rate = rate
  }

  hold(bytes: number): void {
    if (this.held + bytes > this.#memory) throw new WeirError('overloaded', 'No.')
    this.held += bytes
    this.most = Math.max(this.most, this.held)
  }

  release(bytes: number): void {
    this.held -= bytes
  }

  charge(bytes: number): void {
    this.charged += bytes
    this.#rate -= bytes
  }

  checkRate(): void {
    if (this.#rate < 0) throw new WeirError('rate_limited', 'No.')
  }
}

test('memory is held from the first byte until the release, and released once', async () => {
  const payer = new Payer()
  const body = await reader().read(request('abc', { 'content-length': '3' }), payer)
  assert.equal(new TextDecoder().decode(body.bytes), 'abc')
  assert.deepEqual([payer.held, payer.charged], [3, 3])
  body.release()
  body.release()
  assert.equal(payer.held, 0)
})

test('a long body is reserved as it comes, not as it is declared', async () => {
  const payer = new Payer(100_000)
  let push: (bytes: number) => void = () => undefined
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => {
      push = (bytes) => controller.enqueue(new Uint8Array(bytes))
    },
  })
  const reading = reader().read(request(slow, { 'content-length': '900000' }), payer)
  push(10)
  await sleep(5)
  assert.equal(payer.held, 10)
  await assert.rejects(reading, { code: 'slow_body' })
  assert.deepEqual([payer.held, payer.charged], [0, 10])
})

test('a packed body is paid for as what it unpacks to, and holds that', async () => {
  const payer = new Payer()
  const packed = new Uint8Array(gzipSync('x'.repeat(500_000)))
  const body = await reader().read(request(packed, { 'content-encoding': 'gzip' }), payer)
  assert.equal(body.bytes.length, 500_000)
  assert.equal(payer.held, 500_000)
  assert.ok(payer.charged >= 500_000)
  body.release()
  assert.equal(payer.held, 0)
})

test('what is unpacked is reserved before it exists: who has no room for it gets none of it', async () => {
  const payer = new Payer(100_000)
  const bomb = new Uint8Array(brotliCompressSync(Buffer.alloc(900_000)))
  await assert.rejects(reader().read(request(bomb, { 'content-encoding': 'br' }), payer), { code: 'overloaded' })
  assert.equal(payer.held, 0)
  assert.ok(payer.most <= 100_000, String(payer.most))
})

test('a bomb is refused, has held no more than a body may, and its sender has paid for all of it', async () => {
  const payer = new Payer()
  const bomb = new Uint8Array(brotliCompressSync(Buffer.alloc(5_000_000)))
  await assert.rejects(reader().read(request(bomb, { 'content-encoding': 'br' }), payer), { code: 'too_large' })
  assert.equal(payer.held, 0)
  assert.ok(payer.most <= 1_000_000 + bomb.length, String(payer.most))
  assert.ok(payer.charged >= 1_000_000, String(payer.charged))
})

test('a few are unpacked at one time, and a sender whose rate is used up meanwhile is refused without the work', async () => {
  const bodies = reader()
  const payer = new Payer(Number.POSITIVE_INFINITY, 3_000_000)
  const bomb = new Uint8Array(brotliCompressSync(Buffer.alloc(5_000_000)))
  const codes = await Promise.all(
    Array.from({ length: 50 }, () =>
      bodies.read(request(bomb, { 'content-encoding': 'br' }), payer).then(
        () => 'read',
        (error: WeirError) => error.code,
      ),
    ),
  )
  assert.ok(payer.most <= 4 * 1_000_000 + 50 * bomb.length, String(payer.most))
  assert.ok(codes.filter((code) => code === 'rate_limited').length > 40, codes.join())
  assert.equal(payer.held, 0)
})

test('codings are undone from the last to the first; identity is none; too many are refused', async () => {
  const twice = new Uint8Array(brotliCompressSync(gzipSync('hello')))
  const once = new Uint8Array(gzipSync('hello'))
  for (const [coding, bytes] of [
    ['gzip, br', twice],
    ['gzip, identity', once],
    ['identity, GZIP', once],
    ['identity', new TextEncoder().encode('hello')],
    ['', new TextEncoder().encode('hello')],
  ] as const) {
    const body = await reader().read(request(bytes, { 'content-encoding': coding }), new Payer())
    assert.equal(new TextDecoder().decode(body.bytes), 'hello', coding)
  }
  for (const coding of ['pack200', 'gzip, pack200', 'gzip, gzip, gzip, gzip', 'toString']) {
    await assert.rejects(reader().read(request(once, { 'content-encoding': coding }), new Payer()), {
      code: 'unsupported_type',
    })
  }
})

for (const [name, body, headers] of [
  ['too large', 'x'.repeat(1001), {}],
  ['packed and broken', 'x', { 'content-encoding': 'gzip' }],
  ['of an unknown coding', 'x', { 'content-encoding': 'pack200' }],
] as const) {
  test(`a body that is ${name} holds nothing afterwards`, async () => {
    const payer = new Payer()
    await assert.rejects(reader(1000).read(request(body, headers), payer))
    assert.equal(payer.held, 0)
  })
}

test('a body that goes on arriving after its time is not read on, and holds nothing', async () => {
  const payer = new Payer()
  let cancelled = false
  let push: (bytes: number) => void = () => undefined
  const slow = new ReadableStream<Uint8Array>({
    start(controller) {
      push = (bytes) => controller.enqueue(new Uint8Array(bytes))
    },
    cancel() {
      cancelled = true
    },
  })
  push(10)
  await assert.rejects(reader().read(request(slow), payer), { code: 'slow_body' })
  push(100)
  while (!cancelled) await sleep(1)
  assert.equal(payer.held, 0)
})
