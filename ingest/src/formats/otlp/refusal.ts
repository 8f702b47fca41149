import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { isJson } from '../../body/content-type.ts'

/**
 * A problem as OTLP/HTTP has it: a google.rpc.Status with its message, in the media type of the
 * request (OTLP specification, section "Failures", which leaves out the code). Status and headers
 * stay. A type that is none of OTLP's is answered with the problem.
 */
export async function otlpRefusal(
  problem: Response,
  mediaType: string,
  mediaTypes: readonly string[],
): Promise<Response> {
  if (!mediaTypes.includes(mediaType)) return problem
  const { detail = '' } = (await problem.json()) as { readonly detail?: string }
  const headers = new Headers(problem.headers)
  headers.set('content-type', mediaType)
  const body = isJson(mediaType) ? JSON.stringify({ message: detail }) : statusBytes(detail)
  return new Response(body, { status: problem.status, headers })
}

/** google.rpc.Status: `string message = 2`. */
function statusBytes(message: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BinaryWriter().tag(2, WireType.LengthDelimited).string(message).finish())
}
