import { readFile } from 'node:fs/promises'
import { systemReason } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { parseReadRoutes, type ReadRoute } from './read-route.ts'

/** What WEIR_PROJECTOR_ROUTES says; none without it. Throws `invalid`, naming the file. */
export async function declaredReads(file: string | undefined): Promise<readonly ReadRoute[]> {
  if (file === undefined) return []
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WeirError(
      'invalid',
      `WEIR_PROJECTOR_ROUTES names ${file}, which cannot be read: ${systemReason(cause)}.`,
      {
        cause,
      },
    )
  })
  return parseReadRoutes(text, file)
}
