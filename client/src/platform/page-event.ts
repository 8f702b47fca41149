/** Calls the action at each event of the page's window, until what is returned is called. Where there is no page, never. */
export function onPageEvent(name: 'online' | 'pagehide', action: () => void): () => void {
  if (typeof globalThis.addEventListener !== 'function') return () => {}
  globalThis.addEventListener(name, action)
  return () => globalThis.removeEventListener(name, action)
}
