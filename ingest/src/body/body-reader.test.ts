import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { BodyReader } from './body-reader.ts'
import { nodeUnpackers } from './unpack-node.ts'

const limits = { bodyBytesMax: 1000, bodiesBytesMax: 1500, bodyMs: 50 }

function reader(): BodyReader {
  return new BodyReader({ ...limits, unpackers: nodeUnpackers })
}

function request(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | null,
  headers: Record<string, string> = {},
): Request {
  return new Request('http://ingest/', { method: 'POST', body, headers, duplex: 'half' })
}

test('memory is held from the first byte until the release, and released once', async () => {
  const bodies = reader()
  const body = await bodies.read(request('abc', { 'content-length': '3' }))
  assert.equal(new TextDecoder().decode(body.bytes), 'abc')
  assert.equal(bodies.heldBytes, 3)
  body.release()
  body.release()
  assert.equal(bodies.heldBytes, 0)
})

test('a packed body holds both its forms', async () => {
  const bodies = reader()
  const packed = new Uint8Array(gzipSync('x'.repeat(500)))
  const headers = { 'content-encoding': 'gzip', 'content-length': String(packed.length) }
  const body = await bodies.read(request(packed, headers))
  assert.equal(bodies.heldBytes, packed.length + 500)
  body.release()
  assert.equal(bodies.heldBytes, 0)
})

for (const [name, body, headers] of [
  ['too large', 'x'.repeat(1001), {}],
  ['packed and broken', 'x', { 'content-encoding': 'gzip' }],
  ['of an unknown coding', 'x', { 'content-encoding': 'pack200' }],
] as const) {
  test(`a body that is ${name} holds nothing afterwards`, async () => {
    const bodies = reader()
    await assert.rejects(bodies.read(request(body, headers)))
    assert.equal(bodies.heldBytes, 0)
  })
}

test('a body that goes on arriving after its time is not read on, and holds nothing', async () => {
  const bodies = reader()
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
  await assert.rejects(bodies.read(request(slow)), { code: 'slow_body' })
  push(100)
  while (!cancelled) await sleep(1)
  assert.equal(bodies.heldBytes, 0)
})

test('one body is let in though it passes the limit of all, a second one is not', async () => {
  const bodies = new BodyReader({ ...limits, bodiesBytesMax: 10, unpackers: nodeUnpackers })
  const first = await bodies.read(request('x'.repeat(20)))
  await assert.rejects(bodies.read(request('x')), { code: 'overloaded' })
  first.release()
  await bodies.read(request('x'))
})
