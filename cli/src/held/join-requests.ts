import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { StateFolder } from '../up/state-folder.ts'
import type { Addition } from './additions.ts'

/**
 * The folder `join` of a `.weir`, through which another command asks a `weir up` for an addition:
 * a file `<name>.json` is the request, and `<name>.answer.json` what became of it.
 */
export class JoinRequests {
  readonly #state: StateFolder

  constructor(state: StateFolder) {
    this.#state = state
  }

  /** Forgets all of before; for who begins to answer. */
  clear(): void {
    rmSync(this.#state.at('join'), { recursive: true, force: true })
  }

  ask(addition: Addition): void {
    rmSync(this.#path(addition.name, 'answer.json'), { force: true })
    this.#write(this.#path(addition.name, 'json'), addition)
  }

  /** Undefined until there is one. */
  answerTo(name: string): JoinAnswer | undefined {
    const path = this.#path(name, 'answer.json')
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as JoinAnswer) : undefined
  }

  /** Takes the requests that are not answered yet; a file that is none is taken away. */
  take(): readonly Addition[] {
    const folder = this.#state.at('join')
    if (!existsSync(folder)) return []
    const names = readdirSync(folder).filter((file) => /^[\w-]+\.json$/.test(file))
    return names.flatMap((file) => {
      const path = this.#state.at('join', file)
      const addition = additionIn(readFileSync(path, 'utf8'))
      rmSync(path)
      return addition ?? []
    })
  }

  answer(name: string, answer: JoinAnswer): void {
    this.#write(this.#path(name, 'answer.json'), answer)
  }

  #path(name: string, ending: string): string {
    return this.#state.at('join', `${name}.${ending}`)
  }

  #write(path: string, value: unknown): void {
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
}

function additionIn(text: string): Addition | undefined {
  try {
    const addition = JSON.parse(text) as Addition
    const { name, folder, origins } = addition
    return typeof name === 'string' && typeof folder === 'string' && Array.isArray(origins) ? addition : undefined
  } catch {
    return undefined
  }
}

/** Why an addition was refused; nothing is said of one that was made. */
export interface JoinAnswer {
  readonly refused?: { readonly code: string; readonly message: string }
}
