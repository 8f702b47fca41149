import { styleText } from 'node:util'
import { Command, type CommandUnknownOpts, Help } from '@commander-js/extra-typings'
import { alertsCommand } from './commands/alerts.ts'
import { bucketCommand } from './commands/bucket.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import type { Finish } from './commands/finish.ts'
import { getCommand } from './commands/get.ts'
import { historyCommand } from './commands/history.ts'
import { projectorCommand } from './commands/projector.ts'
import { pubCommand } from './commands/pub.ts'
import { sizeCommand } from './commands/size.ts'
import { subCommand } from './commands/sub.ts'
import { tenantCommand } from './commands/tenant.ts'
import { tokenCommand } from './commands/token.ts'
import { upCommand } from './commands/up.ts'
import { addCompletion } from './completion.ts'
import { limits } from './limits.ts'
import { exitCodeMeanings, exitCodes } from './text/exit-code.ts'
import { print } from './text/print.ts'

export const version = '0.1.0'

/**
 * The command line: what can be said, and what is done then. An end before that is a
 * CommanderError.
 */
export function buildProgram(finish: Finish): CommandUnknownOpts {
  const program = new Command('weir')
    .description('A mesh for events: publish, subscribe, ask for state and history.')
    .version(version, '-v, --version', 'Print the version')
    .addHelpText('after', () => exitCodesHelp())
  for (const make of [upCommand, demoCommand, pubCommand, subCommand, getCommand, historyCommand, alertsCommand])
    program.addCommand(make(finish))
  for (const make of [tokenCommand, tenantCommand, bucketCommand, projectorCommand, sizeCommand, doctorCommand])
    program.addCommand(make(finish))
  settle(program, 'weir')
  addCompletion(program)
  return program
}

/**
 * Configures help and errors of a command and its subcommands alike: plain words, one sentence a
 * fault, colour where a stream shows it.
 */
function settle(command: CommandUnknownOpts, path: string): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'Print this help')
    .configureHelp({
      minWidthToWrap: limits.helpWrapColumnsMin,
      subcommandTerm: (each) => each.name(),
      styleTitle: bold,
      styleCommandText: bold,
      styleSubcommandText: bold,
      styleOptionText: bold,
    })
    .configureOutput({
      getOutHelpWidth: () => widthOf(process.stdout),
      getErrHelpWidth: () => widthOf(process.stderr),
      writeOut: (text) => void print(text.trimEnd()),
      writeErr: (text) => console.error(text.trimEnd()),
      outputError: (text, write) => write(`weir: ${sentence(text)}; "${path} --help" says what there is.`),
    })
  if (command.commands.length > 0) command.helpCommand('help [command]', 'Explain a command')
  for (const each of command.commands) settle(each, `${path} ${each.name()}`)
}

/** In the manner of what stands above it. */
function exitCodesHelp(): string {
  const help = new Help()
  help.prepareContext({ helpWidth: widthOf(process.stdout) })
  const rows = Object.entries(exitCodeMeanings).map(([name, meaning]) =>
    help.formatItem(String(exitCodes[name as keyof typeof exitCodes]), 1, meaning, help),
  )
  return ['', bold('Exit codes:'), ...rows].join('\n')
}

/** A terminal may not know its own, or be none. */
function widthOf({ columns }: NodeJS.WriteStream): number {
  return columns > 0 ? columns : limits.helpColumns
}

/** Commander takes it out again where the stream is no terminal or NO_COLOR is set. */
function bold(text: string): string {
  return styleText('bold', text, { validateStream: false })
}

function sentence(text: string): string {
  const plain = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.$/, '')
  return plain.replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean $1?)').replaceAll('\n', ' ')
}
