import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WeirError } from '@weir/proto'
import * as v from 'valibot'
import { parse } from 'yaml'
import { fileOf } from '../checkout/file-of.ts'
import { UsageError } from '../text/usage-error.ts'

/** A demo as `examples/<name>/demo.yaml` declares it; examples/README.md says what each means. */
export interface Demo {
  readonly name: string
  readonly folder: string
  readonly title: string
  /** Environment variables with a secret, which ingest and all programs of the demo share. */
  readonly secrets: readonly string[]
  readonly programs: readonly DemoProgram[]
  readonly pages: readonly DemoPage[]
}

export interface Grants {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** A process of the demo. */
export interface DemoProgram extends Grants {
  readonly name: string
  /** A file in the demo's folder, for Bun. */
  readonly run: string
  /** Where it listens, counted from the hub's port. */
  readonly port?: number | undefined
  /** An embedded Postgres of its own, on the port after that; a real one by DATABASE_URL. */
  readonly postgres: boolean
  /** It makes tokens itself, and so is told the secret that signs them. */
  readonly signs: boolean
}

/** What a person opens: a board of the page, or a path of one of the programs. */
export interface DemoPage {
  readonly title: string
  readonly board?: string | undefined
  readonly program?: string | undefined
  readonly path: string
  /**
   * Of its token; without them the page has the owner's. A program that signs gives its pages their
   * tokens itself.
   */
  readonly publish?: readonly string[] | undefined
  readonly subscribe?: readonly string[] | undefined
}

/** The names of the demos, in their order. */
function demoNames(): readonly string[] {
  return readdirSync(fileOf('examples'))
    .filter((name) => existsSync(join(fileOf('examples'), name, 'demo.yaml')))
    .sort()
}

/** Throws UsageError for a name that no demo has, `invalid` for a declaration with a fault. */
export function readDemo(name: string): Demo {
  const names = demoNames()
  if (!names.includes(name)) throw new UsageError(`There is no demo "${name}": there are ${names.join(', ')}.`)
  const folder = fileOf(`examples/${name}`)
  const parsed = v.safeParse(declaration, parse(readFileSync(join(folder, 'demo.yaml'), 'utf8')))
  if (!parsed.success) {
    const faults = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'demo'}: ${issue.message}`)
    throw new WeirError('invalid', `examples/${name}/demo.yaml: ${faults.join('; ')}`)
  }
  return { name, folder, ...parsed.output }
}

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const filters = v.array(text)

const program = v.strictObject({
  name: v.pipe(text, v.regex(/^[a-z][a-z0-9-]*$/, 'is not a-z, 0-9 and -')),
  run: text,
  publish: v.optional(filters, []),
  subscribe: v.optional(filters, []),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(20), v.maxValue(98))),
  postgres: v.optional(v.boolean(), false),
  signs: v.optional(v.boolean(), false),
})

const page = v.strictObject({
  title: text,
  board: v.optional(text),
  program: v.optional(text),
  path: v.optional(v.pipe(text, v.startsWith('/')), '/'),
  publish: v.optional(filters),
  subscribe: v.optional(filters),
})

const declaration = v.pipe(
  v.strictObject({
    title: text,
    secrets: v.optional(v.array(v.pipe(text, v.regex(/^DEMO_[A-Z_]+_SECRET$/, 'is not DEMO_..._SECRET'))), []),
    programs: v.array(program),
    pages: v.pipe(v.array(page), v.minLength(1)),
  }),
  v.check(
    ({ programs }) => programs.every(({ postgres, port }) => !postgres || port !== undefined),
    'a program with postgres needs a port, as the database listens on the next one',
  ),
  v.check(
    ({ programs, pages }) =>
      pages.every((each) =>
        each.board === undefined
          ? programs.some(({ name, port }) => name === each.program && port !== undefined)
          : each.program === undefined,
      ),
    'a page needs either a board, or a program that has a port',
  ),
  v.check(
    ({ programs, pages }) =>
      pages.every(
        ({ program, publish, subscribe }) =>
          (publish === undefined && subscribe === undefined) ||
          !programs.some(({ name, signs }) => signs && name === program),
      ),
    'a page of a program that signs has no grants here, as the program gives it its token',
  ),
)
