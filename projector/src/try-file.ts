// A program of its own, for the command line: tries a file of projections on what a stream holds
// and prints what it would have made of it, as JSON. It only reads. Arguments: the file, the
// tenant, how many milliseconds; NATS is where the environment says.

import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { connectNats, createLogger, meshSettings, natsAccess, parseConfig, systemReason } from '@weir/mesh'
import { loadDeclarations } from './declaration/file/load.ts'
import { tryDeclarations } from './tenant/declarations-trial.ts'

const [file = '', tenant = '', lastMs = ''] = process.argv.slice(2)
const { natsUrl, natsCaFile, natsCertFile, natsKeyFile } = meshSettings
try {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new Error(`${file} cannot be read: ${systemReason(cause)}`)
  })
  const declarations = loadDeclarations(text, file)
  const access = natsAccess(parseConfig({ natsUrl, natsCaFile, natsCertFile, natsKeyFile }, process.env))
  const nc = await connectNats({ ...access, name: 'admin', log: createLogger('projector', 'fatal') })
  try {
    console.log(JSON.stringify(await tryDeclarations(nc, tenant, declarations, Number(lastMs))))
  } finally {
    await nc.close()
  }
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
}
