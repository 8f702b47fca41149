import { connect, type Socket } from 'node:net'
import { type TestHub, testToken } from './harness.ts'
import { encodeFrame, opcode, upgradeRequest } from './raw-socket.ts'
import { reset } from './reset.ts'

/** Far less than one frame, however long a flood takes. */
const bytesTaken = 1_000

/**
 * Once it has subscribed it takes a byte of the system every few milliseconds, up to so many, and
 * acknowledges nothing.
 */
export class ByteReader {
  /** What it has taken since. */
  bytes = 0
  readonly #socket: Socket
  #isSlow = false

  private constructor(port: number) {
    const callback = (): boolean => {
      if (!this.#isSlow) return true
      this.bytes++
      if (this.bytes < bytesTaken) setTimeout(() => this.#socket.resume(), 5)
      return false
    }
    this.#socket = connect({ port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(1), callback } })
    this.#socket.on('error', () => undefined)
  }

  static async open(at: TestHub, window: number): Promise<ByteReader> {
    const reader = new ByteReader(at.port)
    const before = await at.metric('subscriptions')
    const hello = { type: 'hello', token: await testToken(), client: 'slow', windowBytes: window }
    const subscribe = { type: 'subscribe', id: 1, source: 'events', filters: ['flow.>'], mode: 'LATEST' }
    reader.#socket.write(upgradeRequest())
    // What comes before the answer to the upgrade is not heard.
    await at.untilMetric('connections', (count) => count > before)
    for (const frame of [hello, subscribe]) reader.#socket.write(encodeFrame(opcode.text, JSON.stringify(frame)))
    await at.untilMetric('subscriptions', (count) => count > before)
    reader.#isSlow = true
    return reader
  }

  close(): void {
    reset(this.#socket)
  }
}
