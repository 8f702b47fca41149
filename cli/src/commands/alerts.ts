import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function alertsCommand(finish: Finish): CommandUnknownOpts {
  const actions = (): Promise<typeof import('../actions/alerts.ts')> => import('../actions/alerts.ts')
  const silences = (): Promise<typeof import('../actions/silences.ts')> => import('../actions/silences.ts')
  return new Command('alerts')
    .description('Show alerts, acknowledge, resolve or silence them')
    .addCommand(
      new Command('list')
        .description('Show the alerts that are open, and what keeps one quiet')
        .option('--filter <filter...>', "Alerts by their subjects: 'alerts.too-hot.*'")
        .option('--all', 'Those that are resolved as well')
        .option('--json', 'One JSON object a line')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((options) => finish(actions().then(({ listAlerts }) => listAlerts(options)))),
    )
    .addCommand(
      new Command('ack')
        .description('Acknowledge alerts, in the name of the token')
        .argument('<ids...>', 'As they are listed: too-hot.oven')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((ids, options) => finish(actions().then(({ changeAlerts }) => changeAlerts('ack', ids, options)))),
    )
    .addCommand(
      new Command('resolve')
        .description('Resolve alerts; one does not fire again before its cause was gone')
        .argument('<ids...>', 'As they are listed: too-hot.oven')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((ids, options) => finish(actions().then(({ changeAlerts }) => changeAlerts('resolve', ids, options)))),
    )
    .addCommand(
      new Command('silences')
        .description('Show silences and maintenance times that are in force or still to come')
        .option('--filter <filter...>', "Silences by their subjects: 'silences.oven.>'")
        .option('--json', 'One JSON object a line')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((options) => finish(silences().then(({ listSilences }) => listSilences(options)))),
    )
    .addCommand(
      new Command('silence')
        .description('Keep alerts quiet for a time; every condition that is given has to hold')
        .argument('<name>', 'Of the silence; to silence by it again changes it')
        .option('--rule <rule...>', 'Alerts of these rules')
        .option('--filter <filter...>', "Alerts by their subjects: 'alerts.too-hot.*'")
        .option('--severity <severity...>', 'NORMAL, HIGH or URGENT')
        .option('--label <name=value...>', 'Alerts with these labels')
        .option('--for <time>', 'How long: 30m, 2h, 7d')
        .option('--from <time>', 'From when on; now, without')
        .option('--until <time>', 'Until when: this or --for')
        .option('--comment <text>', 'Why')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((name, options) => finish(silences().then(({ silence }) => silence(name, options)))),
    )
    .addCommand(
      new Command('unsilence')
        .description('End silences early')
        .argument('<names...>', 'As they are listed')
        .addOption(urlOption)
        .addOption(tokenOption)
        .action((names, options) => finish(silences().then(({ endSilences }) => endSilences(names, options)))),
    )
}
