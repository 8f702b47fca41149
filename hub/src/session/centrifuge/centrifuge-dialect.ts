import type { ErrorCode, ServerFrame } from '@weir/proto'
import type { Codec } from '../../engine/delivery/codec.ts'
import type { Dialect, Request } from '../dialect.ts'
import type { Link } from '../link.ts'
import type { Party } from '../party.ts'
import { CentrifugeConversation } from './centrifuge-conversation.ts'
import { ChannelTable } from './channel-table.ts'
import { type Encoding, encodings } from './encoding.ts'
import { disconnectCode } from './protocol-codes.ts'

/**
 * The Centrifuge client protocol, version 2 (docs/centrifuge.md), on one connection. It has no
 * acknowledgements: a client is held by its answers to the protocol's own pings, which it gives
 * when it has handled what was sent before.
 */
export class CentrifugeDialect implements Dialect {
  readonly codec: Codec
  readonly #encoding: Encoding
  readonly #channels: ChannelTable = new ChannelTable()
  /** Pings that were not answered; answers come in their order. */
  #unanswered = 0

  constructor(name: keyof typeof encodings) {
    this.#encoding = encodings[name]
    this.codec = this.#encoding.codec
  }

  read(message: Uint8Array, party: Party): readonly Request[] {
    const requests: Request[] = []
    for (const command of this.#encoding.read(message)) {
      if (command === undefined) this.#answered(party)
      else requests.push(() => new CentrifugeConversation(party, this.#channels, this.#encoding).handle(command))
    }
    return requests
  }

  write(frame: ServerFrame['frame'], party: Party): Uint8Array | undefined {
    const reply = this.#channels.told(frame, party)
    return reply === undefined ? undefined : this.#encoding.reply(reply)
  }

  /** At each one, whatever was sent: most clients count pings alone. */
  beat(party: Party): void {
    party.ping()
  }

  ping(link: Link): void {
    this.#unanswered++
    link.send(this.#encoding.ping, this.codec.binary)
  }

  closeCode(why: ErrorCode | 'restart'): number {
    return disconnectCode(why)
  }

  /** Only when all are answered was the last one, which may ask for credit. */
  #answered(party: Party): void {
    if (this.#unanswered === 0) return
    this.#unanswered--
    if (this.#unanswered === 0) party.ponged()
  }
}
