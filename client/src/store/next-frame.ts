/** Runs the action soon: at most once between two pictures. */
export type Schedule = (action: () => void) => void

export function nextFrame(action: () => void): void {
  if (typeof globalThis.requestAnimationFrame === 'function') globalThis.requestAnimationFrame(action)
  else setTimeout(action, 16)
}
