import type { Context } from 'hono'

/** A request that cannot be done, as the person who made it is told (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 428
  readonly more: Readonly<Record<string, unknown>>

  constructor(status: Problem['status'], detail: string, more: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.status = status
    this.more = more
  }
}

/** Anything but a Problem is a fault of the service, which is said on standard error alone. */
export function answerProblem(thrown: Error, context: Context): Response {
  if (!(thrown instanceof Problem)) console.error(thrown)
  const { status, message, more } =
    thrown instanceof Problem ? thrown : { status: 500 as const, message: 'El servicio falló.', more: {} }
  return context.json({ status, detail: message, ...more }, status, { 'content-type': 'application/problem+json' })
}
