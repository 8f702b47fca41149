// Hot path. Budget: 12 us a request and 4 us an event beside decoding (bench/src/ingest.bench.ts).

import type { Identity, Publisher, Stored } from '@weir/mesh'
import { asWeirError, compileFilters, isRetryable, type WeirError } from '@weir/proto'
import { type IngestRecord, isRejected, type RejectedRecord, type SealedRecord } from './record.ts'
import type { SubjectQuota } from './subject-quota.ts'

/** What became of the records of one request. */
export interface Outcome {
  /** How many are in the stream, duplicates among them. */
  readonly accepted: number
  /** How many of the accepted were in the stream before. */
  readonly duplicates: number
  /** In the order of their indexes. */
  readonly rejected: readonly RejectedRecord[]
}

/** Whether a record was rejected for a reason that passes, so that the request is to be sent again. */
export function passing(outcome: Outcome): RejectedRecord | undefined {
  for (const record of outcome.rejected) if (isRetryable(record.code)) return record
  return undefined
}

/** Decides for each record whether its producer may store it, and stores those that may be. */
export class Intake {
  readonly #publisher: Pick<Publisher, 'publish'>
  readonly #quota: SubjectQuota
  readonly #grants = new WeakMap<Identity, (subject: string) => boolean>()

  constructor(publisher: Pick<Publisher, 'publish'>, quota: SubjectQuota) {
    this.#publisher = publisher
    this.#quota = quota
  }

  /** Resolves when the stream has answered for every record; never rejects. */
  store(identity: Identity, records: readonly IngestRecord[], nowMs: number): Promise<Outcome> {
    return outcomeOf(this.send(identity, records, nowMs))
  }

  /** Hands what may be stored to the publisher, in the order of the records. */
  send(identity: Identity, records: readonly IngestRecord[], nowMs: number): Sending {
    const mayPublish = this.#grantsOf(identity)
    const subjects = this.#quota.of(identity.tenant, nowMs)
    const rejected: RejectedRecord[] = []
    const sent: SealedRecord[] = []
    const answers: Promise<Stored>[] = []
    for (const record of records) {
      if (isRejected(record)) rejected.push(record)
      else if (!mayPublish(record.subject)) rejected.push(notGranted(record))
      else if (!subjects.takes(record.subject)) rejected.push(tooManySubjects(record))
      else {
        sent.push(record)
        answers.push(this.#publisher.publish(identity.tenant, record.subject, record.id, record.event))
      }
    }
    return { rejected, sent, answers }
  }

  #grantsOf(identity: Identity): (subject: string) => boolean {
    let grants = this.#grants.get(identity)
    if (grants === undefined) {
      grants = compileFilters(identity.publish)
      this.#grants.set(identity, grants)
    }
    return grants
  }
}

/** Records on their way to the stream. */
export interface Sending {
  readonly rejected: readonly RejectedRecord[]
  readonly sent: readonly SealedRecord[]
  /** One for each of `sent`. */
  readonly answers: readonly Promise<Stored>[]
}

async function outcomeOf({ rejected, sent, answers }: Sending): Promise<Outcome> {
  const failed: RejectedRecord[] = []
  let duplicates = 0
  const settled = await Promise.allSettled(answers)
  for (let at = 0; at < settled.length; at++) {
    const answer = settled[at]
    if (answer?.status === 'fulfilled') {
      if (answer.value.duplicate) duplicates++
    } else {
      failed.push(storeFailure(sent[at]?.index ?? 0, asWeirError(answer?.reason)))
    }
  }
  return {
    accepted: sent.length - failed.length,
    duplicates,
    rejected: failed.length === 0 ? rejected : [...rejected, ...failed].sort((a, b) => a.index - b.index),
  }
}

function notGranted({ index, subject }: SealedRecord): RejectedRecord {
  return { index, code: 'forbidden', message: `The token does not grant publishing to ${subject}.` }
}

function tooManySubjects({ index, subject }: SealedRecord): RejectedRecord {
  return {
    index,
    code: 'quota_exceeded',
    message: `${subject} is new, and the tenant has as many subjects as it may: put what varies into labels or data.`,
  }
}

/**
 * A store that is full, or answers what is not expected, is an outage to its producers: they keep the event and try again,
 * as the operator can mend it and they cannot.
 */
function storeFailure(index: number, { code, message }: WeirError): RejectedRecord {
  return { index, code: code === 'quota_exceeded' || code === 'internal' ? 'unavailable' : code, message }
}
