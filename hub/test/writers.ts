import { create, toBinary } from '@bufbuild/protobuf'
import { headers, keySubject, shardOf } from '@weir/mesh'
import { EventSchema } from '@weir/proto'
import type { TestMesh } from './harness.ts'
import type { Random } from './random.ts'
import type { StreamRecord } from './stream-record.ts'

/** Writes at a steady pace until it is told to pause. */
export class Writer {
  readonly #write: () => Promise<unknown>
  readonly #everyMs: number
  readonly #running: Set<Promise<unknown>> = new Set()
  readonly faults: string[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(everyMs: number, write: () => Promise<unknown>) {
    this.#everyMs = everyMs
    this.#write = write
  }

  start(): void {
    this.#timer = setInterval(() => this.#once(), this.#everyMs)
  }

  /** Resolves when what was begun is stored, or has failed. */
  async pause(): Promise<void> {
    clearInterval(this.#timer)
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #once(): void {
    const run: Promise<unknown> = this.#write()
      .catch((thrown: Error) => this.faults.push(thrown.message))
      .then(() => this.#running.delete(run))
    this.#running.add(run)
  }
}

/**
 * Events on subjects of which some are hot and most are quiet, small ones and large ones, sometimes
 * several of one at once.
 */
export function eventWriter(mesh: TestMesh, shards: readonly string[], random: Random): Writer {
  return new Writer(15, async () => {
    const one = random.happens(0.3) ? eventSubject(random) : undefined
    const subjects = Array.from({ length: random.integer(1, 6) }, () => one ?? eventSubject(random))
    await Promise.all(subjects.map((subject) => mesh.publish(subject, filler(random), shardOf(shards, subject))))
  })
}

function eventSubject(random: Random): string {
  return `${random.pick(sites)}.${random.happens(0.6) ? random.integer(0, 4) : random.integer(5, 40)}`
}

/**
 * Puts values into a bucket, deletes some, and lets some expire; what is acknowledged is noted in
 * the record.
 */
export function bucketWriter(mesh: TestMesh, record: StreamRecord, random: Random): Writer {
  const busy = new Set<string>()
  let briefs = 0
  return new Writer(20, async () => {
    const brief = random.happens(0.08)
    const key = brief ? `${random.pick(sites)}.brief${briefs++}` : `${random.pick(sites)}.${random.integer(0, 12)}`
    // One write of a key at a time, so that each is known by its acknowledgement.
    if (busy.has(key)) return
    busy.add(key)
    try {
      const removal = !brief && random.happens(0.15) ? 1 : 0
      const text = removal === 0 ? filler(random) : ''
      const header = headers()
      if (brief) header.set('Nats-TTL', '1s')
      if (removal === 1) header.set('KV-Operation', 'DEL')
      const event = create(EventSchema, { data: { case: 'json', value: text } })
      const payload = removal === 0 ? toBinary(EventSchema, event) : new Uint8Array(0)
      const options = { headers: header, timeout: 10_000 }
      const answer = await mesh.nc.request(keySubject(record.tenant, record.source, key), payload, options)
      const { seq, error } = answer.json<{ seq: number; error?: { description: string } }>()
      if (error !== undefined) throw new Error(error.description)
      record.note(seq, { subject: key, removal, text })
    } finally {
      busy.delete(key)
    }
  })
}

export const sites: readonly string[] = ['north.hall', 'north.yard', 'south.hall', 'south', 'south.1']

let count = 0

/** JSON that no other event has. */
function filler(random: Random): string {
  const length = random.pick([10, 10, 200, 200, 800, 3_000, random.happens(0.05) ? 30_000 : 50])
  return JSON.stringify(`${++count} ${'x'.repeat(length)}`)
}
