import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@weir/mesh/testing'

export interface RedisServer {
  readonly port: number
  stop(): Promise<void>
}

/**
 * The Redis of this machine on a free port, in memory alone; undefined where redis-server is not
 * installed.
 */
export async function startRedis(): Promise<RedisServer | undefined> {
  const binary = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'redis-server'))
    .find(existsSync)
  if (binary === undefined) return undefined
  const port = await freePort()
  const child = spawn(binary, ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let attempt = 0; !(await listens(port)); attempt++) {
    if (attempt === 100) throw new Error('redis-server does not listen.')
    await sleep(50)
  }
  return {
    port,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
