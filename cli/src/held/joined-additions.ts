import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import type { LocalMesh } from '../up/local-mesh.ts'
import type { StateFolder } from '../up/state-folder.ts'
import { type Addition, addedSettings } from './additions.ts'
import { JoinRequests } from './join-requests.ts'

/** What a mesh has beside the user's configuration; others may ask for more while it runs. */
export class JoinedAdditions {
  readonly #state: StateFolder
  readonly #requests: JoinRequests
  #additions: readonly Addition[]
  #text: string
  #stopped = false

  /** @param additions those with which the mesh is started */
  constructor(state: StateFolder, additions: readonly Addition[]) {
    this.#state = state
    this.#requests = new JoinRequests(state)
    this.#requests.clear()
    this.#additions = additions
    this.#text = addedSettings(state, process.env, additions).text
  }

  /** Answers requests until it is stopped. `onChange` is called when the mesh has changed. */
  async serve(mesh: LocalMesh, onChange: () => void): Promise<void> {
    while (!this.#stopped) {
      for (const addition of this.#requests.take()) await this.#join(mesh, addition, onChange)
      await new Promise((resolve) => setTimeout(resolve, limits.joinPollMs).unref())
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #join(mesh: LocalMesh, addition: Addition, onChange: () => void): Promise<void> {
    try {
      const additions = [...this.#additions.filter(({ name }) => name !== addition.name), addition]
      const { settings, text } = addedSettings(this.#state, process.env, additions)
      if (text !== this.#text) await this.#change(mesh, settings)
      this.#additions = additions
      this.#text = text
      onChange()
      this.#requests.answer(addition.name, {})
    } catch (thrown) {
      // A fault of the files is a UsageError, whose words are for who wrote them.
      const code = thrown instanceof WeirError ? thrown.code : 'invalid'
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      this.#requests.answer(addition.name, { refused: { code, message } })
    }
  }

  /** The mesh with other settings or, where they are not good, as it was. */
  async #change(mesh: LocalMesh, settings: Readonly<Record<string, string>>): Promise<void> {
    const before = mesh.added
    try {
      await mesh.change(settings)
    } catch (thrown) {
      // The files are as before, too: a part that is started again reads them.
      const restored = addedSettings(this.#state, process.env, this.#additions).settings
      if (mesh.added !== before) await mesh.change(restored)
      throw thrown
    }
  }
}
