import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { tokenOption, urlOption } from './access-options.ts'
import type { Finish } from './finish.ts'

export function pubCommand(finish: Finish): CommandUnknownOpts {
  return new Command('pub')
    .description('Publish an event, or one for each line of standard input')
    .argument('<subject>', 'Where to; "-" when each line is an item with a subject of its own')
    .argument('[data]', 'The data: any JSON. Left out or "-": NDJSON from standard input, one event a line')
    .option('--type <type>', 'What kind of event it is: order.created')
    .option('--id <id>', 'Identity of the one event, against duplicates')
    .option('-q, --quiet', 'Say nothing when all went well')
    .addOption(urlOption)
    .addOption(tokenOption)
    .action((subject, data, options) =>
      finish(import('../actions/pub.ts').then(({ pub }) => pub(subject, data, options))),
    )
}
