/**
 * The one header of an event, `Nats-Msg-Id`, in the shape that the NATS client wants of headers: something to encode. Its
 * own MsgHdrs spends 2 us on the look-up of names.
 */
export class MsgIdHeader {
  readonly #id: string

  constructor(id: string) {
    this.#id = id
  }

  encode(): Uint8Array {
    return encoder.encode(`NATS/1.0\r\nNats-Msg-Id: ${safeId(this.#id)}\r\n\r\n`)
  }
}

const encoder = new TextEncoder()

/** The id itself when a header can carry it, percent-encoded otherwise. Different ids stay different. */
export function safeId(id: string): string {
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at)
    if (code <= 0x20 || code >= 0x7f || code === 0x25)
      return encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'))
  }
  return id
}
