import completions from '@bomb.sh/tab'
import describe from '@bomb.sh/tab/commander'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { fileOf } from './checkout/file-of.ts'

/**
 * Adds `weir completion <shell>`, which prints what a shell has to read once, and the hidden
 * `weir complete`, which that calls at each Tab. Call it when all other commands are there, and
 * settled.
 */
export function addCompletion(program: CommandUnknownOpts): void {
  // The typings are a layer over the same class.
  describe(program as unknown as Parameters<typeof describe>[0], { completionCommandName: 'completion' })
  const command = program.commands.find((each) => each.name() === 'completion')
  command
    ?.helpOption('-h, --help', 'Print this help')
    .description('Print completion for a shell: source <(weir completion bash)')
    // By path, not by name: nothing puts the command of a checkout on PATH.
    .action((...[shell]) => completions.setup('weir', fileOf('weir'), String(shell)))
}
