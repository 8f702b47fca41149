import { WeirError } from '@weir/proto'
import type { MiddlewareHandler } from 'hono'
import { limits } from '../limits.ts'

/**
 * Takes the body of a request before anything else happens to it: no address of this API needs one, but clients send `{}`. One that is
 * too large or does not come in time ends its connection, so that slow bodies hold none. Throws `too_large` or `slow_body`.
 */
export function takeBody(bodyMs: number = limits.requestBodyMs): MiddlewareHandler {
  return async (context, next) => {
    const { body } = context.req.raw
    if (body !== null && body !== undefined) await drained(body.getReader(), bodyMs)
    await next()
  }
}

async function drained(reader: ReadableStreamDefaultReader<Uint8Array>, bodyMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new WeirError('slow_body', `The body did not arrive within ${bodyMs} ms.`)), bodyMs)
  })
  try {
    for (let bytes = 0; ; ) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) return
      bytes += value.length
      if (bytes > limits.requestBytesMax) {
        throw new WeirError(
          'too_large',
          `A body of at most ${limits.requestBytesMax} bytes is taken here, and none is needed.`,
        )
      }
    }
  } catch (thrown) {
    void reader.cancel().catch(() => undefined)
    throw thrown
  } finally {
    clearTimeout(timer)
  }
}
