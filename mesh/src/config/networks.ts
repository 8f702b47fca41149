import { BlockList, isIP } from 'node:net'
import type { Parser } from './config-parsers.ts'

/** A network in CIDR, or one address. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** Networks separated by commas. */
export const networks: Parser<readonly Network[]> = {
  form: 'addresses and networks separated by commas, such as 10.1.0.0/16, 127.0.0.1',
  parse(text) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(networkOf)
  },
}

/** Throws when the text is no network. */
export function networkOf(text: string): Network {
  const [address = '', prefixText] = text.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const prefix = prefixText === undefined ? most : Number(prefixText)
  const isPrefix = prefixText === undefined || /^\d{1,3}$/.test(prefixText)
  if (family === 0 || !isPrefix || prefix > most) throw new Error(`got "${text}"`)
  return { address, prefix, family: family === 4 ? 'ipv4' : 'ipv6' }
}

/** A list that says whether an address is in one of the networks. */
export function blockList(list: readonly Network[]): BlockList {
  const blocked = new BlockList()
  for (const { address, prefix, family } of list) blocked.addSubnet(address, prefix, family)
  return blocked
}
