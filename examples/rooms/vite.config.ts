import { join } from 'node:path'
import { defineConfig } from 'vite'

// The browser extension, into dist/extension. Chromium asks for fixed names, and a content script
// is one file without imports.
const root = join(import.meta.dirname, 'extension')

export default defineConfig({
  root,
  base: './',
  build: {
    target: 'es2023',
    outDir: join(import.meta.dirname, 'dist/extension'),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        popup: join(root, 'popup.html'),
        background: join(root, 'src/background.ts'),
        content: join(root, 'src/content.ts'),
      },
      output: { entryFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
})
