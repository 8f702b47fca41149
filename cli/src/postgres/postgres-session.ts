import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import { PostgresMessages } from './postgres-messages.ts'

/** The one session of a Postgres that runs in this process. */
export interface RawSession {
  /** Runs whole messages of the protocol, and gives what Postgres answers. */
  run(messages: Uint8Array): Promise<Uint8Array>
  /** Whether a transaction is open, also one that has failed. */
  isInTransaction(): boolean
}

interface Client {
  readonly socket: Socket
  readonly messages: PostgresMessages
  /** Statements that it has prepared, by name. */
  readonly prepared: Set<string>
}

/**
 * Lets many clients use one session of Postgres in turns. A turn goes from a client's first message
 * to the ReadyForQuery outside of a transaction, so no client comes between the messages that
 * belong together, nor into a transaction. What belongs to a session and not to a transaction (SET,
 * temporary tables, session locks, LISTEN) is shared by all clients.
 */
export class SharedPostgresSession {
  readonly #session: RawSession
  /** Clients with whole messages, in the order in which they came; none stands there twice. */
  readonly #waiting: Set<Client> = new Set()
  /** Whose turn it is. */
  #owner: Client | undefined
  #running = false
  #ownerDeadline: ReturnType<typeof setTimeout> | undefined

  constructor(session: RawSession) {
    this.#session = session
  }

  /** Takes a client whose startup message is to be read. */
  serve(socket: Socket): void {
    const client: Client = { socket, messages: new PostgresMessages(), prepared: new Set() }
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      client.messages.push(chunk)
      this.#waiting.add(client)
      // What comes before this has been run waits in the socket, so a client holds few bytes here.
      socket.pause()
      void this.#runAll()
    })
    socket.on('close', () => void this.#forget(client))
  }

  async #runAll(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#waiting.delete(next)
        await this.#runTurn(next)
        if (next.messages.ready && !next.socket.destroyed) this.#waiting.add(next)
        else next.socket.resume()
      }
    } finally {
      this.#running = false
    }
  }

  #next(): Client | undefined {
    if (this.#owner !== undefined) return this.#waiting.has(this.#owner) ? this.#owner : undefined
    return this.#waiting.values().next().value
  }

  async #runTurn(client: Client): Promise<void> {
    clearTimeout(this.#ownerDeadline)
    try {
      const messages = client.messages.take()
      if (messages !== undefined) {
        this.#owner = client
        for (const name of messages.prepared) if (name !== '') client.prepared.add(name)
        const answer = await this.#session.run(messages.bytes)
        if (client.socket.writable) client.socket.write(answer)
        if (messages.complete && !this.#session.isInTransaction()) this.#owner = undefined
      }
    } catch {
      // Nobody can end the turn of a client that is gone already.
      if (client.socket.destroyed) this.#owner = undefined
      client.socket.destroy()
    }
    if (this.#owner !== undefined) {
      this.#ownerDeadline = setTimeout(() => this.#owner?.socket.destroy(), limits.postgresTurnMs)
    }
  }

  /** Leaves nothing of a client in the session: no open transaction, no prepared statement. */
  async #forget(client: Client): Promise<void> {
    this.#waiting.delete(client)
    const wasOwner = this.#owner === client
    if (wasOwner) clearTimeout(this.#ownerDeadline)
    const leave = [...client.prepared].map(closeStatement)
    if (wasOwner) leave.unshift(SYNC, query('ROLLBACK'))
    if (leave.length === 0) return
    // In its own turn, as a client that says this itself.
    const ending: Client = { ...client, prepared: new Set(), messages: new PostgresMessages() }
    ending.messages.push(STARTED)
    ending.messages.take()
    ending.messages.push(Buffer.concat([...leave, SYNC]))
    if (wasOwner) this.#owner = ending
    this.#waiting.add(ending)
    await this.#runAll()
  }
}

const SYNC = Buffer.from([0x53, 0, 0, 0, 4])
/** Stands for a startup message, after which messages have letters. */
const STARTED = Buffer.from([0, 0, 0, 4])

function query(text: string): Buffer {
  return message('Q', `${text}\0`)
}

function closeStatement(name: string): Buffer {
  return message('C', `S${name}\0`)
}

function message(letter: string, body: string): Buffer {
  const bytes = Buffer.from(`${letter}\0\0\0\0${body}`)
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}
