import { type BlockList, isIP } from 'node:net'
import { blockList, type Network, networkOf } from '@weir/mesh'

/**
 * Which addresses notifications may go to: everything but the networks of machines themselves
 * (loopback, link-local, private, shared, multicast, and what is reserved), unless the operator
 * allows it. An IPv4 address that is written as IPv6 (mapped, compatible, translated by NAT64 or
 * 6to4) is judged as the IPv4 address.
 */
export class AddressGuard {
  readonly #refused = blockList(refusedNetworks.map(networkOf))
  readonly #allowed: BlockList

  constructor(allowed: readonly Network[]) {
    this.#allowed = blockList(allowed)
  }

  allows(address: string): boolean {
    const plain = embeddedIpv4(address) ?? address
    const family = isIP(plain)
    if (family === 0) return false
    const name = family === 4 ? 'ipv4' : 'ipv6'
    return this.#allowed.check(plain, name) || !this.#refused.check(plain, name)
  }
}

const refusedNetworks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

/** Undefined for an address that has none in it. */
function embeddedIpv4(address: string): string | undefined {
  const words = isIP(address) === 6 ? ipv6Words(address) : undefined
  if (words === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = words
  const isZero = a === 0 && b === 0 && c === 0 && d === 0
  if (isZero && (e === 0 || e === 0xffff) && (f === 0xffff || f === 0) && !(e === 0 && f === 0 && g === 0)) {
    return ipv4(g, h)
  }
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return ipv4(g, h)
  return a === 0x2002 ? ipv4(b, c) : undefined
}

function ipv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** The eight words of a valid IPv6 address; the zone is left out. */
function ipv6Words(address: string): readonly number[] {
  const [bare = ''] = address.split('%')
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(bare)
  const text =
    dotted === null
      ? bare
      : dotted[1] +
        [Number(dotted[2]) * 256 + Number(dotted[3]), Number(dotted[4]) * 256 + Number(dotted[5])]
          .map((word) => word.toString(16))
          .join(':')
  const [left = '', right] = text.split('::')
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16))
  const begin = words(left)
  const end = right === undefined ? [] : words(right)
  const zeros: number[] = right === undefined ? [] : Array(8 - begin.length - end.length).fill(0)
  return [...begin, ...zeros, ...end]
}
