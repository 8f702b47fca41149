/**
 * Runs the work every so often, never twice at once, until the returned function is called. A
 * failure is left to the next time, so the work itself says what has to be said about it.
 */
export function repeat(everyMs: number, work: () => Promise<void>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    work()
      .catch(() => undefined)
      .finally(() => {
        busy = false
      })
  }, everyMs)
  return () => clearInterval(timer)
}
