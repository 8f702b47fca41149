import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig, type Plugin, type Rolldown } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses: the page works under any path.
  base: './',
  plugins: [svelte(), pageHtml(), packed()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // What is always loaded together is one file, as each costs a request.
    rolldownOptions: {
      // On a busy machine the first thing that a newcomer reads would be how slow each plugin was.
      checks: { bundlerTimings: false },
      output: {
        codeSplitting: {
          groups: [
            { name: 'shell', tags: ['$initial'] },
            { name: 'client', test: /[\\/](?:client|proto)[\\/]src[\\/]/ },
          ],
        },
      },
    },
  },
})

/** Puts `x.br` and `x.gz` beside each file of text, once, so that nobody packs it a request. */
function packed(): Plugin {
  return {
    name: 'weir-packed',
    closeBundle() {
      const dist = join(import.meta.dirname, 'dist')
      for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(html|js|css|svg|json)$/.test(name)) continue
        const path = join(dist, name)
        const bytes = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
      }
    },
  }
}

/** The pages beside the start page, which is index.html; each is src/pages/<Name>.svelte. */
const pages = ['Start', 'Live', 'State', 'History', 'Alerts', 'Mesh', 'Boards'] as const

/** What every page needs a moment after the shell, before its own chunk and after it. */
const client = ['client/src/index.ts', 'client/src/read/read-api.ts']
const watch = 'console/src/shell/AlertWatch.svelte'

/**
 * Writes an index.html for each page, live.html beside the rest, that names what that page loads
 * later: its chunk and the client come at once with the shell, and the address of the hub is asked
 * for meanwhile. Without it each of these waits until the shell has been loaded and has run.
 */
function pageHtml(): Plugin {
  return {
    name: 'weir-page-html',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const index = bundle['index.html']
        if (index?.type !== 'asset') return
        const html = String(index.source)
        for (const page of pages) {
          const links = linksOf([...client, `console/src/pages/${page}.svelte`, watch], bundle, html)
          const source = html.replace(/(?= *<\/head>)/, links.map((link) => `    ${link}\n`).join(''))
          if (page === 'Start') index.source = source
          else this.emitFile({ type: 'asset', fileName: `${page.toLowerCase()}.html`, source })
        }
      },
    },
  }
}

function linksOf(modules: readonly string[], bundle: Rolldown.OutputBundle, html: string): readonly string[] {
  const names = new Set<string>()
  const add = (name: string): void => {
    const chunk = bundle[name]
    if (chunk?.type !== 'chunk' || names.has(name)) return
    names.add(name)
    for (const style of chunk.viteMetadata?.importedCss ?? []) names.add(style)
    for (const imported of chunk.imports) add(imported)
  }
  for (const module of modules) {
    const chunks = Object.values(bundle).filter((each) => each.type === 'chunk' && holds(each, `/${module}`))
    if (chunks.length === 0) throw new Error(`No chunk has ${module}.`)
    for (const { fileName } of chunks) add(fileName)
  }
  return [
    '<link rel="preload" as="fetch" crossorigin href="./v1/config">',
    ...[...names]
      .filter((name) => !html.includes(name))
      .map((name) =>
        name.endsWith('.css')
          ? `<link rel="preload" as="style" crossorigin href="./${name}">`
          : `<link rel="modulepreload" crossorigin href="./${name}">`,
      ),
    // Else it is asked for when words are laid out, and these are drawn twice.
    ...Object.keys(bundle)
      .filter((name) => name.endsWith('.woff2'))
      .map((name) => `<link rel="preload" as="font" type="font/woff2" crossorigin href="./${name}">`),
  ]
}

/** A chunk that others share has the module itself; one of its own stands before it then. */
function holds({ facadeModuleId, moduleIds }: Rolldown.OutputChunk, module: string): boolean {
  return facadeModuleId?.endsWith(module) === true || moduleIds.some((id) => id.endsWith(module))
}
