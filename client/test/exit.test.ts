import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fromBinary } from '@bufbuild/protobuf'
import { EventBatchSchema } from '@weir/proto'

test('a program that comes to its end sends first what still waits, retries included, and then ends by itself', async () => {
  const received: string[][] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { items } = fromBinary(EventBatchSchema, Buffer.concat(chunks))
    received.push(items.map(({ subject }) => subject))
    if (received.length === 1) response.writeHead(503, { 'retry-after': '1' }).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"accepted":2,"duplicates":0}')
  }).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const before = process.versions.deno === undefined ? [] : ['run', '--allow-all', '--no-check', '--quiet']
    const program = fileURLToPath(new URL('a-producer.ts', import.meta.url))
    const child = spawn(process.execPath, [...before, program, `http://127.0.0.1:${port}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    assert.equal(code, 0)
    assert.deepEqual(received, [
      ['exit.one', 'exit.two'],
      ['exit.one', 'exit.two'],
    ])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
