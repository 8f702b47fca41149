import { WeirError } from '@weir/proto'
import type { ContentType } from './content-type.ts'
import type { Decoder } from './decoder.ts'
import { jsonDecoder } from './formats/json.ts'
import { ndjsonDecoder } from './formats/ndjson.ts'
import { protobufDecoder } from './formats/protobuf.ts'

/** The formats of one endpoint. */
export class Formats {
  readonly decoders: readonly Decoder[]
  readonly #byMediaType = new Map<string, Decoder>()

  constructor(decoders: readonly Decoder[]) {
    this.decoders = decoders
    for (const decoder of decoders) {
      for (const mediaType of decoder.mediaTypes) this.#byMediaType.set(mediaType, decoder)
    }
  }

  /** Every media type that is taken, as `Accept-Post` lists them (W3C Linked Data Platform, section 7.1). */
  get mediaTypes(): string[] {
    return [...this.#byMediaType.keys()]
  }

  /** Throws `unsupported_type`. */
  of(contentType: ContentType): Decoder {
    const decoder = this.#byMediaType.get(contentType.mediaType)
    if (decoder !== undefined) return decoder
    const given =
      contentType.mediaType === '' ? 'No Content-Type' : `Content-Type ${contentType.mediaType.slice(0, 128)}`
    throw new WeirError('unsupported_type', `${given} is not taken here: send one of ${this.mediaTypes.join(', ')}.`)
  }
}

/** What POST /v1/events takes. */
export const eventFormats: Formats = new Formats([jsonDecoder, ndjsonDecoder, protobufDecoder])
