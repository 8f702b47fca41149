import { type Alert, alertStatuses } from '@weir/client'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { meshClient } from '../access/mesh-client.ts'
import { ofProjector } from '../access/of-projector.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { timeText } from '../text/time-text.ts'

export interface ListAlertsOptions extends AccessOptions {
  readonly filter?: readonly string[]
  readonly all?: boolean
  readonly json?: boolean
}

/** A line an alert. */
export async function listAlerts({ filter, all, json, ...options }: ListAlertsOptions): Promise<number> {
  const access = findAccess(options)
  const query = { ...(filter && { filter }), ...(all === true && { status: alertStatuses }) }
  await ofProjector(access, printAll(meshClient(access).alerts(query), json === true ? JSON.stringify : alertLine))
  return exitCodes.done
}

/** Throws `not_found`, `forbidden` or `conflict` at the first that cannot be changed. */
export async function changeAlerts(
  change: 'ack' | 'resolve',
  ids: readonly string[],
  options: AccessOptions,
): Promise<number> {
  const access = findAccess(options)
  const weir = meshClient(access)
  for (const id of ids) {
    const changing = change === 'ack' ? weir.acknowledgeAlert(id) : weir.resolveAlert(id)
    await print(alertLine(await ofProjector(access, changing)))
  }
  return exitCodes.done
}

async function printAll(alerts: AsyncIterable<Alert>, line: (alert: Alert) => string): Promise<void> {
  for await (const alert of alerts) await print(line(alert))
}

function alertLine({ id, status, severity, sinceMs, message, by, silenced, inhibitedBy }: Alert): string {
  const quiet = [
    ...(silenced === undefined ? [] : [`silenced by ${silenced.name} until ${timeText(silenced.untilMs)}`]),
    ...(inhibitedBy === undefined ? [] : [`inhibited by ${inhibitedBy}`]),
  ]
  const parts = [id, severity, by === '' ? status : `${status} by ${by}`, ...quiet, message]
  return [sinceMs === undefined ? '' : timeText(sinceMs), ...parts].filter((part) => part !== '').join('  ')
}
