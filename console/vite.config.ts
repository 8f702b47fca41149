import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig, type Plugin } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses: the page works under any path.
  base: './',
  plugins: [svelte(), packed()],
  build: { target: 'es2023', outDir: 'dist', emptyOutDir: true },
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
