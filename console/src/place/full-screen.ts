/**
 * Gives the page the whole screen, where the browser lets it, until what is returned is called.
 *
 * @param onleft the person has left it: the browser takes Escape for itself meanwhile
 */
export function takeFullScreen(onleft: () => void): () => void {
  const changed = (): void => {
    if (document.fullscreenElement === null) onleft()
  }
  let isOver = false
  document.documentElement.requestFullscreen?.().then(
    () => {
      if (!isOver) document.addEventListener('fullscreenchange', changed)
    },
    () => undefined,
  )
  return () => {
    isOver = true
    document.removeEventListener('fullscreenchange', changed)
    if (document.fullscreenElement !== null) void document.exitFullscreen()
  }
}
