import type { Weir } from '@weir/client'
import type { Desk } from '../place/desk.ts'
import { MeshFlow } from './mesh-flow.svelte.ts'

/** The flow of the mesh, one for all parts of the page that show it, while one of them does. */
export class FlowShare {
  static readonly #shares = new WeakMap<Weir, FlowShare>()

  static of(desk: Desk, weir: Weir): FlowShare {
    const share = FlowShare.#shares.get(weir) ?? new FlowShare(weir, new MeshFlow(desk, weir))
    FlowShare.#shares.set(weir, share)
    share.#users++
    return share
  }

  readonly flow: MeshFlow
  readonly #weir: Weir
  #users = 0

  private constructor(weir: Weir, flow: MeshFlow) {
    this.#weir = weir
    this.flow = flow
  }

  /** Once for each `of`. */
  leave(): void {
    if (--this.#users > 0) return
    FlowShare.#shares.delete(this.#weir)
    this.flow.close()
  }
}
