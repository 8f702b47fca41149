import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../cli/src/up/ports.ts'
import { endWithTest } from '../mesh/src/testing/end-with-test.ts'
import { root } from './source-files.ts'

const bun = join(root, '.tools/bin/bun')
const program = join(root, 'cli/src/postgres/main.ts')

/**
 * Puts the data of a new embedded Postgres into a folder. To make them takes five seconds of a CPU,
 * so they are made once for each version of what makes them, and copied.
 */
export async function copyNewPostgres(to: string): Promise<void> {
  const whole = join(root, 'node_modules/.cache', `weir-postgres-${version()}`)
  if (!existsSync(whole)) await make(whole)
  await cp(whole, to, { recursive: true })
}

function version(): string {
  const hash = createHash('sha256')
  for (const file of [program, join(root, 'bun.lock')]) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

/** Makes them aside: others may do so at the same time, and who is first is as good as any. */
async function make(whole: string): Promise<void> {
  mkdirSync(join(whole, '..'), { recursive: true })
  const folder = mkdtempSync(`${whole}-`)
  const [port] = await freePorts(1)
  const child = spawn(bun, [program, join(folder, 'data'), String(port)], {
    env: { PATH: process.env.PATH, WEIR_POSTGRES_PASSWORD: 'it is no part of the data' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithTest(child)
  const ended = once(child, 'exit')
  let said = ''
  for await (const text of child.stdout) {
    said += text
    if (said.includes('listens')) child.kill('SIGTERM')
  }
  const [code] = await ended
  try {
    if (code !== 0) throw new Error(`Postgres ended with ${code} when its data were made: ${said}`)
    if (!existsSync(whole)) renameSync(join(folder, 'data'), whole)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
