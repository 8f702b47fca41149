import { limits } from './limits.ts'

/** Of a service of a demo, whose port is counted from the hub's. */
export function serviceUrl(hubUrl: string, port: number): string {
  return `http://127.0.0.1:${Number(new URL(hubUrl).port || 80) + port}`
}

/** Signs people in at a service, as its page does, and keeps their tokens while they are good. */
export class Sessions {
  readonly #url: string
  readonly #tokens: Map<string, { readonly token: string; readonly until: number }> = new Map()

  constructor(url: string) {
    this.#url = url
  }

  async tokenOf(name: string, role = ''): Promise<string> {
    const key = `${role} ${name}`
    const kept = this.#tokens.get(key)
    if (kept !== undefined && kept.until > Date.now()) return kept.token
    const response = await fetch(`${this.#url}/session`, { method: 'POST', body: JSON.stringify({ name, role }) })
    if (!response.ok) throw new Error(`${name} cannot sign in: ${await response.text()}`)
    const token = await response.text()
    this.#tokens.set(key, { token, until: Date.now() + (limits.pageTokenSeconds / 2) * 1000 })
    return token
  }
}
