import { create } from '@bufbuild/protobuf'
import { type Identity, mayPublish, shardOf } from '@weir/mesh'
import {
  asWeirError,
  type Cursor,
  checkSubject,
  cursorToWire,
  isRetryable,
  type Mode,
  SubscribeSchema,
  WeirError,
} from '@weir/proto'
import { parseChannelName } from '../../codec/centrifuge/channel-name.ts'
import type { ReplyInit } from '../../codec/centrifuge/reply-writer.ts'
import type { Reads } from '../../engine/delivery/channel-kind.ts'
import type { Source } from '../../engine/source.ts'
import type {
  Command,
  ConnectRequest,
  HistoryRequest,
  PublishRequest,
  SubscribeRequest,
} from '../../gen/centrifuge/v2/client_pb.js'
import { limits } from '../../limits.ts'
import type { Party } from '../party.ts'
import { renewToken } from '../renewal.ts'
import type { Resume } from '../subscriptions.ts'
import { type ChannelEntry, type ChannelTable, positionOf } from './channel-table.ts'
import type { Encoding } from './encoding.ts'
import { historyResult } from './history-result.ts'
import { notAvailable, replyError, unsubscribed } from './protocol-codes.ts'
import { publishedEvent } from './published-event.ts'
import { recover } from './recovery.ts'
import { readOptions } from './subscribe-options.ts'

/**
 * What a Centrifuge client asks for and what it is answered, a command at a time. The first command
 * is `connect`. A command that fails is answered with an error; one that has no place on the
 * connection, or no id by which it could be answered, closes it.
 */
export class CentrifugeConversation {
  readonly #party: Party
  readonly #channels: ChannelTable
  readonly #encoding: Encoding

  constructor(party: Party, channels: ChannelTable, encoding: Encoding) {
    this.#party = party
    this.#channels = channels
    this.#encoding = encoding
  }

  /** Resolves when the next command may follow. Throws what closes the connection. */
  async handle(command: Command): Promise<void> {
    const { id, connect } = command
    const { identity } = this.#party
    if (command.send !== undefined) throw new WeirError('method_not_allowed', 'Nobody here takes messages: publish.')
    if (id === 0) throw new WeirError('malformed', 'A command needs an id other than 0.')
    if (connect !== undefined) return this.#connect(id, connect)
    if (identity === undefined) throw new WeirError('malformed', 'The first command must be connect.')
    try {
      const result = await this.#answer(command, identity)
      if (result !== undefined) this.#reply({ id, ...result })
    } catch (thrown) {
      this.#refuse(id, thrown)
    }
  }

