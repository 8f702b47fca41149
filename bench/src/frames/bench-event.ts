/**
 * The event of the hub's benchmarks: a weir.v1.Event of a given size whose id carries its number on
 * its subject and the time of its publication, as digits at a fixed place, so that a generator
 * reads them without decoding.
 */
export class BenchEvent {
  readonly #template: Uint8Array

  /** `bytes` from 50 to 16,000. */
  constructor(bytes: number) {
    const template = new Uint8Array(bytes).fill(0x78)
    template.set([idTag, idDigits])
    const jsonAt = 2 + idDigits
    const jsonBytes = bytes - jsonAt - 3
    template.set([jsonTag, (jsonBytes & 0x7f) | 0x80, jsonBytes >> 7, quote], jsonAt)
    template[bytes - 1] = quote
    this.#template = template
  }

  encode(number: number, micros: number): Uint8Array {
    const bytes = this.#template.slice()
    writeDigits(bytes, 2, numberDigits, number)
    writeDigits(bytes, 2 + numberDigits, microsDigits, micros)
    return bytes
  }
}

/** Which of its subject the event that begins at `start` is. */
export function eventNumber(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + 2, numberDigits)
}

/** When it was published, by `nowMicros`. */
export function eventMicros(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + 2 + numberDigits, microsDigits)
}

/**
 * The same of an event whose id stands somewhere in [start, end) after its length, in whatever
 * message; 0 where there is none.
 */
export function microsWithin(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end - idDigits; at++) {
    if (bytes[at] !== idDigits || !areDigits(bytes, at + 1, idDigits)) continue
    return readDigits(bytes, at + 1 + numberDigits, microsDigits)
  }
  return 0
}

/** The monotonic clock of the machine, which its processes share, microseconds. */
export function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

export function benchSubject(index: number): string {
  return `bench.s${index}`
}

/** The index of a subject in ASCII at [start, end) that benchSubject made. */
export function subjectIndex(bytes: Uint8Array, start: number, end: number): number {
  return readDigits(bytes, start + subjectPrefix, end - start - subjectPrefix)
}

const subjectPrefix = 'bench.s'.length
// Field number and wire type by weir/v1/event.proto; the text of `json` is a JSON string.
const idTag = 0x0a
const jsonTag = 0x72
const quote = 0x22
const numberDigits = 12
const microsDigits = 16
const idDigits: number = numberDigits + microsDigits

function writeDigits(bytes: Uint8Array, start: number, count: number, value: number): void {
  let rest = value
  for (let at = start + count - 1; at >= start; at--) {
    bytes[at] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

function areDigits(bytes: Uint8Array, start: number, count: number): boolean {
  for (let at = start; at < start + count; at++) {
    const byte = bytes[at] as number
    if (byte < 0x30 || byte > 0x39) return false
  }
  return true
}

function readDigits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0
  for (let at = start; at < start + count; at++) value = value * 10 + ((bytes[at] as number) - 0x30)
  return value
}
