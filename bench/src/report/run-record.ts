import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import process from 'node:process'
import { fileOf, pinnedNode } from '../processes/programs.ts'
import type { Figure } from './figure.ts'

/** One run of one benchmark: all that RESULTS.md says of it. */
export interface RunRecord {
  readonly benchmark: string
  readonly title: string
  readonly command: string
  /** The commit that ran, with a `+` when the working tree held more. */
  readonly commit: string
  /** Of its end, `2026-11-30`. */
  readonly date: string
  readonly machine: string
  readonly figures: readonly Figure[]
}

export function recordOf(benchmark: string, title: string, figures: readonly Figure[]): RunRecord {
  return {
    benchmark,
    title,
    command: `bun bench/src/main.ts ${benchmark}`,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    figures,
  }
}

function commit(): string {
  const head = git('rev-parse', '--short', 'HEAD')
  const changed = git('status', '--porcelain', '--', ':/', ':!/bench/results', ':!/bench/RESULTS.md')
  return changed === '' ? head : `${head}+`
}

/** Processor, cores, memory, kernel, and the programs that were measured. */
function machine(): string {
  const { model = 'unknown processor' } = cpus()[0] ?? {}
  const gibibytes = Math.round(totalmem() / 1024 ** 3)
  return [
    `${cpus().length} cores of ${model.trim()}`,
    `${gibibytes} GiB`,
    `${process.platform} ${release().split('-')[0]} ${process.arch}`,
    `Bun ${process.versions.bun ?? 'none'}`,
    `Node ${version(pinnedNode(), /v?([\d.]+)/)}`,
    `nats-server ${version(fileOf('.tools/bin/nats-server'), /v([\d.]+)/)}`,
  ].join(', ')
}

function version(program: string, pattern: RegExp): string {
  return pattern.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'
}

function git(...args: string[]): string {
  return execFileSync('git', ['-C', fileOf(''), ...args], { encoding: 'utf8' }).trim()
}
