import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function sizeCommand(finish: Finish): CommandUnknownOpts {
  return new Command('size')
    .description('Compute what a mesh takes, from what was measured: hubs, servers, cores, memory, network')
    .requiredOption('--subscribers <n>', 'Connections of dashboards')
    .requiredOption('--events <n>', 'Events a second, of all tenants')
    .option('--subjects <n>', 'Different subjects', '10000')
    .option('--bytes <n>', 'Bytes of an event', '200')
    .option('--matching <n>', 'Events a second that match one subscriber', '1')
    .option('--interval <ms>', 'Time between two batches to a subscriber; 0 sends each event at once', '0')
    .option('--batch <n>', 'Events in a request of a producer', '100')
    .option('--tenants <n>', 'Tenants that share the events evenly', '1')
    .option('--replicas <n>', 'Copies of each stream: 1 or 3', '3')
    .option('--no-history', 'Without history in Postgres')
    .option('--json', 'Print one line of JSON')
    .action((options) => finish(import('../actions/size.ts').then(({ size }) => size(options))))
}
