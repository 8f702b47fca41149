import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Finish } from './finish.ts'

export function doctorCommand(finish: Finish): CommandUnknownOpts {
  return new Command('doctor')
    .description('Check the tools, the ports, the disk and, where it runs, "weir up"')
    .action(() => finish(import('../actions/doctor.ts').then(({ doctor }) => doctor())))
}
