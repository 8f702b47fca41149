import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  meshSettings,
  type NatsConnection,
  natsAccess,
  parseConfig,
  provisionMesh,
  provisionTenant,
  type TenantSpec,
} from '@weir/mesh'
import { checkTenant } from '@weir/proto'
import type { CommandDef } from 'citty'
import { command } from '../command.ts'
import { specWithBuckets } from '../declared-buckets.ts'
import { exitCodes } from '../exit-code.ts'
import { tenantNames } from '../tenants.ts'
import { isAlive, StateFolder } from '../up/state-folder.ts'
import { UsageError } from '../usage-error.ts'

export const tenant: CommandDef = command({
  name: 'tenant',
  description: 'Make or change the streams and buckets of a tenant and those that all share, or list the tenants',
  args: {
    action: { type: 'positional', required: true, description: '"create" or "list"' },
    name: { type: 'positional', required: false, description: 'The tenant to create: a-z, 0-9 and "-"' },
    'max-gib': { type: 'string', default: '1', description: 'Space for its events; the oldest go when it is full' },
    'max-hours': { type: 'string', default: '24', description: 'Age of its events; older ones go' },
    replicas: { type: 'string', default: '1', description: 'Copies in a NATS cluster: 1, 3 or 5' },
    projections: {
      type: 'string',
      valueHint: 'file',
      description: 'The file of projections whose buckets it gets (or WEIR_PROJECTIONS)',
    },
    sites: {
      type: 'string',
      valueHint: 'a,b',
      description: 'Sites behind leaf nodes whose events are copied to here (deploy/nats/leaf.conf)',
    },
    force: { type: 'boolean', description: 'Also make changes that lose stored events' },
    nats: { type: 'string', valueHint: 'url', description: 'NATS with the administrator’s user (or WEIR_NATS_URL)' },
  },
  async run(args) {
    if (args.action !== 'create' && args.action !== 'list') {
      throw new UsageError(
        `"weir tenant ${args.action}" does not exist: say "weir tenant create NAME" or "weir tenant list".`,
      )
    }
    if (args.action === 'create') checkTenant(args.name ?? '')
    const spec = await specWithBuckets(specOf(args), args.projections ?? process.env.WEIR_PROJECTIONS)
    const url = args.nats ?? process.env.WEIR_NATS_URL ?? localNats()
    const access = natsAccess({ natsUrl: url, ...parseConfig(natsFiles, process.env) })
    const nc = await connectNats({ ...access, name: 'admin', log: createLogger('cli', 'fatal') })
    try {
      if (args.action === 'list') for (const name of await tenantNames(nc)) console.log(name)
      else await create(nc, args.name ?? '', spec, args.force === true)
    } finally {
      await nc.close()
    }
    return exitCodes.done
  },
})

/** Certificates come the same way as to the services. */
const { natsCaFile, natsCertFile, natsKeyFile } = meshSettings
const natsFiles = { natsCaFile, natsCertFile, natsKeyFile }

async function create(nc: NatsConnection, name: string, spec: TenantSpec, force: boolean): Promise<void> {
  const ofMesh = await provisionMesh(nc, spec.replicas, { force })
  const ofTenant = await provisionTenant(nc, name, spec, { force })
  for (const { stream, action, changes } of [...ofMesh, ...ofTenant]) {
    const fields = changes.length === 0 ? '' : ` (${changes.map(({ field }) => field).join(', ')})`
    console.log(`${stream} ${action}${fields}`)
  }
  console.log(`The projector serves tenant ${name} once WEIR_TENANTS names it; "weir up" sees to that when it starts.`)
}

function specOf(args: {
  'max-gib': string
  'max-hours': string
  replicas: string
  sites?: string | undefined
}): TenantSpec {
  return {
    ...defaultTenantSpec,
    eventsMaxBytes: Math.round(positive(args['max-gib'], '--max-gib') * 1024 ** 3),
    eventsMaxAgeMs: Math.round(positive(args['max-hours'], '--max-hours') * 3_600_000),
    replicas: positive(args.replicas, '--replicas'),
    ...(args.sites === undefined ? {} : { sites: siteNames(args.sites) }),
  }
}

function siteNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[a-z0-9-]+$/.test(name))
  if (wrong === undefined) return names
  throw new UsageError(`--sites "${text}": the name of a site has a-z, 0-9 and "-", and "${wrong}" is none.`)
}

function positive(text: string, option: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0)) throw new UsageError(`${option} "${text}" is not a number above 0.`)
  return value
}

function localNats(): string {
  const running = StateFolder.find(process.cwd())?.readRunning()
  if (running !== undefined && isAlive(running)) return running.addresses.nats
  throw new UsageError('No "weir up" runs here: say with --nats or WEIR_NATS_URL where NATS is.')
}
