import { endpointUrl } from '@weir/client'
import { type Environment, mintToken, parseConfig } from '@weir/mesh'
import { asWeirError, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import { accessSettings } from '../settings.ts'
import { UsageError } from '../text/usage-error.ts'
import { everythingGranted } from '../up/owner-token.ts'
import { isAlive, StateFolder } from '../up/state-folder.ts'

/** Where a command sends its requests, and with what token. */
export interface Access {
  /**
   * `http(s)://host:port`, with a path where services have one in common, without a slash at its
   * end. Throws `unavailable` when nothing says where the service is.
   */
  address(service: ServiceName): string
  /** The token that the user gave, which nothing here can replace; undefined where none was. */
  readonly givenToken: string | undefined
  /** A token that is good now. Throws `unauthenticated` when there is none. */
  token(): Promise<string>
}

export type ServiceName = 'hub' | 'ingest' | 'projector'

export interface AccessOptions {
  readonly url?: string | undefined
  readonly token?: string | undefined
}

/**
 * An address of one service (WEIR_HUB_URL, ...) goes before that of the mesh, and any given one
 * before `weir up`. Throws UsageError for what is no address.
 */
export function findAccess(options: AccessOptions, env: Environment = process.env): Access {
  const folder = StateFolder.find(process.cwd())
  const config = parseConfig(accessSettings, env)
  const givenToken = options.token ?? config.token
  if (options.url !== undefined) origin(options.url)
  return {
    address(service) {
      const given = options.url ?? config[service] ?? config.url
      return given === undefined ? localAddress(folder, service) : origin(given)
    },
    givenToken,
    async token() {
      return givenToken ?? (await ownToken(folder))
    },
  }
}

function localAddress(folder: StateFolder | undefined, service: ServiceName): string {
  const running = folder?.readRunning()
  if (running !== undefined && isAlive(running)) return running.addresses[service].replace(/^ws/, 'http')
  throw new WeirError(
    'unavailable',
    'No "weir up" runs in this folder or one above: start it there, or say with --url or WEIR_URL where the mesh is.',
  )
}

function ownToken(folder: StateFolder | undefined): Promise<string> {
  const secrets = folder?.readSecrets()
  if (secrets === undefined) {
    throw new WeirError('unauthenticated', 'There is no token: give one with --token or WEIR_TOKEN.')
  }
  return mintToken(secrets.jwtSecret, everythingGranted(limits.ownTokenSeconds))
}

/**
 * Throws UsageError for what is no address: the words are those of the client, which reads it by
 * the same rule.
 */
function origin(address: string): string {
  try {
    return endpointUrl(address, '/', 'http').replace(/\/+$/, '')
  } catch (thrown) {
    throw new UsageError(asWeirError(thrown).message)
  }
}
