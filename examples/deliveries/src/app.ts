import { fileURLToPath } from 'node:url'
import type { Hono } from 'hono'
import { Problem } from '../../backend/src/problem.ts'
import { type Known, serviceApp } from '../../backend/src/service-app.ts'
import type { Surroundings } from '../../backend/src/surroundings.ts'
import type { Tokens } from '../../backend/src/tokens.ts'
import { categoryOf, type EntityStore } from './entity-store.ts'
import { limits } from './limits.ts'

/** The REST service: the truth is read and changed here, and nowhere else. */
export function deliveriesApp(store: EntityStore, surroundings: Surroundings, tokens: Tokens): Hono<Known> {
  const app = serviceApp({
    surroundings,
    tokens,
    pageFolder: fileURLToPath(new URL('../dist', import.meta.url)),
    grantsOf: () => ({ publish: [], subscribe: ['deliveries.>'] }),
  })

  app.get('/api/:category', async (context) => {
    return context.json({ items: await store.list(categoryOf(context.req.param('category'))) })
  })

  app.post('/api/:category', async (context) => {
    const { name } = (await context.req.json().catch(() => ({}))) as { name?: unknown }
    if (typeof name !== 'string' || name.trim() === '') throw new Problem(400, 'Falta el nombre.')
    if (name.length > limits.nameCharactersMax) throw new Problem(400, 'El nombre es demasiado largo.')
    const category = categoryOf(context.req.param('category'))
    return context.json(await store.create(category, name.trim(), context.get('person').name), 201)
  })

  // The version that the person saw comes as If-Match (RFC 9110 section 13.1.1).
  app.put('/api/:category/:id/state', async (context) => {
    const version = Number(/^"(\d{1,9})"$/.exec(context.req.header('if-match') ?? '')?.[1])
    if (Number.isNaN(version)) throw new Problem(428, 'Falta If-Match con la versión que viste.')
    const { to } = (await context.req.json().catch(() => ({}))) as { to?: unknown }
    if (typeof to !== 'string') throw new Problem(400, 'Falta el estado.')
    const by = context.get('person').name
    const category = categoryOf(context.req.param('category'))
    return context.json(await store.change(category, context.req.param('id'), { to, version, by }))
  })
  return app
}
