import { accessSync, constants } from 'node:fs'
import { WeirError } from '@weir/proto'
import { systemReason } from '../run/system-reason.ts'

/** Where NATS is, and what TLS needs of files. */
export interface NatsAccess {
  /**
   * nats://user:password@host:port, comma-separated for several servers; the first one's user
   * counts. tls:// asks for TLS.
   */
  readonly url: string
  readonly tls?: NatsTls
}

/**
 * Paths of PEM files, which are read at each connection, so that certificates can be renewed in
 * place.
 */
export interface NatsTls {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

export interface NatsFiles {
  readonly natsCaFile: string | undefined
  readonly natsCertFile: string | undefined
  readonly natsKeyFile: string | undefined
}

/**
 * What the settings of a service say of NATS. Throws `invalid` for files that are missing or of
 * which one lacks the other.
 */
export function natsAccess(config: { readonly natsUrl: string } & NatsFiles): NatsAccess {
  const { natsUrl: url, natsCaFile: caFile, natsCertFile: certFile, natsKeyFile: keyFile } = config
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new WeirError('invalid', 'WEIR_NATS_CERT and WEIR_NATS_KEY go together: set both or none.')
  }
  const named = { WEIR_NATS_CA: caFile, WEIR_NATS_CERT: certFile, WEIR_NATS_KEY: keyFile }
  for (const [name, path] of Object.entries(named)) if (path !== undefined) checkReadable(name, path)
  if (caFile === undefined && certFile === undefined) return { url }
  return {
    url,
    tls: {
      ...(caFile === undefined ? {} : { caFile }),
      ...(certFile === undefined || keyFile === undefined ? {} : { certFile, keyFile }),
    },
  }
}

function checkReadable(name: string, path: string): void {
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    throw new WeirError('invalid', `${name} names ${path}, which cannot be read: ${systemReason(cause)}.`, { cause })
  }
}
