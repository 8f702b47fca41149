import type { Operation } from '@weir/mesh/edge'
import type { JsonSchema } from '@weir/proto'

/** An operation whose media types have names for people. */
export interface IngestOperation extends Operation {
  readonly requestBody?: {
    readonly required: true
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema; readonly 'x-name': string }>>
  }
}
