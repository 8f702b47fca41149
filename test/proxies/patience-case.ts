import assert from 'node:assert/strict'
import { once } from 'node:events'
import { until } from '../../cli/test/processes.ts'
import { Http2Connection } from './http2-connection.ts'
import { ProxyCrowd } from './proxy-crowd.ts'
import { publish } from './publish.ts'
import type { RunningProxy } from './running-proxy.ts'

/**
 * WebSockets and an event stream hear nothing but heartbeats meanwhile, and are there for an event
 * after it.
 */
export async function kept(running: RunningProxy, token: string, meanwhile: () => Promise<void>): Promise<void> {
  const { url, proxy } = running
  const subject = `${proxy.program}.patience`
  const crowd = await ProxyCrowd.open(url, token, subject, 2)
  const connection = await Http2Connection.open(url, token)
  try {
    const stream = connection.get(`/v1/sse?filter=${subject}&mode=ALL`)
    await until('the stream has begun', () => stream.text.length > 0)
    await meanwhile()
    assert.deepEqual([crowd.closeCodes, stream.isOver], [[], false], `${proxy.program} has cut what was quiet`)
    await publish(url, token, [{ subject, data: { quiet: 1 } }])
    await until('all have it', () => crowd.received.every(({ length }) => length === 1))
    await until('the stream has it', () => stream.text.includes('"quiet":1'))
    await crowd.close()
  } finally {
    connection.close()
  }
}

/**
 * Resolves when a WebSocket and an event stream on which nobody says anything were cut so many
 * times, one after the other.
 */
export async function whileCut({ url }: RunningProxy, token: string, times: number): Promise<void> {
  const socketIsCut = async (): Promise<void> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, ['weir.v1.json'])
    await once(socket, 'open')
    await once(socket, 'close')
  }
  const streamIsCut = async (): Promise<void> => {
    const connection = await Http2Connection.open(url, token)
    try {
      const stream = connection.get('/v1/sse?filter=nobody')
      await until('the stream has begun', () => stream.status === 200)
      await stream.ended
    } finally {
      connection.close()
    }
  }
  for (let n = 0; n < times; n++) await Promise.all([socketIsCut(), streamIsCut()])
}
