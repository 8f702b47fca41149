import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { pageApp } from '../../backend/src/page-app.ts'
import { serve } from '../../backend/src/serve.ts'
import { buildPage } from '../../page/build.ts'

// Serves the page, and says where the mesh is; all that the page shows comes from there.

const { DEMO_PORT = '8130', WEIR_HUB_URL: hubUrl = '', WEIR_PROJECTOR_URL: readUrl = '' } = process.env
await buildPage('pipeline')
const app = pageApp({ hubUrl, readUrl }, fileURLToPath(new URL('../dist', import.meta.url)))
serve({ fetch: app.fetch, port: Number(DEMO_PORT), close: async () => {} })
