/**
 * Runs what is given at the end of this turn of the event loop. Node, Bun and Deno have
 * setImmediate; elsewhere a turn ends with the shortest timer.
 */
export const atEndOfTurn: (run: () => void) => unknown =
  globalThis.setImmediate ?? ((run: () => void) => setTimeout(run, 0))
