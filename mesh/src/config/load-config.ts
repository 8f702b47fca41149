import process from 'node:process'
import { ConfigError, type ConfigOf, type Declaration, parseConfig } from './config.ts'
import { envTypos } from './env-typos.ts'

/**
 * The configuration of this process, from its environment. Says on standard error what looks like a
 * typing mistake; with faults it says them all and ends the process with 78 (EX_CONFIG of
 * sysexits.h: a restart does not help).
 */
export function loadConfig<D extends Declaration>(declaration: D): ConfigOf<D> {
  for (const sentence of envTypos(declaration, process.env)) console.error(`Warning: ${sentence}`)
  try {
    return parseConfig(declaration, process.env)
  } catch (fault) {
    if (!(fault instanceof ConfigError)) throw fault
    console.error(fault.message)
    process.exit(78)
  }
}
