import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function subCommand(finish: Finish): CommandUnknownOpts {
  return new Command('sub')
    .description('Print events as they happen, or the values of a bucket and their changes')
    .argument('[filters...]', "What to read: 'rooms.*.climate', 'rooms.>'; without one, all that the token grants")
    .option('--source <name>', '"events", or the name of a bucket: latest', 'events')
    .addOption(
      new Option(
        '--mode <mode>',
        'Every event, or the newest of each subject (the default for a bucket), which begins with what is there',
      ).choices(['all', 'latest'] as const),
    )
    .option('--cursor <cursor>', 'Go on from there: the cursor of an entry, or of a history')
    .option('--interval <time>', 'Mode latest: no more often than that, like 1s')
    .option('--count <n>', 'End after so many entries')
    .option('--json', 'One JSON object a line, with sequence and cursor')
    .option('-q, --quiet', 'Do not say when it listens')
    .addOption(urlOption)
    .addOption(tokenOption)
    .action((filters, options) => finish(import('../actions/sub.ts').then(({ sub }) => sub(filters, options))))
}
