import { asWeirError, WeirError } from '@weir/proto'

/**
 * Undoes one content coding (RFC 9110 section 8.4.1). Rejects with `too_large` as soon as the
 * result passes `bytesMax`.
 */
export type Unpack = (body: Uint8Array, bytesMax: number) => Promise<Uint8Array>

/** By the name of the coding, in lower case. */
export type Unpackers = Readonly<Record<string, Unpack>>

/** What every runtime has. unpack-node.ts adds br and zstd, and is faster. */
export const streamUnpackers: Unpackers = {
  gzip: unpackBy('gzip'),
  'x-gzip': unpackBy('gzip'),
  deflate: unpackBy('deflate'),
}

function unpackBy(format: 'gzip' | 'deflate'): Unpack {
  return async (body, bytesMax) => {
    const stream = new Blob([body as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream(format))
    try {
      return await readAll(stream, bytesMax)
    } catch (cause) {
      throw cause instanceof WeirError ? cause : malformedPacking(cause)
    }
  }
}

/**
 * All of a stream; cancels it and throws `too_large` when it passes `bytesMax`, or what `hold`
 * throws, which is told of each chunk.
 */
export async function readAll(
  stream: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  hold: (bytes: number) => void = () => undefined,
): Promise<Uint8Array> {
  if (stream === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    try {
      if (length > bytesMax) throw bodyTooLarge(bytesMax)
      hold(value.length)
    } catch (thrown) {
      reader.cancel().catch(asWeirError)
      throw thrown
    }
    chunks.push(value)
  }
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

export function bodyTooLarge(bytesMax: number): WeirError {
  return new WeirError('too_large', `The body is larger than ${bytesMax} bytes, unpacked: send smaller batches.`)
}

export function malformedPacking(cause: unknown): WeirError {
  return new WeirError('malformed', 'The body is not packed as its Content-Encoding says.', { cause })
}
