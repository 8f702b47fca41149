export type PageEventName = 'offline' | 'online' | 'pagehide' | 'pageshow'

/**
 * Calls the action at each event of the page's window, until what is returned is called. Where
 * there is no page, never.
 */
export function onPageEvent(name: PageEventName, action: () => void): () => void {
  if (typeof globalThis.addEventListener !== 'function') return () => {}
  globalThis.addEventListener(name, action)
  return () => globalThis.removeEventListener(name, action)
}

/**
 * Calls the action whenever the network may be another than before: it is gone or back, or the page
 * is seen or shown again.
 */
export function onPageWake(action: () => void): () => void {
  return together(
    onPageSight((isSeen) => isSeen && action()),
    onPageEvent('offline', action),
    onPageEvent('online', action),
    onPageEvent('pageshow', action),
  )
}

/**
 * Calls the action whenever the page begins to be seen or to be hidden, and at once if it is
 * hidden.
 */
export function onPageSight(action: (isSeen: boolean) => void): () => void {
  const page = globalThis.document as Document | undefined
  const changed = (): void => action(page?.visibilityState !== 'hidden')
  if (page?.visibilityState === 'hidden') changed()
  page?.addEventListener('visibilitychange', changed)
  return () => page?.removeEventListener('visibilitychange', changed)
}

function together(...ends: readonly (() => void)[]): () => void {
  return () => {
    for (const end of ends) end()
  }
}
