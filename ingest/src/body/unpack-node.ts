import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { unpackSnappy } from './snappy.ts'
import { bodyTooLarge, malformedPacking, type Unpack, type Unpackers } from './unpack.ts'

/**
 * Snappy, and the four codings of node:zlib, which Node, Bun and Deno have: the work is done off
 * the event loop.
 */
export const nodeUnpackers: Unpackers = {
  gzip: unpackBy(gunzip),
  'x-gzip': unpackBy(gunzip),
  deflate: unpackBy(inflate),
  br: unpackBy(brotliDecompress),
  zstd: unpackBy(zstdDecompress),
  snappy: unpackSnappy,
}

type Decompress = (
  body: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: Error | null, result: Uint8Array) => void,
) => void

/**
 * `maxOutputLength` ends the work at the first byte too many, so a bomb costs no more than the
 * limit.
 */
function unpackBy(decompress: Decompress): Unpack {
  return (body, bytesMax) =>
    new Promise((resolve, reject) => {
      decompress(body, { maxOutputLength: bytesMax }, (error, result) => {
        if (error === null) resolve(result)
        else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') reject(bodyTooLarge(bytesMax))
        else reject(malformedPacking(error))
      })
    })
}
