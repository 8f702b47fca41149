import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function tokenCommand(finish: Finish): CommandUnknownOpts {
  return new Command('token')
    .description('Print a token signed with the secret of "weir up" (or WEIR_JWT_SECRET)')
    .option('--publish <filter...>', 'What it may publish: rooms.>,alerts.*')
    .option('--subscribe <filter...>', 'What it may read: rooms.>')
    .option('--admin', 'It may also administer: sessions of the hub, alerts')
    .option('--sub <name>', 'Who it is for; {sub} in a filter stands for it', 'dev')
    .option('--tenant <tenant>', 'The tenant', 'main')
    .option('--ttl <time>', 'How long it is good: 90s, 15m, 1h, 30d', '1h')
    .action((options) => finish(import('../actions/token.ts').then(({ token }) => token(options))))
}
