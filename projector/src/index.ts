export { type ProjectorConfig, projectorSettings } from './config.ts'
export { DeclarationError, type DeclarationFault, defaultProjections, loadProjections } from './declaration/load.ts'
export type { ProjectionSpec } from './declaration/projection-spec.ts'
