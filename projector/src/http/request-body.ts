import { WeirError } from '@weir/proto'
import type { MiddlewareHandler } from 'hono'
import { limits } from '../limits.ts'
import type { ApiEnv } from './api-env.ts'

/**
 * Takes the body of a request before anything else happens to it: only a PUT, of a board, needs
 * one, but clients send `{}`. One that is too large or does not come in time ends its connection,
 * so that slow bodies hold none. Throws `too_large` or `slow_body`.
 */
export function takeBody(bodyMs: number = limits.requestBodyMs): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const { body } = context.req.raw
    const isPut = context.req.method === 'PUT'
    const bytesMax = isPut ? limits.boardBytesMax : limits.requestBytesMax
    const bytes = body === null || body === undefined ? [] : await taken(body.getReader(), bodyMs, bytesMax, isPut)
    context.set('body', Buffer.concat(bytes).toString('utf8'))
    await next()
  }
}

/** What came, where it is kept. */
async function taken(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bodyMs: number,
  bytesMax: number,
  keep: boolean,
): Promise<readonly Uint8Array[]> {
  const kept: Uint8Array[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new WeirError('slow_body', `The body did not arrive within ${bodyMs} ms.`)), bodyMs)
  })
  try {
    for (let bytes = 0; ; ) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) return kept
      bytes += value.length
      if (bytes > bytesMax) {
        throw new WeirError(
          'too_large',
          `A body of at most ${bytesMax} bytes is taken here${keep ? '' : ', and none is needed'}.`,
        )
      }
      if (keep) kept.push(value)
    }
  } catch (thrown) {
    void reader.cancel().catch(() => undefined)
    throw thrown
  } finally {
    clearTimeout(timer)
  }
}
