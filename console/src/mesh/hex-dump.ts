/**
 * Bytes as people read them: a line of eight, where it begins, in hexadecimal, and what of it is
 * printable ASCII.
 */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const part = [...bytes.subarray(at, at + BYTES_A_LINE)]
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = part.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${at.toString(16).padStart(5, '0')}  ${hex.padEnd(3 * BYTES_A_LINE - 1)}  ${text}`)
  }
  return lines.join('\n')
}

/** What fits beside its text on a phone. */
const BYTES_A_LINE = 8
