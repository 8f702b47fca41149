import type { Parser } from './config-parsers.ts'

/** One thing that the environment may set. */
export interface Setting<T> {
  readonly env: string
  readonly parser: Parser<T>
  /**
   * The value when the environment is silent; without this the setting is required. Throws whole
   * sentences.
   */
  readonly fallback: ((env: Environment) => T) | undefined
  /** What the default is called in docs/config.md. */
  readonly fallbackText: string
  readonly sentence: string
}

export type Environment = Readonly<Record<string, string | undefined>>
export type Declaration = Readonly<Record<string, Setting<unknown>>>
export type ConfigOf<D extends Declaration> = {
  readonly [Name in keyof D]: D[Name] extends Setting<infer T> ? T : never
}

/** A setting with a default; without one (undefined) it is required. */
export function setting<T>(env: string, parser: Parser<T>, fallback: T | undefined, sentence: string): Setting<T> {
  return {
    env,
    parser,
    fallback: fallback === undefined ? undefined : () => fallback,
    fallbackText: fallback === undefined ? 'required' : `\`${parser.format?.(fallback) ?? fallback}\``,
    sentence,
  }
}

/** A setting that may be left out. */
export function optional<T>(env: string, parser: Parser<T>, sentence: string): Setting<T | undefined> {
  return { env, parser, fallback: () => undefined, fallbackText: 'none', sentence }
}

/**
 * Thrown by parseConfig with every fault of the environment at once; no value of a secret is in it.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(['The configuration cannot be used:', ...faults].join('\n  '))
    this.faults = faults
  }
}

/**
 * The values of a declaration; an empty variable counts as absent. Throws one ConfigError that
 * lists all faults.
 */
export function parseConfig<D extends Declaration>(declaration: D, env: Environment): ConfigOf<D> {
  const config: Record<string, unknown> = {}
  const faults = new Set<string>()
  for (const [name, setting] of Object.entries(declaration)) {
    try {
      config[name] = settingValue(setting, env)
    } catch (fault) {
      faults.add(fault instanceof Error ? fault.message : String(fault))
    }
  }
  if (faults.size > 0) throw new ConfigError([...faults])
  return config as ConfigOf<D>
}

function settingValue({ env: name, parser, fallback, sentence }: Setting<unknown>, env: Environment): unknown {
  const text = env[name]
  if (text === undefined || text === '') {
    if (fallback === undefined) throw new Error(`${name} is required. ${sentence}`)
    return fallback(env)
  }
  try {
    return parser.parse(text)
  } catch (fault) {
    throw new Error(`${name} must be ${parser.form}: ${fault instanceof Error ? fault.message : fault}.`)
  }
}

/** The rows of docs/config.md for a declaration, as a Markdown table. */
export function configTable(declaration: Declaration): string {
  const rows = Object.values(declaration).map(
    (setting) => `| \`${setting.env}\` | ${setting.parser.form} | ${setting.fallbackText} | ${setting.sentence} |`,
  )
  return ['| variable | form | default | what it does |', '|---|---|---|---|', ...rows, ''].join('\n')
}
