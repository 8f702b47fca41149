import type { Identity } from '@weir/mesh'
import { type Cursor, compileFilters } from '@weir/proto'
import { parseChannelName } from '../../codec/centrifuge/channel-name.ts'
import type { ReplyInit } from '../../codec/centrifuge/reply-writer.ts'
import type { HistoryRequest } from '../../gen/centrifuge/v2/client_pb.js'
import { limits } from '../../limits.ts'
import { readHistory } from '../../sources/history.ts'
import type { Party } from '../party.ts'
import { checkRead } from '../subscriptions.ts'
import { formatEpoch, positionOf } from './channel-table.ts'
import type { Encoding } from './encoding.ts'
import { notAvailable, unrecoverable } from './protocol-codes.ts'

/**
 * Answers a question for history. A limit of 0 asks for the position alone, and one below 0 for as
 * much as an answer may have. Throws what makes it refused.
 */
export async function historyResult(
  { channel, limit, since, reverse }: HistoryRequest,
  identity: Identity,
  party: Party,
  encoding: Encoding,
): Promise<ReplyInit> {
  const { source: name, filter } = parseChannelName(channel)
  const filters = [filter]
  checkRead(identity, name, filters)
  // Of many questions at once, each answer goes into the socket when the one before has left it.
  await party.answersTaken()
  const { sources } = party.hub
  const [source, ...further] = await sources.acquire(identity.tenant, name, filters)
  try {
    if (source === undefined || further.length > 0) {
      return { error: notAvailable('This channel lies in several streams, of which there is no one history.') }
    }
    const { entries, top, isLost } = await readHistory(source, {
      filters,
      accepts: compileFilters(filters),
      since: since === undefined ? undefined : sinceOf(since, source.log.epoch),
      reverse,
      entriesMax: limit < 0 ? limits.historyEntriesMax : Math.min(limit, limits.historyEntriesMax),
      owner: party,
      isWanted: () => !party.isClosed,
    })
    if (isLost) return { error: unrecoverable('Some of what came after this position is there no more.') }
    const publications = encoding.publications(entries, { source: name, filters, intervalMs: 0 })
    return { history: { publications, epoch: formatEpoch(top.epoch), offset: BigInt(top.seq) } }
  } finally {
    for (const each of [source, ...further]) if (each !== undefined) sources.release(each)
  }
}

function sinceOf({ epoch, offset }: NonNullable<HistoryRequest['since']>, now: number): Cursor {
  const position = positionOf(epoch, offset)
  return epoch === '' ? { ...position, epoch: now } : position
}
