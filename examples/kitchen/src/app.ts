import { fileURLToPath } from 'node:url'
import type { Hono } from 'hono'
import { Problem } from '../../backend/src/problem.ts'
import { type Known, serviceApp } from '../../backend/src/service-app.ts'
import type { Surroundings } from '../../backend/src/surroundings.ts'
import type { Grants, Person, Tokens } from '../../backend/src/tokens.ts'
import { actionOf } from './action-check.ts'
import { isBranch } from './branches.ts'
import { type Actor, branchOf, type KitchenStore } from './kitchen-store.ts'

/** The service: what people do is checked and done here. What is, they see through the mesh. */
export function kitchenApp(store: KitchenStore, surroundings: Surroundings, tokens: Tokens): Hono<Known> {
  const app = serviceApp({
    surroundings,
    tokens,
    pageFolder: fileURLToPath(new URL('../dist', import.meta.url)),
    grantsOf,
  })

  app.post('/api/actions', async (context) => {
    const action = actionOf(await context.req.json().catch(() => undefined))
    const actor = actorOf(context.get('person'))
    if (action.act === 'alertar' && !isAdministrator(context.get('person'))) {
      throw new Problem(403, 'Las alertas las envía la administración.')
    }
    return context.json(await store.act(action, actor))
  })

  app.get('/api/branches/:branch', async (context) => {
    const branch = branchOf(context.req.param('branch'), actorOf(context.get('person')))
    return context.json({ items: await store.list(branch) })
  })
  return app
}

/** A kitchen sees its branch alone, and the administration all of them. Nobody publishes. */
function grantsOf(role: string): Grants {
  if (role === 'admin') return { publish: [], subscribe: ['kitchen.>'] }
  if (!isBranch(role)) throw new Problem(400, 'Elige una sucursal.')
  return { publish: [], subscribe: [`kitchen.${role}.>`] }
}

function isAdministrator({ grants }: Person): boolean {
  return grants.subscribe.includes('kitchen.>')
}

function actorOf(person: Person): Actor {
  const { name, grants } = person
  return {
    name,
    mayIn: (branch) => isAdministrator(person) || grants.subscribe.includes(`kitchen.${branch}.>`),
  }
}
