import { limits } from '../limits.ts'

/** Who is told of each element, and by which observer of its scrolling box. */
const told = new WeakMap<Element, (isNear: boolean) => void>()
const observers = new WeakMap<Element, IntersectionObserver>()

/**
 * As an attachment of an item of a list: calls when it comes near to what its scrolling box shows,
 * and when it goes far from it.
 */
export function nearView(tell: (isNear: boolean) => void): (element: HTMLElement) => () => void {
  return (element) => {
    const observer = observerOf(element.closest('.scroll') ?? document.documentElement)
    told.set(element, tell)
    observer.observe(element)
    return () => observer.unobserve(element)
  }
}

function observerOf(root: Element): IntersectionObserver {
  let observer = observers.get(root)
  if (observer === undefined) {
    observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) told.get(target)?.(isIntersecting)
      },
      { root, rootMargin: `${limits.rowsMarginPx}px` },
    )
    observers.set(root, observer)
  }
  return observer
}
