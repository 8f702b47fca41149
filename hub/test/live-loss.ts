import type { Random } from './random.ts'

/**
 * Loses republished messages on their way from nats-server to a hub, as the server is allowed to: a
 * filter of a TcpProxy that reads the NATS protocol and leaves out a share of what comes under
 * `live.`.
 */
export class LiveLoss {
  /** From 0, which loses nothing, to 1. */
  share = 0
  /** Only messages whose subject begins so are lost. */
  prefix = 'live.'
  /** How many messages were lost. */
  lost = 0
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** For one connection. */
  filter(): (chunk: Buffer) => Buffer {
    let waiting: Buffer = Buffer.alloc(0)
    return (chunk) => {
      waiting = Buffer.concat([waiting, chunk])
      const passed: Buffer[] = []
      for (let end = commandEnd(waiting); end !== undefined; end = commandEnd(waiting)) {
        const command = waiting.subarray(0, end)
        waiting = waiting.subarray(end)
        if (this.#loses(command)) this.lost++
        else passed.push(command)
      }
      return Buffer.concat(passed)
    }
  }

  #isMeant(command: Buffer): boolean {
    const text = command.toString('latin1', 0, 'HMSG '.length + this.prefix.length)
    return text.startsWith(`MSG ${this.prefix}`) || text === `HMSG ${this.prefix}`
  }

  #loses(command: Buffer): boolean {
    return this.share > 0 && this.#isMeant(command) && this.#random.happens(this.share)
  }
}

/**
 * Where the first command of a buffer ends, with its payload; undefined when it is not whole yet.
 */
function commandEnd(buffer: Buffer): number | undefined {
  const lineEnd = buffer.indexOf('\r\n')
  if (lineEnd < 0) return undefined
  const line = buffer.toString('latin1', 0, lineEnd)
  // `MSG subject sid [reply] bytes`, and HMSG with the bytes of the headers before: the last number
  // is that of all.
  const payload = /^H?MSG .* (\d+)$/.exec(line)?.[1]
  const end = lineEnd + 2 + (payload === undefined ? 0 : Number(payload) + 2)
  return end <= buffer.length ? end : undefined
}
