import { errorCodes, httpStatus, type JsonSchema, objectSchema, type WeirError } from '@weir/proto'

/** What a problem may say beside the error. */
export interface ProblemExtra {
  /** Further members of the JSON object. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** The answer for an error, by RFC 9457. */
export function problem(error: WeirError, extra: ProblemExtra = {}): Response {
  const { status, headers, body } = problemParts(error, extra)
  return new Response(body, { status, headers })
}

/**
 * The same for servers that have no Response: application/problem+json with type, title, status,
 * detail and Weir's code. The cause stays here. What may be tried again has a Retry-After of 1 to 3
 * s, random so that clients do not return at once.
 */
export function problemParts(error: WeirError, extra: ProblemExtra = {}): ProblemParts {
  const status = httpStatus(error.code)
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (error.retryable) headers['retry-after'] = String(1 + Math.floor(Math.random() * 3))
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  const body = {
    type: `urn:weir:error:${error.code}`,
    title: titles[status],
    status,
    detail: error.message,
    code: error.code,
    ...extra.members,
  }
  return { status, headers: { ...headers, ...extra.headers }, body: JSON.stringify(body) }
}

export interface ProblemParts {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a problem is in an API's description, with the further members that it may have there. */
export function problemSchema(members: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  const always = {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'For people: what to do.' },
    code: { type: 'string', enum: errorCodes },
  }
  return { ...objectSchema(always, members), description: 'RFC 9457.' }
}

/** The reason phrases of RFC 9110 and RFC 6585. */
const titles: Readonly<Record<ReturnType<typeof httpStatus>, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
