import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function upCommand(finish: Finish): CommandUnknownOpts {
  return new Command('up')
    .description('Start everything on this machine, until Ctrl-C')
    .option('--json', 'Print one line of JSON with addresses and a token once all is ready')
    .option('--dir <folder>', 'Keep .weir in that folder', '.')
    .option('--force', 'Also make changes that lose what is stored, as a shorter TTL in a file of projections')
    .action((options) => finish(import('../actions/up.ts').then(({ up }) => up(options))))
}
