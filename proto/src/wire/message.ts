/**
 * A message of the .proto files as the hand-written reader and writer see it: generated code
 * carries a whole reflection.
 */
export interface Message {
  readonly typeName: string
  readonly fields: readonly Field[]
  /** Indexed by their numbers. */
  readonly byNumber: readonly (Field | undefined)[]
}

export interface Field {
  readonly number: number
  /** As in the generated types: lowerCamelCase. */
  readonly name: string
  readonly kind: Kind
  /** Of kind `enum`: its values by their names. */
  readonly values: Readonly<Record<string, number>> | undefined
  /** Of kind `message`. */
  readonly message: Message | undefined
  readonly label: 'one' | 'list' | 'map' | 'optional'
  /** The oneof that it belongs to. */
  readonly oneof: string | undefined
}

export type Kind = 'string' | 'bytes' | 'uint32' | 'int32' | 'enum' | 'bool' | 'uint64' | 'int64' | 'double' | 'message'

/** How a field is written in a table: its number and type, and what else is said of it. */
type FieldOf = Omit<Field, 'name'>

/**
 * @param choices the fields of its oneof, of which at most one is there: an argument of their own,
 *   since a bundler keeps what is spread into a table, even where nobody uses the message
 */
// @__NO_SIDE_EFFECTS__
export function message(
  typeName: string,
  table: Readonly<Record<string, FieldOf>>,
  oneof?: string,
  choices: Readonly<Record<string, FieldOf>> = {},
): Message {
  const fields: Field[] = Object.entries(table).map(([name, field]) => ({ ...field, name }))
  for (const [name, field] of Object.entries(choices)) fields.push({ ...field, name, oneof })
  const byNumber: Field[] = []
  for (const field of fields) byNumber[field.number] = field
  return { typeName, fields, byNumber }
}

// @__NO_SIDE_EFFECTS__
export function field(
  number: number,
  type: Exclude<Kind, 'message' | 'enum'> | Message,
  label: Field['label'] = 'one',
): FieldOf {
  const [kind, of] = typeof type === 'string' ? [type, undefined] : (['message', type] as const)
  return {
    number,
    kind,
    values: undefined,
    message: of,
    label: of !== undefined && label === 'one' ? 'optional' : label,
    oneof: undefined,
  }
}

// @__NO_SIDE_EFFECTS__
export function enumField(number: number, values: Readonly<Record<string, number>>): FieldOf {
  return { number, kind: 'enum', values, message: undefined, label: 'one', oneof: undefined }
}

/** A message in which nothing is set, as the generated code creates it. */
export function emptyMessage(message: Message): { [name: string]: unknown } {
  const target: { [name: string]: unknown } = { $typeName: message.typeName }
  for (const field of message.fields) {
    if (field.oneof !== undefined) target[field.oneof] ??= { case: undefined }
    else if (field.label === 'list') target[field.name] = []
    else if (field.label === 'map') target[field.name] = {}
    else if (field.label === 'one') target[field.name] = zeroOf(field)
  }
  return target
}

/** The value of a field that is not set. */
export function zeroOf({ kind }: Field): unknown {
  switch (kind) {
    case 'string':
      return ''
    case 'bytes':
      return noBytes
    case 'bool':
      return false
    case 'uint64':
    case 'int64':
      return 0n
    default:
      return 0
  }
}

const noBytes = /* @__PURE__ */ new Uint8Array(0)
