import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { defaultTenant } from '@weir/proto'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function projectorCommand(finish: Finish): CommandUnknownOpts {
  const actions = (): Promise<typeof import('../actions/projector.ts')> => import('../actions/projector.ts')
  const check = (): Promise<typeof import('../actions/check-file.ts')> => import('../actions/check-file.ts')
  return new Command('projector')
    .description('Show the projections, rebuild one, or look after the events that could not be projected')
    .addCommand(
      new Command('list')
        .description('Show each projection, what it fills and how far it is')
        .option('--json', 'One JSON object a line')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((options) => finish(actions().then(({ listProjections }) => listProjections(options)))),
    )
    .addCommand(
      new Command('check')
        .description('Try a file of projections on what the stream holds: which alerts would have fired, how many keys')
        .argument('<file>', 'The YAML file')
        .option('--last <duration>', 'How far back', '1h')
        .option('--tenant <name>', 'Whose events', defaultTenant)
        .option('--json', 'One JSON object')
        .option(
          '--nats <url>',
          'NATS, with the user of the administrator (default: WEIR_NATS_URL, or the `weir up` here)',
        )
        .action((file, options) => finish(check().then(({ checkFile }) => checkFile(file, options)))),
    )
    .addCommand(
      new Command('rebuild')
        .description('Fill a projection again from the stream, and wait until it is done')
        .argument('<projection>', 'Its name')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((name, options) => finish(actions().then(({ rebuild }) => rebuild(name, options)))),
    )
    .addCommand(
      new Command('dead-letters')
        .description('Show the events that could not be projected, with their numbers and why')
        .option('--json', 'One JSON object a line')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((options) => finish(actions().then(({ listDeadLetters }) => listDeadLetters(options)))),
    )
    .addCommand(
      new Command('replay')
        .description('Project dead letters again')
        .argument('<ids...>', 'Their numbers, or "all"')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((ids, options) => finish(actions().then(({ replay }) => replay(ids, options)))),
    )
    .addCommand(
      new Command('forget')
        .description('Drop dead letters for good')
        .argument('<ids...>', 'Their numbers, or "all"')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((ids, options) => finish(actions().then(({ forget }) => forget(ids, options)))),
    )
}
