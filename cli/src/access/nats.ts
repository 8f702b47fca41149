import { connectNats, createLogger, meshSettings, type NatsConnection, natsAccess, parseConfig } from '@weir/mesh'
import { UsageError } from '../text/usage-error.ts'
import { isAlive, StateFolder } from '../up/state-folder.ts'

export interface NatsOptions {
  /** With the administrator's user; without it WEIR_NATS_URL, or the `weir up` of this folder. */
  readonly nats?: string
}

/**
 * Does something as the administrator of NATS. Throws UsageError where nothing says where it is.
 */
export async function withNats<T>(options: NatsOptions, action: (nc: NatsConnection) => Promise<T>): Promise<T> {
  const url = natsUrlOf(options)
  const access = natsAccess({ natsUrl: url, ...parseConfig(natsFiles, process.env) })
  const nc = await connectNats({ ...access, name: 'admin', log: createLogger('cli', 'fatal') })
  try {
    return await action(nc)
  } finally {
    await nc.close()
  }
}

/** Where NATS is. Throws UsageError where nothing says so. */
export function natsUrlOf({ nats }: NatsOptions): string {
  return nats ?? process.env.WEIR_NATS_URL ?? localNats()
}

/** Certificates come the same way as to the services. */
const { natsCaFile, natsCertFile, natsKeyFile } = meshSettings
const natsFiles = { natsCaFile, natsCertFile, natsKeyFile }

function localNats(): string {
  const running = StateFolder.find(process.cwd())?.readRunning()
  if (running !== undefined && isAlive(running)) return running.addresses.nats
  throw new UsageError('No "weir up" runs here: say with --nats or WEIR_NATS_URL where NATS is.')
}
