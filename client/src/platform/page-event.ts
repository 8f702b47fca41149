/**
 * Calls the action at each event of the page's window, until what is returned is called. Where
 * there is no page, never.
 */
export function onPageEvent(name: 'online' | 'pagehide' | 'pageshow', action: () => void): () => void {
  if (typeof globalThis.addEventListener !== 'function') return () => {}
  globalThis.addEventListener(name, action)
  return () => globalThis.removeEventListener(name, action)
}

/**
 * Calls the action whenever the network may be another than before: it is back, or the page is seen
 * or shown again.
 */
export function onPageWake(action: () => void): () => void {
  const page = globalThis.document as Document | undefined
  const seen = (): void => {
    if (page?.visibilityState === 'visible') action()
  }
  page?.addEventListener('visibilitychange', seen)
  const forget = [onPageEvent('online', action), onPageEvent('pageshow', action)]
  return () => {
    page?.removeEventListener('visibilitychange', seen)
    for (const each of forget) each()
  }
}
