import { mintToken } from '@weir/mesh'
import { checkFilter, checkTenant, WeirError } from '@weir/proto'
import { durationMs } from '../text/duration.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'
import { StateFolder } from '../up/state-folder.ts'

export interface TokenOptions {
  /** Filters; one text may hold several, comma-separated. */
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly admin?: boolean
  readonly sub: string
  readonly tenant: string
  readonly ttl: string
}

/** Prints a token. Throws `unauthenticated` where there is no secret to sign with. */
export async function token(options: TokenOptions): Promise<number> {
  const { publish, subscribe, admin = false, sub, tenant, ttl } = options
  checkTenant(tenant)
  if (publish === undefined && subscribe === undefined && !admin) {
    throw new UsageError("Say what it grants: --publish 'rooms.>', --subscribe '>' or --admin.")
  }
  const request = {
    tenant,
    subject: sub,
    publish: filtersOf(publish),
    subscribe: filtersOf(subscribe),
    admin,
    ttlSeconds: Math.ceil(durationMs(ttl, '--ttl') / 1000),
  }
  const issuer = process.env.WEIR_JWT_ISSUER
  const audience = process.env.WEIR_JWT_AUDIENCE
  const secret = process.env.WEIR_JWT_SECRET ?? StateFolder.find(process.cwd())?.readSecrets()?.jwtSecret
  if (secret === undefined) {
    throw new WeirError(
      'unauthenticated',
      'There is no secret to sign with: run "weir up" here once, or set WEIR_JWT_SECRET.',
    )
  }
  await print(await mintToken(secret, { ...request, ...(issuer ? { issuer } : {}), ...(audience ? { audience } : {}) }))
  return exitCodes.done
}

/** Comma-separated; `{sub}` may stand for a token of the filter. */
function filtersOf(texts: readonly string[] = []): string[] {
  const filters = texts.flatMap((text) => text.split(',')).map((filter) => filter.trim())
  const given = filters.filter((filter) => filter !== '')
  for (const filter of given) checkFilter(filter.replaceAll('{sub}', 'sub'))
  return given
}
