import { limits } from '../limits.ts'

/** What a chart shows, in seconds since the Unix epoch. */
export interface TimeSpan {
  readonly from: number
  readonly to: number
}

/**
 * What a chart shows when fingers have moved, so that each stays on the time that it was put on.
 * Fingers stand at shares of the width, 0 to 1; one moves the span, two make it shorter or longer.
 * It has bounds, and does not reach past `newest`.
 */
export function touched(
  { from, to }: TimeSpan,
  before: readonly number[],
  after: readonly number[],
  newest: number,
): TimeSpan {
  const [first = 0, second] = before
  const [firstNow = 0, secondNow] = after
  const length = to - from
  let wanted = length
  let start = from + (first - firstNow) * length
  if (second !== undefined && secondNow !== undefined) {
    const apart = Math.max(0.02, Math.abs(secondNow - firstNow))
    wanted = clamp((Math.abs(second - first) * length) / apart, limits.zoomLeastMs / 1000, limits.zoomMostMs / 1000)
    const held = from + ((first + second) / 2) * length
    start = held - ((firstNow + secondNow) / 2) * wanted
  }
  const end = Math.min(start + wanted, Math.max(newest, to))
  return { from: end - wanted, to: end }
}

interface ZoomTarget {
  /** What is shown now. */
  span(): TimeSpan
  /** The newest time that there can be. */
  newest(): number
  /** Shows another span at once, while fingers move. */
  show(span: TimeSpan): void
  /** What is shown when they are gone. */
  settle(span: TimeSpan): void
}

/** Follows the fingers on an element until it is closed. */
export class TouchZoom {
  readonly #element: HTMLElement
  readonly #target: ZoomTarget
  readonly #ended = new AbortController()
  /** Where each finger is, in pixels of the screen. */
  readonly #fingers = new Map<number, number>()
  /** What was shown, and where the fingers were, when the last of them came or went. */
  #began: { readonly span: TimeSpan; readonly at: readonly number[] } | undefined
  /** What was shown before the first came. */
  #original: TimeSpan | undefined
  #shown: TimeSpan | undefined

  constructor(element: HTMLElement, target: ZoomTarget) {
    this.#element = element
    this.#target = target
    // A finger that goes up or down scrolls the page.
    element.style.touchAction = 'pan-y'
    const { signal } = this.#ended
    element.addEventListener('pointerdown', (event) => this.#came(event), { signal })
    element.addEventListener('pointermove', (event) => this.#moved(event), { signal })
    element.addEventListener('pointerup', (event) => this.#left(event, true), { signal })
    element.addEventListener('pointercancel', (event) => this.#left(event, false), { signal })
  }

  /** Whether fingers say what is shown. */
  get isBusy(): boolean {
    return this.#shown !== undefined
  }

  close(): void {
    this.#ended.abort()
  }

  #came({ pointerType, pointerId, clientX }: PointerEvent): void {
    if (pointerType !== 'touch' || this.#fingers.size === 2) return
    this.#fingers.set(pointerId, clientX)
    this.#original ??= this.#target.span()
    this.#begin()
  }

  #moved({ pointerId, clientX }: PointerEvent): void {
    if (!this.#fingers.has(pointerId) || this.#began === undefined) return
    this.#fingers.set(pointerId, clientX)
    const at = this.#places()
    const isTap = this.#shown === undefined && at.every((place, index) => this.#isNear(place, this.#began?.at[index]))
    if (isTap) return
    this.#shown = touched(this.#began.span, this.#began.at, at, this.#target.newest())
    this.#target.show(this.#shown)
  }

  #left({ pointerId }: PointerEvent, isDone: boolean): void {
    if (!this.#fingers.delete(pointerId)) return
    if (this.#fingers.size > 0) {
      this.#begin()
      return
    }
    const [shown, original] = [this.#shown, this.#original]
    this.#began = undefined
    this.#original = undefined
    this.#shown = undefined
    if (shown === undefined) return
    if (isDone) this.#target.settle(shown)
    else if (original !== undefined) this.#target.show(original)
  }

  #begin(): void {
    this.#began = { span: this.#shown ?? this.#target.span(), at: this.#places() }
  }

  #isNear(place: number, before: number | undefined): boolean {
    return Math.abs(place - (before ?? place)) * this.#element.clientWidth < limits.tapPx
  }

  #places(): readonly number[] {
    const { left, width } = this.#element.getBoundingClientRect()
    return [...this.#fingers.values()].map((x) => (x - left) / Math.max(1, width))
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