  /** Undefined where the answer comes from the engine. */
  async #answer(command: Command, identity: Identity): Promise<ReplyInit | undefined> {
    const { id, subscribe, unsubscribe, publish, history, refresh } = command
    if (subscribe !== undefined) return this.#subscribe(id, subscribe, identity)
    if (unsubscribe !== undefined) return this.#unsubscribe(unsubscribe.channel)
    if (publish !== undefined) return this.#publish(publish, identity)
    if (history !== undefined) return this.#history(history, identity)
    if (refresh !== undefined) return this.#refresh(refresh.token)
    if (command.ping !== undefined) return { ping: {} }
    if (command.presence !== undefined || command.presenceStats !== undefined) {
      return { error: notAvailable('There is no presence here: events say who is there, and what their bucket holds.') }
    }
    if (command.rpc !== undefined) return { error: notAvailable('There are no procedures here: publish an event.') }
    if (command.subRefresh !== undefined) {
      return { error: notAvailable('Channels have no tokens of their own: the grants of the connection count.') }
    }
    throw new WeirError('method_not_allowed', 'There is no such method.')
  }

  async #connect(id: number, { token, name, version }: ConnectRequest): Promise<void> {
    const party = this.#party
    if (party.identity !== undefined) throw new WeirError('malformed', 'The connection was made already.')
    const given = token === '' ? party.outerToken : token
    if (given === undefined) throw new WeirError('unauthenticated', 'A token is needed: `token` or `getToken`.')
    let identity: Identity
    try {
      identity = await party.hub.identify(given)
    } catch (thrown) {
      const { code } = asWeirError(thrown)
      if (code !== 'token_expired' && !isRetryable(code)) throw thrown
      this.#refuse(id, thrown)
      return
    }
    if (party.isClosed) return
    party.openWindow(0)
    party.admit(identity, version === '' ? name : `${name} ${version}`)
    const { settings, hubName } = party.hub
    const ping = Math.ceil(settings.heartbeatMs / 1000)
    this.#reply({ id, connect: { ...this.#life(identity), ping, pong: true, node: hubName } })
  }

  async #subscribe(
    command: number,
    { channel, recover: isRecovering, epoch, offset, data, tf, type }: SubscribeRequest,
    identity: Identity,
  ): Promise<ReplyInit | undefined> {
    const { source, filter } = parseChannelName(channel)
    if (tf !== undefined) return { error: notAvailable('There are no filters of tags: name the subjects.') }
    if (type !== 0) return { error: notAvailable('There are no maps here: a channel of a bucket holds the latest.') }
    if (this.#channels.has(channel)) throw new WeirError('conflict', 'The connection reads this channel already.')
    const party = this.#party
    const { mode, intervalMs, maxDelayMs: gatherMs = party.hub.settings.gatherMs } = readOptions(data, source)
    const reads = { source, filters: [filter], intervalMs }
    const entry = this.#channels.add(channel, command, isRecovering)
    // Without an epoch the position is one of whatever the stream is now, which the source says.
    const cursor = isRecovering ? { cursor: cursorToWire(positionOf(epoch, offset)) } : {}
    const request = create(SubscribeSchema, { id: entry.id, ...reads, mode, ...cursor })
    const resume: Resume = (opened, _, asked) => {
      const position = epoch === '' ? { epoch: opened.log.epoch, seq: asked.seq } : asked
      return this.#resume(entry, opened, reads, mode, position)
    }
    try {
      // Of many answers at once, each goes into the socket when the one before has left it.
      if (isRecovering) await party.answersTaken()
      await party.subscriptions.add(request, identity, { resume, gatherMs })
    } catch (thrown) {
      this.#channels.take(channel)
      throw thrown
    }
    return undefined
  }

  /** Says where a channel goes on, and keeps what was missed up to there for the answer. */
  async #resume(
    entry: ChannelEntry,
    source: Source,
    reads: Reads,
    mode: Mode,
    asked: Cursor,
  ): Promise<Cursor | undefined> {
    const party = this.#party
    const wanted = { mode, filters: reads.filters, owner: party, isWanted: () => !party.isClosed }
    const { cursor: at, recovered, missed } = await recover(source, wanted, asked)
    if (!recovered || at === undefined) return at
    const entries = missed?.entries ?? []
    source.counters.deliveries += entries.length
    source.counters.conflated += missed?.conflated ?? 0
    entry.recovered = { at, publications: this.#encoding.publications(entries, reads, missed), since: asked.seq }
    return at
  }

  /** Of a channel that is not read it is answered alike: clients ask again after a reconnect. */
  #unsubscribe(channel: string): ReplyInit {
    const entry = this.#channels.take(channel)
    if (entry !== undefined) this.#party.subscriptions.remove(entry.id)
    return { unsubscribe: {} }
  }

  async #publish({ channel, data, type }: PublishRequest, identity: Identity): Promise<ReplyInit> {
    const { source, filter: subject } = parseChannelName(channel)
    if (type !== 0) return { error: notAvailable('There are no maps here: publish an event.') }
    if (source !== 'events') throw new WeirError('forbidden', 'Buckets are written by projections: publish an event.')
    checkSubject(subject)
    if (!mayPublish(identity, subject)) {
      throw new WeirError('forbidden', `The token does not grant to publish to ${subject}.`)
    }
    const { id, payload } = publishedEvent(data, identity)
    const { hub } = this.#party
    hub.publishQuota.take(identity, subject, data.length, hub.now())
    const shards = await hub.sources.shards.of(identity.tenant)
    await hub.publisher.publish(shardOf(shards, subject), subject, id, payload)
    return { publish: {} }
  }

  async #history(request: HistoryRequest, identity: Identity): Promise<ReplyInit> {
    return historyResult(request, identity, this.#party, this.#encoding)
  }

  async #refresh(token: string): Promise<ReplyInit> {
    for (const id of await renewToken(this.#party, token)) {
      const entry = this.#channels.takeId(id)
      if (entry === undefined) continue
      this.#reply({ push: { channel: entry.name, unsubscribe: unsubscribed.notGranted } })
    }
    return { refresh: this.#life(this.#party.identity as Identity) }
  }

  /** Who the client is, and when it is to renew its token: early enough to do so in time. */
  #life({ expiresAt }: Identity): { client: string; version: string; expires: boolean; ttl: number } {
    const leftMs = Math.max(0, expiresAt * 1000 - Date.now())
    const ttl = Math.floor((leftMs - Math.min(limits.tokenRenewMs, leftMs / 4)) / 1000)
    return { client: this.#party.id, version: 'weir', expires: true, ttl: Math.min(Math.max(1, ttl), 2 ** 31 - 1) }
  }

  #refuse(id: number, thrown: unknown): void {
    const error = asWeirError(thrown)
    const { hub, id: session } = this.#party
    if (error.code === 'internal') hub.log.error({ err: thrown, session }, 'a request failed')
    this.#reply({ id, error: replyError(error) })
  }

  #reply(reply: ReplyInit): void {
    this.#party.answer(this.#encoding.reply(reply))
  }
}
