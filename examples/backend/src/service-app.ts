import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { limits } from './limits.ts'
import { pageApp } from './page-app.ts'
import { answerProblem, Problem } from './problem.ts'
import type { Surroundings } from './surroundings.ts'
import type { Grants, Person, Tokens } from './tokens.ts'

/** What the handlers of a service know of a request under /api. */
export interface Known {
  Variables: { person: Person }
}

export interface ServiceAppOptions {
  readonly surroundings: Surroundings
  readonly tokens: Tokens
  /** Of the built page. */
  readonly pageFolder: string
  /** What somebody may who signs in in a role; throws Problem for a role that there is not. */
  readonly grantsOf: (role: string) => Grants
}

/**
 * The part that every service has: its page, where the mesh is, and sign-in. Everything under /api
 * needs a token.
 */
export function serviceApp({ surroundings, tokens, pageFolder, grantsOf }: ServiceAppOptions): Hono<Known> {
  const app = new Hono<Known>()
  app.onError(answerProblem)
  app.use('/api/*', bodyLimit({ maxSize: limits.bodyBytesMax, onError: () => tooLarge() }))

  // A demonstration: whoever gives a name is believed. Here your login.
  app.post('/session', bodyLimit({ maxSize: limits.bodyBytesMax, onError: () => tooLarge() }), async (context) => {
    const { name, role } = (await context.req.json().catch(() => ({}))) as { name?: unknown; role?: unknown }
    const person = String(name ?? '')
      .trim()
      .slice(0, limits.nameCharactersMax)
    if (person === '') throw new Problem(400, 'Escribe tu nombre.')
    const token = await tokens.forPage(person, grantsOf(String(role ?? '')))
    return context.text(token, 200, { 'cache-control': 'no-store' })
  })

  app.use('/api/*', async (context, next) => {
    const person = await tokens.person(context.req.header('authorization'))
    if (person === undefined) throw new Problem(401, 'Tu sesión terminó: entra otra vez.')
    context.set('person', person)
    await next()
  })
  app.route('/', pageApp(surroundings, pageFolder))
  return app
}

function tooLarge(): never {
  throw new Problem(413, 'Es demasiado grande.')
}
