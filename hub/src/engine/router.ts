import type { SubjectState } from './entry-log.ts'

/** What a router routes to: something with a filter set, which may be one object under several filters. */
export interface Route {
  readonly filters: readonly string[]
  /** Scratch of the router: the visit in which it was last collected. */
  visit: number
}

/**
 * Finds the routes that match a subject: a trie over all filters, and the answer kept with the subject until a route comes or
 * goes. A subject that was seen before costs one comparison.
 */
export class Router<R extends Route> {
  #root: Node<R> = newNode()
  #version = 0
  #visit = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  add(route: R): void {
    for (const filter of route.filters) {
      let node = this.#root
      for (const token of filter.split('.')) {
        node.children ??= new Map()
        let next = node.children.get(token)
        if (next === undefined) {
          next = newNode()
          node.children.set(token, next)
        }
        node = next
      }
      node.routes = node.routes.concat(route)
    }
    this.#size++
    this.#version++
  }

  remove(route: R): void {
    for (const filter of route.filters) removeFrom(this.#root, filter.split('.'), 0, route)
    this.#size--
    this.#version++
  }

  match(state: SubjectState): readonly R[] {
    if (state.routedAt !== this.#version) {
      const found: R[] = []
      this.#visit++
      this.#collect(this.#root, state.subject.split('.'), 0, found)
      state.channels = found
      state.routedAt = this.#version
    }
    return state.channels as readonly R[]
  }

  #collect(node: Node<R>, tokens: readonly string[], at: number, found: R[]): void {
    if (at === tokens.length) {
      this.#take(node, found)
      return
    }
    const { children } = node
    if (children === undefined) return
    const rest = children.get('>')
    if (rest !== undefined) this.#take(rest, found)
    const exact = children.get(tokens[at] as string)
    if (exact !== undefined) this.#collect(exact, tokens, at + 1, found)
    const any = children.get('*')
    if (any !== undefined) this.#collect(any, tokens, at + 1, found)
  }

  #take(node: Node<R>, found: R[]): void {
    for (const route of node.routes) {
      if (route.visit === this.#visit) continue
      route.visit = this.#visit
      found.push(route)
    }
  }
}

/** Small where it is a leaf: there may be one for each subscriber. */
interface Node<R> {
  children: Map<string, Node<R>> | undefined
  routes: readonly R[]
}

function newNode<R>(): Node<R> {
  return { children: undefined, routes: [] }
}

/** Whether the node is empty afterwards, so that its parent drops it. */
function removeFrom<R>(node: Node<R>, tokens: readonly string[], at: number, route: R): boolean {
  const token = tokens[at]
  if (token === undefined) {
    node.routes = node.routes.filter((each) => each !== route)
  } else {
    const child = node.children?.get(token)
    if (child !== undefined && removeFrom(child, tokens, at + 1, route)) node.children?.delete(token)
  }
  return node.routes.length === 0 && (node.children === undefined || node.children.size === 0)
}
