import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function getCommand(finish: Finish): CommandUnknownOpts {
  return new Command('get')
    .description('Print what a bucket holds now: of some keys, of all that a filter matches, or everything')
    .argument('<bucket>', 'The bucket: latest')
    .argument('[keys...]', 'Subjects of values; of one alone, the bare data is printed')
    .option('--filter <filter...>', "Values of subjects that match: 'rooms.>'")
    .option('--limit <n>', 'No more than so many values; without it, all')
    .option('--json', 'Whole events with sequence and age, one JSON object a line')
    .addOption(urlOption)
    .addOption(tokenOption)
    .action((bucket, keys, options) =>
      finish(import('../actions/get.ts').then(({ get }) => get(bucket, keys, options))),
    )
}
