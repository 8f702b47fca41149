import { words } from './words.ts'

/**
 * What went wrong, as the mesh says it. Its sentences are English; another language says by their
 * code what they are about, and keeps them for who is asked.
 */
export function faultText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const { code } = thrown as { readonly code?: unknown }
  const said = typeof code === 'string' ? words.faults[code] : undefined
  return said === undefined ? thrown.message : `${said} (${thrown.message})`
}
