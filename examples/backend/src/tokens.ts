import { jwtVerify, SignJWT } from 'jose'
import { limits } from './limits.ts'

/** What a token allows: filters of subjects. */
export interface Grants {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** Who a request is from. */
export interface Person {
  readonly name: string
  readonly grants: Grants
}

/** Mints the tokens of pages and of the service itself, and knows the own ones again. */
export class Tokens {
  readonly #key: Uint8Array

  constructor(secret: string) {
    this.#key = new TextEncoder().encode(secret)
  }

  forPage(name: string, grants: Grants): Promise<string> {
    return this.#mint(name, grants, limits.pageTokenSeconds)
  }

  forService(name: string, grants: Grants): Promise<string> {
    return this.#mint(name, grants, limits.serviceTokenSeconds)
  }

  /** Undefined for a token that is missing, forged or over. */
  async person(authorization: string | undefined): Promise<Person | undefined> {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1]
    if (token === undefined) return undefined
    try {
      const { payload } = await jwtVerify(token, this.#key, { issuer: ISSUER, audience: ISSUER, algorithms: ['HS256'] })
      const { publish = [], subscribe = [] } = payload.weir as Partial<Grants>
      return { name: payload.sub ?? '', grants: { publish, subscribe } }
    } catch {
      return undefined
    }
  }

  #mint(name: string, grants: Grants, seconds: number): Promise<string> {
    return new SignJWT({ weir: { ...grants } })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(ISSUER)
      .setAudience(ISSUER)
      .setSubject(name)
      .setExpirationTime(`${seconds}s`)
      .sign(this.#key)
  }
}

/** What Weir expects unless it is told otherwise, of the issuer and of the audience. */
const ISSUER = 'weir'
