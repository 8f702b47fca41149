import { textHash } from '../encode/text-hash.ts'
import { ingestLimits } from '../limits.ts'

/**
 * Makes the Nats-Msg-Id of an event: its id, and a hash of its subject, so that one id on two
 * subjects is two events. Not the subject itself, as the server remembers the ids of two minutes.
 * Hashes are remembered, as producers use their subjects again: making one takes as long as the
 * rest of sending.
 */
export class MessageIds {
  readonly #suffixes = new Map<string, string>()

  of(id: string, subject: string): string {
    return id + (this.#suffixes.get(subject) ?? this.#suffixOf(subject))
  }

  #suffixOf(subject: string): string {
    if (this.#suffixes.size >= ingestLimits.subjectHashesMax) this.#suffixes.clear()
    const suffix = `:${textHash(subject)}`
    this.#suffixes.set(subject, suffix)
    return suffix
  }
}
