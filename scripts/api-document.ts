import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { root, run } from './run.ts'

/** A declaration as api-extractor describes it: what is used of its model. */
interface Declaration {
  readonly kind: string
  readonly name: string
  readonly docComment?: string
  readonly excerptTokens: readonly { readonly text: string }[]
  readonly members?: readonly Declaration[]
}

/** client/docs/api.md: what each entry point of @weir/client exports, with its docstrings. */
export async function apiDocument(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-api-'))
  try {
    const built = await run(['tsc', '-p', 'client/tsconfig.pack.json', '--outDir', folder])
    if (!built.ok) throw new Error(`The client has no declarations:\n${built.output}`)
    prepare(folder)
    const { name, exports } = JSON.parse(readFileSync(`${root}client/package.json`, 'utf8')) as Manifest
    const files = Object.values(exports).map((source) => source.replace('./src/', '').replace(/\.ts$/, '.d.ts'))
    const configs = files.map((file) => configOf(folder, file))
    const compilerState = CompilerState.create(configs[0] as ExtractorConfig, {
      additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
    })
    const seen = new Set<string>()
    const entries = Object.keys(exports).map((path, at) => {
      const all = declarationsOf(configs[at] as ExtractorConfig, compilerState)
      // Types that an earlier entry point exports as well are described there.
      const own = all.filter(({ kind, name: of }) => kind === 'Function' || !seen.has(of))
      for (const each of own) seen.add(each.name)
      return `## ${name}${path.slice(1)}\n\n${own.map(section).join('\n')}`
    })
    return `${head}${entries.join('\n')}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
}

const head = `# The API of @weir/client

Written by \`make gen\` from the docstrings; [the README](../README.md) shows how it is used.
\`WeirError\`, its \`ErrorCode\` and \`Event\` are those of \`@weir/proto\`.

`

/** TypeScript leaves the endings of sources in declarations, and api-extractor wants a package. */
function prepare(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue
    const path = join(folder, name)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"))
  }
  const compilerOptions = { module: 'nodenext', strict: true, types: [], lib: ['es2023', 'dom', 'dom.iterable'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.d.ts'] }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@weir/client', type: 'module' }))
}

function configOf(folder: string, file: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, file),
      compiler: { tsconfigFilePath: join(folder, 'tsconfig.json') },
      apiReport: { enabled: false },
      docModel: { enabled: true, apiJsonFilePath: join(folder, `${file}.api.json`) },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  })
}

function declarationsOf(config: ExtractorConfig, compilerState: CompilerState): readonly Declaration[] {
  const faults: string[] = []
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    compilerState,
    messageCallback(message) {
      message.handled = true
      if (message.logLevel === 'error') faults.push(message.text)
    },
  })
  if (!succeeded) throw new Error(`api-extractor: ${faults.join('\n')}`)
  const { members } = JSON.parse(readFileSync(config.apiJsonFilePath, 'utf8')) as { members: readonly Declaration[] }
  return members[0]?.members ?? []
}

function section(declaration: Declaration): string {
  const { kind, members = [] } = declaration
  const rows = members.filter((each) => !isInternal(each)).map(row)
  const table = rows.length === 0 ? '' : `\n| member | what |\n|---|---|\n${rows.join('\n')}\n`
  const signature = signatureOf(declaration)
  const isPlain = (kind === 'Interface' || kind === 'Class') && /^(interface|class) [\w]+$/.test(signature)
  const code = isPlain ? '' : `\n\`\`\`ts\n${signature}\n\`\`\`\n`
  const words = docOf(declaration)
  return `### ${plainName(declaration.name)}\n${code}${words === '' ? '' : `\n${words}\n`}${table}`
}

function row(member: Declaration): string {
  return `| \`${cell(signatureOf(member))}\` | ${cell(docOf(member))} |`
}

/** What a class has for its own package. */
function isInternal(member: Declaration): boolean {
  return /^\/\*\*\s+(\*\s+)?(Not for applications|For the connection alone)/.test(member.docComment ?? '')
}

function signatureOf({ excerptTokens }: Declaration): string {
  const text = excerptTokens.map((token) => token.text).join('')
  return plainName(text.replace(/^export (declare )?/, '').trim()).replace(/;$/, '')
}

/** The extractor numbers a name that the platform has too. */
function plainName(text: string): string {
  return text.replaceAll(/\b(\w+)_\d\b/g, '$1')
}

function docOf({ docComment = '' }: Declaration): string {
  const lines = docComment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .split('\n')
  return lines
    .map((line) => line.replace(/^ *\* ?/, ''))
    .join('\n')
    .trim()
}

function cell(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
}
