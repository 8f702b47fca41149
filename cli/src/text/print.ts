import { once } from 'node:events'

/**
 * Writes a line to standard output, and waits where its reader is slow, until the signal at most.
 * What cannot be written is an `error` of process.stdout, with which main.ts ends the command;
 * console.log would lose it.
 */
export async function print(line: string, signal?: AbortSignal): Promise<void> {
  if (process.stdout.write(`${line}\n`) || signal?.aborted === true) return
  await once(process.stdout, 'drain', signal && { signal }).catch((thrown: unknown) => {
    if (signal?.aborted !== true) throw thrown
  })
}
