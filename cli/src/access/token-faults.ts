import type { ConnectionStatus } from '@weir/client'
import type { WeirError } from '@weir/proto'

/**
 * Says why there is no new token while the last one still serves: once for each cause, though the
 * client asks again every few seconds.
 */
export function sayTokenFaults(
  connection: Pick<ConnectionStatus, 'tokenError' | 'subscribe'>,
  say: (line: string) => void,
): void {
  const said = new Set<string>()
  connection.subscribe(() => {
    const { tokenError } = connection
    if (tokenError === undefined) return
    const line = `weir: no new token, the last one serves until it expires: ${causeOf(tokenError)}`
    if (said.has(line)) return
    said.add(line)
    say(line)
  })
}

/** Words that somebody can act on: those of whoever failed to give a token. */
function causeOf({ message, cause }: WeirError): string {
  return cause instanceof Error ? cause.message : message
}
