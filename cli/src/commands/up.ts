import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function upCommand(finish: Finish): CommandUnknownOpts {
  return new Command('up')
    .description('Start everything on this machine, until Ctrl-C')
    .option('--json', 'Print one line of JSON with addresses and a token once all is ready')
    .option('--dir <folder>', 'Keep .weir in that folder', '.')
    .option('--cluster', 'Three NATS servers, and three copies of every stream')
    .option('--shards <n>', 'Streams over which the events of tenant main are spread, when it is made; 1 without')
    .option('--sync', 'Accept an event only when it is synced to the disk, so that it survives a power cut')
    .option('--force', 'Also make changes that lose what is stored, as a shorter TTL in a file of projections')
    .action((options) => finish(import('../actions/up.ts').then(({ up }) => up(options))))
}
