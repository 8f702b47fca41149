import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the repository is, with a slash at the end. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** Those of some top-level folders that are there. */
export function packagesOf(names: readonly string[]): readonly string[] {
  return names.filter((name) => existsSync(join(root, name)))
}

/** A file of code, as far as its place and its imports go. */
export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string
  readonly lines: number
  readonly imports: readonly string[]
}

/** All .ts and .svelte files below a folder, generated and built ones left out. */
export function sourceFiles(folder: string): SourceFile[] {
  const found: SourceFile[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'gen'].includes(entry.name)) found.push(...sourceFiles(path))
    } else if (/\.(ts|svelte)$/.test(entry.name)) {
      const text = readFileSync(join(root, path), 'utf8')
      found.push({ path, lines: text.split('\n').length - 1, imports: importsOf(text) })
    }
  }
  return found
}

function importsOf(text: string): string[] {
  const clause =
    /^(?:import|export)\s[^;'"]*?from '([^']+)'|^\} from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm
  return [...text.replaceAll(/^ +(?=import )/gm, '').matchAll(clause)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '',
  )
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/test/') || path.endsWith('vite.config.ts')
}
