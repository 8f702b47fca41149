export { createIngest, type Ingest, type IngestParts } from './create-ingest.ts'
export type { PipelineLimits } from './pipeline.ts'
export { ingestSettings } from './settings.ts'
