import { exitCodes } from '../text/exit-code.ts'

/** Resolves at the first signal that asks for an end; at the second everything ends at once. */
export function stopSignal(kill: () => void): Promise<string> {
  return new Promise((resolve) => {
    let asked = false
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (asked) {
          kill()
          process.exit(exitCodes.failed)
        }
        asked = true
        resolve(name)
      })
    }
  })
}
