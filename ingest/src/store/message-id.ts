import { textHash } from '../encode/text-hash.ts'

/**
 * The Nats-Msg-Id of an event: its id, and a hash of its subject, so that one id on two subjects is two events. Not the subject
 * itself, as the server remembers the ids of two minutes.
 */
export function messageId(id: string, subject: string): string {
  return `${id}:${textHash(subject)}`
}
