import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, createLogger, Publisher, streamState } from '@weir/mesh'
import { BenchMesh } from '../hub/bench-mesh.ts'
import type { ProjectorProcess } from './projector-process.ts'

/** An event as it is published. */
export interface StoredEvent {
  readonly subject: string
  readonly bytes: Uint8Array
}

/** nats-server may run on every core, as projector and database do. */
export function projectorMesh(): Promise<BenchMesh> {
  return BenchMesh.start('', 'all cores')
}

/** Stores events before anybody projects them. */
export async function fill(mesh: BenchMesh, events: number, eventAt: (at: number) => StoredEvent): Promise<void> {
  const nc = await connectNats({ url: mesh.nats.url, name: 'bench', log: createLogger('bench', 'warn') })
  const publisher = new Publisher(nc)
  const run = crypto.randomUUID()
  for (let sent = 0; sent < events; ) {
    const batch: Promise<unknown>[] = []
    for (const end = Math.min(events, sent + 5_000); sent < end; sent++) {
      const { subject, bytes } = eventAt(sent)
      batch.push(publisher.publish('main', subject, `${run}-${sent}`, bytes))
    }
    await Promise.all(batch)
  }
  await nc.close()
  const { lastSeq } = await streamState(mesh.nc, 'EV_main')
  if (lastSeq !== events) throw new Error(`${lastSeq} events are stored, not ${events}`)
}

/** Seconds from the first event that a counter shows to the last. */
export async function workedThrough(
  service: ProjectorProcess,
  counter: string,
  projection: string,
  events: number,
): Promise<number> {
  let began = 0
  let atBegin = 0
  for (;;) {
    const done = await service.metric(counter, projection)
    if (done > 0 && began === 0) {
      began = performance.now()
      atBegin = done
    }
    if (done >= events) return ((performance.now() - began) / 1000) * (events / (events - atBegin))
    await sleep(100)
  }
}
