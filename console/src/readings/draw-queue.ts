import { limits } from '../limits.ts'

/** First come, first drawn. Each tile waits at most once, so the queue is as long as the board. */
let waiting: (() => void)[] = []
let asked = false

/**
 * Draws in the next frame, or in a later one when many wait: a thousand tiles that change at once
 * take some frames instead of holding one up.
 */
export function drawSoon(action: () => void): void {
  waiting.push(action)
  if (!asked) ask()
}

function ask(): void {
  asked = true
  requestAnimationFrame(() => {
    asked = false
    const now = waiting.slice(0, limits.tilesDrawnPerFrame)
    waiting = waiting.slice(limits.tilesDrawnPerFrame)
    for (const each of now) each()
    if (waiting.length > 0) ask()
  })
}
