/**
 * The one header of an event, `Nats-Msg-Id`, in the shape in which the NATS client takes headers:
 * something to encode. One instance serves all messages, as the client encodes before publish
 * returns.
 */
export class MsgIdHeader {
  /** Any id; what a header cannot carry is percent-encoded, and different ids stay different. */
  id = ''

  encode(): Uint8Array {
    return encoder.encode(
      `NATS/1.0\r\nNats-Msg-Id: ${isPlainText(this.id) ? this.id : percentEncoded(this.id)}\r\n\r\n`,
    )
  }
}

const encoder = new TextEncoder()

/**
 * Printable ASCII without the space, which is trimmed at ends, and without the percent sign, which
 * stands for the rest, may stand in a header.
 */
export function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f && code !== 0x25
}

function isPlainText(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (!isPlain(text.charCodeAt(index))) return false
  return true
}

function percentEncoded(id: string): string {
  return encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'))
}
