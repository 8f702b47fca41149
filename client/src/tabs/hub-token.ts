import { expiryMs } from '../token/token-source.ts'
import type { TabSocket } from './tab-socket.ts'

/** The token that a hub has for all tabs: the one of theirs that lasts longest. */
export class HubToken {
  #expiresAtMs: number | undefined
  /** Who has given the last one, and when the one before expires. */
  #renewal: { readonly tab: TabSocket; readonly expiresAtMs: number | undefined } | undefined

  constructor(token: string) {
    this.#expiresAtMs = expiryMs(token)
  }

  /** In seconds since the Unix epoch; undefined where it cannot be read. */
  get expires(): bigint | undefined {
    return this.#expiresAtMs === undefined ? undefined : BigInt(Math.floor(this.#expiresAtMs / 1000))
  }

  /** Whether the token of this tab is to replace it. */
  renew(tab: TabSocket, token: string): boolean {
    const expiresAtMs = expiryMs(token)
    const known = this.#expiresAtMs
    if (expiresAtMs !== undefined && known !== undefined && expiresAtMs <= known) return false
    this.#renewal = { tab, expiresAtMs: known }
    this.#expiresAtMs = expiresAtMs
    return true
  }

  /** The hub goes on with the one before. Returns whose token it refused. */
  refused(): TabSocket | undefined {
    const renewal = this.#renewal
    this.#renewal = undefined
    if (renewal !== undefined) this.#expiresAtMs = renewal.expiresAtMs
    return renewal?.tab
  }
}
