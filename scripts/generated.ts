import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configDocument } from './config-document.ts'
import { root, run } from './run.ts'

/** Every generated file of the repository as it should be, by its path from the root. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await generateProto()), ['docs/config.md', configDocument()]])
}

/** The generated files that are there now. Of docs/ only config.md is generated. */
export async function generatedNow(): Promise<ReadonlyMap<string, string>> {
  const config = await readFile(`${root}docs/config.md`, 'utf8').catch(() => '')
  return new Map([...(await readTree(`${root}proto/src/gen`, 'proto/src/gen')), ['docs/config.md', config]])
}

async function generateProto(): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-gen-'))
  try {
    const outcome = await run(['buf', 'generate', 'proto', '--template', 'proto/buf.gen.yaml', '--output', folder])
    if (!outcome.ok) throw new Error(`buf generate failed:\n${outcome.output}`)
    return await readTree(join(folder, 'src/gen'), 'proto/src/gen')
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function readTree(folder: string, name: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(name + path.slice(folder.length), await readFile(path, 'utf8'))
  }
  return files
}
