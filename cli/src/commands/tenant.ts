import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function tenantCommand(finish: Finish): CommandUnknownOpts {
  const actions = (): Promise<typeof import('../actions/tenant.ts')> => import('../actions/tenant.ts')
  const nats = new Option('--nats <url>', 'NATS with the administrator’s user (or WEIR_NATS_URL)')
  return new Command('tenant')
    .description('Make or change the streams and buckets of a tenant and those that all share, or list the tenants')
    .addCommand(
      new Command('create')
        .description('Make the streams and buckets of a tenant, or change them to what is said here')
        .argument('<name>', 'The tenant: a-z, 0-9 and "-"')
        .option('--max-gib <n>', 'Space for its events; the oldest go when it is full', '1')
        .option('--max-hours <n>', 'Age of its events; older ones go', '24')
        .option('--replicas <n>', 'Copies in a NATS cluster: 1, 3 or 5', '1')
        .option('--shards <n>', 'Streams over which its events are spread; 1, or as many as it has, which stays')
        .option('--projections <file>', 'The file of projections whose buckets it gets (or WEIR_PROJECTIONS)')
        .option(
          '--sites <names>',
          'Sites behind leaf nodes whose events are copied to here, comma-separated (deploy/nats/leaf.conf)',
        )
        .option('--force', 'Also make changes that lose what is stored: fewer hours, less space, a shorter TTL')
        .addOption(nats)
        .action((name, options) => finish(actions().then(({ createTenant }) => createTenant(name, options)))),
    )
    .addCommand(
      new Command('mirror')
        .description('Make mirrors of a tenant of another JetStream domain, for the hubs of a region')
        .argument('<name>', 'The tenant')
        .requiredOption('--from <domain>', 'The domain, at the other end of a leaf node (deploy/nats/region.conf)')
        .option('--replicas <n>', 'Copies in a NATS cluster here: 1, 3 or 5', '1')
        .option('--force', 'Make anew what mirrors something else')
        .addOption(nats)
        .action((name, options) => finish(actions().then(({ mirror }) => mirror(name, options)))),
    )
    .addCommand(
      new Command('spread')
        .description('Let the servers of a NATS cluster lead as many streams of events each, as after restarts')
        .addOption(nats)
        .action((options) => finish(actions().then(({ spread }) => spread(options)))),
    )
    .addCommand(
      new Command('list')
        .description('Name the tenants')
        .addOption(nats)
        .action((options) => finish(actions().then(({ listTenants }) => listTenants(options)))),
    )
}
