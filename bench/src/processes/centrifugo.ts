import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@weir/mesh/testing'
import { onCore } from './programs.ts'

/** A Centrifugo of this machine, on the hub's core. */
export interface Centrifugo {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/**
 * Starts the Centrifugo on the path, whose channels are subjects of this nats-server, as it comes
 * from the server: so it fans out what a hub does, from the same messages, without history.
 * Undefined where it is not installed.
 */
export async function startCentrifugo(natsUrl: string): Promise<Centrifugo | undefined> {
  const binary = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'centrifugo'))
    .find(existsSync)
  if (binary === undefined) return undefined
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'weir-centrifugo-'))
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify(settings(natsUrl, port)))
  const [command = '', ...args] = onCore(0, [binary, '--config', config])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (let attempt = 0; !(await isHealthy(port)); attempt++) {
    if (attempt === 100 || child.exitCode !== null) throw new Error('Centrifugo does not start.')
    await sleep(100)
  }
  return { pid: child.pid ?? 0, port, stop: () => stop(child, folder) }
}

function settings(natsUrl: string, port: number): object {
  return {
    http_server: { address: '127.0.0.1', port: String(port) },
    health: { enabled: true },
    client: { insecure: true, allowed_origins: ['*'] },
    broker: {
      enabled: true,
      type: 'nats',
      nats: { url: natsUrl, allow_wildcards: true, raw_mode: { enabled: true } },
    },
    log: { level: 'error' },
  }
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok
  } catch {
    return false
  }
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  rmSync(folder, { recursive: true })
}
