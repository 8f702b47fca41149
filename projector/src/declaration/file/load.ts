import { faultLines, type PlacedFault, readPlacedYaml } from '@weir/mesh/files'
import type { ProjectionSpec } from '../projection-spec.ts'
import { type Declarations, readDeclarations } from './schema.ts'

/** Thrown with every fault at once. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError'
  readonly faults: readonly PlacedFault[]

  constructor(file: string, faults: readonly PlacedFault[]) {
    super(`The projections cannot be used:\n  ${faultLines(file, faults).join('\n  ')}`)
    this.faults = faults
  }
}

/**
 * Reads the text of a file of projections. Throws DeclarationError. What every mesh has is added
 * unless the file declares it: the bucket `alerts`.
 */
export function loadDeclarations(text: string, file: string): Declarations {
  const { value, faults } = readPlacedYaml(text, readDeclarations)
  if (value === undefined || faults.length > 0) throw new DeclarationError(file, faults)
  return value
}

/** The projections of such a file alone. */
export function loadProjections(text: string, file: string): readonly ProjectionSpec[] {
  return loadDeclarations(text, file).projections
}

/** What is declared when there is no file. */
export const defaultDeclarations: Declarations = loadDeclarations(
  `projections:
  - { name: latest, kind: latest, from: '>', bucket: latest, ttl: 1h }
  - { name: history, kind: history, from: '>', retention: 30d }
`,
  'the defaults',
)

export const defaultProjections: readonly ProjectionSpec[] = defaultDeclarations.projections
