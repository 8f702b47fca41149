import { CommanderError } from '@commander-js/extra-typings'
import { buildProgram } from './program.ts'
import { exitCodes } from './text/exit-code.ts'

/** Runs one command line; its exit code. A fault is said in a sentence on standard error. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.done
  const program = buildProgram(async (result) => {
    code = await result
  })
  try {
    await program.parseAsync(
      asked(
        args,
        program.commands.map((command) => command.name()),
      ),
      { from: 'user' },
    )
    return code
  } catch (thrown) {
    // It has said everything.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage
    const { fault } = await import('./fault.ts')
    return fault(thrown)
  }
}

/** `weir` alone is a question; help for a command that does not exist is a misspelt command. */
function asked(args: readonly string[], names: readonly string[]): readonly string[] {
  const [name = '--help', ...rest] = args
  const about = name === 'help' ? rest[0] : name
  const isUnknown = about !== undefined && !about.startsWith('-') && about !== 'help' && !names.includes(about)
  return isUnknown ? [about] : [name, ...rest]
}
