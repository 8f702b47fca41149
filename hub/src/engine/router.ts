import { limits } from '../limits.ts'
import type { SubjectState } from './log/entry.ts'

/**
 * The target of a route: an object with a set of filters. One object may stand under several
 * filters.
 */
export interface Route {
  /** A number that no other route has. */
  readonly number: number
  readonly filters: readonly string[]
  /** Used by the router: the visit in which it last collected this route. */
  visit: number
}

/**
 * Finds the routes that match a subject, by a trie over all filters. The answer is remembered for
 * the subject until a route comes or goes: looking up a subject that was seen before costs one
 * comparison, and subjects with the same routes share one answer.
 */
export class Router<R extends Route> {
  #root: Node<R> = newNode()
  #version = 0
  #visit = 0
  #size = 0
  /** The answers of this version, and the indexes of those that have the same hash. */
  #answers: (readonly R[])[] = []
  readonly #places: Map<number, number[]> = new Map()
  /** Number of routes in all answers together. */
  #remembered = 0

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
      if (node.first === undefined) node.first = route
      else node.others = node.others.concat(route)
    }
    this.#size++
    this.#forget()
  }

  remove(route: R): void {
    for (const filter of route.filters) removeFrom(this.#root, filter.split('.'), 0, route)
    this.#size--
    this.#forget()
  }

  match(state: SubjectState): readonly R[] {
    if (state.routedAt !== this.#version) {
      if (this.#remembered > limits.routesRememberedMax) this.#forget()
      const found: R[] = []
      this.#visit++
      this.#collect(this.#root, state.subject.split('.'), 0, found)
      state.answer = this.#remember(found)
      state.routedAt = this.#version
    }
    return this.#answers[state.answer] as readonly R[]
  }

  #forget(): void {
    this.#version++
    if (this.#answers.length === 0) return
    this.#answers = []
    this.#places.clear()
    this.#remembered = 0
  }

  /** Returns the index of an answer, which may be that of an equal one. */
  #remember(found: readonly R[]): number {
    let hash = 0
    for (const { number } of found) hash = (Math.imul(hash, 31) + number) | 0
    const places = this.#places.get(hash)
    const known = places?.find((place) => isSame(this.#answers[place] as readonly R[], found))
    if (known !== undefined) return known
    const place = this.#answers.push(found) - 1
    if (places === undefined) this.#places.set(hash, [place])
    else places.push(place)
    this.#remembered += found.length + ANSWER_COST
    return place
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
    if (node.first === undefined) return
    this.#find(node.first, found)
    for (const route of node.others) this.#find(route, found)
  }

  #find(route: R, found: R[]): void {
    if (route.visit === this.#visit) return
    route.visit = this.#visit
    found.push(route)
  }
}

function isSame(one: readonly Route[], other: readonly Route[]): boolean {
  return one.length === other.length && one.every((route, index) => route === other[index])
}

/** Cost of an answer beside its routes, in routes. */
const ANSWER_COST = 16

/** A node of the trie. A leaf is small, since there may be one for each subscriber. */
interface Node<R> {
  children: Map<string, Node<R>> | undefined
  first: R | undefined
  others: readonly R[]
}

function newNode<R>(): Node<R> {
  return { children: undefined, first: undefined, others: none }
}

const none: readonly never[] = []

/** Removes a route. Returns whether the node is empty afterwards, so that its parent drops it. */
function removeFrom<R>(node: Node<R>, tokens: readonly string[], at: number, route: R): boolean {
  const token = tokens[at]
  if (token === undefined) {
    if (node.first === route) {
      node.first = node.others[0]
      node.others = node.others.slice(1)
    } else node.others = node.others.filter((each) => each !== route)
  } else {
    const child = node.children?.get(token)
    if (child !== undefined && removeFrom(child, tokens, at + 1, route)) node.children?.delete(token)
  }
  return node.first === undefined && (node.children === undefined || node.children.size === 0)
}
