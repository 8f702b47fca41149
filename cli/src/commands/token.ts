import { mintToken } from '@weir/mesh'
import { checkFilter, checkTenant, defaultTenant, WeirError } from '@weir/proto'
import type { CommandDef } from 'citty'
import { command } from '../command.ts'
import { durationMs } from '../duration.ts'
import { exitCodes } from '../exit-code.ts'
import { StateFolder } from '../up/state-folder.ts'
import { UsageError } from '../usage-error.ts'

export const token: CommandDef = command({
  name: 'token',
  description: 'Print a token signed with the secret of "weir up" (or WEIR_JWT_SECRET)',
  args: {
    publish: { type: 'string', valueHint: 'filters', description: 'What it may publish: rooms.>,alerts.* ' },
    subscribe: { type: 'string', valueHint: 'filters', description: 'What it may read: rooms.>' },
    admin: { type: 'boolean', description: 'It may also administer: sessions of the hub, alerts' },
    sub: { type: 'string', default: 'dev', description: 'Who it is for; {sub} in a filter stands for it' },
    tenant: { type: 'string', default: defaultTenant, description: 'The tenant' },
    ttl: { type: 'string', valueHint: 'time', default: '1h', description: 'How long it is good: 90s, 15m, 1h, 30d' },
  },
  async run(args) {
    checkTenant(args.tenant)
    const publish = filtersOf(args.publish)
    const subscribe = filtersOf(args.subscribe)
    const nothing = args.publish === undefined && args.subscribe === undefined && args.admin !== true
    if (nothing) throw new UsageError("Say what it grants: --publish 'rooms.>', --subscribe '>' or --admin.")
    const request = {
      tenant: args.tenant,
      subject: args.sub,
      publish,
      subscribe,
      admin: args.admin === true,
      ttlSeconds: Math.ceil(durationMs(args.ttl, '--ttl') / 1000),
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
    console.log(
      await mintToken(secret, { ...request, ...(issuer ? { issuer } : {}), ...(audience ? { audience } : {}) }),
    )
    return exitCodes.done
  },
})

/** Comma-separated; `{sub}` may stand for a token of the filter. */
function filtersOf(text: string | undefined): string[] {
  const filters = (text ?? '').split(',').map((filter) => filter.trim())
  const given = filters.filter((filter) => filter !== '')
  for (const filter of given) checkFilter(filter.replaceAll('{sub}', 'sub'))
  return given
}
