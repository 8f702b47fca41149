/** The page before is out of full screen when this resolves. */
let left: Promise<void> = Promise.resolve()

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
  // The end of the full screen before, which is told late, is no leaving of this one.
  const taken = left.then(() => (isOver ? undefined : document.documentElement.requestFullscreen?.()))
  taken.then(
    () => {
      if (!isOver) document.addEventListener('fullscreenchange', changed)
    },
    () => undefined,
  )
  return () => {
    isOver = true
    document.removeEventListener('fullscreenchange', changed)
    left = taken
      .then(() => (document.fullscreenElement === null ? undefined : document.exitFullscreen()))
      .catch(() => undefined)
  }
}
