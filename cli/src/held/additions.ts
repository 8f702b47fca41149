import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Environment } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { parse, stringify } from 'yaml'
import { derivedSecret } from '../up/derived-secret.ts'
import type { AddedSettings } from '../up/parts.ts'
import type { StateFolder } from '../up/state-folder.ts'

/** What somebody adds to the configuration of a mesh: the files of a folder. */
export interface Addition {
  readonly name: string
  /** With any of `projections.yaml`, `routes.yaml`, `reads.yaml` and `boards/` in it. */
  readonly folder: string
  /** Origins of pages that send and read from a browser. */
  readonly origins: readonly string[]
  /** Environment variables that services find with a secret of their own (`derivedSecret`). */
  readonly secrets?: readonly string[]
}

/** What additions come to. */
export interface Added {
  readonly settings: AddedSettings
  /** The settings and the files that they name: it differs where something has changed. */
  readonly text: string
}

/**
 * Writes the files in which the user's own configuration and all additions are put together. Throws
 * `conflict` where two of them say different things by one name.
 */
export function addedSettings(state: StateFolder, env: Environment, additions: readonly Addition[]): Added {
  const settings: Record<string, string> = {}
  const texts: string[] = []
  for (const { file, variable, withoutFile } of files) {
    const added = additions.flatMap(({ folder }) => textOf(join(folder, file)))
    if (added.length === 0) continue
    const own = env[variable]
    const first = own === undefined || own === '' ? withoutFile : readFileSync(own, 'utf8')
    const merged = [first, ...added].map((text) => parse(text) as unknown).reduce((a, b) => mergedFile(file, a, b))
    settings[variable] = state.at('added', file)
    const text = `# Put together by weir; changes are lost.\n${stringify(merged)}`
    writeFileSync(settings[variable], text, { mode: 0o600 })
    texts.push(text)
  }
  const boards = additions.map(({ folder }) => resolve(folder, 'boards')).filter((folder) => existsSync(folder))
  if (boards.length > 0) settings.WEIR_BOARDS = withOwn(env.WEIR_BOARDS, boards)
  const origins = additions.flatMap((addition) => addition.origins)
  if (origins.length > 0) {
    for (const variable of ['WEIR_CORS_ORIGINS', 'WEIR_INGEST_ORIGINS']) {
      settings[variable] = withOwn(env[variable], origins)
    }
  }
  const { jwtSecret } = state.secrets()
  for (const variable of additions.flatMap(({ secrets = [] }) => secrets)) {
    settings[variable] = derivedSecret(jwtSecret, variable)
  }
  return { settings, text: [JSON.stringify(settings), ...texts].join('\n') }
}

/** The files of an addition, the setting of each, and what counts where that has none. */
const files = [
  {
    file: 'projections.yaml',
    variable: 'WEIR_PROJECTIONS',
    withoutFile: `projections:
  - { name: latest, kind: latest, from: '>', bucket: latest, ttl: 1h }
  - { name: history, kind: history, from: '>', retention: 30d }
`,
  },
  { file: 'routes.yaml', variable: 'WEIR_INGEST_ROUTES', withoutFile: 'routes: []' },
  { file: 'reads.yaml', variable: 'WEIR_PROJECTOR_ROUTES', withoutFile: 'routes: []' },
] as const

function textOf(path: string): readonly string[] {
  return existsSync(path) ? [readFileSync(path, 'utf8')] : []
}

function withOwn(own: string | undefined, added: readonly string[]): string {
  return [...new Set([...(own === undefined || own === '' ? [] : own.split(',')), ...added])].join(',')
}

/**
 * Lists are joined; what two lists say alike is there once. Whether names are unique is for who
 * reads the result.
 */
function mergedFile(file: string, one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other))
    throw new WeirError('invalid', `${file}: names with values are expected, such as "projections:" and a list.`)
  const merged: Record<string, unknown> = { ...one }
  for (const [name, value] of Object.entries(other)) {
    const present = merged[name]
    if (Array.isArray(present) && Array.isArray(value)) {
      const known = new Set(present.map((each) => JSON.stringify(each)))
      merged[name] = [...present, ...value.filter((each) => !known.has(JSON.stringify(each)))]
    } else if (present !== undefined && JSON.stringify(present) !== JSON.stringify(value)) {
      throw new WeirError('conflict', `${file}: "${name}" is said in two ways: let one of the two files say it.`)
    } else merged[name] = value
  }
  return merged
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
