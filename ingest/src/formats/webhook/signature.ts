import { createHmac, timingSafeEqual } from 'node:crypto'
import { base64Decode } from '@bufbuild/protobuf/wire'
import { WeirError } from '@weir/proto'
import { LRUCache } from 'lru-cache'
import { ingestLimits } from '../../limits.ts'

/** How a foreign sender signs a body: by HMAC with SHA-256. */
export interface SignatureRule {
  readonly style: 'weir' | 'github' | 'stripe' | 'slack' | 'hmac'
  /** Any of them is good, so that one can be changed for another. */
  readonly keys: readonly string[]
  /** Of style `hmac`: where the signature stands, what precedes it there, and how it is written. */
  readonly header: string
  readonly prefix: string
  readonly encoding: 'hex' | 'base64'
  /** How old a signature with a time may be, and how far ahead. */
  readonly toleranceMs: number
}

/** Checks the signatures of one route. */
export class SignatureCheck {
  readonly #rule: SignatureRule
  /** Signatures with a time that were good, for as long as they would be: each is good once. */
  readonly #seen: LRUCache<string, true>

  constructor(rule: SignatureRule) {
    this.#rule = rule
    this.#seen = new LRUCache({ max: ingestLimits.signaturesMax, ttl: 2 * rule.toleranceMs })
  }

  /**
   * Throws `unauthenticated` for a body without a good signature, for one out of time, and for one
   * that was good before.
   */
  check(body: Uint8Array, headers: Headers, nowSeconds: number): void {
    const { toleranceMs, keys } = this.#rule
    const { signatures, signed, time } = this.#read(headers)
    if (time !== undefined && !(Math.abs(nowSeconds - Number(time)) * 1000 <= toleranceMs)) {
      throw refused(`its time is more than ${toleranceMs / 1000} s from now, or none`)
    }
    const macs = keys.map((key) => createHmac('sha256', key).update(signed).update(body).digest())
    if (!macs.some((mac) => signatures.some((signature) => isSame(signature, mac)))) {
      throw refused('no key of the route gives it')
    }
    if (time === undefined) return
    // Of the first key, whichever of them has signed: other signatures in the header make it no
    // other request.
    const once = `${time} ${macs[0]?.toString('hex')}`
    if (this.#seen.has(once)) throw refused('it was sent before')
    this.#seen.set(once, true)
  }

  #read(headers: Headers): Signed {
    switch (this.#rule.style) {
      case 'github':
        return {
          signatures: [bytesOf(headerAfter(headers, 'x-hub-signature-256', 'sha256='), 'hex')],
          signed: '',
          time: undefined,
        }
      case 'slack': {
        const time = headerAfter(headers, 'x-slack-request-timestamp', '')
        const signature = bytesOf(headerAfter(headers, 'x-slack-signature', 'v0='), 'hex')
        return { signatures: [signature], signed: `v0:${time}:`, time }
      }
      case 'weir':
      case 'stripe': {
        const parts = headerAfter(headers, `${this.#rule.style}-signature`, '')
          .split(',')
          .map((part) => part.trim())
        const time = parts.find((part) => part.startsWith('t='))?.slice(2) ?? ''
        const signatures = parts.filter((part) => part.startsWith('v1=')).slice(0, ingestLimits.signaturesInHeaderMax)
        return { signatures: signatures.map((part) => bytesOf(part.slice(3), 'hex')), signed: `${time}.`, time }
      }
      case 'hmac': {
        const { header, prefix, encoding } = this.#rule
        return { signatures: [bytesOf(headerAfter(headers, header, prefix), encoding)], signed: '', time: undefined }
      }
    }
  }
}

function isSame(signature: Uint8Array, mac: Uint8Array): boolean {
  return signature.length === mac.length && timingSafeEqual(signature, mac)
}

interface Signed {
  readonly signatures: readonly Uint8Array[]
  /** What is signed before the body. */
  readonly signed: string
  /** Seconds since 1970; undefined for a style without. */
  readonly time: string | undefined
}

function headerAfter(headers: Headers, name: string, prefix: string): string {
  const value = headers.get(name)
  if (value === null) throw refused(`there is no header ${name}`)
  if (!value.startsWith(prefix)) throw refused(`${name} does not begin with ${prefix}`)
  return value.slice(prefix.length)
}

/** No bytes for text that is none of the encoding, which no signature has. */
function bytesOf(text: string, encoding: 'hex' | 'base64'): Uint8Array {
  if (encoding === 'base64') return base64(text)
  if (!/^([0-9a-f]{2})*$/i.test(text)) return new Uint8Array(0)
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16))
}

function base64(text: string): Uint8Array {
  try {
    return base64Decode(text)
  } catch {
    return new Uint8Array(0)
  }
}

function refused(why: string): WeirError {
  return new WeirError('unauthenticated', `The signature is not good: ${why}.`)
}
