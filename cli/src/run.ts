import { stripVTControlCharacters } from 'node:util'
import { ConfigError, parseConfig } from '@weir/mesh'
import { asWeirError } from '@weir/proto'
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from 'citty'
import { exitCode, exitCodes } from './exit-code.ts'
import { commandSettings } from './settings.ts'
import { UsageError } from './usage-error.ts'

const version = '0.1.0'

// Each command is loaded when it is called, so that a short one starts fast.
const commands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  up: () => import('./commands/up.ts').then((module) => module.up),
  pub: () => import('./commands/pub.ts').then((module) => module.pub),
  sub: () => import('./commands/sub.ts').then((module) => module.sub),
  get: () => import('./commands/get.ts').then((module) => module.get),
  history: () => import('./commands/history.ts').then((module) => module.history),
  token: () => import('./commands/token.ts').then((module) => module.token),
  tenant: () => import('./commands/tenant.ts').then((module) => module.tenant),
  projector: () => import('./commands/projector.ts').then((module) => module.projector),
  doctor: () => import('./commands/doctor.ts').then((module) => module.doctor),
}

const weir = defineCommand({
  meta: { name: 'weir', version, description: 'A mesh for events: publish, subscribe, ask for state and history.' },
  subCommands: { ...commands },
})

/** Runs one command line; its exit code (exit-code.ts). A fault is said in a sentence on standard error. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const [name, ...rest] = args
    if (name === undefined || ['help', '--help', '-h'].includes(name)) return await help(rest[0])
    if (['version', '--version', '-v'].includes(name)) {
      console.log(version)
      return exitCodes.done
    }
    const command = await load(name)
    const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
    if (options.includes('--help') || options.includes('-h')) return await help(name)
    refuseUnknown(name, command.args as ArgsDef, options)
    const { result } = await runCommand(command, { rawArgs: rest })
    return typeof result === 'number' ? result : exitCodes.done
  } catch (thrown) {
    return fault(thrown)
  }
}

async function help(name: string | undefined): Promise<number> {
  const usage = name === undefined ? await renderUsage(weir) : await renderUsage(await load(name), weir)
  console.log(process.stdout.isTTY ? usage : stripVTControlCharacters(usage))
  return exitCodes.done
}

function load(name: string): Promise<CommandDef> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) throw new UsageError(`There is no command "${name}"; "weir help" lists them.`)
  return command()
}

/** citty takes options that nobody declared in silence; a misspelt one would be ignored. */
function refuseUnknown(name: string, declared: ArgsDef, options: readonly string[]): void {
  const known = Object.entries(declared).flatMap(([long, { type, ...rest }]) => {
    if (type === 'positional') return []
    const alias = 'alias' in rest && typeof rest.alias === 'string' ? [`-${rest.alias}`] : []
    return [`--${long}`, `--no-${long}`, ...alias]
  })
  for (const option of options) {
    const flag = option.split('=', 1)[0] ?? ''
    if (!/^-[a-z-]/.test(flag) || known.includes(flag)) continue
    throw new UsageError(`"weir ${name}" has no option ${flag}; "weir ${name} --help" lists them.`)
  }
}

function fault(thrown: unknown): number {
  // CLIError is citty's own, which it does not export.
  const isUsage = thrown instanceof UsageError || thrown instanceof ConfigError
  if (isUsage || (thrown instanceof Error && thrown.name === 'CLIError')) {
    console.error(`weir: ${thrown.message}`)
    return exitCodes.usage
  }
  const error = asWeirError(thrown)
  console.error(`weir: ${error.code === 'internal' ? String(error.cause ?? error.message) : error.message}`)
  if (parseConfig(commandSettings, process.env).debug) console.error(thrown)
  return exitCode(error.code)
}
