import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { freePort } from '@weir/mesh/testing'
import { fileOf } from '../processes/programs.ts'

export interface BenchDatabase {
  readonly name: string
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** The embedded Postgres as `weir up` runs it. */
export async function startPglite(): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const port = await freePort()
  const args = [fileOf('cli/src/postgres/main.ts'), join(folder, 'data'), String(port)]
  const env = { ...process.env, WEIR_POSTGRES_PASSWORD: 'bench' }
  const child = spawn(fileOf('.tools/bin/bun'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  await said(child, /listens on/)
  return database('PGlite', child, `postgres://postgres:bench@127.0.0.1:${port}/postgres`, folder)
}

/** A real server of this machine with its defaults; undefined where none is installed. */
export async function startPostgres(): Promise<BenchDatabase | undefined> {
  const debian = '/usr/lib/postgresql'
  const [version] = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  if (version === undefined) return undefined
  const binaries = join(debian, version, 'bin')
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  // Postgres refuses to run as root.
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres']).toString())
  const user = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { cwd: folder, ...user }
  execFileSync(join(binaries, 'initdb'), ['-A', 'trust', '-U', 'postgres', '-D', data], { ...options, stdio: 'ignore' })
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1']
  const child = spawn(join(binaries, 'postgres'), args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  await said(child, /ready to accept connections/)
  return database(`Postgres ${version}`, child, `postgres://postgres@127.0.0.1:${port}/postgres`, folder)
}

function database(name: string, child: ChildProcess, url: string, folder: string): BenchDatabase {
  return {
    name,
    url,
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
      if (pattern.test(text)) resolve()
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', () => reject(new Error(`The database ended at its start:\n${text}`)))
  })
}
