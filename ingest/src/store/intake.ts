// Hot path. Budget: 3 us an event beside its decoding (bench/src/ingest.bench.ts).

import {
  grantsText,
  type Identity,
  type Outgoing,
  type Publisher,
  type Stored,
  type SubjectQuota,
} from '@weir/mesh/edge'
import { compileFilters, isSubject, WeirError } from '@weir/proto'
import type { Outcome } from '../encode/outcome.ts'
import { type IngestRecord, isRejected, type RejectedRecord, type SealedRecord } from '../encode/record.ts'
import { type ShardsOf, StoredNames } from './stored-names.ts'

/** Records on their way to the stream. */
export interface Sending {
  readonly rejected: readonly RejectedRecord[]
  readonly sent: readonly SealedRecord[]
  /** What the stream said of each of `sent`. Never rejects. */
  readonly stored: Promise<readonly (Stored | WeirError)[]>
}

/** Decides for each record whether its producer may store it, and stores those that may be. */
export class Intake {
  readonly #publisher: Pick<Publisher, 'publishAll'>
  readonly #quota: SubjectQuota
  readonly #names: StoredNames
  readonly #grants = new WeakMap<Identity, (subject: string) => boolean>()

  constructor(publisher: Pick<Publisher, 'publishAll'>, quota: SubjectQuota, shardsOf: ShardsOf) {
    this.#publisher = publisher
    this.#names = new StoredNames(shardsOf)
    this.#quota = quota
  }

  /**
   * Throws `forbidden` for who may publish nothing at all, or not to the one subject that the
   * request is for.
   */
  checkGrants(identity: Identity, subject: string | undefined): void {
    if (identity.publish.length === 0) {
      throw new WeirError('forbidden', 'The token grants publishing nowhere: ask for one with filters to publish to.')
    }
    if (subject !== undefined && isSubject(subject) && !this.#grantsOf(identity)(subject)) {
      throw new WeirError('forbidden', notGrantedText(identity, subject))
    }
  }

  /** Hands what may be stored to the publisher, in the order of the records. */
  send(identity: Identity, records: readonly IngestRecord[], nowMs: number): Sending {
    const mayPublish = this.#grantsOf(identity)
    const subjects = this.#quota.of(identity.tenant, nowMs)
    const rejected: RejectedRecord[] = []
    const sent: SealedRecord[] = []
    const messages: Outgoing[] = []
    for (const record of records) {
      if (isRejected(record)) rejected.push(record)
      else if (!mayPublish(record.subject)) rejected.push(notGranted(identity, record))
      else if (!subjects.takes(record.subject)) rejected.push(tooManySubjects(record))
      else {
        sent.push(record)
        const { subject, idSuffix } = this.#names.of(identity.tenant, record.subject)
        messages.push({ subject, id: record.id + idSuffix, payload: record.event })
      }
    }
    return { rejected, sent, stored: this.#publisher.publishAll(messages) }
  }

  /** The NATS subject of the events of a subject. */
  storedSubject(tenant: string, subject: string): string {
    return this.#names.of(tenant, subject).subject
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

/**
 * Resolves when the stream has answered for every record; never rejects. `refused` is told of each
 * answer that an operator has to see to.
 */
export async function outcomeOf(
  { rejected, sent, stored }: Sending,
  refused: (error: WeirError) => void,
): Promise<Outcome> {
  const answers = await stored
  const failed: RejectedRecord[] = []
  let duplicates = 0
  for (let at = 0; at < answers.length; at++) {
    const answer = answers[at]
    if (answer instanceof WeirError) failed.push(storeFailure(sent[at]?.index ?? at, answer, refused))
    else if (answer?.duplicate) duplicates++
  }
  return {
    accepted: sent.length - failed.length,
    duplicates,
    rejected: failed.length === 0 ? rejected : [...rejected, ...failed].sort((a, b) => a.index - b.index),
  }
}

function notGranted(identity: Identity, { index, subject }: SealedRecord): RejectedRecord {
  return { index, code: 'forbidden', message: notGrantedText(identity, subject) }
}

function notGrantedText({ publish }: Identity, subject: string): string {
  return `The token does not grant publishing to ${subject}: ${grantsText(publish)}.`
}

function tooManySubjects({ index, subject }: SealedRecord): RejectedRecord {
  return {
    index,
    code: 'quota_exceeded',
    message: `${subject} is new, and the tenant has as many subjects as it may: put what varies into labels or data.`,
  }
}

/**
 * A store that is full, or answers what is not expected, is an outage to its producers: they keep
 * the event and try again, as the operator can mend it and they cannot.
 */
function storeFailure(index: number, error: WeirError, refused: (error: WeirError) => void): RejectedRecord {
  const { code, message } = error
  if (code !== 'quota_exceeded' && code !== 'internal') return { index, code, message }
  refused(error)
  return { index, code: 'unavailable', message: 'The store does not take events at the moment: send again later.' }
}
