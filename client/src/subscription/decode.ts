import type { Entry } from './entry.ts'
import type { Invalid } from './subscription-item.ts'

/**
 * Makes the application's own value of an entry: a function, or a validator that follows Standard
 * Schema 1 (zod, valibot and arktype do), which is given the JSON data, or the message of another
 * kind of data.
 */
export type Decode<Value> = ((entry: Entry) => Value | PromiseLike<Value>) | StandardSchema<Value>

/** What is used of Standard Schema (https://standardschema.dev). */
export interface StandardSchema<Value> {
  readonly '~standard': {
    readonly version: 1
    readonly validate: (value: unknown) => SchemaResult<Value> | PromiseLike<SchemaResult<Value>>
  }
}

export type SchemaResult<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The entry with its value, or why it has none. Never rejects. */
export async function decodeEntry<Value>(
  entry: Entry,
  decode: Decode<Value>,
): Promise<(Entry & { readonly value: Value }) | Invalid> {
  try {
    if (!('~standard' in decode)) return Object.assign(entry, { value: await decode(entry) })
    const given = entry.data === undefined ? entry.event.data.value : entry.data
    const result = await decode['~standard'].validate(given)
    if (result.issues === undefined) return Object.assign(entry, { value: result.value })
    return { type: 'invalid', entry, reason: result.issues.map(issueText).join('; '), cause: result.issues }
  } catch (cause) {
    return { type: 'invalid', entry, reason: cause instanceof Error ? cause.message : String(cause), cause }
  }
}

function issueText({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((each) => String(typeof each === 'object' ? each.key : each))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}
