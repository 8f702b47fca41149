import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The Node that runs the hub and the load: the one of the checkout, whatever this machine has. */
export function pinnedNode(): string {
  const path = fileOf('.tools/bin/node')
  if (!existsSync(path)) throw new Error('Node 22 is missing: run "make setup".')
  return path
}

/** A file of the checkout by its path from the root. */
export function fileOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}

/** The command that runs a program on one core, where the machine has taskset: the hub has the first, all others the second. */
export function onCore(core: 0 | 1, command: readonly string[]): readonly string[] {
  return existsSync(taskset) ? [taskset, '-c', String(core), ...command] : command
}

/** Moves a process that runs to one core. */
export function moveToCore(core: 0 | 1, pid: number): void {
  if (existsSync(taskset)) execFileSync(taskset, ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' })
}

const taskset = '/usr/bin/taskset'
