import type { RequestTally } from '../answers/dialect.ts'
import type { ContentType } from '../body/content-type.ts'
import type { IngestRecord } from '../encode/record.ts'
import type { Defaults } from '../encode/seal.ts'

/**
 * The seam of formats: what turns a body of certain media types into records. One a file in
 * formats/.
 */
export interface Decoder {
  /** For people, in the API's description. */
  readonly name: string
  /** In lower case, the preferred one first. */
  readonly mediaTypes: readonly string[]
  /**
   * One record for each that the body holds, in its order, with indexes from 0. A record that is
   * wrong by itself is rejected by itself; throws `malformed` when the body as a whole cannot be
   * read, `too_large` when it holds too many.
   */
  decode(body: Uint8Array, context: DecodeContext): readonly IngestRecord[]
}

/** What a decoder may know of the request beside its body. */
export interface DecodeContext {
  readonly contentType: ContentType
  readonly headers: Headers
  /** Of the request, for what is in its query. */
  readonly url: string
  /** What the path names, as in `/v1/events/:subject`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly defaults: Defaults
  /** What the answer has to say of the request, where its protocol asks for more than counts. */
  tally?: RequestTally
}
