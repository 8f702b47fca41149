import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startIngest } from './running-ingest.ts'

test('a body that stops half way is 408 on a real socket, and others are served meanwhile', async () => {
  const ingest = await startIngest({ limits: { bodyMs: 300 } })
  try {
    const { hostname, port } = new URL(ingest.url)
    const socket = connect(Number(port), hostname)
    const answered = new Promise<string>((resolve, reject) => {
      let said = ''
      socket.on('data', (chunk) => {
        said += chunk.toString()
        if (said.includes('slow_body')) resolve(said)
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(said))
    })
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ingest.token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"subject"`,
    )
    const other = await ingest.post('/v1/events', '{"subject":"a"}', { 'content-type': 'application/json' })
    assert.equal(other.status, 200)
    assert.match(await answered, /^HTTP\/1\.1 408 [\s\S]*"code":"slow_body"/)
    socket.destroy()
  } finally {
    await ingest.stop()
  }
})
