import { ingestLimits } from '../limits.ts'

/**
 * A `Content-Type` (RFC 9110 section 8.3): the media type in lower case and one parameter of
 * interest by name.
 */
export interface ContentType {
  readonly mediaType: string
  parameter(name: string): string | undefined
}

/** Never throws: what is no media type matches no decoder. */
export function parseContentType(header: string | null): ContentType {
  if (header === null) return none
  const known = recent.get(header)
  if (known !== undefined) return known
  const parsed = parse(header)
  if (recent.size >= ingestLimits.contentTypesMax) recent.clear()
  recent.set(header, parsed)
  return parsed
}

/** Producers send a handful of headers, over and over; hostile ones only empty the table. */
const recent = new Map<string, ContentType>()

const none: ContentType = { mediaType: '', parameter: () => undefined }

function parse(header: string): ContentType {
  const [type = '', ...rest] = header.split(';')
  const parameters = new Map<string, string>()
  for (const part of rest) {
    const equals = part.indexOf('=')
    if (equals < 0) continue
    const value = part.slice(equals + 1).trim()
    parameters.set(part.slice(0, equals).trim().toLowerCase(), value.startsWith('"') ? value.slice(1, -1) : value)
  }
  return { mediaType: type.trim().toLowerCase(), parameter: (name) => parameters.get(name) }
}

/** Whether a media type is JSON: application/json, text/json or anything +json (RFC 6839). */
export function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType === 'text/json' || mediaType.endsWith('+json')
}
