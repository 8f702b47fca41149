import { limits } from '../limits.ts'
import { meshSize, type Workload } from '../size/mesh-size.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'

export interface SizeOptions {
  readonly subscribers: string
  readonly events: string
  readonly subjects: string
  readonly bytes: string
  readonly matching: string
  readonly interval: string
  readonly batch: string
  readonly tenants: string
  readonly replicas: string
  readonly history: boolean
  readonly json?: boolean
}

/** Prints what a mesh of that load takes. Throws UsageError for what is no number. */
export async function size(options: SizeOptions): Promise<number> {
  const load: Workload = {
    subscribers: number(options.subscribers, '--subscribers', 0),
    events: number(options.events, '--events', 0),
    subjects: number(options.subjects, '--subjects', 0),
    eventBytes: number(options.bytes, '--bytes', 1),
    matching: number(options.matching, '--matching', 0),
    intervalMs: number(options.interval, '--interval', 0),
    batch: number(options.batch, '--batch', 1),
    tenants: Math.round(number(options.tenants, '--tenants', 1)),
    replicas: number(options.replicas, '--replicas', 1) === 1 ? 1 : 3,
    history: options.history,
  }
  const { ingest, hub, projector, nats, postgres, network, limits: stops } = meshSize(load)
  if (options.json === true) {
    await print(JSON.stringify(meshSize(load)))
    return exitCodes.done
  }
  const cores = (count: number): string => `${count.toFixed(1)} cores`
  const rows = [
    [
      'hub',
      `${hub.processes} of one core`,
      `${cores(hub.cores)} busy, ${hub.connections} connections and ${hub.mebibytes} MiB each`,
    ],
    ['ingest', `${ingest.processes} of one core`, `${cores(ingest.cores)} busy`],
    ['projector', `${projector.processes} of one core`, `${cores(projector.cores)} busy`],
    [
      'nats',
      `${nats.servers} servers`,
      `${cores(nats.cores)} busy in all, ${nats.streams} streams of events, ${nats.gibibytesADay.toFixed(0)} GiB a day a copy`,
    ],
    ...(load.history ? [['postgres', '1', `${cores(postgres.cores)} busy`]] : []),
    [
      'network',
      '',
      `${network.toHubsMegabits.toFixed(0)} Mbit/s to the hubs, ${network.toSubscribersMegabits.toFixed(0)} Mbit/s to subscribers`,
    ],
  ]
  for (const [name = '', count = '', words = ''] of rows) await print(`${name.padEnd(10)} ${count.padEnd(16)} ${words}`)
  await print(`
A core is planned to be busy to ${limits.busyShare * 100}%. When a hub is killed, the others take its clients in ${hub.recoverySeconds.toFixed(1)} s of their CPU.
From figures of two shared cores (bench/RESULTS.md): measure with your own events before you buy (docs/scaling.md).`)
  for (const stop of stops) await print(`\nIt stops here: ${stop}`)
  return exitCodes.done
}

function number(text: string, option: string, least: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least) {
    throw new UsageError(`${option} "${text}" is not a number of ${least} or more.`)
  }
  return value
}
