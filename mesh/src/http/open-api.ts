import type { JsonSchema } from '@weir/proto'

/** An OpenAPI 3.1 document, with what its makers know of their operations. */
export interface OpenApi<Described extends Operation = Operation> {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly security: readonly JsonSchema[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>
    readonly schemas: Readonly<Record<string, JsonSchema>>
  }
}

export interface Operation {
  readonly summary: string
  readonly description?: string
  readonly security?: readonly JsonSchema[]
  /** Those of the path that are plain text need not be named. */
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly required: true; readonly content: Content }
  /** By status, or `default`. */
  readonly responses: Readonly<Record<string, Answer>>
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: true
  readonly description?: string
  readonly schema: JsonSchema
}

export interface Answer {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description?: string; readonly schema: JsonSchema }>>
  readonly content?: Content
}

/** By media type. */
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

/** One operation and where it is, as Hono has it: `/v1/events/:subject`. */
export interface DescribedRoute<Described extends Operation> {
  readonly method: string
  readonly path: string
  readonly operation: Described
}

/** The document of these routes. */
export function openApi<Described extends Operation>(
  document: Omit<OpenApi, 'openapi' | 'paths'>,
  routes: readonly DescribedRoute<Described>[],
): OpenApi<Described> {
  const paths: Record<string, Record<string, Described>> = {}
  for (const { method, path, operation } of routes) {
    const place = pathTemplate(path)
    const named = operation.parameters.map(({ name }) => name)
    const unnamed = [...path.matchAll(/:(\w+)/g)].flatMap(([, name = '']) =>
      named.includes(name) ? [] : [textIn(name)],
    )
    const whole = { ...operation, parameters: [...unnamed, ...operation.parameters] }
    paths[place] = { ...paths[place], [method.toLowerCase()]: whole }
  }
  return { openapi: '3.1.0', ...document, paths }
}

/** `/v1/events/:subject` as OpenAPI and people write it: `/v1/events/{subject}`. */
export function pathTemplate(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}')
}

function textIn(name: string): Parameter {
  return { name, in: 'path', required: true, schema: { type: 'string' } }
}
