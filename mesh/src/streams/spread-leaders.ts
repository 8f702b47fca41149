import type { StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { limits } from '../config/limits.ts'
import { eventStream, tenantOfShard } from './layout.ts'
import { leaderMoves, type StreamPlace } from './leader-moves.ts'
import { StreamRequests } from './stream-requests.ts'

/** The server that leads a stream of events, which has the most work with it. */
export interface Leadership {
  readonly stream: string
  readonly server: string
  readonly isMoved: boolean
}

/**
 * Moves leaders of the streams of events until no server leads two more than another with a copy.
 * NATS elects without regard to that, and where a server was restarted the others keep what they
 * lead. Writes to a stream wait for a moment while its leader moves.
 *
 * @param tenant whose streams; those of all when undefined
 */
export async function spreadLeaders(nc: NatsConnection, tenant?: string): Promise<readonly Leadership[]> {
  const requests = await StreamRequests.open(nc, limits.provisionDeadlineMs)
  const prefix = eventStream('')
  const names = (await requests.names()).filter(
    (name) => name.startsWith(prefix) && (tenant === undefined || tenantOfShard(name.slice(prefix.length)) === tenant),
  )
  const infos = await Promise.all(names.sort().map((name) => requests.info(name)))
  const places = infos.flatMap((info) => (info === undefined ? [] : placeOf(info)))
  const moves = leaderMoves(places)
  for (const [stream, server] of moves) await requests.moveLeader(stream, server)
  return places.map(({ stream, leader }) => ({
    stream,
    server: moves.get(stream) ?? leader,
    isMoved: moves.has(stream),
  }))
}

/** None of a stream that has no leader at the moment, or whose server is no cluster. */
function placeOf({ config, cluster }: StreamInfo): readonly StreamPlace[] {
  if (cluster?.leader === undefined || cluster.name === undefined) return []
  const followers = (cluster.replicas ?? []).filter(({ current, offline }) => current && offline !== true)
  return [{ stream: config.name, leader: cluster.leader, followers: followers.map(({ name }) => name) }]
}
