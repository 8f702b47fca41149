import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function historyCommand(finish: Finish): CommandUnknownOpts {
  return new Command('history')
    .description('Print stored events by the time at which they happened, the oldest first')
    .argument('[filters...]', "What to read: 'rooms.*.climate', 'rooms.>'; without one, all that the token grants")
    .option('--from <time>', 'RFC 3339, or how long ago', '15m')
    .option('--to <time>', 'RFC 3339, or how long ago; without it: now')
    .option('--newest', 'The newest first')
    .option('--step <time>', 'Readings in steps, as averages: 10s')
    .option('--limit <n>', 'No more than so many events', '1000')
    .option('--json', 'Whole events, one JSON object a line')
    .addOption(urlOption)
    .addOption(tokenOption)
    .action((filters, options) =>
      finish(import('../actions/history.ts').then(({ history }) => history(filters, options))),
    )
}
