import { WeirError } from '@weir/proto'
import type { MiddlewareHandler } from 'hono'
import { limits } from '../limits.ts'
import type { ApiEnv } from './api-env.ts'

/**
 * Takes the body of a request, once it is known who sends it: only a PUT, of a board, needs one,
 * but clients send `{}`. Throws `too_large`, or `slow_body` for one that does not come in time.
 */
export async function takeBody(request: Request, bodyMs: number = limits.requestBodyMs): Promise<string> {
  const { body, method } = request
  if (body === null || body === undefined) return ''
  const isPut = method === 'PUT'
  const bytesMax = isPut ? limits.boardBytesMax : limits.requestBytesMax
  return Buffer.concat(await taken(body.getReader(), bodyMs, bytesMax, isPut)).toString('utf8')
}

/**
 * Ends the connection of a request whose body was not taken whole, so that what nobody waits for
 * holds none: that of a stranger, of a wrong address, and one that is too large or too slow.
 */
export const endUntaken: MiddlewareHandler<ApiEnv> = async (context, next) => {
  await next()
  const { body } = context.req.raw
  if (body !== null && body !== undefined && context.get('body') === undefined) context.header('connection', 'close')
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
