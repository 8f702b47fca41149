import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function bucketCommand(finish: Finish): CommandUnknownOpts {
  const actions = (): Promise<typeof import('../actions/bucket.ts')> => import('../actions/bucket.ts')
  const nats = new Option('--nats <url>', 'NATS with the administrator’s user (or WEIR_NATS_URL)')
  const tenant = new Option('--tenant <tenant>', 'The tenant, which is that of the token').default('main')
  return new Command('bucket')
    .description('Show the buckets of a tenant with what fills them, or drop one that nothing fills any more')
    .addCommand(
      new Command('list')
        .description('Show each bucket, how much it holds, and which projections fill it')
        .addOption(tenant)
        .addOption(nats)
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((options) => finish(actions().then(({ listBuckets }) => listBuckets(options)))),
    )
    .addCommand(
      new Command('drop')
        .description('Drop a bucket that no projection fills, with all its values')
        .argument('<bucket>', 'Its name')
        .addOption(tenant)
        .addOption(nats)
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((name, options) => finish(actions().then(({ dropBucketNamed }) => dropBucketNamed(name, options)))),
    )
}
