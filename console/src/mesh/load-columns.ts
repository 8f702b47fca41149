import { count, rate } from '../words/numbers.ts'
import { quantity } from '../words/quantity.ts'
import { words } from '../words/words.ts'

type Metrics = Readonly<Record<string, number>>

/** One figure of each service: its heading, its text, and whether it asks for a look. */
export interface LoadColumn {
  readonly name: string
  text(metrics: Metrics): string
  some?(metrics: Metrics): boolean
}

const say = words.mesh
const of = (name: string, metric: string): LoadColumn => ({ name, text: (metrics) => count(metrics[metric] ?? 0) })
const warns = (name: string, metric: string): LoadColumn => ({
  ...of(name, metric),
  some: (metrics) => (metrics[metric] ?? 0) > 0,
})
const perSecond = (name: string, metric: string): LoadColumn => ({
  name,
  text: (metrics) => `${rate(metrics[metric] ?? 0)} /s`,
})
const bytes = (name: string, ...parts: readonly string[]): LoadColumn => ({
  name,
  text: (metrics) =>
    quantity(
      parts.reduce((sum, part) => sum + (metrics[part] ?? 0), 0),
      'By',
    ),
})

/** What is shown of the load of each kind of service. */
export const loadColumns: Readonly<Record<'hub' | 'ingest' | 'projector', readonly LoadColumn[]>> = {
  hub: [
    of(say.connections, 'connections'),
    of(say.subscriptions, 'subscriptions'),
    of(say.channels, 'channels'),
    warns(say.behind, 'behind'),
    perSecond(say.delivered, 'delivered_per_second'),
    bytes(say.memory, 'ring_bytes', 'latest_bytes', 'socket_bytes'),
  ],
  ingest: [
    perSecond(say.requests, 'requests_per_second'),
    perSecond(say.accepted, 'accepted_per_second'),
    { ...perSecond(say.rejected, 'rejected_per_second'), some: (metrics) => (metrics.rejected_per_second ?? 0) > 0 },
    { name: say.bodies, text: (metrics) => `${quantity(metrics.body_bytes_per_second ?? 0, 'By')}/s` },
    bytes(say.held, 'held_bytes'),
    of('MQTT', 'mqtt_connections'),
  ],
  projector: [
    of(say.projections, 'projections'),
    warns(say.blocked, 'blocked'),
    { ...of(say.pending, 'pending'), some: (metrics) => (metrics.pending ?? 0) > 1000 },
    perSecond(say.taken, 'taken_per_second'),
    { ...perSecond(say.dead, 'dead_letters_per_second'), some: (m) => (m.dead_letters_per_second ?? 0) > 0 },
  ],
}

export const loadColumnsMost: number = Math.max(...Object.values(loadColumns).map(({ length }) => length))
