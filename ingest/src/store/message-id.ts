/**
 * The Nats-Msg-Id of an event: its id, and 53 bits of its subject, so that one id on two subjects is two events. Not the subject
 * itself, as the server remembers the ids of two minutes.
 */
export function messageId(id: string, subject: string): string {
  return `${id}:${subjectHash(subject).toString(36)}`
}

/** FNV-1a in two lanes: enough to tell subjects apart, with no claim against who wants a collision with an event of theirs. */
function subjectHash(subject: string): number {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let at = 0; at < subject.length; at++) {
    const code = subject.charCodeAt(at)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x01000197)
  }
  return (low >>> 0) * 0x20_0000 + ((high >>> 0) % 0x20_0000)
}
