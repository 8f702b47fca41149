import assert from 'node:assert/strict'
import { until } from '../../cli/test/processes.ts'
import { Http2Connection } from './http2-connection.ts'
import type { RunningProxy } from './running-proxy.ts'

/**
 * More event streams than a browser has connections by HTTP/1.1, what is published beside them, and
 * a WebSocket, all in one connection.
 */
export async function byHttp2({ proxy, url }: RunningProxy, token: string): Promise<void> {
  const connection = await Http2Connection.open(url, token)
  try {
    assert.equal(connection.protocol, 'h2')
    const subject = `${proxy.program}.http2`
    const streams = Array.from({ length: 20 }, () => connection.get(`/v1/sse?filter=${subject}&mode=ALL`))
    await until('all streams have begun', () => streams.every(({ text }) => text.length > 0))
    for (const n of [1, 2, 3]) {
      const answer = await connection.post('/v1/events', [{ subject, data: { event: n } }])
      assert.deepEqual(answer, { accepted: 1, duplicates: 0 })
      await until(`event ${n} has come in each`, () => streams.every(({ text }) => text.includes(`"event":${n}`)))
    }
    assert.equal(connection.takesWebSockets, proxy.webSocketByHttp2)
    if (!connection.takesWebSockets) return
    const socket = connection.webSocket()
    await until('the hub says Welcome', () => socket.text.includes('"type":"welcome"'))
    assert.equal(socket.status, 200)
  } finally {
    connection.close()
  }
}
