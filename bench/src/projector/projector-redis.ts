import { connect, type Socket } from 'node:net'
import { startRedis } from '../processes/redis-server.ts'

/**
 * What a Redis of this machine does with `SET key value EX ttl`, pipelined a thousand at a time as
 * a batch writer would; undefined where redis-server is not installed.
 */
export async function redisSetsPerSecond(keys: number, payload: Uint8Array, ms: number): Promise<number | undefined> {
  const redis = await startRedis()
  if (redis === undefined) return undefined
  try {
    const socket = await connected(redis.port)
    const began = performance.now()
    let sets = 0
    while (performance.now() - began < ms) {
      const answered = answers(socket, pipelined)
      for (let at = 0; at < pipelined; at++) socket.write(set(`bench.k${(sets + at) % keys}`, payload))
      await answered
      sets += pipelined
    }
    const seconds = (performance.now() - began) / 1000
    socket.destroy()
    return sets / seconds
  } finally {
    await redis.stop()
  }
}

const pipelined = 1_000

/** RESP2: an array of bulk strings. */
function set(key: string, payload: Uint8Array): Buffer {
  const head = `*5\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${payload.length}\r\n`
  return Buffer.concat([Buffer.from(head), payload, Buffer.from('\r\n$2\r\nEX\r\n$4\r\n3600\r\n')])
}

/** Resolves when so many answers `+OK` have come. */
function answers(socket: Socket, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count * '+OK\r\n'.length
    const read = (chunk: Buffer): void => {
      left -= chunk.length
      if (left > 0) return
      socket.off('data', read)
      resolve()
    }
    socket.on('data', read)
  })
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })
}
