import type { Answer, Parameter } from '@weir/mesh'
import { type ErrorCode, type JsonSchema, schemaReference } from '@weir/proto'

/**
 * An address of the read API and a method: what is checked of a request there, and what the API's
 * description says of it.
 */
export interface Endpoint<Path extends string = string> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As Hono has it: `/v1/state/:bucket`. */
  readonly path: Path
  readonly summary: string
  readonly description?: string
  /**
   * A request with another one in its query is refused. Those of the path that are plain text need
   * not be named.
   */
  readonly parameters: readonly Parameter[]
  /** What a body of JSON must be, where one is needed. */
  readonly body?: JsonSchema
  /** By status, without problems. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Codes of problems beyond those of every address. */
  readonly refusals: readonly ErrorCode[]
  /** Takes no token. */
  readonly isPublic?: true
}

/** By the names under which answers refer to them. */
export type Schemas = Readonly<Record<string, JsonSchema>>

export function jsonAnswer(description: string, schema: JsonSchema, headers?: Answer['headers']): Answer {
  return { description, content: { 'application/json': { schema } }, ...(headers === undefined ? {} : { headers }) }
}

/** An array of the schema of this name. */
export function arrayOf(name: string): JsonSchema {
  return { type: 'array', items: schemaReference(name) }
}
