import { createHmac } from 'node:crypto'

/**
 * A secret of a name that whoever knows the mesh's own secret derives alike, so that two programs
 * share it and nobody keeps it.
 */
export function derivedSecret(jwtSecret: string, name: string): string {
  return createHmac('sha256', jwtSecret).update(`secret ${name}`).digest('hex')
}
