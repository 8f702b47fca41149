import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from 'citty'

export interface CommandDeclaration<T extends ArgsDef> {
  readonly name: string
  readonly description: string
  readonly args: T
  /** The exit code (exit-code.ts); a thrown WeirError or UsageError becomes a sentence and a code of its own. */
  run(args: ParsedArgs<T>): number | Promise<number>
}

/** One command of the command line, for run.ts to load. */
export function command<const T extends ArgsDef>(declaration: CommandDeclaration<T>): CommandDef {
  const { name, description, args, run } = declaration
  return defineCommand({
    meta: { name, description },
    args,
    run: (context: { args: ParsedArgs<T> }) => run(context.args),
  }) as unknown as CommandDef
}
