import { readFile } from 'node:fs/promises'
import { systemReason } from '@weir/mesh'
import { DeclarationError, defaultDeclarations, loadDeclarations } from './load.ts'
import type { Declarations } from './schema.ts'

/**
 * What is declared: what the file says, or the defaults without one. Throws DeclarationError, also
 * for a file that cannot be read and for a history without a database.
 */
export async function declared(file: string | undefined, databaseUrl: string | undefined): Promise<Declarations> {
  if (file !== undefined) return declaredBy(await readText(file), file, databaseUrl)
  checkDatabase(defaultDeclarations, 'the defaults', databaseUrl)
  return defaultDeclarations
}

/** The same of the text of a file. */
export function declaredBy(text: string, file: string, databaseUrl: string | undefined): Declarations {
  const declarations = loadDeclarations(text, file)
  checkDatabase(declarations, file, databaseUrl)
  return declarations
}

function checkDatabase({ projections }: Declarations, file: string, databaseUrl: string | undefined): void {
  if (databaseUrl !== undefined || !projections.some(({ kind }) => kind === 'history')) return
  const message =
    'a history is declared, so DATABASE_URL is needed; without one declare projections in WEIR_PROJECTIONS that have no history'
  throw new DeclarationError(file, [{ line: 1, column: 1, path: '', message }])
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `WEIR_PROJECTIONS names this file, but it cannot be read: ${systemReason(cause)}`
    throw new DeclarationError(file, [{ line: 1, column: 1, path: '', message }])
  }
}
