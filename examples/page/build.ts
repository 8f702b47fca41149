import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { argv, execPath } from 'node:process'
import { fileURLToPath } from 'node:url'

const examples = fileURLToPath(new URL('..', import.meta.url))
const libraries = ['client', 'proto'].map((name) => fileURLToPath(new URL(`../../${name}/src`, import.meta.url)))

/** Builds the page of an example, in a process of its own, when its sources are newer. */
export async function buildPage(name: string): Promise<void> {
  const sources = [`${examples}${name}/page`, `${examples}${name}/src`, `${examples}page`, ...libraries]
  const built = `${examples}${name}/dist/index.html`
  if (existsSync(built) && newest(sources) < statSync(built).mtimeMs) return
  const child = spawn(execPath, [fileURLToPath(import.meta.url), name], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The page of ${name} cannot be built.`)
}

function newest(folders: readonly string[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => statSync(`${folder}/${file}`).mtimeMs),
  )
  return Math.max(...files)
}

const [, script, name] = argv
if (script === fileURLToPath(import.meta.url) && name !== undefined) {
  const { build } = await import('vite')
  const { svelte } = await import('@sveltejs/vite-plugin-svelte')
  await build({
    root: `${examples}${name}/page`,
    configFile: false,
    base: './',
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    build: { target: 'es2023', outDir: '../dist', emptyOutDir: true },
  })
}
