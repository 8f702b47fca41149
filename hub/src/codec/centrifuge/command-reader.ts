import { fromBinary, fromJson, type JsonObject } from '@bufbuild/protobuf'
import { memberText, WeirError } from '@weir/proto'
import { type Command, CommandSchema } from '../../gen/centrifuge/v2/client_pb.js'

// Commands of a message, as the generated types; undefined stands for an empty one, which is a
// pong. Fields that carry data hold the text of one JSON value, in UTF-8, in both encodings.

/** Throws `malformed`. */
export function readJsonCommands(message: Uint8Array): readonly (Command | undefined)[] {
  let text: string
  try {
    text = decoder.decode(message)
  } catch (cause) {
    throw new WeirError('malformed', 'The message is not UTF-8 text.', { cause })
  }
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(readLine)
}

function readLine(line: string): Command | undefined {
  if (line === '{}') return undefined
  try {
    const json = JSON.parse(line) as JsonObject
    for (const key in json) {
      if (json[key] === null) delete json[key]
      else keepData(json[key] as JsonObject, memberText(line, key) as string)
    }
    return Object.keys(json).length === 0 ? undefined : fromJson(CommandSchema, json, { ignoreUnknownFields: true })
  } catch (cause) {
    throw new WeirError('malformed', 'A line of the message is not a command of the Centrifuge protocol.', { cause })
  }
}

/**
 * Data travels as JSON where Protobuf's own JSON form has base64: it is taken as it is written, so
 * that numbers keep their digits.
 */
function keepData(request: JsonObject, text: string): void {
  if (typeof request !== 'object' || !Object.hasOwn(request, 'data')) return
  request.data = Buffer.from(memberText(text, 'data') as string).toString('base64')
}

/** Throws `malformed`. Each command begins with its length. */
export function readProtobufCommands(message: Uint8Array): readonly (Command | undefined)[] {
  const commands: (Command | undefined)[] = []
  for (let at = 0; at < message.length; ) {
    let length = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = message[at++]
      if (byte === undefined || unit > 2 ** 28) throw cutShort()
      length += (byte & 0x7f) * unit
      if (byte < 0x80) break
    }
    const end = at + length
    if (end > message.length) throw cutShort()
    commands.push(length === 0 ? undefined : readBinary(message.subarray(at, end)))
    at = end
  }
  return commands
}

function readBinary(bytes: Uint8Array): Command {
  try {
    return fromBinary(CommandSchema, bytes)
  } catch (cause) {
    throw new WeirError('malformed', 'The message has no command of the Centrifuge protocol.', { cause })
  }
}

function cutShort(): WeirError {
  return new WeirError('malformed', 'The message ends within a command.')
}

const decoder = new TextDecoder('utf-8', { fatal: true })
