import { limits } from '../limits.ts'

/**
 * Which numbered elements (`data-tile`) are in view of their scrolling box, or nearly. Of a small
 * board those that once were stay, as a chart would read its past again.
 */
export class InView {
  readonly #isForgetting: () => boolean
  #numbers: ReadonlySet<number> = $state.raw(new Set())
  #observer: IntersectionObserver | undefined

  /** @param isForgetting whether what is out of view counts as such */
  constructor(isForgetting: () => boolean) {
    this.#isForgetting = isForgetting
  }

  has(number: number): boolean {
    return this.#numbers.has(number)
  }

  /** As an attachment of each element. */
  readonly watch = (element: HTMLElement): (() => void) => {
    this.#observer ??= new IntersectionObserver((entries) => this.#look(entries), {
      root: element.parentElement?.parentElement ?? null,
      rootMargin: `${limits.tileMarginPx}px`,
    })
    this.#observer.observe(element)
    return () => this.#observer?.unobserve(element)
  }

  close(): void {
    this.#observer?.disconnect()
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    const next = new Set(this.#numbers)
    for (const { target, isIntersecting } of entries) {
      const number = Number((target as HTMLElement).dataset.tile)
      if (isIntersecting) next.add(number)
      else if (this.#isForgetting()) next.delete(number)
    }
    this.#numbers = next
  }
}
