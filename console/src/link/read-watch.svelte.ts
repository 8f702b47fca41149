import { limits } from '../limits.ts'

/**
 * Whether the read API answers, judged by all that the page asks of it. While it does not, it is
 * asked until it does, so that the page says so no longer than it is true.
 */
export class ReadWatch {
  away: boolean = $state(false)
  #timer: ReturnType<typeof setTimeout> | undefined

  /** As the browser's own. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    try {
      const response = await globalThis.fetch(input, init)
      this.#heard(isItsOwn(response))
      return response
    } catch (thrown) {
      // Who gave up the question says nothing of the other side.
      if (!(thrown instanceof DOMException && thrown.name === 'AbortError')) this.#heard(false)
      throw thrown
    }
  }

  #heard(answers: boolean): void {
    this.away = !answers
    clearTimeout(this.#timer)
    if (answers) return
    const ask = (): Promise<Response> => this.fetch('v1/config', { signal: AbortSignal.timeout(limits.requestMs) })
    this.#timer = setTimeout(() => void ask().catch(() => undefined), limits.readAgainMs)
  }
}

/** What stands in front answers with pages of its own when nothing is behind it. */
function isItsOwn({ status, headers }: Response): boolean {
  const isGateway = status >= 502 && status <= 504
  return !isGateway || headers.get('content-type')?.startsWith('application/problem+json') === true
}
