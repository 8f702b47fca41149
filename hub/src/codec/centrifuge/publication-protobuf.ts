import { type ByteWriter, varintBytes } from './byte-writer.ts'
import type { EventFields, Span } from './event-fields.ts'
import type { PublicationSink } from './publication.ts'

/** A publication as the fields of the Protobuf message. */
export class ProtobufPublication implements PublicationSink {
  readonly #out: ByteWriter

  constructor(out: ByteWriter) {
    this.#out = out
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes(TAG_DATA, bytes, start, end)
  }

  removed(): void {
    this.#out.byte(TAG_REMOVED)
    this.#out.byte(1)
  }

  offset(seq: number): void {
    this.#out.byte(TAG_OFFSET)
    this.#out.varint(seq)
  }

  channel(name: string): void {
    this.#ascii(TAG_CHANNEL, name)
  }

  tags(): void {
    // Each is a field of its own.
  }

  tag(name: string, value: string): void {
    this.#pair(name.length, value.length)
    this.#ascii(TAG_KEY, name)
    this.#ascii(TAG_VALUE, value)
  }

  tagBytes(name: string, bytes: Uint8Array, start: number, end: number): void {
    this.#pair(name.length, end - start)
    this.#ascii(TAG_KEY, name)
    this.#bytes(TAG_VALUE, bytes, start, end)
  }

  label({ bytes, labels }: EventFields, index: number, prefix: string): void {
    const { name, value } = labels[index] as { name: Span; value: Span }
    const length = prefix.length + name.end - name.start
    this.#pair(length, value.end - value.start)
    this.#out.byte(TAG_KEY)
    this.#out.varint(length)
    this.#out.ascii(prefix)
    this.#out.copy(bytes, name.start, name.end)
    this.#bytes(TAG_VALUE, bytes, value.start, value.end)
  }

  end(): void {
    // The message ends with its bytes.
  }

  #pair(nameBytes: number, valueBytes: number): void {
    this.#out.byte(TAG_TAGS)
    this.#out.varint(2 + varintBytes(nameBytes) + nameBytes + varintBytes(valueBytes) + valueBytes)
  }

  #ascii(tag: number, text: string): void {
    this.#out.byte(tag)
    this.#out.varint(text.length)
    this.#out.ascii(text)
  }

  #bytes(tag: number, bytes: Uint8Array, start: number, end: number): void {
    this.#out.byte(tag)
    this.#out.varint(end - start)
    this.#out.copy(bytes, start, end)
  }
}

// Field number and wire type of Publication, by hub/proto/centrifuge/v2/client.proto.
const TAG_DATA = 0x22
const TAG_OFFSET = 0x30
const TAG_TAGS = 0x3a
const TAG_CHANNEL = 0x52
const TAG_REMOVED = 0x60
// Of a pair of a map.
const TAG_KEY = 0x0a
const TAG_VALUE = 0x12
