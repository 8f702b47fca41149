export {
  DeclarationError,
  defaultProjections,
  loadProjections,
} from './declaration/file/load.ts'
export type { ProjectionSpec } from './declaration/projection-spec.ts'
export { type ProjectorConfig, projectorSettings } from './settings.ts'
