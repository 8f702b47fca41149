import { type BlockList, isIP, SocketAddress } from 'node:net'
import { blockList, type Network } from '@weir/mesh'

/**
 * Says whom a request is from: its peer or, where the peer is a trusted proxy, the client that
 * X-Forwarded-For names. A proxy puts the address that it was reached from at the end, so the
 * header is read from there; what stands before the first address that is no trusted proxy can have
 * been written by anybody, and is not read.
 */
export class ClientAddresses {
  /** Undefined when no proxy is trusted. */
  readonly #trusted: BlockList | undefined

  constructor(trusted: readonly Network[]) {
    this.#trusted = trusted.length === 0 ? undefined : blockList(trusted)
  }

  /** The client's address; `forEachHeader` gives all headers in order, names in lower case. */
  of(peer: string, forEachHeader: (take: (name: string, value: string) => void) => void): string {
    const trusted = this.#trusted
    if (trusted === undefined || !includes(trusted, peer)) return peer
    // Several headers are one list (RFC 9110 section 5.3).
    const values: string[] = []
    forEachHeader((name, value) => {
      if (name === 'x-forwarded-for') values.push(value)
    })
    const chain = values.length === 0 ? [] : values.join().split(',')
    let sure = peer
    for (let at = chain.length - 1; at >= 0; at--) {
      const address = addressIn(chain[at] ?? '')
      // A trusted proxy that knows no address says so in words.
      if (address === undefined) return sure
      sure = address
      if (!includes(trusted, address)) return sure
    }
    return sure
  }
}

function includes(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** One spelling of the address of an item, which may have a port; undefined when it is none. */
function addressIn(item: string): string | undefined {
  const text = item.trim()
  const [, bare = text] = /^\[(.*)\](?::\d+)?$/.exec(text) ?? /^([\d.]+):\d+$/.exec(text) ?? []
  const family = isIP(bare)
  if (family === 0) return undefined
  if (family === 4) return bare
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  const [, mapped = address] = /^::ffff:([\d.]+)$/.exec(address) ?? []
  return mapped
}
