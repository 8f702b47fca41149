import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import type { Surroundings } from './surroundings.ts'

/** What a page needs of its server: its files, and where the mesh is. All else comes from there. */
export function pageApp({ hubUrl, readUrl }: Pick<Surroundings, 'hubUrl' | 'readUrl'>, pageFolder: string): Hono {
  const app = new Hono()
  app.get('/readyz', (context) => context.text('ok'))
  app.get('/config.json', (context) => context.json({ hubUrl, readUrl }))
  app.get('/*', serveStatic({ root: pageFolder }))
  return app
}
