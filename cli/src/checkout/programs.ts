import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { natsBinary } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { fileOf } from './file-of.ts'

/** The Bun that runs this command: it runs ingest, the projector and the embedded Postgres too. */
export const bun: string = process.execPath

/** The nats-server of the packages or, on a platform for which there is none, the one on PATH. */
export function natsServer(): string {
  try {
    return natsBinary()
  } catch {
    return onPath('nats-server') ?? missing('nats-server', 'put version 2.14 or newer on PATH')
  }
}

/**
 * The Node that runs the hub: the binary of uWebSockets.js is bound to it, whatever Node the
 * machine has.
 */
export function pinnedNode(): string {
  const path = fileOf('.tools/bin/node')
  return existsSync(path) ? path : missing('Node 22', 'run "make setup"')
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function missing(what: string, remedy: string): never {
  throw new WeirError('unavailable', `${what} is missing: ${remedy}.`)
}
