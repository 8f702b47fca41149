import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function demoCommand(finish: Finish): CommandUnknownOpts {
  return new Command('demo')
    .description('Run a whole small system: rooms, kitchen, deliveries or pipeline')
    .argument('<name>', 'A folder of examples/ that has a demo.yaml')
    .option('--rate <events>', 'Events a second of its producers')
    .option('--seed <text>', 'What all chance in its producers comes from', '1')
    .option('--json', 'Print one line of JSON with pages and tokens once all is ready')
    .option('--dir <folder>', 'Keep .weir in that folder, or join the "weir up" of it', '.')
    .action((name, options) => finish(import('../actions/demo.ts').then(({ demo }) => demo(name, options))))
}
